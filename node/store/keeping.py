"""Small things that the node keeps: facts by name, issuer documents by hash, and the trail of acts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from node.principal import acting_by
from node.store.act_chain import FIRST, act_hash
from node.store.database import Database
from node.store.records import RecordedAct

__all__ = ["Acts", "Documents", "Facts"]


class Facts:
    """The table `facts`: what was learned once and stays true."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """The value, or None."""
        found = self._database.row("SELECT value FROM facts WHERE name = ?", (name,))
        return None if found is None else found[0]

    def put(self, name: str, value: bytes) -> None:
        """Write it, in the place of what was there."""
        statement = "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        self._database.change(statement, (name, value))


class Documents:
    """The table `issuer_documents`: every document that was ever the issuer's, by its SHA-256."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, content: bytes, now: int) -> bytes:
        """Store it unless it is there; its hash."""
        digest = sha256(content).digest()
        if self.get(digest) is None:
            self._database.change("INSERT OR IGNORE INTO issuer_documents VALUES (?, ?, ?)", (digest, content, now))
        return digest

    def get(self, digest: bytes) -> bytes | None:
        """The document with this hash."""
        found = self._database.row("SELECT content FROM issuer_documents WHERE hash = ?", (digest,))
        return None if found is None else found[0]


class Acts:
    """The table `acts`: append-only and a hash chain, what was done and when; no names of learners."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, at: int, act: str, subject: str, detail: Mapping[str, object]) -> bytes:
        """One line; part of the caller's transaction, so that no act is without its effect. The new head.

        `detail.by` says who: a person and the token, the command line; without it the node acted by itself.
        """
        by = acting_by()
        text = json.dumps(detail if by is None else {**detail, "by": by}, sort_keys=True)
        with self._database.writing() as utils:
            # Under the writers' lock: two processes must not both follow the same line.
            head = act_hash(self.head(), at, act, subject, text)
            utils.table("acts").insert({"at": at, "act": act, "subject": subject, "detail": text, "hash": head})
        return head

    def head(self) -> bytes:
        """The hash of the newest line, 32 bytes; zeros where there is none."""
        found = self._database.row("SELECT hash FROM acts ORDER BY position DESC LIMIT 1")
        return FIRST if found is None else found[0]

    def page(self, after: int, count: int) -> list[tuple[int, RecordedAct]]:
        """The next `count` lines with position > `after`, each with its position."""
        rows = self._database.rows(
            "SELECT position, at, act, subject, detail, hash FROM acts WHERE position > ? ORDER BY position LIMIT ?",
            (after, count),
        )
        return [(position, RecordedAct(*act)) for position, *act in rows]

    def recent(self, before: int, count: int) -> list[tuple[int, RecordedAct]]:
        """Up to `count` lines with position < `before`, the newest first."""
        rows = self._database.rows(
            "SELECT position, at, act, subject, detail, hash FROM acts WHERE position < ?"
            " ORDER BY position DESC LIMIT ?",
            (before, count),
        )
        return [(position, RecordedAct(*act)) for position, *act in rows]

    def naming(self, acts: Sequence[str], names: Sequence[str]) -> list[RecordedAct]:
        """Lines of these acts, oldest first, whose subject is one of the names or whose detail has one in it."""
        places = ", ".join("?" * len(acts))
        told = " OR ".join("subject = ? OR instr(detail, ?)" for _ in names)
        rows = self._database.rows(
            f"SELECT at, act, subject, detail, hash FROM acts WHERE act IN ({places}) AND ({told}) ORDER BY position",
            (*acts, *(name for name in names for _ in range(2))),
        )
        return [RecordedAct(*row) for row in rows]

    def all(self) -> tuple[RecordedAct, ...]:
        """Every line, oldest first."""
        rows = self._database.rows("SELECT at, act, subject, detail, hash FROM acts ORDER BY position")
        return tuple(RecordedAct(*row) for row in rows)
