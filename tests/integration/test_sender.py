"""Faults of a chain that the sender survives: in the end each anchor is there once, in order, and final.

The scenarios run on the fake (geth's rules, orphans back in the pool) and on Anvil without mining
(geth's replacement rule added, orphans lost).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from anchor.chain import ChainUnavailable, Fees, RpcError, TransactionRequest, WrongChain
from anchor.keys import Signer, signer_from_secret
from anchor.ledger import Ledger, call_data, ledger_abi
from anchor.ledger_events import anchored_events
from anchor.ledger_intents import settled
from anchor.outbox import Intent, Patience, State
from anchor.pins import Pins, read_pins
from anchor.sender import Progress, Sender, SendPolicy
from rootseal.errors import AnchoringError
from rootseal.ethereum import keccak256
from tests.support.drivers import DRIVEN, AnvilDriver, Driver, FakeDriver, driver
from tests.support.memory_outbox import MemoryOutbox

LEFT_OUT = "the faults of a real node's pool and reorganisations"
GWEI = 10**9
BLOCK_TIME = 12.0
PATIENCE = Patience(bump=36.0, doubt=12.0, gap=24.0)


@dataclass
class Scene:
    """A chain with a ledger and a registered issuer, and a sender with its outbox."""

    drive: Driver
    ledger: bytes
    signer: Signer
    pins: Pins
    outbox: MemoryOutbox
    now: float = 1_700_000_000.0
    policy: SendPolicy = field(default_factory=lambda: SendPolicy(patience=PATIENCE))
    sender: Sender | None = None

    def restart(self) -> None:
        """A new process: nothing but the outbox is left."""
        self.sender = Sender(self.drive.chain, self.outbox, self.signer, self.pins, settled, self.policy)

    def tick(self) -> Progress:
        if self.sender is None:
            self.restart()
        assert self.sender is not None
        progress = self.sender.tick(self.now)
        self.now += BLOCK_TIME
        return progress

    def plan(self, count: int = 2, first: int = 1) -> None:
        for number in range(first, first + count):
            data = call_data("anchor", 1, number, 100 * number, bytes([number]) * 32)
            self.outbox.add(Intent(f"anchor/{number}", self.signer.address, self.ledger, data))

    def settle(self, rounds: int = 40) -> list[str]:
        """Tick and mine until all is final; returns every note."""
        notes: list[str] = []
        for _ in range(rounds):
            progress = self.tick()
            notes += progress.notes
            if progress.idle:
                return notes
            self.drive.mine()
        raise AssertionError(f"not final after {rounds} rounds: {self.states()} {notes}")

    def states(self) -> list[str]:
        return [intent.state.value for intent in self.outbox.unfinished(self.signer.address)]

    def intent(self, number: int = 1) -> Intent:
        found = self.outbox.get(f"anchor/{number}")
        assert found is not None
        return found

    def anchored(self) -> list[int]:
        """Sequence numbers on chain: the events, not our own records."""
        head = self.drive.chain.block("latest")
        assert head is not None
        return [event.sequence for event in anchored_events(self.drive.chain, self.ledger, 1, 0, head.number)]


@pytest.fixture(params=DRIVEN)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with driver(request.param, LEFT_OUT) as drive:
        yield prepared(drive)


@pytest.fixture
def fake() -> Scene:
    return prepared(FakeDriver())


def prepared(drive: Driver) -> Scene:
    """Deployed, registered and with a key, all through the outbox itself."""
    chain, signer = drive.chain, signer_from_secret(keccak256(b"node"))
    funder = chain.accounts()[0]
    transaction = chain.send_unlocked(funder, None, ledger_abi().bytecode, 0, 8_000_000)
    drive.mine()
    receipt = chain.receipt(transaction)
    assert receipt is not None
    assert receipt.contract is not None
    drive.set_balance(signer.address, 10**19)
    scene = Scene(drive, receipt.contract, signer, read_pins(chain, receipt.contract), MemoryOutbox())
    for name, data in (
        ("register", call_data("register", "University", "", b"\x07" * 32)),
        ("key", call_data("addKey", 1, signer.address, 3)),
    ):
        scene.outbox.add(Intent(name, signer.address, scene.ledger, data))
    scene.settle()
    return scene


def finished(scene: Scene, count: int = 2) -> None:
    """Each anchor once, in order, and final in our records too."""
    assert scene.states() == []
    assert scene.anchored() == list(range(1, count + 1))
    assert [scene.intent(n).state for n in range(1, count + 1)] == [State.FINAL] * count


def test_anchors_go_one_after_the_other_and_become_final(scene: Scene) -> None:
    scene.plan(3)
    scene.settle()
    finished(scene, 3)
    assert [len(scene.outbox.attempts(f"anchor/{n}")) for n in (1, 2, 3)] == [1, 1, 1]


def test_at_most_one_unmined_transaction_is_in_flight(scene: Scene) -> None:
    scene.plan(3)
    for _ in range(3):
        scene.tick()
    assert scene.states() == ["sent", "planned", "planned"]


def test_mined_is_not_final(scene: Scene) -> None:
    scene.plan(1)
    scene.tick()
    scene.drive.mine()
    assert scene.tick().unmined == 0
    assert scene.states() == ["mined"]


def test_response_lost_after_the_node_took_it_is_one_transaction(scene: Scene) -> None:
    scene.plan()
    scene.drive.lose_response()
    assert "was lost" in scene.tick().notes[0]
    assert scene.states() == ["signed", "planned"]
    scene.settle()
    finished(scene)
    assert len(scene.outbox.attempts("anchor/1")) == 1


def test_request_lost_is_sent_again_with_the_same_bytes(fake: Scene) -> None:
    fake.plan()
    assert isinstance(fake.drive, FakeDriver)
    fake.drive.chain.fail("send_raw", ChainUnavailable("eth_sendRawTransaction", "no route"))
    fake.tick()
    assert fake.drive.chain.pool == {}
    fake.settle()
    finished(fake)
    assert fake.drive.chain.sent.count(fake.outbox.attempts("anchor/1")[0].raw) == 1


def test_already_known_is_success(scene: Scene) -> None:
    scene.plan(1)
    scene.drive.lose_response()
    scene.tick()
    assert scene.tick().changed[0].state is State.SENT


def test_evicted_from_the_pool_is_sent_again(scene: Scene) -> None:
    scene.plan()
    scene.tick()
    scene.drive.drop()
    scene.drive.mine(2)
    assert scene.anchored() == []
    scene.settle()
    finished(scene)


def test_fee_spike_is_outbid_under_the_ten_percent_rule(scene: Scene) -> None:
    scene.plan()
    scene.tick()
    for _ in range(5):
        scene.drive.set_base_fee(60 * GWEI)
        scene.drive.mine()
        scene.tick()
    attempts = scene.outbox.attempts("anchor/1")
    assert len(attempts) > 1
    for before, after in pairwise(attempts):
        assert after.fees.max_fee * 8 >= before.fees.max_fee * 9
        assert after.fees.tip * 8 >= before.fees.tip * 9
    scene.settle()
    finished(scene)


def test_stuck_without_blocks_is_replaced_at_the_same_nonce(scene: Scene) -> None:
    scene.plan()
    for _ in range(9):
        scene.tick()
    attempts = scene.outbox.attempts("anchor/1")
    assert len(attempts) == 3
    assert len({attempt.nonce for attempt in attempts}) == 1
    scene.settle()
    finished(scene)


def test_the_ceiling_stops_bumps_but_never_resends(scene: Scene) -> None:
    scene.plan(1)
    scene.tick()
    offered = scene.outbox.attempts("anchor/1")[0].fees.max_fee
    scene.policy = replace(scene.policy, ceiling=offered)
    scene.restart()
    for _ in range(6):
        scene.tick()
    assert len(scene.outbox.attempts("anchor/1")) == 1
    scene.drive.drop()
    assert any("ceiling" in note for note in scene.settle())
    finished(scene, 1)


def test_a_price_over_the_ceiling_is_not_signed_and_said(scene: Scene) -> None:
    scene.plan(1)
    scene.policy = replace(scene.policy, ceiling=1)
    scene.restart()
    progress = scene.tick()
    assert progress.blocked is not None
    assert "ceiling of 1 wei" in progress.blocked
    assert scene.outbox.attempts("anchor/1") == ()


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


def test_evm_revert_on_anvil() -> None:
    with driver("anvil", LEFT_OUT) as drive:
        scene = prepared(drive)
        assert isinstance(drive, AnvilDriver)
        scene.plan()
        snapshot = drive.rpc("evm_snapshot")
        scene.tick()
        drive.mine()
        scene.tick()
        drive.rpc("evm_revert", snapshot)
        drive.chain.forget()
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


def test_an_attempt_that_reverts_is_a_burnt_nonce_and_not_a_failure(fake: Scene) -> None:
    """Signed while the key was good, mined while it was not, and good again: the anchor still comes."""
    fake.plan(1)
    fake.tick()
    assert isinstance(fake.drive, FakeDriver)
    chain = fake.drive.chain
    issuer = chain._worlds[-1].ledgers[fake.ledger].issuers[0]
    keys, issuer.keys = issuer.keys, []
    chain.mine()
    chain._worlds[-1].ledgers[fake.ledger].issuers[0].keys = keys
    notes = fake.settle()
    assert any("reverted in block" in note for note in notes)
    finished(fake, 1)
    assert [attempt.nonce for attempt in fake.outbox.attempts("anchor/1")] == [2, 3]


def test_what_would_revert_is_never_sent_and_says_why(scene: Scene) -> None:
    data = call_data("anchor", 1, 5, 100, b"\x01" * 32)
    scene.outbox.add(Intent("anchor/1", scene.signer.address, scene.ledger, data))
    progress = scene.tick()
    assert progress.blocked is not None
    assert "anchor 5 is not the next one, 1 is" in progress.blocked
    assert scene.outbox.attempts("anchor/1") == ()


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


def test_a_replacement_carries_the_newest_content(scene: Scene) -> None:
    scene.plan(1)
    scene.tick()
    newer = call_data("anchor", 1, 1, 555, b"\x55" * 32)
    scene.outbox.update(scene.intent().amended(newer))
    for _ in range(3):
        scene.tick()
    scene.settle()
    finished(scene, 1)
    place = scene.intent().place
    assert place is not None
    mined = next(a for a in scene.outbox.attempts("anchor/1") if a.hash == place.transaction)
    assert mined.data == newer
    assert Ledger(scene.drive.chain, scene.ledger).head(1).size == 555


def test_without_money_nothing_is_signed_and_it_says_how_much(scene: Scene) -> None:
    scene.plan(1)
    scene.drive.set_balance(scene.signer.address, 5)
    progress = scene.tick()
    assert progress.blocked is not None
    assert "has 5 wei and needs" in progress.blocked
    assert progress.balance == 5
    scene.drive.set_balance(scene.signer.address, 10**19)
    scene.settle()
    finished(scene, 1)


def test_status_changes_go_the_same_way(scene: Scene) -> None:
    scene.plan(1)
    data = call_data("revoke", 1, [0], [0b101], 0)
    scene.outbox.add(Intent("revoke/1", scene.signer.address, scene.ledger, data))
    scene.settle()
    assert Ledger(scene.drive.chain, scene.ledger).status_words(1, 0, 100) == (0b101,)


def test_another_chain_with_the_same_id_is_never_sent_to(scene: Scene) -> None:
    scene.plan(1)
    scene.pins = replace(scene.pins, genesis=b"\x01" * 32)
    scene.restart()
    with pytest.raises(WrongChain, match="genesis hash"):
        scene.tick()
    assert scene.outbox.attempts("anchor/1") == ()


def test_other_code_at_the_address_is_never_sent_to(scene: Scene) -> None:
    scene.plan(1)
    scene.pins = replace(scene.pins, code_hash=b"\x01" * 32)
    scene.restart()
    with pytest.raises(WrongChain, match="code hash"):
        scene.tick()
    assert scene.outbox.attempts("anchor/1") == ()


def test_a_guard_that_refuses_prevents_the_signature(fake: Scene) -> None:
    def refuse(intent: Intent) -> None:
        raise AnchoringError(f"{intent.name}: the stored rows give another root")

    fake.plan(1)
    fake.sender = Sender(
        fake.drive.chain, fake.outbox, fake.signer, fake.pins, settled, fake.policy, before_signing=refuse
    )
    with pytest.raises(AnchoringError, match="another root"):
        fake.tick()
    assert fake.outbox.attempts("anchor/1") == ()


@pytest.mark.parametrize("method", ["chain_id", "block", "receipt", "nonce", "estimate_gas", "fee_quote", "call"])
def test_any_failing_request_leaves_the_work_to_the_next_tick(fake: Scene, method: str) -> None:
    assert isinstance(fake.drive, FakeDriver)
    fake.plan(2)
    for _ in range(12):
        fake.drive.chain.fail(method, RpcError(method, -32000, "busy"))
        try:
            fake.tick()
        except ChainUnavailable:
            fake.now += BLOCK_TIME
        fake.drive.mine()
    fake.drive.chain._failures.clear()
    fake.settle()
    finished(fake)


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


def test_a_price_that_the_pool_refuses_is_raised_at_the_next_tick(fake: Scene) -> None:
    """A transaction of another program with our key waits at our nonce, for more than we offered."""
    assert isinstance(fake.drive, FakeDriver)
    fake.plan(1)
    chain, nonce = fake.drive.chain, fake.drive.chain.nonce(fake.signer.address)
    fees = Fees(3 * GWEI, GWEI)
    foreign = TransactionRequest(chain.chain_id(), nonce, fake.signer.address, b"", 60_000, fees)
    chain.send_raw(fake.signer.sign_transaction(foreign).raw)
    assert "replacement transaction underpriced" in fake.tick().notes[0]
    assert fake.states() == ["signed"]
    assert any("replacing" in note for note in fake.tick().notes)
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


def test_a_clock_that_jumps_back_does_not_freeze_the_anchor(scene: Scene) -> None:
    scene.plan(1)
    scene.tick()
    scene.now -= 86_400
    scene.drive.drop()
    scene.settle()
    finished(scene, 1)


@pytest.mark.parametrize("base_fee", [None, 0], ids=["legacy", "zero-gas"])
def test_chains_without_a_fee_market(base_fee: int | None) -> None:
    scene = prepared(FakeDriver(base_fee=base_fee))
    scene.plan()
    for _ in range(9):
        scene.tick()
    scene.settle()
    finished(scene)
    fees = scene.outbox.attempts("anchor/1")[-1].fees
    assert fees.legacy is (base_fee is None)
    assert (fees.max_fee == 0) is (base_fee == 0)


def test_finality_by_depth(fake: Scene) -> None:
    fake.policy = replace(fake.policy, finality="depth:2")
    fake.restart()
    fake.plan(1)
    fake.tick()
    fake.drive.mine(2)
    fake.tick()
    assert fake.states() == ["mined"]
    fake.drive.mine()
    fake.tick()
    assert fake.states() == []
