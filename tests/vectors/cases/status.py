"""Revoked, suspended or not known; and judged in time: after a theft, after a school closed, on a day asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rootseal.anchoring import Proofs
from rootseal.facts import DocumentFact, KeyFact, StatusEvent
from tests.support.world import DAY, START, address_of, key
from tests.vectors.cases.case import ENTRY, Case, W, case_of


def status_cases() -> Iterator[tuple[str, Case]]:
    """What the status maps say, and how old they may be."""
    file = W.file(ENTRY)
    yield "revoked", case_of(W, file, "status.revoked", "rejected", W.ledger_facts(revoked=(ENTRY,)))
    yield "suspended", case_of(W, file, "status.suspended", "rejected", W.ledger_facts(suspended=(ENTRY,)))
    others = [i for i in range(13) if i != ENTRY]
    yield (
        "all others revoked",
        case_of(W, file, "status.ok", "verified", W.ledger_facts(revoked=others, suspended=others)),
    )
    yield "status too old", case_of(W, file, "status.stale", "undetermined", now=W.final.timestamp + 60 + DAY + 1)
    yield (
        "revoked, though the status is old",
        case_of(W, file, "status.revoked", "rejected", W.ledger_facts(revoked=(ENTRY,)), now=W.now + 1000 * DAY),
    )
    yield "status just fresh enough", case_of(W, file, "status.ok", "verified", now=W.final.timestamp + 60 + DAY)
    yield "no status map", case_of(W, file, "status.unreachable", "undetermined", W.ledger_facts(status=None))
    yield (
        "the head does not reach the index",
        case_of(W, file, "status.unanchored", "undetermined", W.ledger_facts(head_size=ENTRY)),
    )
    adrift = replace(file, proofs=Proofs(0, None, ()))
    yield (
        "an index that nothing shows",
        case_of(W, adrift, "status.unanchored", "undetermined", W.ledger_facts(revoked=range(13))),
    )


def cases_in_time() -> Iterator[tuple[str, Case]]:
    """Judged by the introducing anchor: what a thief entered stays false, what a closed school issued stays true."""
    stolen = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, W.block(1).timestamp)
    fresh = KeyFact(address_of(key("the new key")), 1, START - 60 * DAY, 0, 0)
    anchors = {
        root: None if fact is None else replace(fact, key_index=0 if fact.sequence == 1 else 1)
        for root, fact in W.anchor_facts().items()
    }
    recovered = W.ledger_facts(keys=(stolen, fresh), anchors=anchors)
    fake = W.file(0, anchors=(1, 2, 3), promise=False)
    yield "a thief's entry under later good anchors", case_of(W, fake, "issuer.compromised", "rejected", recovered)
    later = W.file(0, anchors=(2, 3), promise=False)
    yield (
        "a thief's entry, only later anchors named",
        case_of(W, later, "anchor.introducing", "undetermined", recovered),
    )
    yield "an entry after the thief was shut out", case_of(
        W, W.file(ENTRY, promise=False), "issuer.pinned", "verified", recovered
    )  # fmt: skip
    yield from _closed_school()
    yield from _asked_of_a_day()


def _closed_school() -> Iterator[tuple[str, Case]]:
    end, now = W.now + DAY, W.now + 4000 * DAY
    retired = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, end, 0)
    gone = DocumentFact(bytes(32), end, W.final.number + 100)
    head = replace(W.final, number=W.final.number + 9000, timestamp=now - 60)
    status = W.ledger_facts().status
    assert status is not None
    closed = W.ledger_facts(
        keys=(retired,),
        documents=(*W.ledger_facts().documents, gone),
        accreditations=(W.accreditation(ended_at=end),),
        final=head,
        status=replace(status, block=head),
    )
    trusting = W.accreditor_policy
    file = W.file(ENTRY)
    yield "a school that closed years ago", case_of(
        W, file, "issuer.accredited", "verified", closed, policy=trusting, now=now
    )  # fmt: skip
    yield "a school that closed years ago, and accredited now is asked", case_of(
        W, file, "issuer.lapsed", "undetermined", closed, policy=replace(trusting, accredited_now=True), now=now
    )  # fmt: skip
    yield "a school that closed years ago, on a day when it ran", case_of(
        W, file, "issuer.accredited", "verified", closed, policy=trusting, now=now, on=W.now
    )  # fmt: skip


def _asked_of_a_day() -> Iterator[tuple[str, Case]]:
    bit, time = 1 << ENTRY, W.block(3).timestamp
    events = (StatusEvent(time, 1, 0, bit), StatusEvent(time + 100, 1, 0, 0), StatusEvent(time + 200, 0, 0, bit))
    revoked = W.ledger_facts(revoked=(ENTRY,), status_events=events)
    file = W.file(ENTRY)
    for name, at in (
        ("before", time - 1),
        ("while suspended", time),
        ("after", time + 150),
        ("when revoked", time + 300),
    ):
        yield f"revoked, asked of a time {name}", case_of(W, file, "status.revoked", "rejected", revoked, on=at)
    yield "asked of a day before it was published", case_of(
        W, file, "status.ok", "verified", W.ledger_facts(status_events=()), on=W.block(2).timestamp - 1
    )  # fmt: skip
    yield "asked of a day, without events", case_of(W, file, "status.ok", "verified", on=W.block(3).timestamp)
    withheld = W.ledger_facts(revoked=(ENTRY,), status_events=events[:2])
    yield "asked of a day, events withheld", case_of(W, file, "status.revoked", "rejected", withheld, on=time)
    yield "asked of a day to come", case_of(
        W, file, "status.ok", "verified", W.ledger_facts(status_events=()), on=W.now + DAY
    )  # fmt: skip
