"""Questions about credentials by what they are: whose, for what, under which issuer's name."""

from __future__ import annotations

from node.store.database import Database
from node.store.records import EntryState

__all__ = ["Awards"]


class Awards:
    """Reads the table `entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, learner: str, micro_credential: str, awarded_on: str) -> tuple[tuple[str, EntryState, bool], ...]:
        """Id, state, and whether it is live, of every credential ever issued for one award; the live one first."""
        rows = self._database.rows(
            "SELECT id, state, live FROM entries WHERE learner = ? AND micro_credential = ? AND awarded_on = ?"
            " ORDER BY live DESC, number DESC",
            (learner, micro_credential, awarded_on),
        )
        return tuple((entry_id, EntryState(state), bool(live)) for entry_id, state, live in rows)

    def naming_another_issuer(self, issuer_id: str) -> int:
        """How many accepted credentials carry another `issuer.id` than this."""
        found = self._database.row(
            "SELECT count(*) FROM entries WHERE state = 'accepted'"
            " AND json_extract(CAST(document AS TEXT), '$.issuer.id') IS NOT ?",
            (issuer_id,),
        )
        return 0 if found is None else int(found[0])
