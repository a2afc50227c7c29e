"""Credentials, from acceptance to their place in the log. States move by compare-and-swap only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from node.store.database import Database
from node.store.records import Entry, EntryState, NewEntry
from rootseal.commitment import Subject
from rootseal.errors import ConflictError, InputError
from rootseal.instants import format_instant

__all__ = ["ACCEPT_COLUMNS", "Entries", "accept_values", "full_id"]

_UUID: Final = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_COLUMNS: Final = (
    "number, id, template, document, seed, holder, credits, credit_id, commitment, state, log_index, "
    "learner, micro_credential, awarded_on, live, row_digest, email, line, accepted_at, supersedes, copy_of, copy"
)
ACCEPT_COLUMNS: Final = (
    "id, template, document, seed, holder, credits, credit_id, commitment, state, "
    "learner, micro_credential, awarded_on, row_digest, email, line, supersedes, accepted_at, submission"
)
"""What is written of an entry when it is accepted: `accept_values`, then its submission."""
_INSERT: Final = f"INSERT INTO entries ({ACCEPT_COLUMNS}) VALUES ({', '.join('?' * 18)})"
_INSERT_COPY: Final = f"INSERT INTO entries ({ACCEPT_COLUMNS}, copy_of, copy) VALUES ({', '.join('?' * 20)})"
# Of entries from before there were submissions nobody asks an approval.
_PASSED: Final = "(submission IS NULL OR submission IN (SELECT id FROM submissions WHERE state = 'approved'))"
# A copy waits until every one before it stands under a final anchor: so each is introduced by another anchor, and
# their places in the log do not tell that they belong together. Those of a superseded one wait until that is settled.
_ITS_TURN: Final = """(copy_of IS NULL OR (live = 1 AND NOT EXISTS (SELECT 1 FROM entries AS prior
    WHERE (prior.id = entries.copy_of OR prior.copy_of = entries.copy_of) AND prior.copy < entries.copy
    AND (prior.copy = 1 OR prior.state <> 'withdrawn')
    AND (prior.log_index IS NULL OR prior.log_index >= (SELECT coalesce(max(size), 0) FROM anchors)))))"""


class Entries:
    """The table `entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_all(self, entries: Iterable[NewEntry], now: int, submission: int | None = None) -> int:
        """Accept them, all or none, as one submission: first copies before all others, each kind in its order.

        Raises `ConflictError` where a live award is issued already.
        """
        every = list(entries)
        firsts = [(*accept_values(entry, now), submission) for entry in every if entry.copy_of is None]
        others = [
            (*accept_values(entry, now), submission, entry.copy_of, entry.copy)
            for entry in every
            if entry.copy_of is not None
        ]
        with self._database.writing():
            added = self._database.change_many(_INSERT, firsts)
            return added + (self._database.change_many(_INSERT_COPY, others) if others else 0)

    def live_award(self, learner: str, micro_credential: str, awarded_on: str) -> tuple[str, bytes, EntryState] | None:
        """Id, row digest and state of the live credential for this award."""
        found = self._database.row(
            "SELECT id, row_digest, state FROM entries"
            " WHERE learner = ? AND micro_credential = ? AND awarded_on = ? AND live = 1 AND copy_of IS NULL",
            (learner, micro_credential, awarded_on),
        )
        return None if found is None else (found[0], found[1], EntryState(found[2]))

    def get(self, entry_id: str) -> Entry:
        """By `urn:uuid:…` or the UUID alone. Raises `InputError` where there is none."""
        found = self._one("id = ?", full_id(entry_id))
        if found is None:
            raise InputError("id", self._why_none(full_id(entry_id)), entry_id)
        return found

    def _why_none(self, entry_id: str) -> str:
        aside = self._database.row("SELECT since, reason FROM set_aside WHERE entry = ?", (entry_id,))
        if aside is None:
            return "there is no credential with this id here"
        made = f"its credential cannot be made since {format_instant(aside[0])}: {aside[1]}"
        return f"the award with this id is acknowledged, and {made}; `rootseal node status` says the way out"

    def get_all(self, entry_ids: Iterable[str]) -> list[Entry]:
        """Each once, in the order given, however its id is written. Raises `InputError` for the first unknown one."""
        return list({entry.number: entry for entry in map(self.get, entry_ids)}.values())

    def award(self, entry: Entry) -> list[Entry]:
        """All copies of what `entry` is a copy of, withdrawn ones too: the first one first, then in their order."""
        return self._many("id = ?1 OR copy_of = ?1 ORDER BY copy", entry.first_id)

    def by_commitment(self, commitment: bytes) -> Entry | None:
        """The entry with this commitment, in whatever state."""
        return self._one("commitment = ?", commitment)

    def due(self, accepted_by: int, *, approved: bool = False) -> bool:
        """True iff an entry accepted at or before `accepted_by` waits to be sealed; `approved`: and may be.

        What is only taken in so far counts too, what is set aside does not. A copy counts from when its turn has come.
        """
        query = f"SELECT 1 FROM entries WHERE state = 'accepted' AND accepted_at <= ?1 AND {_ITS_TURN}"
        rest = f" AND {_PASSED}" if approved else " UNION ALL SELECT 1 FROM intake WHERE at <= ?1"
        return self._database.row(f"{query}{rest} LIMIT 1", (accepted_by,)) is not None

    def waiting(self, accepted_by: int | None, *, approved: bool = False) -> list[tuple[int, bytes, int]]:
        """(number, commitment, template) of accepted entries that may be sealed, all or those accepted by then.

        A copy whose turn has not come is not among them. With `approved` only those whose submission a second
        person let pass.
        """
        limit = (1 << 62) if accepted_by is None else accepted_by
        passed = f" AND {_PASSED}" if approved else ""
        return self._database.rows(
            "SELECT number, commitment, template FROM entries WHERE state = 'accepted' AND accepted_at <= ?"
            f" AND {_ITS_TURN}{passed}",
            (limit,),
        )

    def seal(self, places: Sequence[tuple[int, int]]) -> None:
        """Give each (index, number) its place. Raises `ConflictError` unless every one was still accepted."""
        with self._database.writing():
            changed = self._database.change_many(
                "UPDATE entries SET state = 'sealed', log_index = ? WHERE number = ? AND state = 'accepted'", places
            )
            if changed != len(places):
                raise ConflictError(f"{len(places) - changed} entries changed while they were sealed; run seal again")

    def withdraw(self, entry_id: str) -> Entry:
        """accepted → withdrawn; one that is withdrawn already stays so. Raises `ConflictError` once sealed."""
        entry = self.get(entry_id)
        changed = self._database.change(
            "UPDATE entries SET state = 'withdrawn', live = 0 WHERE number = ? AND state = 'accepted'", (entry.number,)
        )
        after = self.get(entry_id)
        if not changed and after.state is not EntryState.WITHDRAWN:
            problem = "is sealed: its place in the log stays. Take its effect away with `rootseal node revoke`"
            raise ConflictError(f"{entry.id} {problem}")
        return after

    def withdraw_award(self, entry: Entry) -> list[Entry]:
        """Withdraw every copy of what `entry` is a copy of, all or none; how they are then, the first one first.

        Raises `ConflictError` once the first is sealed.
        """
        with self._database.writing():
            first, *others = self.award(entry)
            return [self.withdraw(first.id), *(self.withdraw(copy.id) for copy in others)]

    def give_up(self, entry_ids: Sequence[str]) -> None:
        """Withdraw those of them that are accepted, whatever became of the others."""
        statement = "UPDATE entries SET state = 'withdrawn', live = 0 WHERE id = ? AND state = 'accepted'"
        self._database.change_many(statement, [(entry_id,) for entry_id in entry_ids])

    def retire(self, entry_ids: Sequence[str]) -> None:
        """Mark revoked ones as no longer live, so that the same award may be issued anew."""
        self._database.change_many("UPDATE entries SET live = 0 WHERE id = ?", [(entry_id,) for entry_id in entry_ids])

    def counts(self) -> dict[EntryState, int]:
        """How many there are in each state, those among the accepted that are only taken in so far, or set aside."""
        found = dict(self._database.rows("SELECT state, count(*) FROM entries GROUP BY state"))
        query = "SELECT (SELECT count(*) FROM intake) + (SELECT count(*) FROM set_aside)"
        taken_in = self._database.row(query) or (0,)
        found[EntryState.ACCEPTED.value] = found.get(EntryState.ACCEPTED.value, 0) + taken_in[0]
        return {state: found.get(state.value, 0) for state in EntryState}

    def oldest_waiting(self) -> int | None:
        """When the oldest accepted first copy was accepted: the other copies wait for their turn, and are not late."""
        found = self._database.row(
            "SELECT min(at) FROM (SELECT accepted_at AS at FROM entries WHERE state = 'accepted' AND copy_of IS NULL"
            " UNION ALL SELECT at FROM intake UNION ALL SELECT at FROM set_aside)"
        )
        return None if found is None else found[0]

    def sealed(self, start: int, end: int) -> list[Entry]:
        """Those with start ≤ index < end, by index."""
        return self._many("log_index >= ? AND log_index < ? ORDER BY log_index", start, end)

    def numbered(self, after: int, count: int) -> list[Entry]:
        """The next `count` entries with number > `after`, in order of acceptance."""
        return self._many("number > ? ORDER BY number LIMIT ?", after, count)

    def one_of_each(self, numbers: Iterable[int]) -> list[Entry]:
        """The entries with these numbers."""
        return [entry for number in numbers if (entry := self._one("number = ?", number)) is not None]

    def _one(self, where: str, *parameters: object) -> Entry | None:
        found = self._database.row(f"SELECT {_COLUMNS} FROM entries WHERE {where}", parameters)
        return None if found is None else _entry(found)

    def _many(self, where: str, *parameters: object) -> list[Entry]:
        return [_entry(row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM entries WHERE {where}", parameters)]


def full_id(entry_id: str) -> str:
    """`urn:uuid:…` of an id that may be the UUID alone. Raises `InputError` for any other text."""
    match = _UUID.fullmatch(entry_id.lower())
    if match is None:
        raise InputError("id", "must be a UUID, with or without urn:uuid: before it", entry_id)
    return f"urn:uuid:{match[1]}"


def accept_values(entry: NewEntry, now: int) -> tuple[object, ...]:
    """The columns of an entry that is accepted at `now` (UTC seconds), but for its submission."""
    return (
        entry.id,
        entry.template,
        entry.document,
        entry.seed,
        entry.subject.holder,
        entry.subject.credits,
        entry.subject.credit_id,
        entry.commitment,
        EntryState.ACCEPTED.value,
        entry.learner,
        entry.micro_credential,
        entry.awarded_on,
        entry.row_digest,
        entry.email,
        entry.line,
        entry.supersedes,
        now,
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    number, entry_id, template, document, seed, holder, credits, credit_id, commitment, state, index, *rest = row
    learner, micro_credential, awarded_on, live, row_digest, email, line, accepted_at, supersedes, *copy = rest
    return Entry(
        number,
        entry_id,
        template,
        document,
        seed,
        Subject(holder, credits, credit_id),
        commitment,
        EntryState(state),
        index,
        learner,
        micro_credential,
        awarded_on,
        bool(live),
        row_digest,
        email,
        line,
        accepted_at,
        supersedes,
        *copy,
    )
