"""Anchoring: once on chain whatever happens, followed until final, never over what is not known."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchor.chain import ChainUnavailable
from anchor.evidence import check
from anchor.ledger import call_data
from anchor.outbox import State
from node.anchoring import as_anchor
from node.services import Services
from node.store import STORE_NAME
from rootseal.errors import ConfigError, StoreError
from tests.support.fake_chain import FakeChain
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import Clock, make_node, open_node, roster


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Node]:
    """A node on a chain that mines only when told, final three blocks later; its registration is final."""
    clock = Clock()
    chain = make_node(tmp_path / "slow", FakeChain(finality_lag=3))
    chain.mine(5)
    chain.auto_mine = False
    made = Node(tmp_path / "slow", chain, clock, open_node(tmp_path / "slow", chain, clock))
    yield made
    made.services.close()


def seal(services: Services, first: int, count: int = 2) -> int:
    services.issue(roster(count, first=first), "r.csv")
    checkpoint = services.seal()
    assert checkpoint is not None
    return checkpoint.size


def anchors_on_chain(node: Node) -> list[int]:
    ledger = node.services.connection.ledger
    sizes = [c.size for c in node.services.checkpoints()]
    records = [ledger.anchor_of(1, c.root) for c in node.services.checkpoints()]
    return [size for size, record in zip(sizes, records, strict=True) if record is not None]


def test_an_anchor_becomes_final_with_evidence_and_the_document_then_in_force(node: Node) -> None:
    seal(node.services, 0)
    outcome = node.services.anchor()
    assert outcome.reached
    row = outcome.anchor
    assert row is not None
    assert row.evidence is not None
    assert check(as_anchor(row, node.services.home, ()), row.evidence).problem is None
    node.services.issuer_document()
    assert node.services.store.documents.get(row.document_hash or b"") == node.services.issuer_document()


def test_anchor_twice_is_one_transaction(node: Node) -> None:
    seal(node.services, 0)
    node.services.anchor()
    sent = len(node.chain.sent)
    assert node.services.anchor().reached
    assert len(node.chain.sent) == sent
    assert node.services.connection.ledger.head(1).sequence == 1


def test_nothing_sealed_is_nothing_to_anchor(node: Node) -> None:
    outcome = node.services.anchor()
    assert (outcome.reached, outcome.checkpoint, outcome.anchor) == (True, None, None)
    assert node.chain.sent == []


def test_wait_stops_at_sent_mined_and_final(slow: Node) -> None:
    seal(slow.services, 0)
    assert slow.services.anchor("sent", 5).reached
    assert not slow.services.anchor("mined", 5).reached
    slow.chain.mine()
    assert slow.services.anchor("mined", 5).reached
    late = slow.services.anchor("final", 5)
    assert (late.reached, late.problem) == (False, "it is not final yet")
    slow.clock.on_sleep = slow.chain.mine
    assert slow.services.anchor("final", 60).reached


def test_a_lost_answer_anchors_once(slow: Node) -> None:
    seal(slow.services, 0)
    slow.chain.lose_response()
    slow.clock.on_sleep = slow.chain.mine
    assert slow.services.anchor(timeout=300).reached
    assert len(slow.services.store.outbox.attempts("anchor/1")) == 1


def test_a_reorganisation_after_mining_ends_in_one_anchor(slow: Node) -> None:
    seal(slow.services, 0)
    slow.services.anchor("sent", 5)
    slow.chain.mine()
    slow.services.anchor("mined", 5)
    slow.chain.reorg(1)
    slow.services.tick()
    intent = slow.services.store.outbox.get("anchor/1")
    assert intent is not None
    assert intent.state is State.SENT
    slow.clock.on_sleep = slow.chain.mine
    assert slow.services.anchor(timeout=300).reached
    assert slow.services.fsck().findings == []


def test_an_intent_that_waits_carries_the_newest_checkpoint(slow: Node) -> None:
    seal(slow.services, 0)
    slow.services.anchor("sent", 1)
    newest = seal(slow.services, 2)
    assert not slow.services.anchor("mined", 60).reached
    slow.clock.on_sleep = slow.chain.mine
    outcome = slow.services.anchor(timeout=300)
    assert outcome.reached
    assert outcome.anchor is not None
    assert (outcome.anchor.sequence, outcome.anchor.size, outcome.anchor.previous_size) == (1, newest, 0)
    assert slow.services.fsck().findings == []


def test_an_older_attempt_that_is_mined_after_the_amendment_counts_for_what_it_is(slow: Node) -> None:
    first = seal(slow.services, 0)
    slow.services.anchor("sent", 1)
    newest = seal(slow.services, 2)
    slow.services.anchoring._track.plan(lambda: True)
    slow.chain.mine()
    slow.clock.on_sleep = slow.chain.mine
    assert slow.services.anchor(timeout=300).reached
    assert [(row.sequence, row.size) for row in slow.services.store.log.anchors()] == [(1, first), (2, newest)]
    assert slow.services.fsck().findings == []


def test_a_store_that_lost_its_outbox_adopts_the_anchor_from_the_chain(node: Node) -> None:
    seal(node.services, 0)
    node.services.anchor()
    node.services.close()
    with sqlite3.connect(node.directory / STORE_NAME) as connection:
        for table in ("attempts", "intents", "anchors"):
            connection.execute(f"DELETE FROM {table}")
    services = node.reopened()
    sent = len(node.chain.sent)
    outcome = services.anchor()
    assert outcome.reached
    assert outcome.anchor is not None
    assert len(node.chain.sent) == sent
    assert services.fsck().findings == []


def test_what_another_node_with_our_key_anchored_is_never_anchored_over(node: Node) -> None:
    seal(node.services, 0)
    config, signer = node.services.config, node.services.connection.signer
    foreign = call_data("anchor", 1, 1, 9, bytes([9]) * 32)
    node.chain.unlocked = (*node.chain.unlocked, signer.address)
    node.chain.send_unlocked(signer.address, config.ledger, foreign, 0, 10**6)
    sent = len(node.chain.sent)
    with pytest.raises(StoreError, match="another node uses the same key"):
        node.services.anchor()
    assert len(node.chain.sent) == sent


def test_the_interval_holds_unless_a_promise_presses(node: Node) -> None:
    seal(node.services, 0)
    assert node.services.tick().planned is not None
    assert len(node.services.tick().adopted) == 1
    start = node.services.store.log.newest_anchor()
    assert start is not None
    node.clock.now = start.block.timestamp + 10
    node.services.issue(roster(1, first=7, date="2020-01-01"), "r.csv")
    checkpoint = node.services.seal()
    assert checkpoint is not None
    assert node.services.tick().planned is None
    node.clock.now = checkpoint.anchor_by - node.services.config.promise_seconds // 2 + 1
    assert node.services.tick().planned is not None


def test_a_chain_that_does_not_answer_is_waited_for(node: Node) -> None:
    seal(node.services, 0)
    said: list[str] = []
    node.chain.fail("call", ChainUnavailable("eth_call", "no answer"))
    assert node.services.anchor(report=said.append).reached
    assert any("no answer" in sentence for sentence in said)


def test_two_processes_that_send_the_same_queue_anchor_once(node: Node) -> None:
    seal(node.services, 0)
    with open_node(node.directory, node.chain, node.clock) as other:
        update = node.services.store.outbox.record
        raced: list[object] = []

        def record(intent: object, attempt: object) -> object:
            if not raced:
                raced.append(other.tick())
            return update(intent, attempt)  # type: ignore[arg-type]

        node.services.store.outbox.record = record  # type: ignore[method-assign, assignment]
        assert node.services.anchor().reached
    assert node.services.connection.ledger.head(1).sequence == 1
    assert len(node.services.store.outbox.attempts("anchor/1")) == 1


def test_an_empty_account_is_said_with_address_and_amount(node: Node) -> None:
    seal(node.services, 0)
    node.chain.set_balance(node.services.connection.signer.address, 0)
    outcome = node.services.anchor(timeout=3)
    assert not outcome.reached
    assert outcome.problem is not None
    assert "insufficient funds: 0x" in outcome.problem


def test_status_shows_promises_near_and_past_their_date(node: Node) -> None:
    seal(node.services, 0)
    assert (node.services.status().near, node.services.status().overdue) == ((), ())
    node.clock.now += 80_000
    assert len(node.services.status().near) == 1
    node.clock.now += 10_000
    late = node.services.status()
    assert (len(late.near), len(late.overdue), late.healthy) == (0, 1, False)
    node.services.anchor()
    status = node.services.status()
    assert status.healthy
    assert status.chain is not None
    assert (status.anchored, status.chain.head_size, status.intents["final"]) == (2, 2, 1)


def test_status_survives_a_silent_chain(node: Node) -> None:
    node.chain.fail("block", ChainUnavailable("eth_getBlockByNumber", "no answer"))
    node.chain.fail("block", ChainUnavailable("eth_getBlockByNumber", "no answer"))
    status = node.services.status()
    assert status.chain is None
    assert status.chain_problem is not None


def test_offline_commands_never_ask_the_chain(node: Node) -> None:
    node.services.close()
    with Services.open(node.directory, clock=node.clock) as offline:
        issued = offline.issue(roster(2), "r.csv").issued
        offline.withdraw(issued[0].id)
        assert offline.issuer_document()
        assert offline.checkpoints() == ()
        assert offline.fsck(offline=True).clean


def test_a_wrong_passphrase_is_a_config_error(node: Node) -> None:
    node.services.issue(roster(1), "r.csv")
    (node.directory / "passphrase").write_text("wrong\n")
    with pytest.raises(ConfigError, match=r"passphrase is wrong.*put the right passphrase into the first line") as told:
        node.reopened().seal()
    assert str(node.directory / "passphrase") in str(told.value)


def flip(node: Node, table: str, column: str) -> bytes:
    """One bit of the first row's value, as a bad disk or a stranger changes it; the value afterwards."""
    database = sqlite3.connect(node.directory / STORE_NAME)
    (value,) = database.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchone()
    changed: bytes = value[:-1] + bytes([value[-1] ^ 1])
    database.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (changed, value))
    database.commit()
    database.close()
    return changed


