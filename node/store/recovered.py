"""Entries that are known by their commitment alone: read from the published log after a store was lost.

Such a row is like an erased one (`node.store.erasing`): its place in the log, and nothing about a learner. Its id is
made from the commitment, because the credential's own id was lost with the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from node.store.database import Database
from node.store.erasing import erased_seed
from rootseal.errors import InputError

__all__ = ["Recovered", "recovered_id"]

_INSERT: Final = """INSERT INTO entries (id, template, document, seed, holder, credits, credit_id, commitment, state,
    log_index, learner, micro_credential, awarded_on, live, row_digest, email, line, accepted_at)
    VALUES (?, ?, x'', ?, zeroblob(20), 0, zeroblob(16), ?, 'sealed', ?, ?, '', '', 0, x'', '', 0, ?)"""


def recovered_id(commitment: bytes) -> str:
    """`urn:uuid:…` of version 8 (RFC 9562 §5.8): the first 16 bytes of a hash of the commitment."""
    digest = bytearray(sha256(b"rootseal/recovered/1" + commitment).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
    return f"urn:uuid:{UUID(bytes=bytes(digest))}"


class Recovered:
    """The table `recovered_entries`: entries known by their commitment alone, and since when (UTC seconds)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, leaves: Sequence[tuple[int, bytes]], now: int) -> None:
        """Give each (index, commitment) its place, in the caller's transaction. Raises `InputError`."""
        template = self._database.row("SELECT min(id) FROM templates")
        if template is None or template[0] is None:
            raise InputError("DIR", "has no micro-credential yet; add them with `rootseal node templates add` first")
        rows = [(recovered_id(commitment), index, commitment) for index, commitment in leaves]
        self._database.change_many(
            _INSERT,
            [(i, template[0], erased_seed(c), c, index, f"recovered/{index}", now) for i, index, c in rows],
        )
        self._database.change_many("INSERT INTO erasures VALUES (?, ?)", [(i, now) for i, _, _ in rows])
        self._database.change_many("INSERT INTO recovered_entries VALUES (?, ?)", [(i, now) for i, _, _ in rows])

    def count(self) -> int:
        """How many there are."""
        found = self._database.row("SELECT count(*) FROM recovered_entries")
        return 0 if found is None else int(found[0])

    def all(self) -> dict[str, int]:
        """Every id and since when."""
        return dict(self._database.rows("SELECT entry, recovered_at FROM recovered_entries"))
