"""Open any file of ours: a complete credential or a presentation, told apart by its `format`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rootseal.anchoring import Anchor
from rootseal.canonical import loads
from rootseal.commitment import Home
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, recover
from rootseal.files import CREDENTIAL_FORMAT, CredentialFile
from rootseal.opened import OpenedCredential
from rootseal.presentation import PRESENTATION_FORMAT, HolderProof, Presentation

__all__ = ["OpenedFile", "Question", "WalletQuestion", "open_file", "questions", "questions_of"]


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The credentials of a file; for a presentation with a `holder` member, the answer and what was signed."""

    credentials: tuple[OpenedCredential, ...]
    holder: HolderProof | None = None
    signed_digest: bytes | None = None

    @property
    def holders(self) -> tuple[bytes, ...]:
        """The distinct holder addresses that are shown, ascending: one signature is due for each."""
        shown = {c.subject.holder for c in self.credentials if c.subject is not None}
        return tuple(sorted(shown - {ZERO_ADDRESS}))


@dataclass(frozen=True, slots=True)
class WalletQuestion:
    """A signature that no key of `holder` made: does a contract at that address accept it (ERC-1271)?"""

    holder: bytes
    digest: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """What a verification needs to know of one home: the anchors at `roots`, the register, the whole status map."""

    home: Home
    roots: tuple[bytes, ...]
    wallets: tuple[WalletQuestion, ...]


def open_file(data: bytes) -> OpenedFile:
    """Read and open strictly. Raises `InputError` naming the member."""
    value = loads(data)
    form = value.get("format") if isinstance(value, dict) else None
    if form == CREDENTIAL_FORMAT:
        return OpenedFile((CredentialFile.from_json(value).open(),))
    if form == PRESENTATION_FORMAT:
        presentation = Presentation.from_json(value)
        credentials = tuple(credential.open() for credential in presentation.credentials)
        _check_publications(credentials)
        if presentation.holder is None:
            return OpenedFile(credentials)
        return OpenedFile(credentials, presentation.holder, presentation.holder.digest(presentation.digest))
    raise InputError("file.format", f"must be {CREDENTIAL_FORMAT} or {PRESENTATION_FORMAT}", form)


def _check_publications(credentials: Sequence[OpenedCredential]) -> None:
    """Refuse one publication told in two ways: what proves the one account must not lend itself to the other."""
    told: dict[tuple[Home, bytes], Anchor] = {}
    for anchor in (anchor for credential in credentials for anchor in credential.proofs.anchors):
        account = replace(anchor, path=(), transaction=b"", evidence=None)
        if told.setdefault((anchor.home, anchor.root), account) != account:
            raise InputError("file.credentials", "describe one publication in two ways", f"anchor {anchor.sequence}")


def questions(data: bytes) -> tuple[Question, ...]:
    """One question a home, in the order of the file; none for a file that cannot be read."""
    try:
        return questions_of(open_file(data))
    except InputError:
        return ()


def questions_of(opened: OpenedFile) -> tuple[Question, ...]:
    """The same for a file that was opened already."""
    wallets = _wallet_questions(opened)
    roots: dict[Home, dict[bytes, None]] = {}
    holders: dict[Home, set[bytes]] = {}
    for credential in opened.credentials:
        named = roots.setdefault(credential.home, {})
        named.update((anchor.root, None) for anchor in credential.proofs.at(credential.home))
        if credential.subject is not None:
            holders.setdefault(credential.home, set()).add(credential.subject.holder)
    return tuple(
        Question(home, tuple(named), tuple(w for w in wallets if w.holder in holders.get(home, ())))
        for home, named in roots.items()
    )


def _wallet_questions(opened: OpenedFile) -> list[WalletQuestion]:
    proof, digest = opened.holder, opened.signed_digest
    if proof is None or digest is None or len(proof.signatures) != len(opened.holders):
        return []
    return [
        WalletQuestion(holder, digest, signature)
        for holder, signature in zip(opened.holders, proof.signatures, strict=True)
        if recover(digest, signature) != holder
    ]
