"""What every `anchor.outbox.Outbox` must do. Subclass `OutboxContract` and give `outbox` (a fixture).

class TestMemoryOutbox(OutboxContract):
    @pytest.fixture
    def outbox(self): return MemoryOutbox()
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from anchor.chain import Fees
from anchor.outbox import Attempt, GasPolicy, Intent, Outbox, Place, State
from rootseal.errors import ConflictError

KEY, OTHER_KEY, LEDGER = bytes([1]) * 20, bytes([2]) * 20, bytes([3]) * 20


def an_intent(name: str = "anchor/1", key: bytes = KEY, data: bytes = b"\x01\x02") -> Intent:
    """An intent as a caller makes it."""
    return Intent(name, key, LEDGER, data, value=0, gas=GasPolicy(limit=90_000))


def an_attempt(number: int = 1, name: str = "anchor/1", nonce: int = 7) -> Attempt:
    """An attempt with a hash of its own."""
    fees = Fees(2**70 + number, 10**9, legacy=number % 2 == 0)
    return Attempt(bytes([number]) * 32, name, nonce, b"\x02raw" + bytes([number]), fees, 90_000, b"\x01\x02", 12.5)


class OutboxContract:
    """The tests. `outbox` is empty and of the implementation under test."""

    def test_what_is_added_is_stored_and_queued_in_order(self, outbox: Outbox) -> None:
        stored = [outbox.add(an_intent(f"anchor/{number}")) for number in (3, 1, 2)]
        assert [intent.name for intent in outbox.unfinished(KEY)] == ["anchor/3", "anchor/1", "anchor/2"]
        assert [intent.order for intent in stored] == sorted(intent.order for intent in stored)
        assert len({intent.order for intent in stored}) == 3
        assert outbox.get("anchor/3") == stored[0]
        assert replace(stored[0], order=0, version=0) == an_intent("anchor/3")

    def test_an_unknown_name_is_none_and_has_no_attempts(self, outbox: Outbox) -> None:
        assert outbox.get("anchor/9") is None
        assert outbox.attempts("anchor/9") == ()

    def test_adding_a_name_twice_is_adding_it_once(self, outbox: Outbox) -> None:
        first = outbox.add(an_intent())
        moved = outbox.update(replace(first, state=State.SENT))
        assert outbox.add(an_intent(data=b"newer")) == moved
        assert len(outbox.unfinished(KEY)) == 1

    def test_a_name_for_another_key_or_contract_is_a_conflict(self, outbox: Outbox) -> None:
        outbox.add(an_intent())
        with pytest.raises(ConflictError):
            outbox.add(an_intent(key=OTHER_KEY))
        with pytest.raises(ConflictError):
            outbox.add(replace(an_intent(), to=OTHER_KEY))

    def test_each_key_has_its_own_queue(self, outbox: Outbox) -> None:
        outbox.add(an_intent("anchor/1"))
        outbox.add(an_intent("register", OTHER_KEY))
        assert [intent.name for intent in outbox.unfinished(OTHER_KEY)] == ["register"]

    def test_an_update_returns_what_is_stored_with_the_next_version(self, outbox: Outbox) -> None:
        before = outbox.add(an_intent())
        place = Place(2**40, bytes([9]) * 32, bytes([8]) * 32)
        changed = replace(before, state=State.MINED, nonce=2**33, place=place, sent_at=1_700_000_000.25)
        after = outbox.update(changed)
        assert after == replace(changed, version=before.version + 1)
        assert outbox.get("anchor/1") == after

    def test_a_place_without_a_transaction_and_amended_data_survive(self, outbox: Outbox) -> None:
        before = outbox.add(an_intent())
        changed = replace(before.amended(b"newest checkpoint"), state=State.MINED, place=Place(1, bytes(32), None))
        assert outbox.get(outbox.update(changed).name) == replace(changed, version=before.version + 1)

    def test_an_update_of_a_stale_version_is_a_conflict_and_changes_nothing(self, outbox: Outbox) -> None:
        before = outbox.add(an_intent())
        after = outbox.update(replace(before, state=State.SIGNED, nonce=1))
        with pytest.raises(ConflictError):
            outbox.update(replace(before, state=State.SENT))
        assert outbox.get("anchor/1") == after

    def test_an_update_of_what_was_never_added_is_a_conflict(self, outbox: Outbox) -> None:
        with pytest.raises(ConflictError):
            outbox.update(an_intent())

    def test_only_final_intents_leave_the_queue(self, outbox: Outbox) -> None:
        for state in State:
            stored = outbox.add(an_intent(state.value))
            outbox.update(replace(stored, state=state))
        assert {intent.state for intent in outbox.unfinished(KEY)} == set(State) - {State.FINAL}
        assert outbox.get("final") is not None

    def test_an_attempt_is_recorded_with_its_intent(self, outbox: Outbox) -> None:
        before = outbox.add(an_intent())
        after = outbox.record(replace(before, state=State.SIGNED, nonce=7), an_attempt())
        assert (after.state, after.nonce, after.version) == (State.SIGNED, 7, before.version + 1)
        assert outbox.attempts("anchor/1") == (an_attempt(),)

    def test_attempts_come_back_oldest_first(self, outbox: Outbox) -> None:
        stored = outbox.add(an_intent())
        for number in (3, 1, 2):
            stored = outbox.record(stored, an_attempt(number))
        assert outbox.attempts("anchor/1") == tuple(an_attempt(number) for number in (3, 1, 2))

    def test_attempts_of_two_intents_may_share_a_nonce(self, outbox: Outbox) -> None:
        outbox.record(outbox.add(an_intent("anchor/1")), an_attempt(1, "anchor/1"))
        outbox.record(outbox.add(an_intent("anchor/2")), an_attempt(2, "anchor/2"))
        assert outbox.attempts("anchor/2") == (an_attempt(2, "anchor/2"),)

    def test_an_attempt_that_is_there_already_stays_as_it_is(self, outbox: Outbox) -> None:
        stored = outbox.record(outbox.add(an_intent()), an_attempt())
        outbox.record(stored, replace(an_attempt(), signed_at=99.0))
        assert outbox.attempts("anchor/1") == (an_attempt(),)

    def test_a_stale_record_stores_no_attempt(self, outbox: Outbox) -> None:
        before = outbox.add(an_intent())
        outbox.update(before)
        with pytest.raises(ConflictError):
            outbox.record(before, an_attempt())
        assert outbox.attempts("anchor/1") == ()
