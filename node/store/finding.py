"""Credentials as a list shows them: where each stands, without its document and seed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from node.store.database import Database
from node.store.records import Act

__all__ = ["Finding", "FoundEntry", "Standing", "Wanted"]


class Standing(Enum):
    """How far a credential has come. ANCHORED is sealed under a final anchor."""

    ACCEPTED = "accepted"
    SEALED = "sealed"
    ANCHORED = "anchored"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which credentials; None means whatever. `since` is the time of acceptance, UTC seconds."""

    standing: Standing | None = None
    micro_credential: str | None = None
    learner: str | None = None
    since: int | None = None
    among: Collection[str] | None = None
    """Keys of the micro-credentials that may be seen; None: all."""


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """One credential. `number` is the order of acceptance; `act` the last act on its status that was asked for,
    `act_final` whether that is final on chain. `learner` is empty once it was erased. `copy_of` is the id of the first
    copy, None for that one; `copies` counts all of them but withdrawn ones.
    """

    number: int
    id: str
    standing: Standing
    index: int | None
    learner: str
    micro_credential: str
    awarded_on: str
    accepted_at: int
    supersedes: str | None
    act: Act | None
    act_final: bool
    copy_of: str | None
    copies: int


# Anchored is what the newest final anchor holds: at home every anchor holds all before it.
_STANDING: Final = (
    "CASE WHEN e.state = 'sealed' AND e.log_index < (SELECT coalesce(max(size), 0) FROM anchors)"
    " THEN 'anchored' ELSE e.state END"
)
_COPIES: Final = (
    "(SELECT count(*) FROM entries AS c WHERE c.state <> 'withdrawn'"
    " AND (c.id = coalesce(e.copy_of, e.id) OR c.copy_of = coalesce(e.copy_of, e.id)))"
)
_LAST: Final = "(SELECT max(position) FROM status_acts WHERE entry = e.id)"
_SELECT: Final = (
    f"SELECT e.number, e.id, {_STANDING}, e.log_index, e.learner, e.micro_credential, e.awarded_on,"
    f" e.accepted_at, e.supersedes, s.act, i.state = 'final', e.copy_of, {_COPIES} FROM entries AS e"
    f" LEFT JOIN status_acts AS s ON s.position = {_LAST} LEFT JOIN intents AS i ON i.name = s.intent"
)


class Finding:
    """Reads `entries` with what stands beside them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: Wanted, after: int, count: int) -> list[FoundEntry]:
        """The next `count` with number > `after`, in order of acceptance, each by its first copy."""
        conditions, parameters = _conditions(wanted)
        where = " AND ".join(["e.number > ?", "e.copy_of IS NULL", *conditions])
        rows = self._database.rows(f"{_SELECT} WHERE {where} ORDER BY e.number LIMIT ?", (after, *parameters, count))
        return [_found(row) for row in rows]

    def one(self, entry_id: str) -> FoundEntry | None:
        """By its full id (`urn:uuid:…`)."""
        row = self._database.row(f"{_SELECT} WHERE e.id = ?", (entry_id,))
        return None if row is None else _found(row)


def _conditions(wanted: Wanted) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    parameters: list[object] = []
    for condition, value in (
        (f"{_STANDING} = ?", None if wanted.standing is None else wanted.standing.value),
        ("e.micro_credential = ?", wanted.micro_credential),
        ("e.learner = ?", wanted.learner),
        ("e.accepted_at >= ?", wanted.since),
    ):
        if value is not None:
            conditions.append(condition)
            parameters.append(value)
    if wanted.among is not None:
        conditions.append(f"e.micro_credential IN ({', '.join('?' * len(wanted.among))})")
        parameters += wanted.among
    return conditions, parameters


def _found(row: tuple[Any, ...]) -> FoundEntry:
    number, entry_id, standing, index, learner, micro_credential, awarded_on, accepted_at, supersedes, *rest = row
    act, final, copy_of, copies = rest
    asked = None if act is None else Act(act)
    return FoundEntry(
        number, entry_id, Standing(standing), index, learner, micro_credential, awarded_on, accepted_at, supersedes,
        asked, bool(final), copy_of, max(1, copies),
    )  # fmt: skip
