"""`node erase`: a learner's data is destroyed here, while the log stays whole and the learner's own file verifies.

Kept are id, commitment, key of the micro-credential, states and their times, and the index of what was sealed: the
commitment is 32 bytes that say nothing to who does not hold the file. What was withdrawn never had an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.backup_record import last_backup
from node.store import Entry, EntryState, Store
from rootseal.errors import ConflictError, UndeterminedError

__all__ = ["Erasure", "erase_entry"]


@dataclass(frozen=True, slots=True)
class Erasure:
    """`id` is that of the first copy, `entries` those of all that were erased. `already`: an earlier run did it.

    `copies` are files of this directory that still hold it. `backup` is when the last backup was made, which holds it
    if the credential is older. UTC seconds.
    """

    id: str
    erased_at: int
    already: bool
    copies: tuple[Path, ...]
    backup: int | None
    entries: tuple[str, ...] = ()


def erase_entry(store: Store, entry_id: str, now: int, *, dry_run: bool = False) -> Erasure:
    """Erase one credential with all its copies for ever; repeating it is safe and scrubs the file again.

    Copies that are not sealed are withdrawn by that: they never enter the log.
    Raises `InputError` for an unknown id, `ConflictError` before it is sealed or withdrawn, and
    `UndeterminedError` where the row is overwritten but another reader keeps old pages alive.
    """
    members = store.entries.award(store.entries.get(entry_id))
    entry, ids = members[0], tuple(member.id for member in members)
    if entry.state is EntryState.ACCEPTED:
        raise ConflictError(f"{entry.id} is accepted, not sealed: withdraw it first, then erase it")
    before = store.erasures.at(entry.id)
    copies = tuple(sorted(store.path.parent.glob(f"{store.path.name}.schema-*")))
    outcome = Erasure(entry.id, before or now, before is not None, copies, last_backup(store), ids)
    if dry_run:
        return outcome
    if before is None or any(member.document for member in members):
        # A crash after this COMMIT: the rows are erased, old pages may hold them still; the same command scrubs them.
        with store.writing():
            _erase(store, store.entries.award(entry), now)
            store.acts.add(now, "erase", entry.id, {"copies": len(ids)} if ids[1:] else {})
    if not store.erasures.scrub():
        problem = "is overwritten, but another process still reads older pages of the database"
        raise UndeterminedError(f"{entry.id} {problem}: run the same command again", "erase.busy")
    return outcome


def _erase(store: Store, members: Sequence[Entry], now: int) -> None:
    """Overwrite every copy, in the caller's transaction."""
    for member in members:
        if member.copy_of is not None and member.state is EntryState.ACCEPTED:
            store.entries.withdraw(member.id)
        if not store.erasures.erase(member, now):
            raise ConflictError(f"{member.id} changed meanwhile; run the same command again")
