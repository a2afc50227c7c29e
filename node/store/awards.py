"""Questions about credentials by what they are: whose, for what, under which issuer's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from node.store.database import Database, filled
from node.store.records import EntryState

__all__ = ["Awards"]

_AT_ONCE: Final = 256
_LIVE: Final = """WITH asked (learner, award, day) AS (VALUES {})
    SELECT asked.learner, award, day, id, row_digest, state FROM asked CROSS JOIN entries
    WHERE entries.learner = asked.learner AND micro_credential = award AND awarded_on = day
        AND live = 1 AND copy_of IS NULL"""
_REVOKED: Final = """SELECT row_digest, id FROM entries
    WHERE live = 0 AND state = 'sealed' AND copy_of IS NULL AND row_digest IN (VALUES {})"""


class Awards:
    """Reads the table `entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, learner: str, micro_credential: str, awarded_on: str) -> tuple[tuple[str, EntryState, bool], ...]:
        """Id, state, and whether it is live, of every credential ever issued for one award; the live one first.

        Each by its first copy.
        """
        rows = self._database.rows(
            "SELECT id, state, live FROM entries WHERE learner = ? AND micro_credential = ? AND awarded_on = ?"
            " AND copy_of IS NULL ORDER BY live DESC, number DESC",
            (learner, micro_credential, awarded_on),
        )
        return tuple((entry_id, EntryState(state), bool(live)) for entry_id, state, live in rows)

    def live(self, awards: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], tuple[str, bytes, EntryState]]:
        """For each award (learner, micro-credential, day) that has a live credential: its id, row digest and state."""
        return {
            (learner, micro_credential, day): (entry_id, row_digest, EntryState(state))
            for learner, micro_credential, day, entry_id, row_digest, state in self._asked(_LIVE, awards)
        }

    def revoked(self, row_digests: Sequence[bytes]) -> dict[bytes, str]:
        """For each of these rows that a credential was issued from and revoked: the id of one such credential."""
        return dict(self._asked(_REVOKED, [(digest,) for digest in row_digests]))

    def _asked(self, query: str, wanted: Sequence[tuple[object, ...]]) -> Iterator[tuple[Any, ...]]:
        for at in range(0, len(wanted), _AT_ONCE):
            asked = filled(wanted[at : at + _AT_ONCE])
            places = f"({', '.join('?' * len(asked[0]))})"
            values = [value for each in asked for value in each]
            yield from self._database.rows(query.format(", ".join([places] * len(asked))), values)

    def naming_another_issuer(self, issuer_id: str) -> int:
        """How many accepted credentials carry another `issuer.id` than this."""
        found = self._database.row(
            "SELECT count(*) FROM entries WHERE state = 'accepted'"
            " AND json_extract(CAST(document AS TEXT), '$.issuer.id') IS NOT ?",
            (issuer_id,),
        )
        return 0 if found is None else int(found[0])
