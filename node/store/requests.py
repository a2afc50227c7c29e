"""Answered requests, so that a repeated one is answered as before and does nothing twice.

The key itself is not kept, only its SHA-256: with it the fingerprint of the body could be tried against guesses
of what the body said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from node.store.database import Database

__all__ = ["REQUEST_SECONDS", "AnsweredRequest", "AnsweredRequests"]

REQUEST_SECONDS: Final = 7 * 86_400
"""How long an answer is kept: longer than anybody goes on repeating a request."""


class AnsweredRequest(NamedTuple):
    """What was answered. `name` and `fingerprint` are SHA-256, `body` is JSON; `at` in UTC seconds."""

    name: bytes
    fingerprint: bytes
    status: int
    body: bytes
    at: int


_COLUMNS: Final = ", ".join(AnsweredRequest._fields)


class AnsweredRequests:
    """The table `requests`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: bytes) -> AnsweredRequest | None:
        """The answer to the request of this name."""
        found = self._database.row(f"SELECT {_COLUMNS} FROM requests WHERE name = ?", (name,))
        return None if found is None else AnsweredRequest(*found)

    def add(self, request: AnsweredRequest) -> None:
        """Keep it, in the caller's transaction, beside what it did. Raises `ConflictError` where there is one."""
        with self._database.writing():
            self.forget(request.at)
            self._database.insert_rows(f"requests ({_COLUMNS})", [request])

    def add_all(self, requests: Sequence[AnsweredRequest], now: int) -> None:
        """The same for several (at least one); where there is one already that one stays. Forgets the old at `now`."""
        with self._database.writing():
            self.forget(now)
            self._database.insert_many(f"INSERT OR IGNORE INTO requests ({_COLUMNS}) VALUES {{}}", requests)

    def forget(self, now: int) -> int:
        """Delete those that are too old at `now`; how many."""
        return self._database.change("DELETE FROM requests WHERE at < ?", (now - REQUEST_SECONDS,))
