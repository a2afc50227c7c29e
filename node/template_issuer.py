"""The credential of one award: document, seed and commitment.

Consensus-critical: the commitment that a credential lives by is computed here. `rootseal.files` computes it
again, without any shortcut, at sealing (a sample) and in `node fsck` (every one).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from node.roster.report import RosterRow
from node.store import NewEntry
from rootseal.claims import salted_leaves
from rootseal.commitment import Commitment, Home, Subject, claims_root, commit
from rootseal.credential import BuiltDocument, DocumentBuilder, DocumentEncoder, IssuerProfile, urn_uuid
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.merkle import root_of
from rootseal.microcredential import MicroCredential

__all__ = ["TemplateIssuer"]

_NO_CREDIT_ID: Final = bytes(16)


class TemplateIssuer:
    """Makes the entries of one template; the bytes of its constant claims are encoded once."""

    def __init__(self, number: int, template: MicroCredential, home: Home, profile: IssuerProfile) -> None:
        self._number = number
        self._home = home
        self._builder = DocumentBuilder(template, profile)
        self._encoder = DocumentEncoder(self._builder.constant_paths)

    def judge(self, row: RosterRow, entry_id: str) -> int:
        """The number of the template. Raises `InputError` where the award has no document."""
        self._builder.build(row.award, entry_id)
        return self._number

    def make(
        self, row: RosterRow, credit_id: bytes | None = None, copy: int = 1, entry_id: str | None = None
    ) -> tuple[NewEntry, BuiltDocument]:
        """Draws the seed, and unless they are given id and credit id (that survives a correction); nothing is stored.

        A `copy` after the first says the same to another address of the row, and carries no credits.
        Raises `InputError` where the award has no document.
        """
        award = row.award
        drawn = secrets.token_bytes(64)  # at once: each call to the system hands the interpreter to another thread
        entry_id, seed = entry_id or urn_uuid(drawn[:16], 4), drawn[16:48]
        built = self._builder.build(award, entry_id)
        document, encodings = self._encoder.encode(built.document)
        credits = built.credits if copy == 1 else 0
        chosen = (credit_id or _credit_id(drawn[48:])) if credits else _NO_CREDIT_ID
        subject = Subject(row.holders[copy - 1] if row.holders else ZERO_ADDRESS, credits, chosen)
        entry = NewEntry(
            entry_id,
            self._number,
            document,
            seed,
            subject,
            _commitment(self._home, built, encodings, seed, subject),
            award.learner_id,
            row.template,
            award.awarded_on,
            row.row_digest,
            row.email,
            row.line,
        )
        return entry, built

    def others(self, row: RosterRow, first: NewEntry, copies: int) -> list[NewEntry]:
        """The copies of `first`, as many as are wanted beside it: another seed, id and address, and no credits."""
        return [
            replace(self.make(row, copy=number)[0], copy_of=first.id, copy=number) for number in range(2, copies + 1)
        ]


def _commitment(
    home: Home, built: BuiltDocument, encodings: Sequence[bytes], seed: bytes, subject: Subject
) -> Commitment:
    """As `CredentialFile.open` computes it, without giving each claim its place."""
    leaves, salts = salted_leaves(encodings, seed)
    if len(set(leaves)) != len(leaves):
        raise InputError("seed", "gives two equal claim leaves")
    leaves.sort()
    claims = claims_root(len(leaves), built.valid_from, built.valid_until, root_of(leaves))
    return commit(home, claims, subject.hash(salts[0]))


def _credit_id(drawn: bytes) -> bytes:
    while drawn == _NO_CREDIT_ID:
        drawn = secrets.token_bytes(len(_NO_CREDIT_ID))
    return drawn
