"""The intake: awards that are on disk and acknowledged, and whose credentials are still to be made.

Making a credential means a document, its 128 hashes and rows in five tables; none of it is needed to acknowledge the
award. So single awards over HTTP are taken in first, and made when nobody asks for anything, or when somebody looks:
whoever opens a store, signs in, issues or seals finds the intake empty. A crash leaves it as it is, for the next one.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from node.roster.report import RosterRow
from node.store import NewEntry, Store
from node.store.accepts import TakenIn
from node.template_issuer import TemplateIssuer
from rootseal.commitment import Home
from rootseal.credential import Award, IssuerProfile

__all__ = ["Intake", "award_text"]

_AT_ONCE: Final = 256
"""Credentials that are made in one transaction: about 0.1 s in which nobody else writes."""


class Intake:
    """Makes the credentials of what one store has taken in."""

    def __init__(self, store: Store, home: Home, profile: IssuerProfile) -> None:
        self._store = store
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
                numbers, taken = zip(*numbered, strict=True)
                self._store.accepts.file(numbers, taken, [self._made(one) for one in taken])
        return len(numbered)

    def _made(self, taken: TakenIn) -> NewEntry:
        number = taken.template
        if number not in self._issuers:
            # The version that it was judged by, which need not be the newest any more.
            self._issuers[number] = self._issuer(number, self._store.templates.at(number))
        award = _award(taken.award)
        holders = () if award.holder is None else (award.holder,)
        row = RosterRow(1, award, taken.email, taken.micro_credential, taken.row_digest, holders)
        return self._issuers[number].make(row, entry_id=taken.entry)[0]


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
