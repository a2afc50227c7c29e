"""A credential issued anew to another key, after a person made sure who asks: a lost key is an office visit.

The document says the same under a new id, and the credits keep their creditId. The old one is revoked as
superseded once the new one's anchor is final, by the mechanism of corrections.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from node.access import check_entries
from node.approving import submit
from node.copying import check_holders, copied
from node.principal import Role
from node.roster.report import MOST_COPIES
from node.store import Act, Entry, EntryState, NewEntry, Store
from node.store.credits import IdentityCheck
from rootseal.anchoring import Proofs
from rootseal.canonical import Json
from rootseal.commitment import Home, Subject
from rootseal.credential import IssuerProfile
from rootseal.errors import ConflictError, InputError
from rootseal.ethereum import checksum_address
from rootseal.files import CredentialFile

__all__ = ["Desk", "Reissue", "reissue"]

_TEXT = 500


@dataclass(frozen=True, slots=True)
class Desk:
    """Who made sure that the person is the learner (`checked_by`), and how. Stays in the store, erasable."""

    checked_by: str
    how: str

    def __post_init__(self) -> None:
        for option, text in (("--checked-by", self.checked_by), ("--how", self.how)):
            if not 0 < len(text.strip()) <= _TEXT or not text.isprintable():
                raise InputError(option, f"must be 1 to {_TEXT} printable characters", text)


@dataclass(frozen=True, slots=True)
class Reissue:
    """Ids of the old and the new credential (the first copies); `holders` are the addresses of all new copies.

    `already`: an earlier run did it; `withdrawn`: the old was not sealed.
    """

    old: str
    new: str
    holders: tuple[bytes, ...]
    credits: int
    already: bool
    withdrawn: bool


def reissue(
    store: Store,
    home: Home,
    profile: IssuerProfile,
    entry_id: str,
    holders: Sequence[bytes],
    desk: Desk,
    now: int,
    *,
    dry_run: bool = False,
) -> Reissue:
    """Accept the new credential, a copy for each of the `holders`, in the place of all copies of the old one.

    With `dry_run` nothing is stored.

    It is a submission like a list, and waits for the second approver where there is one. A crash before the
    COMMIT: nothing happened. After it: the same call answers `already`. Raises `AccessDenied`, `InputError` for an
    unknown id or the same holder, `ConflictError` where the old one was revoked for another reason,
    corrected otherwise, withdrawn or erased.
    """
    if not 1 <= len(holders) <= MOST_COPIES:
        raise InputError("--holder", f"must be given 1 to {MOST_COPIES} times, once for each copy", len(holders))
    check_holders(holders)
    check_entries(store, Role.ISSUE, [store.entries.get(entry_id).id])
    with store.writing():
        # Under the writers' lock: the old one may be sealed, or corrected by another process, right now.
        members = store.entries.award(store.entries.get(entry_id))
        old = members[0]
        done = _done_before(store, old, holders)
        if done is not None:
            return done
        _check(store, members, holders)
        new = _made(old, home, profile, holders[0])
        if not dry_run:
            _accept(store, [new, *copied(new, home, holders[1:], 2)], old, desk, now)
    return Reissue(old.id, new.id, tuple(holders), new.subject.credits, False, old.state is EntryState.ACCEPTED)


def _done_before(store: Store, old: Entry, holders: Sequence[bytes]) -> Reissue | None:
    found = store.superseding.successor(old.id)
    if found is None:
        return None
    successor = store.entries.get(found[0])
    copies = store.entries.award(successor)
    if {copy.subject.holder for copy in copies} == set(holders) and store.identity_checks.of(successor.id) is not None:
        return Reissue(old.id, successor.id, tuple(holders), successor.subject.credits, True, False)
    problem = "was issued anew or corrected before"
    raise ConflictError(f"{old.id} {problem}: use that credential's id, {successor.id}")


def _check(store: Store, members: Sequence[Entry], holders: Sequence[bytes]) -> None:
    old = members[0]
    if store.erasures.at(old.id) is not None or not old.document:
        raise ConflictError(f"{old.id} is erased: there is nothing left to issue anew; issue it from your records")
    if old.state is EntryState.WITHDRAWN:
        raise ConflictError(f"{old.id} is withdrawn: issue the row anew instead")
    for copy in members:
        if copy.subject.holder in holders:
            problem = "is the address that the credential has already"
            raise InputError("--holder", problem, checksum_address(copy.subject.holder))
    acts = store.statuses.of(old.id)
    if any(act.act is Act.REVOKE and act.reason == 0 for act in acts):
        raise ConflictError(f"{old.id} was revoked for a reason of its own: a new key does not bring it back")
    if acts and acts[-1].act is Act.SUSPEND:
        raise ConflictError(f"{old.id} is suspended: reinstate it first, and then issue it anew")


def _made(old: Entry, home: Home, profile: IssuerProfile, holder: bytes) -> NewEntry:
    """The same document under a new id and the issuer as it is named now; new salts, the same creditId."""
    new_id = f"urn:uuid:{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}"
    document = cast("dict[str, Json]", json.loads(old.document))
    document |= {"id": new_id, "issuer": profile.to_document()}
    subject, seed = Subject(holder, old.subject.credits, old.subject.credit_id), secrets.token_bytes(32)
    # The commitment as every verifier computes it, from the file that the learner will hold.
    commitment = CredentialFile(home, None, document, seed, subject, Proofs(0, None, ())).commitment
    return NewEntry(
        new_id,
        old.template,
        json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        seed,
        subject,
        commitment,
        old.learner,
        old.micro_credential,
        old.awarded_on,
        old.row_digest,
        old.email,
        old.line,
        old.supersedes if old.index is None else old.id,
    )


def _accept(store: Store, copies: list[NewEntry], old: Entry, desk: Desk, now: int) -> None:
    new = copies[0]
    if old.state is EntryState.ACCEPTED:
        store.entries.withdraw_award(old)
    else:
        store.superseding.retire(old.id)
    number = submit(store, copies, now)  # a second approver is asked for this one too
    salt = secrets.token_bytes(32)
    store.identity_checks.add(IdentityCheck(new.id, old.id, desk.checked_by, desk.how, salt, now))
    # The audit log stays for ever, so that it holds no name: only what proves the record while that is kept.
    record = sha256(salt + json.dumps([desk.checked_by, desk.how], ensure_ascii=False).encode()).hexdigest()
    detail = {"supersedes": old.id, "identityCheck": record, "submission": number}
    store.acts.add(now, "reissue", new.id, detail | ({"copies": len(copies)} if copies[1:] else {}))
