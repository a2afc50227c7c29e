"""Submissions: which entries were handed in together, by whom, and who let them pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from node.store.database import Database

__all__ = ["SubmissionRow", "Submissions"]

_COLUMNS: Final = "id, submitted_at, person, token, state, decided_at, decided_person, decided_token, reason"


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One act of issuing. `person` and `token` are None for the command line; times are UTC seconds.

    `state` is `waiting`, `approved` or `rejected`; only where the node wants a second approver does it count.
    """

    id: int
    submitted_at: int
    person: str | None
    token: str | None
    state: str
    decided_at: int | None
    decided_person: str | None
    decided_token: str | None
    reason: str | None


class Submissions:
    """The table `submissions`, and the column of the same name in `entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, now: int, person: str | None, token: str | None) -> int:
        """A new one; its number, for the entries that the caller adds in the same transaction."""
        with self._database.writing() as utils:
            statement = "INSERT INTO submissions (submitted_at, person, token) VALUES (?, ?, ?) RETURNING id"
            return int(utils.conn.execute(statement, (now, person, token)).fetchone()[0])

    def get(self, number: int) -> SubmissionRow | None:
        """By its number."""
        found = self._database.row(f"SELECT {_COLUMNS} FROM submissions WHERE id = ?", (number,))
        return None if found is None else SubmissionRow(*found)

    def waiting_count(self) -> int:
        """How many `waiting` would give."""
        found = self._database.row(
            "SELECT count(DISTINCT one.id) FROM submissions AS one JOIN entries ON entries.submission = one.id"
            " WHERE one.state = 'waiting' AND entries.state = 'accepted'"
        )
        return 0 if found is None else int(found[0])

    def waiting(self) -> tuple[SubmissionRow, ...]:
        """Those that nobody decided on and of which an entry is still accepted, oldest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM submissions AS one WHERE state = 'waiting' AND EXISTS"
            " (SELECT 1 FROM entries WHERE submission = one.id AND state = 'accepted') ORDER BY id"
        )
        return tuple(SubmissionRow(*row) for row in rows)

    def of(self, entry_id: str) -> SubmissionRow | None:
        """The one that an entry (by its full id) came with."""
        found = self._database.row("SELECT submission FROM entries WHERE id = ?", (entry_id,))
        return None if found is None or found[0] is None else self.get(found[0])

    def entries(self, number: int, state: str) -> tuple[tuple[str, str], ...]:
        """(id, micro-credential) of its credentials in that state, each by its first copy here, in order."""
        # Beside min() the other columns are those of the row that has the minimum (SQLite, "bare columns").
        statement = (
            "SELECT id, micro_credential FROM (SELECT id, micro_credential, number, min(copy) FROM entries"
            " WHERE submission = ? AND state = ? GROUP BY coalesce(copy_of, id)) ORDER BY number"
        )
        return tuple(self._database.rows(statement, (number, state)))

    def every_copy(self, number: int, state: str) -> tuple[str, ...]:
        """Ids of all copies of its credentials in that state, in order of acceptance."""
        statement = "SELECT id FROM entries WHERE submission = ? AND state = ? ORDER BY number"
        return tuple(row[0] for row in self._database.rows(statement, (number, state)))

    def copies(self, number: int) -> int:
        """How many copies of each credential it brought."""
        found = self._database.row(
            "SELECT max(several) FROM (SELECT count(*) AS several FROM entries WHERE submission = ?"
            " GROUP BY coalesce(copy_of, id))",
            (number,),
        )
        return 1 if found is None or found[0] is None else int(found[0])

    def is_further(self, number: int) -> bool:
        """True iff it brought further copies of an earlier credential, and no credential of its own."""
        statement = "SELECT count(*), count(copy_of) FROM entries WHERE submission = ?"
        total, further = self._database.row(statement, (number,)) or (0, 0)
        return bool(total == further > 0)

    def keys(self, number: int) -> tuple[str, ...]:
        """Micro-credentials of its entries, whatever became of them."""
        statement = "SELECT DISTINCT micro_credential FROM entries WHERE submission = ?"
        return tuple(row[0] for row in self._database.rows(statement, (number,)))

    def counts(self, number: int) -> dict[str, int]:
        """How many of its credentials are in each state; one may be in two, copy by copy."""
        statement = (
            "SELECT state, count(DISTINCT coalesce(copy_of, id)) FROM entries WHERE submission = ? GROUP BY state"
        )
        return dict(self._database.rows(statement, (number,)))

    def decide(self, number: int, state: str, now: int, person: str | None, token: str | None, reason: str) -> bool:
        """Write the decision down, in the place of an earlier one unless that is the rejection, which is final."""
        return bool(
            self._database.change(
                "UPDATE submissions SET state = ?, decided_at = ?, decided_person = ?, decided_token = ?, reason = ?"
                " WHERE id = ? AND state <> 'rejected'",
                (state, now, person, token, reason or None, number),
            )
        )
