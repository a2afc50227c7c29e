"""Synthetic histories: events as a correct ledger would emit them, made wrong one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from anchor.audit.events import LedgerEvent

ADMIN, KEY, STATUS_KEY, OTHER, ACCREDITOR = (bytes([n]) * 20 for n in range(1, 6))
DOCUMENT, NEWER = sha256(b"document").digest(), sha256(b"newer").digest()
START = 1_790_812_800

Change = Callable[[list[LedgerEvent]], None]


class History:
    """Write events down in order; each gets the next block, ten seconds later."""

    def __init__(self) -> None:
        self.events: list[LedgerEvent] = []

    def add(self, event_name: str, issuer: int = 1, /, **arguments: Any) -> LedgerEvent:
        number = len(self.events) + 1
        event = LedgerEvent(
            event_name, {"issuer": issuer, **arguments}, number, START + 10 * number, sha256(b"%d" % number).digest()
        )
        self.events.append(event)
        return event

    @property
    def now(self) -> int:
        """The time of the next event."""
        return START + 10 * (len(self.events) + 1)

    def anchor(self, sequence: int, size: int, previous: int, key: bytes = KEY, issuer: int = 1) -> None:
        root = sha256(b"root %d of %d" % (sequence, issuer)).digest()
        self.add("Anchored", issuer, sequence=sequence, root=root, size=size, previousSize=previous, key=key)

    def status(self, word: int, value: int, purpose: int = 0, key: bytes = STATUS_KEY, reason: int = 0) -> None:
        self.add("StatusChanged", purpose=purpose, word=word, value=value, reason=reason, key=key)


def lawful() -> History:
    """Every kind of event once or more, all by the rules."""
    h = History()
    h.add("IssuerRegistered", 1, admin=ADMIN, name="Example University", uri="")
    h.add("DocumentSet", documentHash=DOCUMENT)
    h.add("IssuerRegistered", 2, admin=OTHER, name="Successor", uri="https://two.example")
    h.add("KeyAdded", key=KEY, keyIndex=0, roles=1)
    h.add("KeyAdded", key=STATUS_KEY, keyIndex=1, roles=2)
    accredit(h, 0, renewal=False, valid_until=0)
    accredit(h, 1, renewal=True, valid_until=h.now + 10_000)
    h.anchor(1, 10, 0)
    h.anchor(2, 300, 10)
    h.status(0, 0b11)
    h.status(1, 1 << 43, reason=1)
    h.status(0, 1, purpose=1)
    h.status(0, 0, purpose=1)
    h.add("AccreditationWithdrawn", accreditor=ACCREDITOR, documentHash=DOCUMENT, index=1)
    h.add("DocumentSet", documentHash=NEWER)
    h.add("UriSet", uri="https://one.example")
    h.add("AdminTransferProposed", newAdmin=OTHER)
    h.add("AdminTransferred", previousAdmin=ADMIN, newAdmin=OTHER)
    h.add("SuccessionProposed", successor=2)
    h.add("Succeeded", successor=2)
    h.add("KeyRetired", key=KEY, keyIndex=0, retiredAt=h.now, compromisedSince=0)
    return h


def accredit(h: History, index: int, *, renewal: bool, valid_until: int, document: bytes = DOCUMENT) -> None:
    h.add(
        "Accredited",
        accreditor=ACCREDITOR,
        documentHash=document,
        index=index,
        validUntil=valid_until,
        renewal=renewal,
        scope="EQF 5",
    )


def changed(position: int, **arguments: Any) -> Change:
    """Other arguments in the event at `position`."""

    def change(events: list[LedgerEvent]) -> None:
        event = events[position]
        events[position] = replace(event, arguments={**event.arguments, **arguments})

    return change


def find(name: str, nth: int = 0) -> int:
    """Position of the nth event of that name in `lawful()`."""
    return [at for at, event in enumerate(lawful().events) if event.name == name][nth]
