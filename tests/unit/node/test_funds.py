"""The money on the node's key: asked for once a minute, and said once per crossing, to the log and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from anchor.chain import ChainUnavailable
from node.app import create_app
from node.forecast import price_now
from node.funds import FEW_ANCHORS, FundsWatch, anchors_for
from node.gas import ANCHOR, gas_of
from node.health import Health
from node.runner import Worker
from node.services import Services
from node.store.announcements import Announcement
from node.webhooks import event_body
from node.witnessing import Witnessing, WitnessWorker
from rootseal.ethereum import checksum_address
from tests.support.fake_chain import FakeChain
from tests.support.fake_witness import use_witness
from tests.unit.node.conftest import Node

SCHEMA = Path(__file__).parents[3] / "docs" / "spec" / "schemas" / "event.schema.json"


def put(node: Node, anchors: int) -> None:
    """Money for just so many on the key."""
    node.chain.set_balance(node.services.connection.signer.address, anchors * price_now(node.chain) * gas_of(ANCHOR))


def announced(node: Node) -> list[dict[str, object]]:
    rows = node.services.store._database.rows("SELECT detail FROM announcements WHERE kind = 'low_balance'")
    return [json.loads(detail) for (detail,) in rows]


def logged(capsys: pytest.CaptureFixture[str]) -> list[int]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [line["anchors"] for line in lines if line["event"] == "low balance"]


def minute(node: Node, worker: Worker) -> None:
    node.clock.now += 60
    worker.round()


def worker_of(node: Node, services: Services | None = None) -> Worker:
    return Worker(services or node.services, Health(), node.clock)


def test_a_crossing_is_said_once_over_restarts_and_again_only_after_it_had_recovered(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = worker_of(node)
    put(node, FEW_ANCHORS)
    worker.round()
    assert (logged(capsys), announced(node)) == ([], [])
    put(node, FEW_ANCHORS - 1)
    minute(node, worker)
    put(node, 3)
    minute(node, worker)
    assert (logged(capsys), len(announced(node))) == ([19], 1)
    again = worker_of(node, node.reopened())
    again.round()
    put(node, FEW_ANCHORS + 1)  # the price went down a little: that is no recovery
    minute(node, again)
    put(node, FEW_ANCHORS - 1)
    minute(node, again)
    assert (logged(capsys), len(announced(node))) == ([], 1)
    put(node, 2 * FEW_ANCHORS)
    minute(node, again)
    put(node, 0)
    minute(node, again)
    assert (logged(capsys), [detail["anchors"] for detail in announced(node)]) == ([0], [19, 0])


def test_what_is_announced_is_the_event_of_the_schema(node: Node) -> None:
    put(node, 7)
    worker_of(node).round()
    key = node.services.connection.signer.address
    assert announced(node) == [
        {"address": "0x" + key.hex(), "balanceWei": str(node.chain.balance(key)), "anchors": 7},
    ]
    told = Announcement(1, "msg_" + "0" * 32, "low_balance", checksum_address(key), announced(node)[0], 1)  # type: ignore[arg-type]
    schema = Draft202012Validator(json.loads(SCHEMA.read_bytes()))
    schema.validate(json.loads(event_body(node.services.home, told, test=True)))


def test_the_chain_is_asked_once_a_minute_and_its_silence_is_no_alarm(
    node: Node, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    balance = node.chain.balance

    def counted(address: bytes) -> int:
        asked.append(address)
        if len(asked) == 2:
            raise ChainUnavailable("eth_getBalance", "nobody answers")
        return balance(address)

    monkeypatch.setattr(node.chain, "balance", counted)
    watch = FundsWatch(node.services.store, node.services.connection)
    first = watch.look(1000.0)
    assert first is not None
    assert watch.look(1059.0) is first
    assert len(asked) == 1
    assert watch.look(1060.0) is first  # it did not answer: what was known stands
    assert watch.look(1061.0) is first
    assert len(asked) == 2
    put(node, 5)
    found = watch.look(1120.0)
    assert found is not None
    assert (found.anchors, len(asked)) == (5, 3)
    watch.look(500.0)  # the clock was set back
    assert (len(asked), logged(capsys), len(announced(node))) == (4, [5], 1)


def test_a_price_above_the_ceiling_is_no_lack_of_money(node: Node) -> None:
    ceiling = node.services.config.max_fee_per_gas
    node.chain.set_balance(node.services.connection.signer.address, 21 * ceiling * gas_of(ANCHOR))
    node.chain.set_base_fee(20 * ceiling)
    node.chain.mine()
    assert price_now(node.chain) > ceiling
    found = FundsWatch(node.services.store, node.services.connection).look(1.0)
    assert found is not None
    assert (found.anchors, announced(node)) == (21, [])


def test_where_nothing_is_to_be_paid_nothing_is_low() -> None:
    assert anchors_for(0, 0) is None


def poor(node: Node, anchors: int) -> tuple[FakeChain, Health, WitnessWorker]:
    """Another ledger in use, with money for so many anchors on the key there, and the thread that serves it."""
    services = node.services
    other = use_witness(services)
    key = services.connection.signer.address
    other.set_balance(key, anchors * price_now(other) * gas_of(ANCHOR))
    health = Health(working=True)
    witnessing = Witnessing(services.store, services.connection, lambda _: other)
    return other, health, WitnessWorker(services.store, witnessing, lambda: True, node.clock, health)


def test_the_money_on_another_ledger_is_told_as_at_home(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    other, health, worker = poor(node, 7)
    put(node, 100)
    home = worker_of(node)
    for _ in range(2):
        home.round()
        worker.round()
        node.clock.now += 60
    key = node.services.connection.signer.address
    balance = other.balance(key)
    assert logged(capsys) == [7]
    (detail,) = announced(node)
    assert detail == {
        "address": "0x" + key.hex(),
        "balanceWei": str(balance),
        "anchors": 7,
        "ledger": 1,
        "chain": "eip155:5",
    }
    told = Announcement(1, "msg_" + "0" * 32, "low_balance", "x", detail, 1)  # type: ignore[arg-type]
    schema = Draft202012Validator(json.loads(SCHEMA.read_bytes()))
    schema.validate(json.loads(event_body(node.services.home, told, test=True)))
    text = create_app(node.services, health).test_client().get("/metrics").text
    assert 'rootseal_witness_affordable_anchors{ledger="1"} 7.0' in text
    assert float(text.partition('rootseal_witness_key_balance_wei{ledger="1"} ')[2].split()[0]) == balance


def test_status_says_it_as_long_as_it_lasts_and_no_health_is_lost_by_it(node: Node) -> None:
    other, _, worker = poor(node, 7)
    put(node, 3)
    home = worker_of(node)
    home.round()
    worker.round()
    key = checksum_address(node.services.connection.signer.address)
    status = node.services.status()
    sentences = [problem.sentence for problem in status.problems if problem.code == "balance.low"]
    assert sentences == [
        f"the node's key pays for 3 more anchors at today's price: send coin to {key}",
        f"the node's key pays for 7 more anchors on ledger 1 at today's price: send coin to {key}",
    ]
    assert (status.healthy, status.in_the_way) == (True, ())
    other.set_balance(node.services.connection.signer.address, 0)
    put(node, 1000)
    node.clock.now += 60
    home.round()
    worker.round()
    (problem,) = node.services.status().problems
    assert "pays for no anchor any more on ledger 1" in problem.sentence
    node.services.store.witnesses.remove(1, node.services.now)
    assert node.services.status().problems == ()


def test_what_an_older_version_wrote_down_is_no_alarm_and_is_not_said_again(node: Node) -> None:
    put(node, 3)
    key = node.services.connection.signer.address
    node.services.store.facts.put("low-balance", key)
    assert node.services.status().problems == ()
    worker_of(node).round()
    assert [problem.code for problem in node.services.status().problems] == ["balance.low"]
    assert announced(node) == []


def test_a_key_that_was_replaced_is_no_alarm_any_more(node: Node) -> None:
    node.services.store.facts.put("low-balance", bytes(20) + (3).to_bytes(8))
    assert [problem.code for problem in node.services.status().problems] == ["balance.low"]
    put(node, FEW_ANCHORS)
    worker_of(node).round()
    assert node.services.status().problems == ()
