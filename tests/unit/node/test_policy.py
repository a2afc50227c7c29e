"""When to anchor and when to seal: the table of decisions, and what holds for every moment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.policy import AnchorFacts, AnchorPolicy, Decision, due, seal_due

NOW = 1_800_000_000
POLICY = AnchorPolicy(interval=3600, margin=43_200)
# A promise of ten minutes ago with a day of time, and an anchor of a quarter of an hour ago.
FACTS = AnchorFacts(waiting=5, signed_at=NOW - 600, anchor_by=NOW + 85_800, anchored_at=NOW - 900, gas_price=10)


@pytest.mark.parametrize(
    ("facts", "policy", "expected"),
    [
        ({"waiting": 0}, {}, Decision(False, "nothing")),
        ({}, {}, Decision(False, "waiting", NOW + 2700)),
        ({"anchored_at": None}, {}, Decision(True, "first")),
        ({"anchored_at": NOW - 3600}, {}, Decision(True, "interval")),
        ({"anchored_at": NOW - 3599}, {}, Decision(False, "waiting", NOW + 1)),
        ({}, {"count": 5}, Decision(True, "count")),
        ({}, {"count": 6}, Decision(False, "waiting", NOW + 2700)),
        ({}, {"oldest": 600}, Decision(True, "oldest")),
        ({}, {"oldest": 601}, Decision(False, "waiting", NOW + 1)),
        ({"anchor_by": NOW + 43_200}, {}, Decision(True, "deadline")),
        ({"anchor_by": NOW + 43_201}, {}, Decision(False, "waiting", NOW + 1)),
        ({"anchor_by": NOW - 1}, {}, Decision(True, "deadline")),
        ({"anchored_at": None, "gas_price": 11}, {"max_gas_price": 10}, Decision(False, "price", NOW + 42_600)),
        ({"anchored_at": None, "gas_price": 10}, {"max_gas_price": 10}, Decision(True, "first")),
        ({"anchored_at": None, "gas_price": None}, {"max_gas_price": 10}, Decision(True, "first")),
        ({"anchor_by": NOW, "gas_price": 11}, {"max_gas_price": 10}, Decision(True, "deadline")),
        ({"gas_price": 11}, {"max_gas_price": 10}, Decision(False, "waiting", NOW + 2700)),
        # A chain whose clock is ahead, a node whose clock jumped back: never longer than the interval.
        ({"anchored_at": NOW + 3600}, {}, Decision(True, "interval")),
        ({"anchored_at": NOW + 60}, {}, Decision(False, "waiting", NOW + 3660)),
        ({"signed_at": NOW + 700}, {"oldest": 600}, Decision(True, "oldest")),
        # A witness knows no deadline.
        ({"anchor_by": None}, {"max_gas_price": 1}, Decision(False, "waiting", NOW + 2700)),
    ],
)
def test_decision(facts: dict[str, int | None], policy: dict[str, int], expected: Decision) -> None:
    assert due(NOW, replace(FACTS, **facts), replace(POLICY, **policy)) == expected  # type: ignore[arg-type]


moments = st.integers(NOW - 10**6, NOW + 10**6)
facts_of = st.builds(
    AnchorFacts,
    st.integers(0, 1000),
    moments,
    moments,
    st.none() | moments,
    st.none() | st.integers(0, 100),
)
policies = st.builds(
    AnchorPolicy,
    st.integers(0, 10**5),
    st.integers(0, 100),
    st.integers(0, 10**5),
    st.integers(0, 100),
    st.integers(0, 10**5),
)


@given(facts_of, policies)
def test_the_deadline_wins_over_everything(facts: AnchorFacts, policy: AnchorPolicy) -> None:
    assert facts.anchor_by is not None
    decision = due(NOW, facts, policy)
    if facts.waiting and facts.anchor_by - policy.margin <= NOW:
        assert decision == Decision(True, "deadline")
    assert decision.due <= bool(facts.waiting)


@given(facts_of, policies)
def test_what_waits_is_due_at_the_moment_that_is_named(facts: AnchorFacts, policy: AnchorPolicy) -> None:
    decision = due(NOW, facts, policy)
    if decision.due or not facts.waiting:
        return
    assert decision.at is not None
    assert decision.at >= NOW
    later = due(decision.at, replace(facts, gas_price=None), policy)
    assert later.due


@given(facts_of, policies, st.integers(0, 99))
def test_a_lower_price_never_holds_back(facts: AnchorFacts, policy: AnchorPolicy, price: int) -> None:
    dear = due(NOW, replace(facts, gas_price=price + 1), policy)
    cheap = due(NOW, replace(facts, gas_price=price), policy)
    assert cheap.due >= dear.due


@given(facts_of, policies)
def test_nothing_is_said_twice_over(facts: AnchorFacts, policy: AnchorPolicy) -> None:
    assert due(NOW, facts, policy).sentence


@pytest.mark.parametrize(
    ("sealed_at", "expected"),
    [(None, True), (NOW, False), (NOW - 4, False), (NOW - 5, True), (NOW + 4, False), (NOW + 5, True)],
)
def test_seals_keep_their_distance(sealed_at: int | None, expected: bool) -> None:
    assert seal_due(NOW, sealed_at, 5) is expected
