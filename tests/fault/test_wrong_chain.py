"""Another chain behind the same address, a ledger that is gone, and endpoints that contradict each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anchor.collecting import Sources, ledger_facts
from anchor.deploying import deploy_unlocked
from anchor.endpoint import EndpointsDisagree
from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from rootseal.ethereum import address_text
from rootseal.facts import LedgerFacts
from rootseal.policy import LedgerPolicy, Policy
from tests.fault.scene import Scene
from tests.support.drivers import anvil
from tests.support.faulty_proxy import Fault, FaultyProxy

SENT = "eth_sendRawTransaction"
# Two Anvils started within one second would have the same first block, and be the same chain.
ANOTHER_START = ("--timestamp", "1700000000")


@pytest.mark.fault("wrong chain", "another chain id behind the same address, with an anchor in flight")
def test_wrong_chain(world: Scene) -> None:
    refused(world, "the chain id", "--chain-id", "5")


@pytest.mark.fault("wiped chain with the same id", "a fresh Anvil behind the same address: only the genesis differs")
def test_wiped_chain(world: Scene) -> None:
    refused(world, "the genesis hash", *ANOTHER_START)


@pytest.mark.fault("wiped chain with the same ledger", "a fresh Anvil where the same contract has the same address")
def test_wiped_chain_with_the_same_ledger(world: Scene) -> None:
    world.sealed()
    world.settle()
    world.sealed()
    home, address = world.proxy.target, world.services.home.ledger
    with anvil("another chain", *ANOTHER_START) as other:
        assert deploy_unlocked(open_chain(other)).address == address
        world.proxy.point_to(other)
        sent = world.proxy.calls[SENT]
        for _ in range(3):
            world.tick()
        assert ["the genesis hash" in error for error in world.errors[-3:]] == [True] * 3, world.errors
        world.issue()
        world.tick()
        assert [intent.name for intent in world.services.store.outbox.named("anchor/")] == ["anchor/1"]
        assert world.proxy.calls[SENT] == sent
        world.proxy.point_to(home)
    world.survived(2)


def refused(world: Scene, said: str, *arguments: str) -> None:
    """Nothing is sent there, not even by a new process; back on the right chain the work goes on."""
    world.sealed()
    world.tick()
    home = world.proxy.target
    with anvil("another chain", *arguments) as other:
        world.proxy.point_to(other)
        sent = world.proxy.calls[SENT]
        for _ in range(3):
            world.tick()
        world.restart()
        for _ in range(2):
            world.tick()
        assert world.proxy.calls[SENT] == sent
        assert [said in error for error in world.errors[-5:]] == [True] * 5, world.errors[-5:]
        world.proxy.point_to(home)
    world.survived(1)


@pytest.mark.fault("ledger without code", "anvil_setCode empties the contract, and puts it back")
def test_ledger_without_code(world: Scene) -> None:
    ledger = address_text(world.services.home.ledger)
    code = world.proxy.direct("eth_getCode", ledger, "latest")
    world.sealed()
    world.proxy.direct("anvil_setCode", ledger, "0x")
    world.rounds(3)
    assert world.proxy.calls[SENT] == 0
    assert ["wrong chain" in error for error in world.errors] == [True] * 3, world.errors
    world.proxy.direct("anvil_setCode", ledger, code)
    world.survived(1)


@pytest.mark.fault("first endpoint down", "two endpoints, the first silent at random, then for good")
def test_first_endpoint_down(world: Scene) -> None:
    with FaultyProxy(world.proxy.target) as second:
        pooled(world, second.url)
        world.proxy.chaos(0.3, Fault("lose_request"), Fault("lose_response"))
        for _ in range(3):
            world.sealed(2)
            world.rounds(3)
        world.proxy.down = True
        world.sealed(2)
        world.survived()
        assert second.calls[SENT] > 0


@pytest.mark.fault("one endpoint on another chain", "two endpoints, the first a fresh Anvil with the same id")
def test_one_endpoint_on_another_chain(world: Scene) -> None:
    with anvil("another chain", *ANOTHER_START) as other, FaultyProxy(other) as wrong:
        pooled(world, world.proxy.url, first=wrong.url)
        world.sealed()
        world.survived(1)
        assert wrong.calls[SENT] == 0


@pytest.mark.fault("endpoints disagree about a final block", "one names another hash: alarm, nothing is believed")
def test_endpoints_disagree(world: Scene) -> None:
    with FaultyProxy(world.proxy.target) as second:
        pooled(world, second.url)
        world.sealed()
        world.tick()
        second.forged = True
        world.rounds(8)
        assert EndpointsDisagree.__name__ in world.errors[-1]
        assert world.services.store.log.newest_anchor() is None
        second.forged = False
        world.survived(1)


@pytest.mark.fault("verifier's endpoints disagree", "a policy with two endpoints, one names another final block")
def test_a_verifier_with_two_endpoints_notices_a_contradiction(world: Scene) -> None:
    world.sealed()
    world.settle()
    with FaultyProxy(world.proxy.target) as second:
        pins, home = world.services.config.pins, world.services.home
        rpcs = (world.proxy.url, second.url)
        policy = LedgerPolicy(home.chain_id, home.ledger, pins.genesis, pins.code_hash, rpcs, issuers=((1, "Uni"),))
        asked = (home, (), (), Policy((policy,)), Sources())
        assert isinstance(ledger_facts(*asked), LedgerFacts)
        second.forged = True
        found = ledger_facts(*asked)
        assert isinstance(found, str)
        assert "endpoints disagree about final block" in found


def pooled(world: Scene, url: str, first: str | None = None) -> None:
    """The node with two endpoints, after a restart."""
    directory: Path = world.directory
    write_config(directory, replace(read_config(directory), chain_urls=(first or world.proxy.url, url)))
    world.restart()
