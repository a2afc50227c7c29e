"""Requested acts on the status of entries, oldest first; never changed, never deleted."""

from __future__ import annotations

from collections.abc import Sequence

from node.store.database import Database
from node.store.records import Act, StatusAct

__all__ = ["StatusActs"]


class StatusActs:
    """The table `status_acts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, acts: Sequence[StatusAct]) -> None:
        """Write them down; the caller's transaction queues their intent beside them."""
        self._database.change_many(
            "INSERT INTO status_acts (entry, act, reason, intent, requested_at) VALUES (?, ?, ?, ?, ?)",
            [(act.entry, act.act.value, act.reason, act.intent, act.requested_at) for act in acts],
        )

    def of(self, entry_id: str) -> tuple[StatusAct, ...]:
        """What was asked for one entry, oldest first."""
        rows = self._database.rows(
            "SELECT entry, act, reason, intent, requested_at FROM status_acts WHERE entry = ? ORDER BY position",
            (entry_id,),
        )
        return tuple(StatusAct(entry, Act(act), reason, intent, at) for entry, act, reason, intent, at in rows)

    def entries(self) -> tuple[str, ...]:
        """Ids of all entries that anything was asked for."""
        return tuple(row[0] for row in self._database.rows("SELECT DISTINCT entry FROM status_acts ORDER BY entry"))

    def next_number(self) -> int:
        """A number that no intent of a status act has had; unique inside the caller's transaction."""
        found = self._database.row("SELECT coalesce(max(position), 0) + 1 FROM status_acts")
        return 1 if found is None else int(found[0])
