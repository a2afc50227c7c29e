"""Faults of a chain that the sender survives: in the end each anchor is there once, in order, and final.

The scenarios run on the fake (geth's rules, orphans back in the pool) and on Anvil without mining
(geth's replacement rule added, orphans lost).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from anchor.chain import ChainUnavailable, Fees, RpcError, TransactionRequest, WrongChain
from anchor.ledger import Ledger, call_data
from anchor.ledger_intents import settled
from anchor.outbox import Intent, State
from anchor.sender import Sender
from rootseal.errors import AnchoringError
from tests.support.drivers import AnvilDriver, FakeDriver, driver
from tests.support.sending import BLOCK_TIME, GWEI, LEFT_OUT, Scene, finished, prepared


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
    told = [scene.tick() for _ in range(6)]
    assert len(scene.outbox.attempts("anchor/1")) == 1
    assert (told[0].waiting, told[-1].blocked) == (None, None)
    sentence = f"anchor/1: was sent and is not mined; it offers {offered} wei per gas, which cannot be raised"
    assert told[-1].held_up == f"{sentence} by an eighth under the ceiling of {offered} wei"
    scene.drive.drop()
    assert any("ceiling" in note for note in scene.settle())
    assert scene.tick().held_up is None
    finished(scene, 1)


def test_a_price_over_the_ceiling_is_not_signed_and_said(scene: Scene) -> None:
    scene.plan(1)
    scene.policy = replace(scene.policy, ceiling=1)
    scene.restart()
    progress = scene.tick()
    assert progress.blocked is not None
    assert "ceiling of 1 wei" in progress.blocked
    assert scene.outbox.attempts("anchor/1") == ()


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
    # Where nothing is to be paid, no ceiling holds anything up.
    assert [scene.tick().held_up for _ in range(9)] == [None] * 9
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
