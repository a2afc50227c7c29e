"""What `node status` and `node anchor` tell of an anchoring that does not get on: why, since when, the way out."""

from __future__ import annotations

import copy
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from anchor.chain import ChainUnavailable
from anchor.pool import EndpointsDisagree, PooledChain
from node.asking import anchor_or_ask
from node.cli import anchoring, reporting
from node.config import read_config, write_config
from node.health import Health
from node.holding_up import held_up, keep_failure, keep_held_up
from node.leasing import Lease, LeaseHeld
from node.runner import Worker
from node.services import Services
from rootseal.errors import InputError
from tests.support.fake_chain import FakeChain
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import open_node, roster


def codes(services: Services) -> list[str]:
    return [problem.code for problem in services.status().problems]


def run(command: click.Command, services: Services, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    """The command on services that are open already."""

    @contextmanager
    def opened(_: Path, *, anyway: bool = False) -> Iterator[Services]:
        yield services

    for module in (anchoring, reporting):
        monkeypatch.setattr(module, "opened", opened)
    return CliRunner().invoke(command, [str(services.directory), *options])


def with_ceiling(node: Node, ceiling: int) -> Services:
    write_config(node.directory, replace(read_config(node.directory), max_fee_per_gas=ceiling))
    return node.reopened()


@pytest.mark.parametrize("count", [3, 5])
def test_a_chain_that_is_ahead_is_a_problem_with_its_way_out(
    node: Node, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Two stores with one key: the other one's anchor may be as large as the promise here, or another size."""
    twin = node.directory.parent / "twin"
    shutil.copytree(node.directory, twin)
    node.services.issue(roster(3), "a.csv")
    node.services.seal()
    with open_node(twin, node.chain, node.clock) as other:
        other.issue(roster(count, first=100), "b.csv")
        other.seal()
        assert node.services.anchor().reached
        Worker(other, Health(), node.clock).round()
        status = other.status()
        assert (codes(other), status.healthy) == (["chain.ahead"], False)
        assert (status.next_anchor.due, status.next_anchor.reason) == (False, "ahead")
        done = run(reporting.status, other, monkeypatch)
        assert done.exit_code == 1
        assert "PROBLEM: the chain is ahead of this store: anchor 1 there holds a checkpoint of 3" in done.output
        assert "The way out: restore the newest backup" in done.output
        assert "Next anchor: none, for the chain is ahead of this store." in done.output
    assert (codes(node.services), node.services.status().healthy) == ([], True)


def test_what_blocks_the_working_process_is_told_until_it_gets_through(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = with_ceiling(node, 1)
    services.issue(roster(3), "a.csv")
    services.seal()
    since = services.now
    for _ in range(3):
        Worker(services, Health(), node.clock).round()
        node.clock.now += 60
    found = held_up(services.store)
    assert found is not None
    assert (found.since, found.sentence) == (since, "anchor/1: the chain asks more than the ceiling of 1 wei per gas")
    status = services.status()
    assert (codes(services), status.healthy, status.next_anchor.reason) == (["held.up"], False, "held")
    done = run(reporting.status, services, monkeypatch)
    assert (done.exit_code, f"held up {found}" in done.output) == (1, True)
    assert "on its way" not in done.output
    value = json.loads(run(reporting.status, services, monkeypatch, "--json").output)
    assert "the ceiling of 1 wei" in value["problems"][0]["sentence"]
    schema = Path(reporting.__file__).parents[2] / "docs/spec/schemas/node-status.schema.json"
    Draft202012Validator(json.loads(schema.read_bytes())).validate(value)
    services = with_ceiling(node, 10**12)
    Worker(services, Health(), node.clock).round()
    assert (held_up(services.store), codes(services)) == (None, [])
    assert run(reporting.status, services, monkeypatch).exit_code == 0


def test_a_round_that_fails_is_told_until_one_succeeds(node: Node) -> None:
    services = node.services
    worker = Worker(services, Health(), node.clock)
    node.chain.fail("chain_id", ChainUnavailable("eth_chainId", "no answer from https://rpc.example/v3/secret"))
    worker.round()
    found = held_up(services.store)
    assert found is not None
    assert "no answer from (an address)" in found.sentence
    assert codes(services) == ["held.up"]
    worker.round()
    assert held_up(services.store) is None


def test_neither_people_nor_a_second_process_stand_in_it(node: Node) -> None:
    store = node.services.store
    keep_failure(store, InputError("learner_id", "is not known", "Ana Kovač"), 5)
    assert str(held_up(store)) == "since 1970-01-01T00:00:05Z: InputError; the log of the node says where"
    keep_held_up(store, None, 6)
    with Lease(store, "node run").kept():
        Worker(node.services, Health(), node.clock, Lease(store, "node run")).round()
    assert held_up(store) is None


def test_anchor_beside_a_running_node_asks_it_and_waits(node: Node) -> None:
    write_config(node.directory, replace(read_config(node.directory), anchor_max_gas_price=1))
    services = with_ceiling(node, 10**12)
    services.issue(roster(3), "a.csv")
    services.seal()
    assert services.anchor().reached
    services.issue(roster(2, first=50), "b.csv")
    services.seal()
    worker = Worker(services, Health(), node.clock, Lease(services.store, "node run"))
    worker.round()
    assert services.status().next_anchor.reason == "price"

    def clock() -> float:
        worker.round()
        return time.monotonic()

    said: list[str] = []
    outcome = anchor_or_ask(services, "final", 60, said.append, clock)
    assert outcome.reached
    assert outcome.anchor is not None
    assert (outcome.anchor.sequence, outcome.anchor.size) == (2, 5)
    assert "(node run) sends for this node and was asked to anchor now" in said[0]


def test_anchor_beside_a_running_node_that_is_blocked_says_by_what(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    services = with_ceiling(node, 1)
    services.issue(roster(3), "a.csv")
    services.seal()
    worker = Worker(services, Health(), node.clock, Lease(services.store, "node run"))
    worker.round()
    done = run(anchoring.anchor, services, monkeypatch, "--timeout", "0.5")
    assert done.exit_code == 3
    assert "the chain asks more than the ceiling of 1 wei per gas" in done.output
    assert "The log of 3 entries is not final yet: it is held up since " in done.output
    assert done.output.count("was asked to anchor now") == 1


def test_anchor_beside_another_command_still_names_it(node: Node) -> None:
    with Lease(node.services.store, "node publish").kept(), pytest.raises(LeaseHeld, match="node publish"):
        anchor_or_ask(node.services, "final", 1, lambda _: None)


def pooled(node: Node, other: FakeChain, finality: str) -> Services:
    node.services.close()
    write_config(node.directory, replace(read_config(node.directory), finality=finality))
    config = read_config(node.directory)
    chain = PooledChain({"one.example:1": node.chain, "two.example:2": other}, config.pins, finality)
    node.services = open_node(node.directory, chain, node.clock)
    return node.services


@pytest.mark.parametrize("finality", ["tag", "depth:3"])
def test_endpoints_that_disagree_are_an_alarm_before_a_promise_is_signed(node: Node, finality: str) -> None:
    node.services.issue(roster(2), "a.csv")
    node.chain.mine(6)
    other = copy.deepcopy(node.chain)
    other.reorg(4)
    other.mine(8)
    node.chain.mine(4)
    services = pooled(node, other, finality)
    with pytest.raises(EndpointsDisagree):
        services.seal()
    assert services.newest_checkpoint() is None
    status = services.status()
    assert (status.chain, status.healthy) == (None, False)
    assert "endpoints disagree about final block" in (status.chain_problem or "")


def test_an_endpoint_on_another_chain_is_shown_and_the_others_are_asked(node: Node) -> None:
    other = FakeChain()
    other.id = 5
    services = pooled(node, other, "tag")
    status = services.status()
    assert (status.chain is not None, status.healthy, codes(services)) == (True, True, ["chain.endpoint"])
    sentence = status.problems[0].sentence
    assert "the endpoint two.example:2 is not asked" in sentence
    assert "the chain id should be 31337 but is 5" in sentence
