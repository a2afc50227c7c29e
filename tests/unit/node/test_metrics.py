"""`/metrics`: complete, documented, and naming nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.app import create_app
from node.backup_record import record_backup
from node.forecast import price_now
from node.gas import ANCHOR, gas_of
from node.health import Health, RequestCounts
from node.runner import Worker
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import ETHER, START, roster

DOCS = Path(__file__).parents[3] / "docs" / "operating.md"


def scraped(node: Node, health: Health) -> dict[str, float]:
    text = create_app(node.services, health).test_client().get("/metrics").text
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def working(node: Node) -> tuple[Health, Worker]:
    health = Health(working=True)
    return health, Worker(node.services, health, node.clock)


def test_what_waits_is_counted_and_aged(node: Node) -> None:
    node.services.issue(roster(3), "r.csv")
    health = Health()
    node.clock.now += 60
    found = scraped(node, health)
    assert (found['rootseal_entries{state="accepted"}'], found["rootseal_oldest_waiting_seconds"]) == (3, 60)
    node.services.seal()
    node.clock.now += 3600
    found = scraped(node, health)
    assert (found["rootseal_unanchored_entries"], found["rootseal_oldest_unanchored_seconds"]) == (3, 3600)
    assert (found["rootseal_near_promises"], found["rootseal_overdue_promises"]) == (0, 0)
    node.clock.now += 82_000 - 3600
    assert scraped(node, health)["rootseal_near_promises"] == 1
    node.clock.now += 10_000
    found = scraped(node, health)
    assert (found["rootseal_near_promises"], found["rootseal_overdue_promises"]) == (0, 1)
    node.services.anchor()
    found = scraped(node, health)
    assert (found["rootseal_unanchored_entries"], found["rootseal_oldest_unanchored_seconds"]) == (0, 0)


def test_the_chain_and_finality_as_last_seen(node: Node) -> None:
    health, worker = working(node)
    assert "rootseal_chain_reachable" not in scraped(node, health)
    worker.round()
    found = scraped(node, health)
    assert found["rootseal_chain_reachable"] == 1
    assert found["rootseal_final_block"] > 0
    assert found["rootseal_final_block_timestamp_seconds"] == START
    node.clock.now += 100
    worker.round()
    assert scraped(node, health)["rootseal_final_block_timestamp_seconds"] == START
    node.chain.mine()
    worker.round()
    assert scraped(node, health)["rootseal_final_block_timestamp_seconds"] == START + 100
    health.update(problem="chain.unavailable")
    assert scraped(node, health)["rootseal_chain_reachable"] == 0


def test_the_balance_is_known_from_the_first_round_and_kept_fresh(node: Node) -> None:
    health, worker = working(node)
    assert "rootseal_key_balance_wei" not in scraped(node, health)
    worker.round()
    found = scraped(node, health)
    assert found["rootseal_key_balance_wei"] == 5 * ETHER
    assert found["rootseal_affordable_anchors"] == 5 * ETHER // (price_now(node.chain) * gas_of(ANCHOR))
    node.chain.set_balance(node.services.connection.signer.address, ETHER)
    node.clock.now += 61
    worker.round()
    assert scraped(node, health)["rootseal_key_balance_wei"] == ETHER


def test_requests_are_counted_by_route(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    health = Health()
    client = create_app(node.services, health).test_client()
    client.get("/v1/proofs/" + "ab" * 32)
    client.get("/v1/proofs/" + "cd" * 32)
    client.open("/healthz", method="BREW")
    client.get("/nowhere/ana-novak")
    text = client.get("/metrics").text
    assert 'rootseal_http_requests_total{method="GET",route="/v1/proofs/<commitment>",status="404"} 2.0' in text
    assert 'method="other"' in text
    logged = capsys.readouterr().err
    assert '"method": "other"' in logged
    for chosen in ("BREW", "novak", "abab"):
        assert chosen not in text and chosen not in logged


def test_a_stranger_cannot_fill_the_memory() -> None:
    counts = RequestCounts()
    for number in range(1000):
        counts.add(f"M{number}", None, 405)
    assert counts.all() == {("other", "none", 405): 1000}


def test_the_list_in_the_handbook_is_complete(node: Node) -> None:
    health, worker = working(node)
    worker.round()
    record_backup(node.services.store, START)
    create_app(node.services, health).test_client().get("/healthz")
    text = create_app(node.services, health).test_client().get("/metrics").text
    # The families, also those that have nothing to say yet.
    names = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")}
    section = DOCS.read_text().partition("## Metrics")[2].partition("\n## ")[0]
    documented = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `rootseal_")}
    assert documented == names
