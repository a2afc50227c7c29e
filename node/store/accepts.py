"""Single awards of many requests, taken in together under one COMMIT, and filed as entries a moment later.

Taking in writes one row each (`intake`): that is what is acknowledged. Only what is plain is taken in: a new request,
an award that nobody has, a token that is as it was when the request was let in. Filing writes the same rows as the
ordinary way: submission, entry, act, list, answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from node.store.access import TokenRow, Tokens
from node.store.act_chain import canonical_act_hash
from node.store.database import Database
from node.store.entries import ACCEPT_COLUMNS, accept_values
from node.store.keeping import Acts
from node.store.records import NewEntry
from node.store.requests import AnsweredRequest, AnsweredRequests
from rootseal.canonical import dumps

__all__ = ["Accept", "Accepts", "TakenIn"]


class TakenIn(NamedTuple):
    """An award that was acknowledged: `award` is its row as JSON, `entry` the id of the credential it will have.

    `name`, `fingerprint`, `status` and `body` are those of the request and its answer, as in `AnsweredRequest`;
    `person` and `token` are whose request it was. `at` is in UTC seconds.
    """

    at: int
    person: str
    token: str
    name: bytes
    fingerprint: bytes
    status: int
    body: bytes
    entry: str
    template: int
    learner: str
    micro_credential: str
    awarded_on: str
    row_digest: bytes
    email: str
    award: str


class Accept(NamedTuple):
    """An award that may be taken in, with the token of its request.

    `templates` is how many versions of templates there were when it was looked at.
    """

    taken: TakenIn
    token: TokenRow
    templates: int


_COLUMNS: Final = ", ".join(TakenIn._fields)

# What is plain: a new request, for an award that nobody has and that was not revoked. In one statement: each lets other
# threads have the interpreter. Of two for the same award the first is stored (the table's own bound).
_TAKE: Final = f"""INSERT OR IGNORE INTO intake ({_COLUMNS})
    WITH asked ({_COLUMNS}) AS (VALUES {{}}) SELECT * FROM asked
    WHERE NOT EXISTS (SELECT 1 FROM requests WHERE requests.name = asked.name)
    AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.row_digest = asked.row_digest AND live = 0 AND state = 'sealed')
    AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.learner = asked.learner
        AND entries.micro_credential = asked.micro_credential AND entries.awarded_on = asked.awarded_on
        AND live = 1 AND copy_of IS NULL)"""


class Accepts:
    """The table `intake`, and the way from it to `submissions`, `entries`, `acts`, `lists` and `requests`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tokens = Tokens(database)
        self._acts = Acts(database)
        self._requests = AnsweredRequests(database)
        self._names: set[bytes] | None = None

    def take(self, accepts: Sequence[Accept], now: int) -> list[bool]:
        """Take in those that are plain, in the caller's transaction; which ones those were."""
        # Under the writers' lock: what was true when a request was let in may have changed since.
        tokens = {id(accept.token): accept.token for accept in accepts}
        stored = {name: self._tokens.get(name) for name in {token.id for token in tokens.values()}}
        valid = {at for at, token in tokens.items() if token == stored[token.id] and token.valid(now)}
        versions = self._database.row("SELECT count(*) FROM templates")
        names = self._names_waiting()
        fresh = []
        for accept in accepts:
            name = accept.taken.name
            if id(accept.token) in valid and versions == (accept.templates,) and name not in names:
                names.add(name)
                fresh.append(accept.taken)
        if not fresh:
            return [False] * len(accepts)
        taken = self._database.insert_many(_TAKE, fresh)
        if taken == len(accepts):
            return [True] * taken
        last = self._database.rows("SELECT entry FROM intake ORDER BY number DESC LIMIT ?", (taken,))
        entries = {entry for (entry,) in last}
        return [accept.taken.entry in entries for accept in accepts]

    def _names_waiting(self) -> set[bytes]:
        """Of the requests in the intake, under the writers' lock. More would do no harm: the ordinary way then asks.

        In memory, for one process alone takes awards in, and an index of random values would cost more than the rows.
        """
        if self._names is None or not self.waiting():
            self._names = {name for (name,) in self._database.rows("SELECT name FROM intake")}
        return self._names

    def waiting(self) -> int:
        """About how many are taken in and not filed: at least as many, and 0 only where there is none."""
        found = self._database.row("SELECT (SELECT max(number) FROM intake) - (SELECT min(number) FROM intake) + 1")
        return 0 if found is None or found[0] is None else int(found[0])

    def oldest(self, most: int) -> list[tuple[int, TakenIn]]:
        """At most so many with their numbers, in the order in which they were taken in."""
        rows = self._database.rows(f"SELECT number, {_COLUMNS} FROM intake ORDER BY number LIMIT ?", (most,))
        return [(number, TakenIn(*row)) for number, *row in rows]

    def file(self, taken: Sequence[TakenIn], entries: Sequence[NewEntry]) -> None:
        """Store the entries of at least one that was taken in, in the caller's transaction."""
        insert, count = self._database.insert_rows, len(taken)
        # Numbers are given in order, and nobody else writes meanwhile.
        submission = insert("submissions (submitted_at, person, token)", [(t.at, t.person, t.token) for t in taken])
        submission -= count - 1
        rows = [(*accept_values(entry, taken[i].at), submission + i) for i, entry in enumerate(entries)]
        first = insert(f"entries ({ACCEPT_COLUMNS})", rows) - count + 1
        acts, head = [], self._acts.head()
        people = {t.token: dumps({"person": t.person, "token": t.token}) for t in taken}
        for i, t in enumerate(taken):
            detail = b'{"by":%b,"refused":0,"submission":%d}' % (people[t.token], submission + i)
            head = canonical_act_hash(head, t.at, "issue", "1 entries", detail)
            acts.append((t.at, "issue", "1 entries", detail.decode(), head))
        insert("acts (at, act, subject, detail, hash)", acts)
        lists = [(t.at, first + i, 1, 1, 0, 0) for i, t in enumerate(taken)]
        insert("lists (at, first, rows, issued, refused, repeated)", lists)
        answers = [AnsweredRequest(t.name, t.fingerprint, t.status, t.body, t.at) for t in taken]
        self._requests.add_all(answers, taken[-1].at)

    def take_out(self, number: int) -> None:
        """Those up to this number are filed or set aside, in the caller's transaction."""
        self._database.change("DELETE FROM intake WHERE number <= ?", (number,))
