"""Claims and redemptions that were queued, why statuses changed, and identity checks before a re-issue.

What a person wrote here may be personal data: it stays in this file, and goes with `node erase`.
"""

from __future__ import annotations

from dataclasses import dataclass

from node.store.database import Database

__all__ = ["CreditAct", "CreditActs", "IdentityCheck", "IdentityChecks", "StatusNote", "StatusNotes"]


@dataclass(frozen=True, slots=True)
class CreditAct:
    """A call of the credits contract that was queued: `kind` is claim or redeem, `commitment` the token.

    `award` and `salt` (32 bytes) are those of a redemption, else None. `at` in UTC seconds.
    """

    kind: str
    commitment: bytes
    intent: str
    at: int
    award: str | None = None
    salt: bytes | None = None


@dataclass(frozen=True, slots=True)
class StatusNote:
    """Why an act on an entry's status was asked for, in the issuer's words. `at` in UTC seconds."""

    entry: str
    act: str
    note: str
    at: int


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """Who made sure, and how, that the person at the desk is the learner; `salt` blinds its hash in the audit log."""

    entry: str
    old: str
    checked_by: str
    how: str
    salt: bytes
    at: int


class CreditActs:
    """The table `credit_acts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, act: CreditAct) -> None:
        """Write it down, in the transaction that queues its intent."""
        values = (act.kind, act.commitment, act.intent, act.at, act.award, act.salt)
        self._database.change(
            "INSERT INTO credit_acts (kind, commitment, intent, at, award, salt) VALUES (?, ?, ?, ?, ?, ?)", values
        )

    def of(self, kind: str, commitment: bytes) -> tuple[CreditAct, ...]:
        """Those of one kind for one token, oldest first."""
        return self._select("WHERE kind = ? AND commitment = ?", kind, commitment)

    def all(self) -> tuple[CreditAct, ...]:
        """Every one, oldest first."""
        return self._select("")

    def _select(self, where: str, *parameters: object) -> tuple[CreditAct, ...]:
        rows = self._database.rows(
            f"SELECT kind, commitment, intent, at, award, salt FROM credit_acts {where} ORDER BY position", parameters
        )
        return tuple(CreditAct(*row) for row in rows)


class StatusNotes:
    """The table `status_notes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, notes: tuple[StatusNote, ...]) -> None:
        """Write them down."""
        self._database.change_many(
            "INSERT INTO status_notes (entry, act, note, at) VALUES (?, ?, ?, ?)",
            [(note.entry, note.act, note.note, note.at) for note in notes],
        )

    def of(self, entry_id: str) -> tuple[StatusNote, ...]:
        """Those of one entry (its full id), oldest first."""
        rows = self._database.rows(
            "SELECT entry, act, note, at FROM status_notes WHERE entry = ? ORDER BY position", (entry_id,)
        )
        return tuple(StatusNote(*row) for row in rows)


class IdentityChecks:
    """The table `identity_checks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, check: IdentityCheck) -> None:
        """Write it down, in the transaction that accepts the new entry."""
        values = (check.entry, check.old, check.checked_by, check.how, check.salt, check.at)
        self._database.change("INSERT INTO identity_checks VALUES (?, ?, ?, ?, ?, ?)", values)

    def of(self, entry_id: str) -> IdentityCheck | None:
        """The one for which this entry was issued anew."""
        found = self._database.row("SELECT * FROM identity_checks WHERE entry = ?", (entry_id,))
        return None if found is None else IdentityCheck(*found)
