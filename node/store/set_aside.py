"""Acknowledged awards whose credentials were refused when they were to be made: kept whole, with the reason.

They stay until a later try succeeds, or somebody withdraws them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from node.store.accepts import TakenIn
from node.store.database import Database
from node.store.entries import full_id
from node.store.requests import AnsweredRequest, AnsweredRequests

__all__ = ["AsideRow", "SetAside"]

_TAKEN: Final = ", ".join(TakenIn._fields)
_SELECT: Final = f"SELECT number, since, reason, newest, {_TAKEN} FROM set_aside"

# Live now, or accepted since: what was issued for this award meanwhile and revoked must not come back by itself.
_RIVAL: Final = """SELECT id FROM entries WHERE learner = ?1 AND micro_credential = ?2 AND awarded_on = ?3
    AND live = 1 AND copy_of IS NULL
    UNION ALL SELECT id FROM entries WHERE number > ?4 AND learner = ?1 AND micro_credential = ?2 AND awarded_on = ?3
    AND copy_of IS NULL AND state <> 'withdrawn' LIMIT 1"""


class AsideRow(NamedTuple):
    """`taken` is the award as it was acknowledged. `since` (UTC seconds) and `reason`: when and why it was set aside.

    `newest` is the number of the newest entry at that time.
    """

    number: int
    since: int
    reason: str
    newest: int
    taken: TakenIn


class SetAside:
    """The table `set_aside`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._requests = AnsweredRequests(database)

    def put(self, taken: TakenIn, reason: str, now: int) -> None:
        """Set it aside, in the transaction that takes it out of the intake. Its request stays answered."""
        newest = self._database.row("SELECT coalesce(max(number), 0) FROM entries") or (0,)
        row = (now, reason, newest[0], *taken)
        self._database.insert_rows(f"set_aside (since, reason, newest, {_TAKEN})", [row])
        answer = AnsweredRequest(taken.name, taken.fingerprint, taken.status, taken.body, taken.at)
        self._requests.add_all([answer], now)

    def count(self) -> int:
        """How many there are."""
        found = self._database.row("SELECT count(*) FROM set_aside")
        return 0 if found is None else int(found[0])

    def all(self) -> tuple[AsideRow, ...]:
        """All, in the order in which they were set aside."""
        return tuple(map(_row, self._database.rows(f"{_SELECT} ORDER BY number")))

    def page(self, after: int, most: int) -> list[AsideRow]:
        """The next ones with number > `after`."""
        rows = self._database.rows(f"{_SELECT} WHERE number > ? ORDER BY number LIMIT ?", (after, most))
        return list(map(_row, rows))

    def get(self, entry_id: str) -> AsideRow | None:
        """By the id that its credential will have. Raises `InputError` for what is no id."""
        found = self._database.row(f"{_SELECT} WHERE entry = ?", (full_id(entry_id),))
        return None if found is None else _row(found)

    def rival(self, row: AsideRow) -> str | None:
        """The credential that has its award, or had it since it was set aside."""
        taken = row.taken
        award = (taken.learner, taken.micro_credential, taken.awarded_on)
        found = self._database.row(_RIVAL, (*award, row.newest))
        return None if found is None else str(found[0])

    def explain(self, number: int, reason: str) -> None:
        """Another reason than before."""
        self._database.change("UPDATE set_aside SET reason = ? WHERE number = ?", (reason, number))

    def remove(self, number: int) -> None:
        """It is an entry, in the caller's transaction."""
        self._database.change("DELETE FROM set_aside WHERE number = ?", (number,))


def _row(found: tuple[Any, ...]) -> AsideRow:
    number, since, reason, newest, *taken = found
    return AsideRow(number, since, reason, newest, TakenIn(*taken))
