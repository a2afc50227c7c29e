"""`fsck`: clean where all is well, a stable code for each defect, repairs only what the chain can give back."""

from __future__ import annotations

import pytest

from anchor.chain import ChainUnavailable
from anchor.ledger import call_data
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


@pytest.fixture
def settled(node: Node) -> Node:
    """Two anchored batches, one accepted entry, one withdrawn."""
    for first in (0, 4):
        node.services.issue(roster(4, first=first), "r.csv")
        node.services.seal()
        assert node.services.anchor().reached
    rows = node.services.issue(roster(2, first=20), "r.csv").issued
    node.services.withdraw(rows[0].id)
    return node


def codes(node: Node, **how: bool) -> set[str]:
    return {finding.code for finding in node.services.fsck(**how).findings}


def test_a_sound_store_is_clean_and_counted(settled: Node) -> None:
    report = settled.services.fsck()
    assert (report.clean, report.findings, report.unchecked) == (True, [], [])
    assert (report.entries, report.checkpoints, report.anchors) == (10, 2, 2)


def test_offline_says_what_it_could_not_check(settled: Node) -> None:
    report = settled.services.fsck(offline=True)
    assert report.clean
    assert report.unchecked == ["the chain was not asked: anchors, keys, status and documents there were not compared"]


def test_a_silent_chain_is_not_a_finding(settled: Node) -> None:
    settled.chain.fail("chain_id", ChainUnavailable("eth_chainId", "no answer"))
    settled.chain.fail("chain_id", ChainUnavailable("eth_chainId", "no answer"))
    report = settled.services.fsck()
    assert report.clean
    assert any("no answer" in sentence for sentence in report.unchecked)


_TEXT = "CAST(replace(CAST(document AS TEXT), 'Ana 1', 'Eva 1') AS BLOB)"


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (f"UPDATE entries SET document = {_TEXT} WHERE learner = '00000001'", "entry.commitment"),
        ("UPDATE entries SET seed = randomblob(32) WHERE learner = '00000001'", "entry.commitment"),
        ("UPDATE entries SET credits = credits + 1 WHERE learner = '00000001'", "entry.commitment"),
        ("UPDATE entries SET document = x'00' WHERE learner = '00000001'", "entry.document"),
        ("UPDATE entries SET document = x'7b7d' WHERE learner = '00000001'", "entry.commitment"),
        ("UPDATE entries SET log_index = 50 WHERE log_index = 3", "log.gap"),
        ("UPDATE checkpoints SET root = zeroblob(32) WHERE size = 8", "checkpoint.root"),
        ("UPDATE checkpoints SET anchor_by = anchor_by + 1", "checkpoint.signature"),
        ("UPDATE checkpoints SET key = zeroblob(20)", "checkpoint.signature"),
        ("UPDATE anchors SET previous_size = 3 WHERE sequence = 2", "anchor.gap"),
        ("UPDATE anchors SET root = zeroblob(32) WHERE sequence = 2", "anchor.checkpoint"),
        ("UPDATE anchors SET evidence = (SELECT evidence FROM anchors WHERE sequence = 2)", "anchor.evidence"),
        ("UPDATE anchors SET block_hash = zeroblob(32) WHERE sequence = 1", "chain.block"),
        ("UPDATE anchors SET root = zeroblob(32) WHERE sequence = 1", "chain.anchor"),
    ],
)
def test_each_defect_has_its_code(settled: Node, damage: str, code: str) -> None:
    settled.services.store._database.change(damage)
    assert code in codes(settled)
    assert not settled.services.fsck().clean


def test_two_entries_that_changed_places_are_found(settled: Node) -> None:
    change = settled.services.store._database.change
    change("UPDATE entries SET log_index = 99 WHERE log_index = 1")
    change("UPDATE entries SET log_index = 1 WHERE log_index = 2")
    change("UPDATE entries SET log_index = 2 WHERE log_index = 99")
    assert {"log.order", "checkpoint.root"} <= codes(settled)


