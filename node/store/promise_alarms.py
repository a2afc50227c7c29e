"""What was said about promises whose date nears or has passed: each of it once, also over restarts."""

from __future__ import annotations

from node.store.database import Database

__all__ = ["PromiseAlarms"]


class PromiseAlarms:
    """The table `promise_alarms`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, size: int, state: str, now: int) -> bool:
        """True, once, for the promise of `size` entries in this state (`near`, `overdue`)."""
        return bool(self._database.change("INSERT OR IGNORE INTO promise_alarms VALUES (?, ?, ?)", (size, state, now)))

    def told(self) -> frozenset[tuple[int, str]]:
        """All that was said."""
        return frozenset(self._database.rows("SELECT size, state FROM promise_alarms"))
