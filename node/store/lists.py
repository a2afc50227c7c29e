"""Lists that were handed in, and what became of every row: the delivery ledger's figures.

An entry belongs to the list whose numbers enclose its own; entries from before lists were counted have none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from node.store.database import Database

__all__ = ["Fate", "ListRow", "Lists"]

# One sentence per case stands in `node.delivery.ledger`; the order of the cases matters. ?1 is now.
_FATES: Final = """SELECT number, id, learner, line, CASE
    WHEN state = 'withdrawn' THEN 'withdrawn'
    WHEN EXISTS (SELECT 1 FROM hand_overs WHERE entry = e.id) THEN 'by_hand'
    WHEN EXISTS (SELECT 1 FROM claim_links WHERE entry = e.id AND opened_at IS NOT NULL) THEN 'claimed'
    WHEN EXISTS (SELECT 1 FROM mails WHERE entry = e.id AND carries = 'file' AND state = 'handed_over'
        AND bounced_at IS NULL) THEN 'mailed'
    WHEN EXISTS (SELECT 1 FROM erasures WHERE entry = e.id) THEN 'erased'
    WHEN live = 0 THEN 'revoked'
    WHEN state = 'accepted' THEN 'not_sealed'
    WHEN EXISTS (SELECT 1 FROM mails WHERE entry = e.id AND state = 'sending') THEN 'uncertain'
    WHEN EXISTS (SELECT 1 FROM mails WHERE entry = e.id AND state = 'waiting') THEN 'queued'
    WHEN EXISTS (SELECT 1 FROM claim_links l LEFT JOIN mails m ON m.number = l.mail WHERE l.entry = e.id
        AND l.expires_at > ?1 AND (m.number IS NULL OR (m.state = 'handed_over' AND m.bounced_at IS NULL)))
        THEN 'link_open'
    WHEN EXISTS (SELECT 1 FROM mails WHERE entry = e.id AND bounced_at IS NOT NULL) THEN 'bounced'
    WHEN EXISTS (SELECT 1 FROM mails WHERE entry = e.id AND state = 'refused') THEN 'refused'
    WHEN EXISTS (SELECT 1 FROM mails WHERE entry = e.id AND state = 'failed') THEN 'failed'
    WHEN EXISTS (SELECT 1 FROM claim_links WHERE entry = e.id) THEN 'link_expired'
    WHEN EXISTS (SELECT 1 FROM entries c WHERE c.copy_of = e.id AND c.state <> 'withdrawn'
        AND (c.log_index IS NULL OR c.log_index >= (SELECT coalesce(max(size), 0) FROM anchors))) THEN 'copies_waiting'
    ELSE 'not_sent' END
    FROM entries e WHERE copy_of IS NULL ORDER BY number"""


_KEY: Final = "(SELECT micro_credential FROM entries WHERE entries.number = f.number)"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one credential with all its copies: `code` is a word of `node.delivery.ledger.FATES`."""

    number: int
    id: str
    learner: str
    line: int
    code: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list: when it came (UTC seconds), how many rows it had, and what became of them at once.

    `first` is the number of its first entry. `repeated` rows had their credential from another list.
    """

    number: int
    at: int
    first: int
    rows: int
    issued: int
    refused: int
    repeated: int


class Lists:
    """The table `lists`, and every entry's fate."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, at: int, rows: int, issued: int, refused: int, repeated: int) -> None:
        """Count a list whose `issued` entries are the newest first copies; in the transaction that stores them."""
        with self._database.writing() as utils:
            statement = "SELECT number FROM entries WHERE copy_of IS NULL ORDER BY number DESC LIMIT 1"
            newest = (utils.conn.execute(statement).fetchone() or (0,))[0]
            statement = "INSERT INTO lists (at, first, rows, issued, refused, repeated) VALUES (?, ?, ?, ?, ?, ?)"
            utils.conn.execute(statement, (at, newest - issued + 1, rows, issued, refused, repeated))

    def all(self) -> list[ListRow]:
        """Every list, oldest first."""
        rows = self._database.rows(
            "SELECT number, at, first, rows, issued, refused, repeated FROM lists ORDER BY number"
        )
        return [ListRow(*row) for row in rows]

    def fates(self, now: int) -> list[Fate]:
        """What became of every credential by `now` (UTC seconds), in order of acceptance."""
        return [Fate(*row) for row in self._database.rows(_FATES, (now,))]

    def page(
        self, now: int, after: int, count: int, among: Collection[str] | None = None
    ) -> list[tuple[int | None, Fate]]:
        """The next `count` credentials with number > `after`, each with the number of its list, if it came with one.

        `among`: only of micro-credentials with these keys; None: of all.
        """
        keys = () if among is None else tuple(among)
        own = "" if among is None else f" AND {_KEY} IN ({', '.join('?' * len(keys))})"
        with self._database.reading():
            rows = self._database.rows(
                f"SELECT * FROM ({_FATES}) AS f WHERE number > ?{own} LIMIT ?", (now, after, *keys, count)
            )
            fates = [Fate(*row) for row in rows]
            last = fates[-1].number if fates else 0
            within = "SELECT number, first, issued FROM lists WHERE first <= ? AND first + issued > ?"
            lists = self._database.rows(within, (last, fates[0].number if fates else 0))
        owner = {first + place: number for number, first, issued in lists for place in range(issued)}
        return [(owner.get(fate.number), fate) for fate in fates]

    def grouped(self, now: int) -> Iterator[tuple[ListRow | None, list[Fate]]]:
        """Each list with its credentials; first those that belong to none."""
        with self._database.reading():
            lists, fates = self.all(), self.fates(now)
        owner = {row.first + place: row.number for row in lists for place in range(row.issued)}
        groups: dict[int | None, list[Fate]] = {None: [], **{row.number: [] for row in lists}}
        for fate in fates:
            groups[owner.get(fate.number)].append(fate)
        yield None, groups[None]
        for row in lists:
            yield row, groups[row.number]
