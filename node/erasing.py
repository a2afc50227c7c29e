"""`node erase`: a learner's data is destroyed here, while the log stays whole and the learner's own file verifies.

Kept are id, commitment and index: the commitment is 32 bytes that say nothing to who does not hold the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from node.backup_record import last_backup
from node.store import EntryState, Store
from rootseal.errors import ConflictError, UndeterminedError

__all__ = ["Erasure", "erase_entry"]


@dataclass(frozen=True, slots=True)
class Erasure:
    """`already`: an earlier run erased it. `copies` are files of this directory that still hold it.

    `backup` is when the last backup was made, which holds it if the credential is older. UTC seconds.
    """

    id: str
    erased_at: int
    already: bool
    copies: tuple[Path, ...]
    backup: int | None


def erase_entry(store: Store, entry_id: str, now: int, *, dry_run: bool = False) -> Erasure:
    """Erase one credential for ever; repeating it is safe and scrubs the file again.

    Raises `InputError` for an unknown id, `ConflictError` before it is sealed or withdrawn, and
    `UndeterminedError` where the row is overwritten but another reader keeps old pages alive.
    """
    entry = store.entries.get(entry_id)
    if entry.state is EntryState.ACCEPTED:
        raise ConflictError(f"{entry.id} is accepted, not sealed: withdraw it first, then erase it")
    before = store.erasures.at(entry.id)
    copies = tuple(sorted(store.path.parent.glob(f"{store.path.name}.schema-*")))
    outcome = Erasure(entry.id, before or now, before is not None, copies, last_backup(store))
    if dry_run:
        return outcome
    if before is None or entry.document:
        # A crash after this COMMIT: the row is erased, old pages may hold it still; the same command scrubs them.
        with store.writing():
            if not store.erasures.erase(entry, now):
                raise ConflictError(f"{entry.id} changed meanwhile; run the same command again")
            store.acts.add(now, "erase", entry.id, {})
    if not store.erasures.scrub():
        problem = "is overwritten, but another process still reads older pages of the database"
        raise UndeterminedError(f"{entry.id} {problem}: run the same command again", "erase.busy")
    return outcome
