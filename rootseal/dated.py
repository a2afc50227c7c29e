"""What register and status were on a day that the verifier names (`--at`): statements beside the verdict, never in it.

Judged by the newest facts, which hold the whole dated history: keys, documents and accreditations with their dates,
and the status by its events. Where the events are not at hand, or do not lead to the status that the ledger has, that
is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from rootseal.anchoring import Anchor
from rootseal.facts import Facts, LedgerFacts, StatusEvent, StatusFact
from rootseal.instants import format_date, format_instant
from rootseal.issuer_check import document_in_force, introducing_key
from rootseal.languages import say
from rootseal.opened import OpenedCredential
from rootseal.policy import LedgerPolicy
from rootseal.verdict import Statement, statement

__all__ = ["on_that_day"]

_DAY = 86_400
_REVOKED, _SUSPENDED = 0, 1


def on_that_day(opened: OpenedCredential, facts: Facts, policy: LedgerPolicy | None, at: int) -> tuple[Statement, ...]:
    """Status, accreditation, document and key at `at` (UTC seconds), for an entry whose check 4 passed there."""
    ledger = facts.ledgers.get(opened.home.key)
    anchor = opened.proofs.introducing(opened.home)
    if ledger is None or anchor is None:
        return ()
    return tuple(_statements(opened.proofs.index, anchor, ledger, policy, at))


def _statements(
    index: int, anchor: Anchor, ledger: LedgerFacts, policy: LedgerPolicy | None, at: int
) -> Iterator[Statement]:
    date = _said(at)
    if at < anchor.block.timestamp:
        yield statement("at.unpublished", date=date, published=format_date(anchor.block.timestamp))
    yield _status(index, ledger, at, date)
    if at > ledger.final.timestamp:
        return  # the register may have changed since
    yield from _accreditations(anchor, ledger, policy, at, date)
    yield _document(anchor, ledger, at, date)
    yield from _key(anchor, ledger, at, date)


def _said(at: int) -> str:
    """A day where `at` is its beginning, else the very second."""
    return format_instant(at) if at % _DAY else format_date(at)


def _status(index: int, ledger: LedgerFacts, at: int, date: str) -> Statement:
    status, events = ledger.status, ledger.status_events
    if status is None or events is None:
        return statement("at.status_unknown", date=date, problem=say("problem.no_events"))
    if at > status.block.timestamp:
        return statement("at.status_unknown", date=date, problem=say("problem.too_new"))
    word, bit = index >> 8, 1 << (index & 255)
    if not all(_leads_to(status, events, purpose, word) for purpose in (_REVOKED, _SUSPENDED)):
        return statement("at.status_unknown", date=date, problem=say("problem.events_differ"))
    if _word(events, _REVOKED, word, at) & bit:
        return statement("at.status_revoked", date=date)
    if _word(events, _SUSPENDED, word, at) & bit:
        return statement("at.status_suspended", date=date)
    return statement("at.status_clear", date=date)


def _leads_to(status: StatusFact, events: tuple[StatusEvent, ...], purpose: int, word: int) -> bool:
    """True iff the events end in the word that the ledger has: else some were withheld."""
    words = status.revoked if purpose == _REVOKED else status.suspended
    return word < len(words) and _word(events, purpose, word, status.block.timestamp) == words[word]


def _word(events: tuple[StatusEvent, ...], purpose: int, word: int, at: int) -> int:
    """The word's value at `at`: the last change up to then."""
    changes = (e.value for e in reversed(events) if (e.purpose, e.word) == (purpose, word) and e.time <= at)
    return next(changes, 0)


def _accreditations(
    anchor: Anchor, ledger: LedgerFacts, policy: LedgerPolicy | None, at: int, date: str
) -> Iterator[Statement]:
    """By those whom the policy trusts; nothing where it trusts no accreditor."""
    document = document_in_force(ledger.documents, anchor.block.number)
    if policy is None or not policy.accreditors or document is None:
        return
    running = {
        name: None
        for given in ledger.accreditations
        if given.document_hash == document.document_hash and given.valid_at(at)
        for name in [policy.accreditor_name(given.accreditor)]
        if name is not None
    }
    for name in running:
        yield statement("at.accredited", date=date, accreditor=name)
    if not running:
        yield statement("at.not_accredited", date=date)


def _document(anchor: Anchor, ledger: LedgerFacts, at: int, date: str) -> Statement:
    issued_under = document_in_force(ledger.documents, anchor.block.number)
    then = next((d for d in reversed(ledger.documents) if d.time <= at), None)
    if then is None or not any(then.document_hash):
        return statement("at.document_none", date=date)
    same = issued_under is not None and issued_under.document_hash == then.document_hash
    return statement("at.document_same" if same else "at.document_other", date=date)


def _key(anchor: Anchor, ledger: LedgerFacts, at: int, date: str) -> Iterator[Statement]:
    key = introducing_key(anchor, ledger)
    if key is None:
        return
    if at < key.added_at:
        yield statement("at.key_absent", date=date)
    elif key.retired_at and at >= key.retired_at:
        yield statement("at.key_retired", date=date)
    else:
        yield statement("at.key_active", date=date)
    if key.compromised_since and not key.compromised_at(anchor.block.timestamp):
        yield statement("at.key_compromised", since=format_date(key.compromised_since))
