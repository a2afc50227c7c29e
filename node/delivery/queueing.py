"""Mail that a program asked for: its rows are written at once, and the errands of the running node send them.

A mail that waits does not say who wants it sent: a `deliver` that was interrupted leaves such rows, too, and those wait
for `deliver`. So what was asked for here stands beside, as ranges of mails' numbers, until none of them waits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Final

from node.delivery.mailing import Mailer, MailOutcome, MailRequest
from node.delivery.settings import MailSettings
from node.store import Entry, Store
from node.store.delivery import Mail

__all__ = ["MailQueue", "QueueRequest", "Queued", "send_asked", "together"]

_FACT: Final = "mail-asked"


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """Which credentials are mailed: these ids, all or none of them; None: all that nobody was handed yet.

    `again`: although they were mailed before; `before_final` and `resend_uncertain` as in `MailRequest`.
    """

    ids: frozenset[str] | None = None
    again: bool = False
    before_final: bool = False
    resend_uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Queued:
    """`queued` are ids with a new mail; `already` are named ones that were mailed before and are not again.

    `waiting` mails will be sent, `uncertain` may have arrived. `sample` is subject and text of one, in a rehearsal.
    """

    queued: tuple[str, ...]
    already: tuple[str, ...]
    waiting: int
    uncertain: int
    sample: tuple[str, str] | None = None


class MailQueue:
    """What one person may have mailed. `may_see` says which credentials are that person's; None: all of them."""

    def __init__(
        self, store: Store, mailer: Mailer, settings: MailSettings, may_see: Callable[[Entry], bool] | None
    ) -> None:
        self._store = store
        self._mailer = mailer
        self._settings = settings
        self._may_see = may_see

    def rehearse(self, request: QueueRequest) -> Queued:
        """What `put` would do, with one mail as it would go out; writes nothing. Raises as `put`."""
        with self._store.reading():
            open_ones = self._uncertain(request)
            again = [mail.entry for mail in open_ones] if request.resend_uncertain else []
            fresh = self._wanted(request, frozenset(again))
            entries = [*fresh, *(entry for _, entry in self._waiting(request)), *again]
            sample = self._mailer.sample(self._store.entries.get(entries[0]), self._settings) if entries else None
        return Queued(tuple(fresh), _without(request, entries), len(entries), len(open_ones) - len(again), sample)

    def put(self, request: QueueRequest, now: int) -> Queued:
        """Queue what may be mailed and ask the running node to send it, also what waits already; sends nothing.

        Part of the caller's transaction, or makes its own. Raises `InputError` for an unknown id, `ConflictError`
        for one that must not be mailed, `UndeterminedError` where mails may have arrived and somebody mails just now.
        """
        with self._store.writing(), self._mailer.alone() if request.resend_uncertain else nullcontext():
            for mail in self._uncertain(request) if request.resend_uncertain else ():
                self._store.mails.move(mail, "waiting", now, next_at=now)
            fresh = self._wanted(request)
            self._mailer.queue(fresh, self._settings)
            waiting = self._waiting(request)
            _ask(self._store, {number for number, _ in waiting}, before_final=request.before_final)
            if waiting:
                detail = {"queued": len(fresh), "waiting": len(waiting)}
                self._store.acts.add(now, "deliver asked", f"{len(waiting)} mails", detail)
        already = _without(request, [entry for _, entry in waiting])
        return Queued(tuple(fresh), already, len(waiting), len(self._uncertain(request)))

    def _wanted(self, request: QueueRequest, but: frozenset[str] = frozenset()) -> list[str]:
        """Ids that need a new mail."""
        if request.ids is None:
            found = self._mailer.wanted(MailRequest(before_final=request.before_final))
            return [entry for entry in found if self._mine(entry)]
        one_by_one = (
            self._mailer.wanted(MailRequest(only=entry, again=request.again, before_final=request.before_final))
            for entry in sorted(request.ids - but)
        )
        return [entry for found in one_by_one for entry in found]

    def _waiting(self, request: QueueRequest) -> list[tuple[int, str]]:
        return [row for row in self._store.mails.waiting() if self._meant(row[1], request)]

    def _uncertain(self, request: QueueRequest) -> list[Mail]:
        return [mail for mail in self._store.mails.uncertain() if self._meant(mail.entry, request)]

    def _meant(self, entry_id: str, request: QueueRequest) -> bool:
        return self._mine(entry_id) if request.ids is None else entry_id in request.ids

    def _mine(self, entry_id: str) -> bool:
        return self._may_see is None or self._may_see(self._store.entries.get(entry_id))


def send_asked(store: Store, mailer: Mailer, limit: int) -> MailOutcome | None:
    """Hand about `limit` of the mails that were asked for to the mail server; None where there are none.

    A crash at any point: what still waits is still asked for. Raises as `Mailer.deliver`.
    """
    total: MailOutcome | None = None
    early, late = _read(store)
    for before_final, span in [(True, span) for span in early] + [(False, span) for span in late]:
        found = mailer.deliver(MailRequest(limit, before_final, numbers=span))
        total = found if total is None else together(total, found)
        limit -= found.handed_over + found.refused + found.failed + found.later
        if found.problem is not None or limit <= 0:
            break
    if total is not None:
        _forget_sent(store)
    return total


_Span = tuple[int, int]
_Spans = list[_Span]


def _read(store: Store) -> tuple[_Spans, _Spans]:
    """What was asked for although it was not final, and the rest: first and last number of each range."""
    found = store.facts.get(_FACT)
    early, late = ([], []) if found is None else json.loads(found)
    return [(first, last) for first, last in early], [(first, last) for first, last in late]


def _ask(store: Store, numbers: set[int], *, before_final: bool) -> None:
    """Write down that these are to be sent. What was asked for before finality stays so."""
    early, late = map(_numbers, _read(store))
    _write(store, early | numbers if before_final else early, late if before_final else late | numbers)


def _forget_sent(store: Store) -> None:
    with store.writing():
        waiting = {number for number, _ in store.mails.waiting()}
        early, late = map(_numbers, _read(store))
        if not (early | late) <= waiting:
            _write(store, early & waiting, late & waiting)


def _write(store: Store, early: set[int], late: set[int]) -> None:
    store.facts.put(_FACT, json.dumps([_spans(early), _spans(late - early)], separators=(",", ":")).encode())


def _numbers(spans: _Spans) -> set[int]:
    return {number for first, last in spans for number in range(first, last + 1)}


def _spans(numbers: set[int]) -> _Spans:
    found: _Spans = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _without(request: QueueRequest, entries: Iterable[str]) -> tuple[str, ...]:
    return () if request.ids is None else tuple(sorted(request.ids - set(entries)))


def together(one: MailOutcome, other: MailOutcome) -> MailOutcome:
    """Both together; what is left is what the second found."""
    return replace(
        other,
        handed_over=one.handed_over + other.handed_over,
        refused=one.refused + other.refused,
        failed=one.failed + other.failed,
        later=one.later + other.later,
    )
