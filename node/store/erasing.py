"""Erasure: all that says something about a learner is overwritten, and what the log needs is left.

The seed goes, too: without it nobody can show any more that the commitment belongs to a given document, but
for who holds the learner's file.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from node.store.database import Database
from node.store.records import Entry

__all__ = ["Erasures", "erased_seed"]

_OVERWRITE: Final = """UPDATE entries SET document = x'', seed = ?, holder = zeroblob(20), credits = 0,
    credit_id = zeroblob(16), learner = ?, awarded_on = '', live = 0, row_digest = x'', email = '', line = 0
    WHERE id = ? AND state <> 'accepted'"""


def erased_seed(commitment: bytes) -> bytes:
    """What stands in the place of the seed: public, and told apart from every seed that was ever drawn."""
    return sha256(b"rootseal/erased/1" + commitment).digest()


class Erasures:
    """The table `erasures`: which entries were erased, and when (UTC seconds)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def at(self, entry_id: str) -> int | None:
        """When it was erased, or None. Takes the full id, `urn:uuid:…`."""
        found = self._database.row("SELECT erased_at FROM erasures WHERE entry = ?", (entry_id,))
        return None if found is None else found[0]

    def all(self) -> dict[str, int]:
        """Every erased id and when."""
        return dict(self._database.rows("SELECT entry, erased_at FROM erasures"))

    def erase(self, entry: Entry, now: int) -> bool:
        """Overwrite the row and write it down, in the caller's transaction; False for one that is still accepted."""
        # The placeholder for the learner differs from entry to entry: no rule about awards may confuse them.
        values = (erased_seed(entry.commitment), f"erased/{entry.number}", entry.id)
        if not self._database.change(_OVERWRITE, values):
            return False
        self._database.change("DELETE FROM status_notes WHERE entry = ?", (entry.id,))
        self._database.change("DELETE FROM identity_checks WHERE ? IN (entry, old)", (entry.id,))
        self._database.change(
            "UPDATE credit_acts SET award = NULL, salt = NULL WHERE commitment = ?", (entry.commitment,)
        )
        # Stored answers may name the learner's address beside the id.
        self._database.change("DELETE FROM requests WHERE instr(body, CAST(? AS BLOB)) > 0", (entry.id,))
        self._database.change("INSERT OR IGNORE INTO erasures VALUES (?, ?)", (entry.id, now))
        return True

    def scrub(self) -> bool:
        """Leave nothing of what was overwritten in free pages or the WAL; False where a reader hinders it."""
        return self._database.scrub()