def test_a_root_that_the_rows_on_disk_do_not_give_is_never_signed(node: Node) -> None:
    seal(node.services, 0)
    wrong = flip(node, "checkpoints", "root")
    with pytest.raises(StoreError, match="anchor/1: the 2 entries on disk have another root"):
        node.services.tick()
    assert node.chain.sent == []
    assert node.services.store.outbox.attempts("anchor/1") == ()
    assert node.services.connection.ledger.anchor_of(1, wrong) is None
    assert node.services.fsck().findings


def test_a_changed_commitment_is_seen_before_the_signature(node: Node) -> None:
    seal(node.services, 0)
    flip(node, "entries", "commitment")
    with pytest.raises(StoreError, match="another root"):
        node.services.tick()
    assert node.chain.sent == []


def test_call_data_that_changed_in_the_queue_are_made_anew(slow: Node) -> None:
    size = seal(slow.services, 0)
    address = slow.services.connection.signer.address
    slow.chain.set_balance(address, 0)
    slow.services.tick()
    planned = slow.services.store.outbox.named("anchor/1")
    assert planned
    wrong = flip(slow, "intents", "data")
    slow.chain.set_balance(address, 10**20)
    slow.clock.on_sleep = slow.chain.mine
    assert slow.services.anchor(timeout=600).reached
    root = slow.services.checkpoints()[0].root
    assert slow.services.connection.ledger.anchor_of(1, wrong[-32:]) is None
    assert slow.services.connection.ledger.anchor_of(1, root) is not None
    assert anchors_on_chain(slow) == [size]
