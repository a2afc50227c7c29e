"""Sealing: a place in the log and a signed promise, or nothing at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anchor.chain import ChainUnavailable
from anchor.ledger import call_data
from node.store import STORE_NAME, EntryState
from rootseal.errors import AnchoringError, StoreError, UndeterminedError
from rootseal.ethereum import recover
from rootseal.merkle import Tree, leaf_hash, root_from_inclusion
from rootseal.typed_data import checkpoint_digest
from tests.support.fake_chain import FakeChain
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import START, make_node, open_node, roster


def test_a_batch_enters_the_log_in_order_of_its_commitments(node: Node) -> None:
    for first in (0, 20):
        node.services.issue(roster(20, first=first), "r.csv")
        node.services.seal()
    commitments = node.services.entries(0, 40)
    assert commitments[:20] == sorted(commitments[:20])
    assert commitments[20:] == sorted(commitments[20:])
    assert [c.size for c in node.services.checkpoints()] == [20, 40]


def test_the_promise_is_signed_over_the_root_of_the_stored_entries(node: Node) -> None:
    node.services.issue(roster(5), "r.csv")
    checkpoint = node.services.seal()
    assert checkpoint is not None
    assert checkpoint.root == Tree(map(leaf_hash, node.services.entries(0, 5))).root()
    assert (checkpoint.signed_at, checkpoint.anchor_by) == (START, START + 86_400)
    digest = checkpoint_digest(node.services.home, 5, checkpoint.root, checkpoint.signed_at, checkpoint.anchor_by)
    assert recover(digest, checkpoint.signature) == node.services.connection.signer.address


def test_every_entry_has_a_path_in_its_promise(node: Node) -> None:
    node.services.issue(roster(7), "r.csv")
    node.services.seal()
    for commitment in node.services.entries(0, 7):
        answer = node.services.proof(commitment)
        assert answer is not None
        assert answer.proofs is not None
        promise = answer.proofs.promise
        assert promise is not None
        root = root_from_inclusion(answer.proofs.index, promise.size, leaf_hash(commitment), promise.path)
        assert root == promise.root


def test_nothing_waiting_seals_nothing(node: Node) -> None:
    assert node.services.seal() is None
    assert node.services.newest_checkpoint() is None


def test_only_entries_past_the_grace_time_are_sealed_by_themselves(node: Node) -> None:
    node.services.issue(roster(2), "r.csv")
    node.services.tick()
    assert node.services.newest_checkpoint() is None
    node.clock.now += 900
    node.services.issue(roster(1, first=9), "r.csv")
    node.services.tick()
    assert node.services.store.entries.counts()[EntryState.SEALED] == 2


def test_a_withdrawn_entry_leaves_no_trace_in_the_log(node: Node) -> None:
    rows = node.services.issue(roster(3), "r.csv").issued
    gone = node.services.withdraw(rows[0].id)
    node.services.seal()
    assert gone.commitment not in node.services.entries(0, 10)
    assert node.services.proof(gone.commitment) is None


def test_an_accepted_entry_is_pending(node: Node) -> None:
    entry = node.services.entry(node.services.issue(roster(1), "r.csv").issued[0].id)
    answer = node.services.proof(entry.commitment)
    assert answer is not None
    assert answer.proofs is None
    assert node.services.proof(bytes(32)) is None


def test_a_clock_that_jumps_back_makes_no_older_promise(node: Node) -> None:
    node.services.issue(roster(1), "r.csv")
    node.services.seal()
    node.clock.now -= 5000
    node.services.issue(roster(1, first=1), "r.csv")
    second = node.services.seal()
    assert second is not None
    assert second.signed_at == START


def test_nothing_is_sealed_before_the_registration_is_final(tmp_path: Path) -> None:
    chain = make_node(tmp_path / "node", FakeChain(finality_lag=10))
    with open_node(tmp_path / "node", chain) as services:
        services.issue(roster(1), "r.csv")
        with pytest.raises(UndeterminedError):
            services.seal()
        assert services.newest_checkpoint() is None
        chain.mine(20)
        assert services.seal() is not None


def test_nothing_is_sealed_with_a_retired_key(node: Node) -> None:
    config, key = node.services.config, node.services.connection.signer.address
    assert config.ledger is not None
    retire = call_data("retireKey", config.issuer, key, 0)
    node.chain.send_unlocked(node.chain.accounts()[0], config.ledger, retire, 0, 10**6)
    node.services.issue(roster(1), "r.csv")
    with pytest.raises(AnchoringError, match="may no longer anchor"):
        node.services.seal()


def test_a_process_that_never_saw_the_chain_seals_nothing(node: Node) -> None:
    node.services.issue(roster(1), "r.csv")
    node.chain.fail("call", ChainUnavailable("eth_call", "no answer"))
    with pytest.raises(UndeterminedError, match="nothing is sealed"):
        node.services.seal()
    assert node.services.seal() is not None
    node.services.issue(roster(1, first=1), "r.csv")
    node.chain.fail("call", ChainUnavailable("eth_call", "no answer"))
    assert node.services.seal() is not None


def test_an_old_copy_of_the_store_notices_that_the_chain_is_ahead(node: Node, tmp_path: Path) -> None:
    node.services.issue(roster(3), "r.csv")
    node.services.close()
    shutil.copy(node.directory / STORE_NAME, tmp_path / "old")
    services = node.reopened()
    services.seal()
    assert services.anchor().reached
    services.close()
    shutil.copy(tmp_path / "old", node.directory / STORE_NAME)
    services = node.reopened()
    with pytest.raises(StoreError, match="the chain is ahead of this store"):
        services.seal()
    assert services.newest_checkpoint() is None
    assert [finding.code for finding in services.fsck(repair=True).findings] == ["chain.ahead"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "UPDATE entries SET document = CAST(replace(CAST(document AS TEXT), 'Ana', 'Eva') AS BLOB)",
            "does not have the commitment",
        ),
        ("UPDATE checkpoints SET root = zeroblob(32)", "not the one that was promised"),
        ("UPDATE entries SET commitment = zeroblob(32) WHERE log_index = 1", "in memory and log on disk"),
        ("DELETE FROM checkpoints", "no checkpoint holds"),
    ],
)
def test_a_damaged_store_seals_nothing(node: Node, damage: str, said: str) -> None:
    node.services.issue(roster(3), "r.csv")
    node.services.seal()
    node.services.log.at(3)
    node.services.issue(roster(3, first=3), "r.csv")
    node.services.store._database.change(damage)
    with pytest.raises(StoreError, match=said):
        node.services.seal()
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 3


def test_a_flipped_bit_in_memory_is_noticed_before_the_signature(node: Node) -> None:
    node.services.issue(roster(3), "r.csv")
    node.services.seal()
    tree = node.services.log.at(3)
    tree._levels[0][5] ^= 1
    tree._levels[1][5] ^= 1
    node.services.issue(roster(3, first=3), "r.csv")
    with pytest.raises(StoreError, match="in memory and log on disk"):
        node.services.seal()
    # The tree is loaded anew: the disk was right.
    assert node.services.seal() is not None


def test_appending_a_batch_reads_each_commitment_into_the_tree_once(node: Node) -> None:
    node.services.issue(roster(4), "r.csv")
    node.services.seal()
    before = node.services.log.at(4)
    node.services.issue(roster(4, first=4), "r.csv")
    node.services.seal()
    assert node.services.log.at(8) is before
