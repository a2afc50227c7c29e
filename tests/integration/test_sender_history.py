"""What happened is not what stands: reorganisations, foreign transactions, restored stores and crashes of a sender."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from anchor.ledger import Ledger, call_data
from anchor.ledger_intents import settled
from anchor.outbox import Intent, State
from anchor.sender import Sender
from tests.support.drivers import FakeDriver
from tests.support.memory_outbox import MemoryOutbox
from tests.support.sending import BLOCK_TIME, Scene, finished, prepared


def test_older_attempt_mined_after_a_bump_counts(scene: Scene) -> None:
    scene.plan()
    for _ in range(5):
        scene.tick()
    attempts = scene.outbox.attempts("anchor/1")
    assert len(attempts) >= 2
    scene.drive.drop()
    scene.drive.chain.send_raw(attempts[0].raw)
    scene.drive.mine()
    scene.settle()
    finished(scene)
    place = scene.intent().place
    assert place is not None
    assert place.transaction == attempts[0].hash


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_reorganisation_puts_mined_anchors_back_on_chain(scene: Scene, depth: int) -> None:
    scene.plan()
    for _ in range(2):
        scene.tick()
        scene.drive.mine()
    scene.tick()
    assert scene.states() == ["mined", "mined"]
    scene.drive.reorg(depth)
    changed = scene.tick().changed
    assert changed[0].state is State.SENT
    scene.settle()
    finished(scene)


def test_reorganisation_seen_late_by_a_new_process(scene: Scene) -> None:
    scene.plan()
    for _ in range(2):
        scene.tick()
        scene.drive.mine()
    scene.tick()
    scene.drive.reorg(2)
    scene.restart()
    scene.settle()
    finished(scene)


def test_foreign_transaction_takes_our_nonce(scene: Scene) -> None:
    scene.plan()
    scene.tick()
    scene.drive.spend_nonce(scene.signer.address)
    notes = scene.settle()
    assert any("is lost, signing at" in note for note in notes)
    finished(scene)


def test_a_spent_nonce_is_doubted_before_a_new_signature(scene: Scene) -> None:
    scene.plan(1)
    scene.tick()
    scene.drive.spend_nonce(scene.signer.address)
    assert "waiting for our own receipt" in scene.tick().notes[0]
    assert len(scene.outbox.attempts("anchor/1")) == 1
    scene.tick()
    assert len(scene.outbox.attempts("anchor/1")) == 2


def test_reorganisation_and_then_a_foreign_transaction_takes_the_freed_nonce(scene: Scene) -> None:
    scene.plan()
    for _ in range(2):
        scene.tick()
        scene.drive.mine()
    scene.tick()
    scene.drive.reorg(2)
    scene.drive.spend_nonce(scene.signer.address)
    scene.settle()
    finished(scene)


def test_node_restored_from_an_older_state_gets_the_anchors_again(scene: Scene) -> None:
    scene.plan()
    for _ in range(2):
        scene.tick()
        scene.drive.mine()
    scene.tick()
    scene.drive.rollback(2)
    scene.settle()
    finished(scene)


def test_nonces_below_ours_lost_in_a_reorganisation_are_filled(scene: Scene) -> None:
    scene.drive.spend_nonce(scene.signer.address)
    scene.plan(1)
    scene.tick()
    scene.drive.mine()
    scene.tick()
    scene.drive.reorg(2)
    scene.drive.drop()
    notes = scene.settle()
    assert any("is lost, signing at" in note for note in notes)
    finished(scene, 1)


def test_a_store_restored_from_a_backup_finds_its_anchor_on_chain(scene: Scene) -> None:
    scene.plan(1)
    scene.settle()
    lost, scene.outbox = scene.outbox, MemoryOutbox()
    scene.restart()
    scene.plan(1)
    scene.settle()
    finished(scene, 1)
    assert scene.outbox.attempts("anchor/1") == ()
    assert len(lost.attempts("anchor/1")) == 1


def test_registering_again_after_a_lost_store_registers_nothing(scene: Scene) -> None:
    scene.outbox = MemoryOutbox()
    scene.restart()
    data = call_data("register", "University", "", b"\x07" * 32)
    scene.outbox.add(Intent("register", scene.signer.address, scene.ledger, data))
    scene.settle()
    assert Ledger(scene.drive.chain, scene.ledger).issuer_count() == 1


def test_an_anchor_found_done_and_reorganised_away_is_sent(scene: Scene) -> None:
    scene.plan(1)
    scene.tick()
    scene.drive.mine()
    scene.outbox = MemoryOutbox()
    scene.restart()
    scene.plan(1)
    scene.tick()
    assert scene.states() == ["mined"]
    scene.drive.reorg(1)
    scene.drive.drop()
    scene.settle()
    finished(scene, 1)


def test_two_stores_with_one_key_anchor_each_sequence_once(scene: Scene) -> None:
    scene.plan(2)
    other = replace(scene, outbox=MemoryOutbox(), sender=None)
    other.outbox.add(
        Intent("anchor/1", scene.signer.address, scene.ledger, call_data("anchor", 1, 1, 50, b"\x99" * 32))
    )
    scene.settle()
    blocked = other.tick().blocked
    assert blocked is not None
    assert "another node anchors for this issuer, or this node's store is older" in blocked
    finished(scene)


def test_a_receipt_of_a_block_that_left_the_chain_does_not_count(fake: Scene) -> None:
    """A node behind a load balancer may still show it."""
    assert isinstance(fake.drive, FakeDriver)
    chain = fake.drive.chain
    fake.plan(1)
    fake.tick()
    chain.mine()
    fake.tick()
    (attempt,) = fake.outbox.attempts("anchor/1")
    stale = chain.receipt(attempt.hash)
    chain.reorg(1, orphans=False)
    honest = chain.receipt
    chain.receipt = lambda transaction: honest(transaction) or stale  # type: ignore[method-assign]
    assert fake.tick().unmined == 1
    assert fake.states() == ["sent"]
    fake.settle()
    finished(fake, 1)


def test_a_nonce_that_comes_back_is_outbid(fake: Scene) -> None:
    assert isinstance(fake.drive, FakeDriver)
    fake.drive.spend_nonce(fake.signer.address)
    fake.plan(1)
    fake.tick()
    fake.drive.rollback(1)  # the foreign transaction is gone: a gap below ours, filled after a while
    for _ in range(4):
        fake.tick()
    fake.drive.spend_nonce(fake.signer.address)
    for _ in range(3):
        fake.tick()
    attempts = fake.outbox.attempts("anchor/1")
    assert [attempt.nonce for attempt in attempts][:3] == [3, 2, 3]
    assert attempts[2].fees.max_fee * 8 >= attempts[0].fees.max_fee * 9
    fake.settle()
    finished(fake, 1)


class Crash(BaseException):
    """The process is gone: nothing may catch it."""


class Fragile:
    """Passes calls on until the fuse has burnt, and then dies: before the call, or after it was carried out."""

    def __init__(self, inner: object, fuse: list[int], after: bool) -> None:
        self._inner, self._fuse, self._after = inner, fuse, after

    def __getattr__(self, name: str) -> object:
        call = getattr(self._inner, name)

        def guarded(*arguments: object, **more: object) -> object:
            self._fuse[0] -= 1
            if self._fuse[0] == 0 and not self._after:
                raise Crash
            answer = call(*arguments, **more)
            if self._fuse[0] == 0:
                raise Crash
            return answer

        return guarded


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_every_request_and_every_write_is_survived(after: bool) -> None:
    crashes = 0
    for moment in range(1, 1000):
        scene, fuse = prepared(FakeDriver()), [moment]
        scene.plan(2)
        fragile: Any = Fragile(scene.drive.chain, fuse, after), Fragile(scene.outbox, fuse, after)
        scene.sender = Sender(fragile[0], fragile[1], scene.signer, scene.pins, settled, scene.policy)
        try:
            scene.settle()
        except Crash:
            crashes += 1
            scene.now += BLOCK_TIME
            scene.restart()
            scene.settle()
        finished(scene)
        assert {len(scene.outbox.attempts(f"anchor/{n}")) for n in (1, 2)} == {1}
        if fuse[0] > 0:
            break
    assert crashes > 60
    assert fuse[0] > 0
