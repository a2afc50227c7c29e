"""Synthetic credits: lawful ones give nothing, each broken rule gives its own finding alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from anchor.audit.comparing_credits import unpublished_claims
from anchor.audit.events import LedgerEvent
from anchor.audit.replay import replay
from anchor.audit.report import CreditsSummary
from anchor.audit.state import LedgerState, Worth
from rootseal.ethereum import ZERO_ADDRESS
from tests.unit.audit.histories import KEY, OTHER, STATUS_KEY, History, lawful

HOLDER = b"\x21" * 20
CREDIT = b"\x31" * 16


class Credits(History):
    """A running issuer 1 with 300 entries and its keys, and events of the credits contract after them."""

    def __init__(self) -> None:
        super().__init__()
        self.events = [e for e in lawful().events if e.name not in ("Succeeded", "SuccessionProposed", "KeyRetired")]
        self.start = len(self.events)

    def credits(self, name: str, /, **arguments: Any) -> None:
        event = self.add(name, 0, **arguments)
        del self.events[-1]
        arguments = {key: value for key, value in event.arguments.items() if key != "issuer" or value}
        self.events.append(replace(event, arguments=arguments, contract="credits"))

    def claim(self, token: int = 5, index: int = 20, credit: bytes = CREDIT, credits: int = 500) -> None:
        self.credits("Transfer", **{"from": ZERO_ADDRESS, "to": HOLDER, "tokenId": token})
        self.credits("Locked", tokenId=token)
        self.credits("Issued", **{"from": KEY, "to": HOLDER, "tokenId": token, "burnAuth": 1})
        self.credits("Claimed", tokenId=token, issuer=1, holder=HOLDER, index=index, credits=credits, creditId=credit)

    def redeem(self, token: int = 5, receiver: int = 1, key: bytes = STATUS_KEY) -> None:
        self.credits("Redeemed", tokenId=token, receiver=receiver, award=bytes(32), key=key)

    def burn(self, token: int = 5) -> None:
        self.credits("Transfer", **{"from": HOLDER, "to": ZERO_ADDRESS, "tokenId": token})

    def replayed(self) -> tuple[list[str], LedgerState]:
        result = replay(self.events)
        return [found.code for found in result.findings], result.state


# In `lawful()` entries 0 and 1 and 299 are revoked.
def again(h: Credits) -> None:
    h.claim()
    h.status(0, 0b11 | 1 << 20)
    h.credits("Voided", tokenId=5, replacement=6)
    h.claim(6, 21)


def lawful_life(h: Credits) -> None:
    again(h)
    h.redeem(6)
    h.claim(7, 30, b"\x32" * 16)
    h.burn(7)
    h.status(0, 1 << 40, purpose=1)
    h.claim(8, 41, b"\x33" * 16)
    h.status(0, 1 << 41 | 1 << 40, purpose=1)


def test_lawful_credits_have_no_finding_and_add_up() -> None:
    h = Credits()
    lawful_life(h)
    codes, state = h.replayed()
    assert codes == []
    worth = {number: state.worth(token) for number, token in state.credits.tokens.items()}
    assert worth == {5: Worth.VOIDED, 6: Worth.COUNTED, 7: Worth.BURNED, 8: Worth.SUSPENDED}
    summary = CreditsSummary.of(state, 1)
    assert (summary.counted, summary.redeemed) == (500, 500)
    assert summary.to_json()["tokens"] == {
        "counted": 1,
        "burned": 1,
        "voided": 1,
        "compromised": 0,
        "revoked": 0,
        "suspended": 1,
    }


def test_key_declared_stolen_later_takes_the_worth() -> None:
    h = Credits()
    h.claim()
    h.add("KeyRetired", key=KEY, keyIndex=0, retiredAt=h.now, compromisedSince=1)
    codes, state = h.replayed()
    assert state.worth(state.credits.tokens[5]) is Worth.COMPROMISED
    assert set(codes) == {"anchor.compromised"}


BROKEN: dict[str, tuple[str, Callable[[Credits], Any]]] = {
    "of a revoked entry": ("credits.claim", lambda h: h.claim(index=1)),
    "of no entry": ("credits.claim", lambda h: h.claim(index=300)),
    "of nothing": ("credits.claim", lambda h: h.claim(credits=0)),
    "without a number": ("credits.claim", lambda h: h.claim(credit=bytes(16))),
    "twice": ("credits.claim", lambda h: (h.claim(), h.claim(credit=b"\x32" * 16))),
    "while an earlier one counts": ("credits.claim", lambda h: (h.claim(), h.claim(6, 21))),
    "after being recognised": (
        "credits.claim",
        lambda h: (h.claim(), h.redeem(), h.status(0, 3 | 1 << 20), h.credits("Voided", tokenId=5), h.claim(6, 21)),
    ),
    "of an unknown issuer": (
        "credits.claim",
        lambda h: (
            h.credits("Transfer", **{"from": ZERO_ADDRESS, "to": HOLDER, "tokenId": 5}),
            h.credits("Claimed", tokenId=5, issuer=77, holder=HOLDER, index=0, credits=1, creditId=CREDIT),
        ),
    ),
    "to nobody": (
        "credits.claim",
        lambda h: h.credits(
            "Claimed", tokenId=5, issuer=1, holder=HOLDER, index=20, credits=1, creditId=CREDIT
        ),
    ),
    "recognised twice": ("credits.redeem", lambda h: (h.claim(), h.redeem(), h.redeem())),
    "recognised and never claimed": ("credits.redeem", lambda h: h.redeem()),
    "recognised by a stranger": ("credits.redeem", lambda h: (h.claim(), h.redeem(key=OTHER))),
    "recognised by no institution": ("credits.redeem", lambda h: (h.claim(), h.redeem(receiver=9))),
    "recognised with the wrong role": ("credits.redeem", lambda h: (h.claim(), h.redeem(key=KEY))),
    "recognised after being given up": ("credits.redeem", lambda h: (h.claim(), h.burn(), h.redeem())),
    "given up twice": ("credits.token", lambda h: (h.claim(), h.burn(), h.burn())),
    "given up by nobody": ("credits.token", lambda h: h.burn()),
    "passed on": (
        "credits.token",
        lambda h: (h.claim(), h.credits("Transfer", **{"from": HOLDER, "to": OTHER, "tokenId": 5})),
    ),
    "replaced though there was none": ("credits.token", lambda h: h.credits("Voided", tokenId=5, replacement=6)),
    "allowed to be moved": ("credits.token", lambda h: (h.claim(), h.credits("Approval", tokenId=5))),
    "never claimed": (
        "credits.token",
        lambda h: h.credits("Transfer", **{"from": ZERO_ADDRESS, "to": HOLDER, "tokenId": 5}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_each_broken_rule_gives_its_finding_alone(how: str) -> None:
    code, act = BROKEN[how]
    h = Credits()
    act(h)
    assert h.replayed()[0] == [code]


def test_claim_of_another_entry_than_the_published_one_is_found() -> None:
    h = Credits()
    h.claim()
    h.claim(6, 21, b"\x32" * 16)
    _, state = h.replayed()
    right = (5).to_bytes(32)
    assert list(unpublished_claims(state, 1, {20: right})) == []
    [found] = unpublished_claims(state, 1, {20: right, 21: bytes(32)})
    assert (found.code, dict(found.details)["index"]) == ("credits.entry", 21)
    assert list(unpublished_claims(state, 2, {21: bytes(32)})) == []


def test_events_of_credits_are_placed_by_their_own_contract() -> None:
    event = LedgerEvent("Locked", {"tokenId": 1}, 1, 1, bytes(32), contract="credits")
    assert event.issuer == 0
