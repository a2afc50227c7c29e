"""Who may do what: tokens by their id, only the hash of each secret, and the department of each template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from node.store.database import Database

__all__ = ["Departments", "TokenRow", "Tokens"]

_COLUMNS: Final = "id, person, roles, departments, secret_hash, added_at, expires_at, revoked_at, used_on"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A stored token. `secret_hash` is SHA-256 (32 bytes); times are UTC seconds, `used_on` a day (YYYY-MM-DD)."""

    id: str
    person: str
    roles: tuple[str, ...]
    departments: tuple[str, ...]
    secret_hash: bytes
    added_at: int
    expires_at: int | None
    revoked_at: int | None = None
    used_on: str | None = None

    def valid(self, now: int) -> bool:
        """True iff it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Tokens:
    """The table `tokens`. A revoked token stays: the audit log names it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: TokenRow) -> None:
        """Store a new one. Raises `ConflictError` where the id is taken."""
        values = (row.id, row.person, json.dumps(row.roles), json.dumps(row.departments), row.secret_hash)
        self._database.change(
            "INSERT INTO tokens (id, person, roles, departments, secret_hash, added_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*values, row.added_at, row.expires_at),
        )

    def get(self, token_id: str) -> TokenRow | None:
        """By its id."""
        found = self._rows("WHERE id = ?", token_id)
        return found[0] if found else None

    def all(self) -> tuple[TokenRow, ...]:
        """Every token there ever was, oldest first."""
        return self._rows("ORDER BY added_at, id")

    def revoke(self, token_id: str, now: int) -> bool:
        """False where it was revoked before, or is not there."""
        statement = "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
        return bool(self._database.change(statement, (now, token_id)))

    def used(self, token_id: str, day: str) -> None:
        """Remember the last day on which it was used; no hour, no address."""
        self._database.change("UPDATE tokens SET used_on = ? WHERE id = ?", (day, token_id))

    def _rows(self, where: str, *parameters: object) -> tuple[TokenRow, ...]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM tokens {where}", parameters)
        return tuple(
            TokenRow(token_id, person, tuple(json.loads(roles)), tuple(json.loads(departments)), *rest)
            for token_id, person, roles, departments, *rest in rows
        )


class Departments:
    """The table `template_departments`: which department awards a micro-credential; absent: none in particular."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, key: str) -> str | None:
        """The department (folded) of a template's key."""
        found = self._database.row("SELECT department FROM template_departments WHERE key = ?", (key,))
        return None if found is None else found[0]

    def all(self) -> dict[str, str]:
        """Key → department."""
        return dict(self._database.rows("SELECT key, department FROM template_departments ORDER BY key"))

    def put(self, key: str, department: str | None) -> None:
        """Set it; None takes it away. It holds for all versions of the template and all its credentials."""
        if department is None:
            self._database.change("DELETE FROM template_departments WHERE key = ?", (key,))
            return
        upsert = "ON CONFLICT DO UPDATE SET department = excluded.department"
        self._database.change(f"INSERT INTO template_departments VALUES (?, ?) {upsert}", (key, department))
