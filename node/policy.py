"""When to anchor and when to seal: pure decisions from what is known at one moment.

An anchor is due when entries wait and one of the triggers holds: there was none before, the interval is over,
enough entries wait, or the oldest promise is old enough. A price of gas above `max_gas_price` holds it back;
half of a promise's time used up overrides everything, because a late anchor costs more than gas.

Clocks of node and chain differ, and a node's clock may jump back: a distance in time counts either way, so that
nothing ever waits for longer than its own interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from node.config import NodeConfig

__all__ = ["AnchorFacts", "AnchorPolicy", "Decision", "Reason", "due", "seal_due"]

Reason = Literal["nothing", "deadline", "first", "interval", "count", "oldest", "price", "waiting", "ahead", "held"]
"""`nothing` waits to be anchored; `price`, `waiting` and what `node status` tells (`ahead`, `held`) hold it back; the
others make it due."""


@dataclass(frozen=True, slots=True)
class AnchorPolicy:
    """Settings. Seconds, entries, wei per gas; 0 turns `count`, `oldest` and `max_gas_price` off.

    `margin`: so long before a promise's date nothing holds an anchor back any more.
    """

    interval: int
    count: int = 0
    oldest: int = 0
    max_gas_price: int = 0
    margin: int = 0

    @classmethod
    def of(cls, config: NodeConfig) -> AnchorPolicy:
        """The settings of a node; the margin is half of the promised time."""
        return cls(
            config.anchor_interval_seconds,
            config.anchor_count,
            config.anchor_oldest_seconds,
            config.anchor_max_gas_price,
            config.promise_seconds // 2,
        )


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """What is known. Times in UTC seconds, None where there is none.

    `waiting` counts sealed entries without an anchor; `signed_at` and `anchor_by` are those of the oldest promise
    among them; `anchored_at` is the time of the last anchor's block; `gas_price` what the chain asks now, in wei.
    """

    waiting: int
    signed_at: int | None = None
    anchor_by: int | None = None
    anchored_at: int | None = None
    gas_price: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`due` now, and why; where not, `at` is the latest moment (UTC seconds) at which it will be, if one is known."""

    due: bool
    reason: Reason
    at: int | None = None

    @property
    def sentence(self) -> str:
        """The reason for a person."""
        return _SENTENCES[self.reason]


_SENTENCES: dict[Reason, str] = {
    "nothing": "every sealed entry is anchored or on its way",
    "deadline": "half of the time of a promise has passed",
    "first": "there is no anchor yet",
    "interval": "the interval since the last anchor is over",
    "count": "as many entries wait as anchor_count asks for",
    "oldest": "the oldest promise is as old as anchor_oldest_seconds allows",
    "price": "gas costs more than anchor_max_gas_price; the promise's date decides at last",
    "waiting": "the interval since the last anchor is not over",
    "ahead": "the chain is ahead of this store",
    "held": "something holds it up",
}


def due(now: int, facts: AnchorFacts, policy: AnchorPolicy) -> Decision:
    """Whether to anchor at `now` (UTC seconds)."""
    if not facts.waiting:
        return Decision(False, "nothing")
    deadline = None if facts.anchor_by is None else facts.anchor_by - policy.margin
    if deadline is not None and now >= deadline:
        return Decision(True, "deadline")
    trigger = _trigger(now, facts, policy)
    if trigger is None:
        return Decision(False, "waiting", _next(now, facts, policy, deadline))
    if policy.max_gas_price and facts.gas_price is not None and facts.gas_price > policy.max_gas_price:
        return Decision(False, "price", deadline)
    return Decision(True, trigger)


def seal_due(now: int, sealed_at: int | None, interval: int) -> bool:
    """Whether `interval` seconds have passed since the last seal, or there was none."""
    return sealed_at is None or abs(now - sealed_at) >= interval


def _trigger(now: int, facts: AnchorFacts, policy: AnchorPolicy) -> Reason | None:
    if facts.anchored_at is None:
        return "first"
    if abs(now - facts.anchored_at) >= policy.interval:
        return "interval"
    if policy.count and facts.waiting >= policy.count:
        return "count"
    if policy.oldest and facts.signed_at is not None and abs(now - facts.signed_at) >= policy.oldest:
        return "oldest"
    return None


def _next(now: int, facts: AnchorFacts, policy: AnchorPolicy, deadline: int | None) -> int:
    """The first moment at which something will make it due; entries may come earlier and make it sooner."""
    moments = [(facts.anchored_at or 0) + policy.interval]
    if policy.oldest and facts.signed_at is not None:
        moments.append(facts.signed_at + policy.oldest)
    if deadline is not None:
        moments.append(deadline)
    return max(min(moments), now)
