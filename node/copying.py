"""Copies of a credential: the same award several times in the log; two who compare what
they were shown cannot link them by place or hash, and the issuer can.

Each copy is an entry of its own, with its own id, seed, index and address; the first one alone carries credits. The
first stands for the award: what is asked for one copy is asked for all. A copy is sealed only when every copy before
it stands under a final anchor (`node.store.entries`), so that no two share one.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from node.access import check_entries
from node.approving import submit
from node.principal import Role
from node.roster.report import MOST_COPIES
from node.store import Act, Entry, EntryState, NewEntry, Store
from node.store.finding import FoundEntry
from rootseal.anchoring import Proofs
from rootseal.canonical import Json
from rootseal.commitment import Home, Subject
from rootseal.credential import IssuerProfile
from rootseal.errors import ConflictError, InputError
from rootseal.ethereum import ZERO_ADDRESS, checksum_address
from rootseal.files import CredentialFile
from rootseal.plurals import agreeing, counted

__all__ = [
    "Addition",
    "add_copies",
    "check_count",
    "check_holders",
    "copied",
    "copies_of",
    "handed_out",
    "withdraw_award",
    "withdraw_waiting",
]

_MOST: Final = 100
"""Copies of one credential altogether: they are handed out together, in one mail or with one link."""


@dataclass(frozen=True, slots=True)
class Addition:
    """`added` are the new copies of the credential `first`, and `copies` how many there are with them.

    `already`: an earlier run added these very addresses.
    """

    first: str
    added: tuple[str, ...]
    copies: int
    already: bool


def check_count(copies: int) -> int:
    """How many copies each credential of a list gets. Raises `InputError` outside 1 to 16."""
    if not 1 <= copies <= MOST_COPIES:
        raise InputError("--copies", f"must be 1 to {MOST_COPIES}", copies)
    return copies


def check_holders(holders: Sequence[bytes]) -> None:
    """Raises `InputError` for the zero address, or one address for two copies."""
    if ZERO_ADDRESS in holders:
        raise InputError("--holder", "is the zero address, which nobody has the key of")
    for holder in holders:
        if holders.count(holder) > 1:
            problem = "is given twice: each copy needs an address of its own, or whoever sees two can link them"
            raise InputError("--holder", problem, checksum_address(holder))


def copies_of(store: Store, entry_id: str) -> list[FoundEntry]:
    """Where every copy of this credential stands, withdrawn ones too, the first one first. Raises `InputError`."""
    with store.reading():
        members = store.entries.award(store.entries.get(entry_id))
        return [found for member in members if (found := store.finding.one(member.id)) is not None]


def handed_out(store: Store, entry: Entry) -> list[Entry]:
    """The copies of this credential that have a file by now, the first one first."""
    return [copy for copy in store.entries.award(entry) if copy.state is EntryState.SEALED]


def withdraw_award(store: Store, entry_id: str, now: int) -> Entry:
    """Take back every copy of an accepted credential; the first one. Raises `ConflictError` once that is sealed.

    Where it was a correction, the credential that it would have superseded is live again.
    """
    with store.writing():
        before = store.entries.award(store.entries.get(entry_id))
        after = store.entries.withdraw_award(before[0])
        if after[0].state is not before[0].state:
            store.superseding.revive(after[0].id)
            store.acts.add(now, "withdraw", after[0].id, {"copies": len(after)} if after[1:] else {})
    return after[0]


def withdraw_waiting(store: Store, entry_id: str, now: int, *, dry_run: bool = False) -> tuple[str, ...]:
    """Take back the copies that still wait, of a credential whose first one is sealed; their ids.

    Raises `ConflictError` where the first is not sealed: then the credential as a whole is withdrawn.
    """
    check_entries(store, Role.ISSUE, [entry_id])
    with store.writing():
        first, *others = store.entries.award(store.entries.get(entry_id))
        if first.state is not EntryState.SEALED:
            raise ConflictError(f"{first.id} is {first.state.value}, not sealed: withdraw it as a whole instead")
        waiting = tuple(copy.id for copy in others if copy.state is EntryState.ACCEPTED)
        if waiting and not dry_run:
            store.entries.give_up(waiting)
            store.acts.add(now, "withdraw", first.id, {"entries": list(waiting)})
    return waiting


def add_copies(
    store: Store,
    home: Home,
    profile: IssuerProfile,
    entry_id: str,
    count: int,
    holders: Sequence[bytes],
    now: int,
    *,
    dry_run: bool = False,
) -> Addition:
    """Accept `count` more copies of a sealed credential, one for each of the `holders` where there are any.

    They are a submission like a list, and wait for the second approver where there is one. A crash before the COMMIT:
    nothing happened; after it `copies_of` shows them. The same addresses once more: nothing is added, `already`.
    Raises `AccessDenied`; `InputError` for an unknown id, a wrong number or address; `ConflictError` where the
    credential is not sealed, or not in force any more.
    """
    if not 1 <= count <= MOST_COPIES:
        raise InputError("--add", f"must be 1 to {MOST_COPIES}", count)
    check_holders(holders)
    check_entries(store, Role.ISSUE, [entry_id])
    with store.writing():
        # Under the writers' lock: it may be revoked or corrected by another process, right now.
        members = store.entries.award(store.entries.get(entry_id))
        first, standing = members[0], [one for one in members if one.state is not EntryState.WITHDRAWN]
        _check_in_force(store, first, profile)
        known = [one.id for one in standing if one.subject.holder in holders]
        if holders and len(known) == len(holders) == count:
            return Addition(first.id, tuple(known), len(standing), True)
        _check_addresses(standing, count, holders)
        new = copied(first, home, holders or [ZERO_ADDRESS] * count, members[-1].copy + 1)
        if not dry_run:
            detail: dict[str, Json] = {"entries": [copy.id for copy in new], "submission": submit(store, new, now)}
            store.acts.add(now, "copies", first.id, detail)
    return Addition(first.id, tuple(copy.id for copy in new), len(standing) + count, False)


def copied(first: Entry | NewEntry, home: Home, holders: Iterable[bytes], number: int) -> list[NewEntry]:
    """Copies of `first`, one for each address, numbered from `number`: the same document under new ids, no credits."""
    return [_copy(first, home, holder, number + at) for at, holder in enumerate(holders)]


def _copy(first: Entry | NewEntry, home: Home, holder: bytes, number: int) -> NewEntry:
    document = cast("dict[str, Json]", json.loads(first.document))
    document["id"] = new_id = f"urn:uuid:{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}"
    subject, seed = Subject(holder, 0, bytes(16)), secrets.token_bytes(32)
    return NewEntry(
        new_id,
        first.template,
        json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        seed,
        subject,
        # The commitment as every verifier computes it, from the file that the learner will hold.
        CredentialFile(home, None, document, seed, subject, Proofs(0, None, ())).commitment,
        first.learner,
        first.micro_credential,
        first.awarded_on,
        first.row_digest,
        first.email,
        first.line,
        copy_of=first.id,
        copy=number,
    )


def _check_in_force(store: Store, first: Entry, profile: IssuerProfile) -> None:
    """Raises `ConflictError` where no more copies of this credential may be made."""
    if store.erasures.at(first.id) is not None or not first.document:
        raise ConflictError(f"{first.id} is erased: there is nothing left to copy; issue it from your records")
    if first.state is EntryState.WITHDRAWN:
        raise ConflictError(f"{first.id} is withdrawn: issue the row anew with as many copies as are wanted")
    if first.state is EntryState.ACCEPTED:
        problem = "is not sealed yet: withdraw it and issue the row anew with as many copies as are wanted"
        raise ConflictError(f"{first.id} {problem}, or add them when it is sealed")
    acts = [act.act for act in store.statuses.of(first.id)]
    if Act.REVOKE in acts:
        raise ConflictError(f"{first.id} is revoked: no more copies of it are made")
    if not first.live:
        successor = store.superseding.successor(first.id)
        name = "another credential" if successor is None else successor[0]
        raise ConflictError(f"{first.id} is superseded by {name}: add copies to that one")
    if acts and acts[-1] is Act.SUSPEND:
        raise ConflictError(f"{first.id} is suspended: reinstate it first")
    named = json.loads(first.document)["issuer"]["id"]
    if named != profile.id:
        problem = f"names the issuer {named}, and the settings are those of {profile.id}"
        raise ConflictError(f"{first.id} {problem}: a copy would be rejected; issue it anew (reissue) instead")


def _check_addresses(standing: Sequence[Entry], count: int, holders: Sequence[bytes]) -> None:
    if len(standing) + count > _MOST:
        raise InputError("--add", f"would make more than {_MOST} copies of one credential", len(standing) + count)
    bound = standing[0].subject.holder != ZERO_ADDRESS
    if len(holders) != count and (holders or bound):
        needed = f"{counted(count, 'address', 'addresses')} {agreeing(count, 'is', 'are')} needed, one for each copy"
        given = f"{len(holders) or 'none'} {agreeing(max(1, len(holders)), 'was', 'were')} given"
        number = count + (len(standing) if bound else 0)
        way_out = f"'rootseal wallet addresses --issuer NAME --copies {number}' gives the learner as many"
        raise InputError("--holder", f"{needed}; {given}; {way_out}{', the new ones last' if bound else ''}")
    taken = {one.subject.holder for one in standing}
    for holder in holders:
        if holder in taken:
            problem = "is the address of another copy: whoever sees both could link them"
            raise InputError("--holder", problem, checksum_address(holder))
