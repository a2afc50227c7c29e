"""Single awards of many requests, stored together: one statement a table, whatever the number of them.

Only what is plain goes this way: a new request, an award that nobody has, a token that is as it was when the request
was let in. For each of them the same rows are written as by the ordinary way: submission, entry, act, list, answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from node.store.access import TokenRow, Tokens
from node.store.act_chain import canonical_act_hash
from node.store.database import Database, filled
from node.store.entries import ACCEPT_COLUMNS, accept_values
from node.store.keeping import Acts
from node.store.records import NewEntry
from node.store.requests import AnsweredRequest, AnsweredRequests
from rootseal.canonical import dumps

__all__ = ["Accept", "Accepts"]

_TAKEN: Final = """WITH asked (learner, award, day) AS (VALUES {}) SELECT learner, award, day FROM asked
    WHERE EXISTS (SELECT 1 FROM entries WHERE entries.learner = asked.learner AND micro_credential = award
        AND awarded_on = day AND live = 1 AND copy_of IS NULL)"""


@dataclass(frozen=True, slots=True)
class Accept:
    """An award that is ready, with the token and the request (name and answer as in `AnsweredRequest`) it came with.

    `templates` is how many versions of templates there were when it was made.
    """

    entry: NewEntry
    token: TokenRow
    templates: int
    name: bytes
    fingerprint: bytes
    status: int
    body: bytes


class Accepts:
    """Writes `submissions`, `entries`, `acts`, `lists` and `requests` at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tokens = Tokens(database)
        self._acts = Acts(database)
        self._requests = AnsweredRequests(database)

    def add(self, accepts: Sequence[Accept], now: int) -> list[bool]:
        """Store those that are plain, in the caller's transaction; which ones that were. Nothing is done for others."""
        plain = self._plain(accepts, now)
        fresh = [accept for accept, good in zip(accepts, plain, strict=True) if good]
        if fresh:
            self._write(fresh, now)
        return plain

    def _plain(self, accepts: Sequence[Accept], now: int) -> list[bool]:
        # Under the writers' lock: what was true when a request was let in may have changed since.
        tokens = {id(accept.token): accept.token for accept in accepts}
        stored = {name: self._tokens.get(name) for name in {token.id for token in tokens.values()}}
        valid = {at for at, token in tokens.items() if token == stored[token.id] and token.valid(now)}
        versions = self._database.row("SELECT count(*) FROM templates")
        answered = self._among("SELECT name FROM requests WHERE name IN ({})", [accept.name for accept in accepts])
        digests = [accept.entry.row_digest for accept in accepts]
        revoked = self._among(
            "SELECT row_digest FROM entries WHERE live = 0 AND state = 'sealed' AND row_digest IN ({})", digests
        )
        taken = self._taken([_award(accept.entry) for accept in accepts])
        found = []
        for accept in accepts:
            award = _award(accept.entry)
            known = id(accept.token) in valid and versions == (accept.templates,)
            new = accept.name not in answered and accept.entry.row_digest not in revoked and award not in taken
            if known and new:
                taken.add(award)
                answered.add(accept.name)
            found.append(known and new)
        return found

    def _write(self, accepts: Sequence[Accept], now: int) -> None:
        insert, count = self._database.insert_rows, len(accepts)
        who = [(now, accept.token.person, accept.token.id) for accept in accepts]
        # Numbers are given in order, and nobody else writes meanwhile.
        submission = insert("submissions (submitted_at, person, token)", who) - count + 1
        entries = [(*accept_values(accept.entry, now), submission + i) for i, accept in enumerate(accepts)]
        number = insert(f"entries ({ACCEPT_COLUMNS})", entries) - count + 1
        acts, head = [], self._acts.head()
        people = {token: dumps({"person": person, "token": token}) for _, person, token in set(who)}
        for i, (_, _, token) in enumerate(who):
            detail = b'{"by":%b,"refused":0,"submission":%d}' % (people[token], submission + i)
            head = canonical_act_hash(head, now, "issue", "1 entries", detail)
            acts.append((now, "issue", "1 entries", detail.decode(), head))
        insert("acts (at, act, subject, detail, hash)", acts)
        lists = [(now, number + i, 1, 1, 0, 0) for i in range(count)]
        insert("lists (at, first, rows, issued, refused, repeated)", lists)
        self._requests.add_all([AnsweredRequest(a.name, a.fingerprint, a.status, a.body, now) for a in accepts], now)

    def _among(self, query: str, values: Sequence[object]) -> set[Any]:
        asked = filled(values)
        return {row[0] for row in self._database.rows(query.format(", ".join("?" * len(asked))), asked)}

    def _taken(self, awards: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
        asked = filled(awards)
        query = _TAKEN.format(", ".join(["(?, ?, ?)"] * len(asked)))
        return set(self._database.rows(query, [value for award in asked for value in award]))


def _award(entry: NewEntry) -> tuple[str, str, str]:
    return entry.learner, entry.micro_credential, entry.awarded_on
