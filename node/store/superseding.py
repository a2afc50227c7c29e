"""Corrections: which credential takes the place of which, and whose time has come to be revoked."""

from __future__ import annotations

from typing import Final

from node.store.database import Database
from rootseal.errors import ConflictError

__all__ = ["Superseding"]

_NOT_REVOKED: Final = "NOT EXISTS (SELECT 1 FROM status_acts WHERE entry = old.id AND act = 'revoke')"


class Superseding:
    """The column `supersedes` of the table `entries`. A withdrawn correction counts as never made."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def successor(self, entry_id: str) -> tuple[str, bytes] | None:
        """Id and row digest of the credential that supersedes this one."""
        found = self._database.row(
            "SELECT id, row_digest FROM entries WHERE supersedes = ? AND state <> 'withdrawn'", (entry_id,)
        )
        return None if found is None else (found[0], found[1])

    def retire(self, entry_id: str) -> None:
        """The old one is no longer live: its award belongs to the correction that the caller adds beside this.

        `entry_id` is that of the first copy; the other copies go with it, and are not sealed meanwhile.
        """
        self._database.change("UPDATE entries SET live = 0 WHERE id = ?1 OR copy_of = ?1", (entry_id,))

    def revive(self, withdrawn: str) -> None:
        """Give the award back to the credential that the withdrawn one would have superseded.

        Nothing is changed where that one was withdrawn itself, or its revocation was asked for. Raises
        `ConflictError` where the award was given to another one meanwhile.
        """
        old = self._database.row(
            f"SELECT id, learner, micro_credential, awarded_on FROM entries AS old"
            f" WHERE id = (SELECT supersedes FROM entries WHERE id = ?) AND state = 'sealed' AND {_NOT_REVOKED}",
            (withdrawn,),
        )
        if old is None:
            return
        taken = self._database.row(
            "SELECT id FROM entries WHERE learner = ?1 AND micro_credential = ?2 AND awarded_on = ?3 AND live = 1"
            " AND copy_of IS NULL UNION ALL"
            " SELECT entry FROM intake WHERE learner = ?1 AND micro_credential = ?2 AND awarded_on = ?3",
            old[1:],
        )
        if taken is not None:
            problem = f"cannot be withdrawn: {taken[0]} has the award of the credential that it corrects"
            raise ConflictError(f"{withdrawn} {problem}; correct or withdraw that one first")
        self._database.change(
            "UPDATE entries SET live = 1 WHERE (id = ?1 OR copy_of = ?1) AND state <> 'withdrawn'", old[:1]
        )

    def due(self) -> tuple[str, ...]:
        """Superseded ones whose successor stands under a final anchor, and whose revocation was not asked for yet."""
        rows = self._database.rows(
            "SELECT old.id FROM entries AS new JOIN entries AS old ON old.id = new.supersedes"
            " WHERE new.supersedes IS NOT NULL AND new.state <> 'withdrawn' AND new.state = 'sealed'"
            " AND old.state = 'sealed' AND new.log_index < (SELECT coalesce(max(size), 0) FROM anchors)"
            f" AND {_NOT_REVOKED} ORDER BY old.log_index"
        )
        return tuple(row[0] for row in rows)
