"""Copies of one credential: how far each is, and which have not got the status of the first one yet."""

from __future__ import annotations

from typing import Final

from node.store.database import Database
from node.store.records import Act

__all__ = ["Copies"]

# What counts of the first copy's acts is a revocation, wherever it stands, or else the last one. CROSS JOIN: SQLite
# begins with the acts, which are few, and not with all that is anchored.
_DUE: Final = """SELECT copy.id, decided.act, decided.reason FROM status_acts AS decided
    CROSS JOIN entries AS copy
    WHERE copy.copy_of = decided.entry AND copy.state = 'sealed'
    AND copy.log_index < (SELECT coalesce(max(size), 0) FROM anchors)
    AND (decided.act = 'revoke' OR NOT EXISTS (SELECT 1 FROM status_acts AS other
        WHERE other.entry = decided.entry AND (other.position > decided.position OR other.act = 'revoke')))
    AND NOT EXISTS (SELECT 1 FROM status_acts WHERE entry = copy.id AND act = 'revoke')
    AND (decided.act = 'revoke' OR (decided.act = 'suspend') <> coalesce(
        (SELECT act = 'suspend' FROM status_acts WHERE entry = copy.id ORDER BY position DESC LIMIT 1), 0))
    ORDER BY copy.log_index"""


class Copies:
    """The columns `copy_of` and `copy` of the table `entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self) -> tuple[tuple[str, Act, int], ...]:
        """(id, act, reason) of every anchored copy that must follow what was asked for its first one."""
        return tuple((copy, Act(act), reason) for copy, act, reason in self._database.rows(_DUE))

    def firsts(self) -> tuple[str, ...]:
        """Ids of all credentials that have copies, as the copies name them."""
        rows = self._database.rows("SELECT DISTINCT copy_of FROM entries WHERE copy_of IS NOT NULL ORDER BY copy_of")
        return tuple(row[0] for row in rows)

    def waiting(self) -> int:
        """How many accepted ones wait for their turn, the first copies apart."""
        found = self._database.row("SELECT count(*) FROM entries WHERE state = 'accepted' AND copy_of IS NOT NULL")
        return 0 if found is None else int(found[0])

    def published(self, first: str) -> tuple[int, int]:
        """How many copies of this award (the id of its first) stand under a final anchor, and how many there are.

        Withdrawn ones do not count.
        """
        found = self._database.row(
            "SELECT coalesce(sum(log_index < (SELECT coalesce(max(size), 0) FROM anchors)), 0), count(*) FROM entries"
            " WHERE (id = ?1 OR copy_of = ?1) AND state <> 'withdrawn'",
            (first,),
        )
        return (0, 0) if found is None else (int(found[0]), int(found[1]))
