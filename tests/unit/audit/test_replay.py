"""The replay: a lawful history has no finding, and each planted violation is found alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from anchor.audit.catalogue import CATALOGUE, SEVERITIES
from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Unchecked, finding, in_order, verdict_of
from anchor.audit.replay import replay
from tests.unit.audit.histories import (
    ACCREDITOR,
    ADMIN,
    DOCUMENT,
    KEY,
    NEWER,
    OTHER,
    STATUS_KEY,
    History,
    accredit,
    changed,
    find,
    lawful,
)

Write = Callable[[History], object]


def codes(events: list[LedgerEvent]) -> list[str]:
    return [found.code for found in replay(events).findings]


def begun() -> History:
    """The lawful history up to its status changes: one issuer running, one key of each role, 300 entries."""
    h = lawful()
    h.events = h.events[: find("AccreditationWithdrawn")]
    return h


def test_lawful_history_has_no_finding_and_adds_up() -> None:
    result = replay(lawful().events)
    assert result.findings == ()
    issuer = result.state.issuers[1]
    assert (issuer.sequence, issuer.size, issuer.document, issuer.admin) == (2, 300, NEWER, OTHER)
    assert (issuer.successor, issuer.proposed_successor, issuer.uri) == (2, 0, "https://one.example")
    assert issuer.status_map(0) == (3, 1 << 43)
    assert issuer.status_map(1) == (0, 0)
    first, second = issuer.accreditations[ACCREDITOR]
    assert (first.renewed, first.ended_at) == (True, second.since)
    assert (second.renewed, second.ended_at > 0) == (False, True)
    assert issuer.keys[0].retired_at > 0
    assert [anchor.key_index for anchor in issuer.anchors] == [0, 0]


def test_no_events_is_an_empty_state() -> None:
    result = replay([])
    assert (result.findings, result.state.issuers) == ((), {})


@pytest.mark.parametrize(
    ("code", "position", "arguments"),
    [
        ("issuer.number", find("IssuerRegistered", 1), {"issuer": 7}),
        ("issuer.text", find("IssuerRegistered", 1), {"name": ""}),
        ("issuer.text", find("IssuerRegistered", 1), {"name": "ü" * 65}),
        ("issuer.text", find("UriSet"), {"uri": "x" * 257}),
        ("document.unchanged", find("DocumentSet", 1), {"documentHash": DOCUMENT}),
        ("admin.transfer", find("AdminTransferred"), {"newAdmin": KEY}),
        ("admin.transfer", find("AdminTransferred"), {"previousAdmin": KEY}),
        ("key.roles", find("KeyAdded", 1), {"roles": 6}),
        ("key.retirement", find("KeyRetired"), {"keyIndex": 1}),
        ("key.retirement", find("KeyRetired"), {"retiredAt": 5}),
        ("key.retirement", find("KeyRetired"), {"compromisedSince": lawful().now + 1}),
        ("key.order", find("KeyAdded", 1), {"keyIndex": 5}),
        ("accreditation.invalid", find("Accredited", 1), {"index": 5}),
        ("accreditation.invalid", find("Accredited", 1), {"renewal": False}),
        ("accreditation.invalid", find("Accredited", 1), {"scope": "x" * 257}),
        ("accreditation.invalid", find("AccreditationWithdrawn"), {"index": 0}),
        ("anchor.sequence", find("Anchored", 1), {"sequence": 3}),
        ("anchor.sequence", find("Anchored", 1), {"sequence": 1}),
        ("anchor.previous", find("Anchored", 1), {"previousSize": 9}),
        ("anchor.root", find("Anchored", 1), {"root": bytes(32)}),
        ("anchor.repeated", find("Anchored", 1), {"root": lawful().events[find("Anchored")].arguments["root"]}),
        ("anchor.key", find("Anchored", 1), {"key": STATUS_KEY}),
        ("anchor.key", find("Anchored", 1), {"key": ADMIN}),
        ("status.key", find("StatusChanged", 1), {"key": KEY}),
        ("status.beyond", find("StatusChanged", 1), {"value": 1 << 44}),
        ("status.beyond", find("StatusChanged", 1), {"word": 2, "value": 1}),
        ("status.unchanged", find("StatusChanged", 1), {"value": 0}),
        ("status.reason", find("StatusChanged", 1), {"reason": 2}),
        ("status.reason", find("StatusChanged", 2), {"reason": 1}),
        ("succession.invalid", find("Succeeded"), {"successor": 3}),
        ("succession.invalid", find("SuccessionProposed"), {"successor": 1}),
    ],
)
def test_planted_violation_is_found(code: str, position: int, arguments: dict[str, object]) -> None:
    events = lawful().events
    changed(position, **arguments)(events)
    # A successor that was not registered cannot succeed; elsewhere the planted violation stands alone.
    found = codes(events)
    assert found[0] == code
    assert set(found) - {"succession.invalid"} <= {code}


@pytest.mark.parametrize(
    ("code", "write"),
    [
        ("anchor.sequence", lambda h: h.anchor(4, 500, 400)),
        ("anchor.size", lambda h: h.anchor(3, 300, 300)),
        ("anchor.size", lambda h: h.anchor(3, 1 << 48, 300)),
        ("key.repeated", lambda h: h.add("KeyAdded", key=KEY, keyIndex=2, roles=3)),
        ("key.retirement", lambda h: h.add("KeyRetired", key=OTHER, keyIndex=2, retiredAt=h.now, compromisedSince=0)),
        ("status.mixed", lambda h: h.status(0, 1, purpose=1) or h.status(0, 2, purpose=1)),
        ("status.unrevoked", lambda h: h.status(0, 0b01, key=ADMIN)),
        ("status.unrevoked", lambda h: h.status(0, 0b01)),
        ("issuer.unknown", lambda h: h.add("UriSet", 9, uri="")),
        ("accreditation.invalid", lambda h: accredit(h, 2, renewal=False, valid_until=0, document=NEWER)),
        ("accreditation.invalid", lambda h: accredit(h, 2, renewal=True, valid_until=h.now)),
        ("succession.invalid", lambda h: h.add("Succeeded", successor=2)),
        ("succession.invalid", lambda h: h.add("SuccessionProposed", successor=8)),
    ],
)
def test_planted_event_is_found_alone(code: str, write: Write) -> None:
    h = begun()
    write(h)
    assert codes(h.events) == [code]


def test_anchor_after_succession_or_retirement_is_found() -> None:
    h = lawful()
    h.events = h.events[: find("KeyRetired")]
    h.anchor(3, 400, 300)
    assert codes(h.events) == ["anchor.ended"]
    h = begun()
    h.add("KeyRetired", key=KEY, keyIndex=0, retiredAt=h.now, compromisedSince=0)
    h.anchor(3, 400, 300)
    assert codes(h.events) == ["anchor.key"]


def test_dropped_anchor_is_a_gap() -> None:
    h = begun()
    h.anchor(3, 400, 300)
    del h.events[find("Anchored", 1)]
    found = codes(h.events)
    # Statuses of entries that the missing anchor introduced seem to lie beyond the log until the next one.
    assert found.count("anchor.sequence") == 1
    assert set(found) == {"anchor.sequence", "status.beyond"}


def test_time_that_runs_backwards_is_found() -> None:
    events = begun().events
    events[-1] = replace(events[-1], time=5)
    assert codes(events) == ["history.order"]


def test_key_compromised_afterwards_taints_what_it_did_in_that_time_and_not_before() -> None:
    h = begun()
    second = h.events[find("Anchored", 1)]
    h.add("KeyRetired", key=KEY, keyIndex=0, retiredAt=h.now, compromisedSince=second.time)
    result = replay(h.events)
    assert [(found.code, found.sequence) for found in result.findings] == [("anchor.compromised", 2)]


def test_compromise_date_is_only_lowered() -> None:
    h = begun()
    retired = h.now
    for since in (0, retired, retired - 1000):
        h.add("KeyRetired", key=STATUS_KEY, keyIndex=1, retiredAt=retired, compromisedSince=since)
    assert codes(h.events) == ["status.compromised"]
    h.add("KeyRetired", key=STATUS_KEY, keyIndex=1, retiredAt=retired, compromisedSince=retired)
    assert "key.retirement" in codes(h.events)


def test_annulment_after_a_compromise_by_the_admin_is_a_notice() -> None:
    h = begun()
    h.add("KeyRetired", key=STATUS_KEY, keyIndex=1, retiredAt=h.now, compromisedSince=h.now)
    h.status(0, 0b01, key=ADMIN)
    result = replay(h.events)
    assert [(found.code, found.severity) for found in result.findings] == [("status.annulled", "notice")]
    assert verdict_of(result.findings, ()) == "clean"
    h.status(0, 0, key=STATUS_KEY)
    assert codes(h.events)[-1] == "status.unrevoked"


def test_verdict_and_order() -> None:
    notice, serious = finding("status.annulled", 1, bits=1), finding("log.document", 2)
    critical = finding("log.short", 3, found=1, expected=2)
    assert in_order([notice, serious, critical]) == (critical, serious, notice)
    lacking = Unchecked("the published log", "none was given", 1)
    assert [verdict_of(f, u) for f, u in (((), ()), ((notice,), (lacking,)), ((serious,), (lacking,)))] == [
        "clean",
        "unchecked",
        "findings",
    ]


def test_every_code_of_the_catalogue_has_a_severity_and_a_sentence() -> None:
    assert all(severity in SEVERITIES and sentence.endswith(".") for severity, sentence in CATALOGUE.values())
