"""The pure decisions: what was observed, and what to do next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchor.chain import Fees
from anchor.outbox import (
    Attempt,
    Bump,
    Intent,
    Outbox,
    Patience,
    Place,
    Resend,
    Sign,
    State,
    Wait,
    newest_attempt,
    next_step,
    observed,
)
from tests.support.memory_outbox import MemoryOutbox
from tests.support.outbox_contract import OutboxContract, an_attempt, an_intent

PATIENCE = Patience(bump=48, doubt=12, gap=60)
NOW = 1000.0
SENT = replace(an_intent(), state=State.SENT, nonce=7)
NEWEST = replace(an_attempt(nonce=7), signed_at=NOW - 10)
PLACE = Place(5, b"\x05" * 32, NEWEST.hash)


class TestMemoryOutbox(OutboxContract):
    """The tests' own outbox passes the contract that the node's passes."""

    @pytest.fixture
    def outbox(self) -> Outbox:
        return MemoryOutbox()


def test_what_was_never_signed_is_signed_at_the_chains_nonce() -> None:
    assert next_step(an_intent(), None, 4, NOW, PATIENCE) == Sign(4)


def test_a_fresh_attempt_is_sent_again() -> None:
    assert next_step(SENT, NEWEST, 7, NOW, PATIENCE) == Resend(NEWEST)


@pytest.mark.parametrize("age", [48.0, 1e9, -1.0])
def test_an_old_attempt_is_replaced_and_one_from_the_future_counts_as_old(age: float) -> None:
    attempt = replace(NEWEST, signed_at=NOW - age)
    assert next_step(SENT, attempt, 7, NOW, PATIENCE) == Bump(attempt)


def test_a_refused_price_is_replaced_at_once() -> None:
    assert next_step(SENT, NEWEST, 7, NOW, PATIENCE, underpriced=True) == Bump(NEWEST)


def test_a_used_nonce_is_doubted_first_and_then_lost() -> None:
    assert next_step(SENT, NEWEST, 8, NOW, PATIENCE, doubted=11.9) == Wait()
    assert next_step(SENT, NEWEST, 9, NOW, PATIENCE, doubted=12) == Sign(9, lost=7)


def test_a_gap_below_our_nonce_is_filled_after_a_while() -> None:
    assert next_step(SENT, NEWEST, 6, NOW, PATIENCE, doubted=59) == Resend(NEWEST)
    assert next_step(SENT, NEWEST, 6, NOW, PATIENCE, doubted=60) == Sign(6, lost=7)


def test_the_newest_attempt_is_the_last_at_the_current_nonce() -> None:
    attempts = [an_attempt(1, nonce=7), an_attempt(2, nonce=7), an_attempt(3, nonce=6)]
    assert newest_attempt(SENT, attempts) == attempts[1]
    assert newest_attempt(an_intent(), attempts) is None


def test_seen_at_or_below_the_final_block_is_final() -> None:
    for final, state in ((None, State.MINED), (4, State.MINED), (5, State.FINAL), (9, State.FINAL)):
        after = observed(SENT, PLACE, final)
        assert (after.state, after.place) == (state, PLACE)


def test_a_mined_intent_that_vanished_is_sent_again() -> None:
    mined = replace(SENT, state=State.MINED, place=PLACE)
    assert observed(mined, None, 9) == SENT
    never_signed = replace(an_intent(), state=State.MINED, place=replace(PLACE, transaction=None))
    assert observed(never_signed, None, 9) == an_intent()


def test_it_may_move_to_another_block() -> None:
    mined = replace(SENT, state=State.MINED, place=PLACE)
    elsewhere = replace(PLACE, number=6, hash=b"\x06" * 32)
    assert observed(mined, elsewhere, 5).place == elsewhere


@given(st.sampled_from(State), st.none() | st.integers(0, 10), st.none() | st.integers(0, 10))
def test_final_never_changes_and_nothing_else_becomes_final_unseen(
    state: State, seen: int | None, final: int | None
) -> None:
    intent = replace(SENT, state=state)
    place = None if seen is None else Place(seen, bytes(32), None)
    after = observed(intent, place, final)
    if state is State.FINAL:
        assert after == intent
    elif after.state is State.FINAL:
        assert seen is not None
        assert final is not None
        assert seen <= final


@given(
    st.integers(0, 9),
    st.integers(0, 9),
    st.floats(-100, 100),
    st.floats(0, 100),
    st.booleans(),
)
def test_a_new_nonce_is_always_the_chains(
    nonce: int, chain_nonce: int, age: float, doubted: float, underpriced: bool
) -> None:
    intent: Intent = replace(SENT, nonce=nonce)
    attempt = Attempt(bytes(32), intent.name, nonce, b"", Fees(1, 1), 1, b"", NOW - age)
    step = next_step(intent, attempt, chain_nonce, NOW, PATIENCE, doubted=doubted, underpriced=underpriced)
    if isinstance(step, Sign):
        assert step.nonce == chain_nonce != nonce
    if isinstance(step, Bump):
        assert chain_nonce == nonce
