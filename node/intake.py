"""The intake: awards that are on disk and acknowledged, and whose credentials are still to be made.

Making a credential means a document, its 128 hashes and rows in five tables; none of it is needed to acknowledge the
award. So single awards over HTTP are taken in first, and made when nobody asks for anything, or when somebody looks:
whoever opens a store, signs in, issues or seals finds the intake empty. A crash leaves it as it is, for the next one.

All was judged before it was acknowledged. Where making one is refused all the same (a newer version checks more), that
one is set aside, and the others go on; it is tried again at each start and once an hour. What hinders all of them (a
full disk, a locked store) sets nothing aside.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from node.roster.report import RosterRow
from node.store import NewEntry, Store
from node.store.accepts import TakenIn
from node.store.set_aside import AsideRow
from node.template_issuer import TemplateIssuer
from rootseal.commitment import Home
from rootseal.credential import Award, IssuerProfile
from rootseal.errors import InputError

__all__ = ["Intake", "award_text"]

_AT_ONCE: Final = 256
"""Credentials that are made in one transaction: about 0.1 s in which nobody else writes."""

_TRY_SECONDS: Final = 3600
_LONGEST: Final = 300


class Intake:
    """Makes the credentials of what one store has taken in. `clock` gives UTC seconds."""

    def __init__(self, store: Store, home: Home, profile: IssuerProfile, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._tried_at: int | None = None
        self._issuer = partial(TemplateIssuer, home=home, profile=profile)
        self._issuers: dict[int, TemplateIssuer] = {}

    def settle(self) -> bool:
        """Make all of them; True iff there were any. Inside a transaction in that one, otherwise in several."""
        found = False
        while self.work_out():
            found = True
        return found

    def work_out(self, most: int = _AT_ONCE) -> int:
        """Make at most so many, the oldest first, in one transaction; how many.

        A crash before the COMMIT: all of them are still in the intake. After it: these are not, and are entries.
        """
        if not self._store.accepts.waiting():
            return 0
        with self._store.writing():
            # Under the lock: another process may be at it.
            numbered = self._store.accepts.oldest(most)
            if numbered:
                made = [(one, entry) for _, one in numbered if (entry := self._made_or_set_aside(one)) is not None]
                if made:
                    self._store.accepts.file(*zip(*made, strict=True))
                self._store.accepts.take_out(numbered[-1][0])
        return len(numbered)

    def try_again(self, *, at_once: bool = False) -> None:
        """Try those that were set aside once more: at the first call, then once an hour, or `at_once`.

        Where the version that an award was judged by is refused, one that was stored since is tried in its place.
        """
        now = self._clock()
        if not at_once and self._tried_at is not None and 0 <= now - self._tried_at < _TRY_SECONDS:
            return
        last, more = 0, self._store.set_aside.count() > 0
        while more:
            with self._store.writing():
                self.settle()  # so that whatever else has the same award is an entry
                rows = self._store.set_aside.page(last, _AT_ONCE)
                for row in rows:
                    self._try(row)
            last, more = rows[-1].number if rows else last, len(rows) == _AT_ONCE
        self._tried_at = now

    def _made_or_set_aside(self, taken: TakenIn) -> NewEntry | None:
        try:
            return self._made(taken, taken.template)
        except InputError as error:
            # A crash before the COMMIT leaves it in the intake; after it, it is set aside.
            self._store.set_aside.put(taken, _reason(error), self._clock())
            return None

    def _try(self, row: AsideRow) -> None:
        store = self._store
        try:
            entry = self._made_again(row)
        except InputError as error:
            reason = _reason(error)
        else:
            rival = store.set_aside.rival(row)
            if rival is None:
                store.accepts.file([row.taken], [entry])
                store.set_aside.remove(row.number)
                return
            reason = f"the same award was issued meanwhile, as {rival}"
        if reason != row.reason:
            store.set_aside.explain(row.number, reason)

    def _made_again(self, row: AsideRow) -> NewEntry:
        try:
            return self._made(row.taken, row.taken.template)
        except InputError:
            mended = self._store.templates.mended(row.taken.template, row.since)
            if mended is None:
                raise
        return self._made(row.taken, mended)

    def _made(self, taken: TakenIn, number: int) -> NewEntry:
        """By the version of the template with this number: at first the one that the award was judged by."""
        if number not in self._issuers:
            self._issuers[number] = self._issuer(number, self._store.templates.at(number))
        award = _award(taken.award)
        holders = () if award.holder is None else (award.holder,)
        row = RosterRow(1, award, taken.email, taken.micro_credential, taken.row_digest, holders)
        return self._issuers[number].make(row, entry_id=taken.entry)[0]


def _reason(error: InputError) -> str:
    """Without the value, which may be a learner's."""
    return f"{error.where}: {error.problem}"[:_LONGEST]


def award_text(award: Award) -> str:
    """The award as the intake keeps it."""
    holder = award.holder and award.holder.hex()
    kept = (award.learner_id, award.given_name, award.family_name, award.awarded_on, award.grade, holder)
    return _encode(kept)


# Made once: `json.dumps` would make one for every award.
_encode = json.JSONEncoder(ensure_ascii=False).encode


def _award(text: str) -> Award:
    learner, given, family, day, grade, holder = json.loads(text)
    return Award(learner, given, family, day, grade, bytes.fromhex(holder) if holder else None)