def test_a_promise_that_was_deleted_is_found(settled: Node) -> None:
    settled.services.issue(roster(1, first=70), "r.csv")
    settled.services.seal()
    settled.services.store._database.change("DELETE FROM checkpoints WHERE size > 8")
    assert "log.unpromised" in codes(settled)


@pytest.mark.parametrize("column", ["key", "transaction_hash", "document_hash"])
def test_what_files_take_from_an_anchor_is_compared_with_its_event(settled: Node, column: str) -> None:
    length = 20 if column == "key" else 32
    settled.services.store._database.change(f"UPDATE anchors SET {column} = randomblob({length}) WHERE sequence = 1")
    (finding,) = [finding for finding in settled.services.fsck().findings if finding.code == "chain.anchor"]
    assert finding.sentence == "anchor 1: its key, its transaction or its issuer document is not the one on the ledger"


def test_an_event_that_is_kept_back_is_said(settled: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.chain, "logs", lambda *asked: ())
    report = settled.services.fsck()
    assert report.findings == []
    assert report.unchecked == [f"the event of anchor {n} is not given, so its row was not compared" for n in (1, 2)]


def test_an_anchor_on_its_way_is_no_finding(settled: Node) -> None:
    settled.chain.finality_lag = 3
    settled.services.seal()
    settled.services.anchor("mined")
    report = settled.services.fsck()
    assert (report.findings, report.unchecked) == (
        [],
        ["anchor 3 is on chain, but not final yet, or its event is kept back"],
    )
    settled.chain.mine(3)
    report = settled.services.fsck()
    assert (report.findings, report.unchecked) == (
        [],
        ["anchor 3 is final on chain; the node has not written it down yet"],
    )
    assert settled.services.anchor().reached
    assert (settled.services.fsck().findings, settled.services.fsck().unchecked) == ([], [])


def test_a_lost_anchor_is_repaired_from_the_chain(settled: Node) -> None:
    settled.services.store._database.change("DELETE FROM anchors WHERE sequence = 2")
    told = settled.services.fsck()
    assert [(finding.code, finding.repaired) for finding in told.findings] == [("anchor.missing", False)]
    assert told.unchecked == []
    assert settled.services.store.log.anchor(2) is None
    report = settled.services.fsck(repair=True)
    assert [(finding.code, finding.repaired) for finding in report.findings] == [("anchor.missing", True)]
    assert settled.services.fsck().findings == []


def test_bad_evidence_is_made_anew(settled: Node) -> None:
    settled.services.store._database.change('UPDATE anchors SET evidence = \'["00",0,["00"],0]\' WHERE sequence = 1')
    assert "anchor.evidence" in codes(settled)
    assert settled.services.fsck(repair=True).clean
    assert settled.services.fsck().findings == []


def test_a_status_that_nobody_asked_for_is_found(settled: Node) -> None:
    signer, config = settled.services.connection.signer, settled.services.config
    settled.chain.unlocked = (*settled.chain.unlocked, signer.address)
    settled.chain.send_unlocked(signer.address, config.ledger, call_data("revoke", 1, [0], [4], 0), 0, 10**6)
    assert codes(settled) == {"status.differs"}


def test_a_status_on_its_way_is_not_judged(settled: Node) -> None:
    entry = settled.services.store.entries.sealed(0, 1)[0]
    settled.services.revoke([entry.id])
    report = settled.services.fsck()
    assert report.clean
    assert any("on the way" in sentence for sentence in report.unchecked)


def test_another_chain_is_a_finding(settled: Node) -> None:
    settled.chain.id = 5
    assert codes(settled) == {"chain.wrong"}


def test_a_changed_profile_that_is_not_registered_is_found(settled: Node) -> None:
    bank, config = settled.chain.accounts()[0], settled.services.config
    settled.chain.send_unlocked(bank, config.ledger, call_data("setDocument", 1, bytes([7]) * 32), 0, 10**6)
    assert codes(settled) == {"document.unregistered"}
