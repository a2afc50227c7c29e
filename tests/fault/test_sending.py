"""What happens between the node and the pool: answers that get lost, fees, eviction, and rivals for a nonce."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from node.app import create_app
from node.config import read_config, write_config
from node.health import Health
from node.runner import Worker
from tests.fault.scene import BLOCK_TIME, Scene, scene
from tests.support.faulty_proxy import Fault
from tests.support.geth_rules import Client
from tests.support.program import Program

GWEI = 10**9
LOST = "eth_sendRawTransaction"


@pytest.mark.fault("nothing goes wrong", "two anchors and a revocation")
def test_nothing_goes_wrong(world: Scene) -> None:
    world.sealed()
    world.settle()
    world.services.revoke([world.services.store.entries.sealed(1, 2)[0].id])
    world.sealed()
    world.survived(2)
    assert len(world.attempts(1)) == 1


@pytest.mark.fault("request lost", "the connection ends before the node has the transaction")
def test_request_lost(world: Scene) -> None:
    world.sealed()
    world.proxy.script(LOST, Fault("lose_request"))
    world.tick()
    assert world.states() == {"signed": 1}
    world.survived(1)
    assert len(world.attempts()) == 1


@pytest.mark.fault("response lost", "the node takes the transaction, the connection ends; geth's and Besu's words")
@pytest.mark.parametrize("client", ["geth", "besu"])
def test_response_lost(client: Client, tmp_path: Path) -> None:
    with scene(tmp_path, "response lost", client) as world:
        world.sealed()
        world.proxy.script(LOST, Fault("lose_response"))
        world.tick()
        assert world.states() == {"signed": 1}
        world.tick()  # "already known", in the client's words
        assert world.states() == {"sent": 1}
        world.survived(1)
        assert len(world.attempts()) == 1


@pytest.mark.fault("evicted from the pool", "anvil_dropAllTransactions after the broadcast")
def test_eviction(world: Scene) -> None:
    world.sealed()
    world.tick()
    world.proxy.evict()
    world.mine(2)
    assert world.anchored() == []
    world.survived(1)
    assert len(world.attempts()) == 1


@pytest.mark.fault("fee spike", "base fee of 60 gwei for 12 blocks, 10 % rule on both fees; geth and Besu")
@pytest.mark.parametrize("client", ["geth", "besu"])
def test_fee_spike(client: Client, tmp_path: Path) -> None:
    with scene(tmp_path, "fee spike", client) as world:
        world.sealed()
        world.tick()
        for _ in range(12):
            world.proxy.direct("anvil_setNextBlockBaseFeePerGas", hex(60 * GWEI))
            world.mine()
            world.tick()
        world.survived(1)
        attempts = world.attempts()
        assert len(attempts) > 1
        for before, after in pairwise(attempts):
            assert after.fees.max_fee * 10 > before.fees.max_fee * 11
            assert after.fees.tip * 10 > before.fees.tip * 11


@pytest.mark.fault("fee spike above the ceiling", "base fee of 60 gwei for 20 blocks, the ceiling is 4; geth and Besu")
@pytest.mark.parametrize("client", ["geth", "besu"])
def test_what_waits_at_the_ceiling_is_told_until_it_is_mined(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with scene(tmp_path, "fee spike above the ceiling", client) as world:
        write_config(world.directory, replace(read_config(world.directory), max_fee_per_gas=4 * GWEI))
        world.restart()
        world.sealed()
        health = Health(working=True)
        worker = Worker(world.services, health, world.clock)
        metrics = create_app(world.services, health).test_client()
        program = Program(capsys)
        assert spiked(world, worker, 1) == []
        assert world.states() == {"sent": 1}
        assert program("node", "status", world.directory).code == 0
        capsys.readouterr()
        spiked(world, worker, 20)
        said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        blocked = [line["message"] for line in said if line["event"] == "blocked"]
        assert [message.partition(";")[0] for message in blocked] == ["anchor/1: was sent and is not mined"]
        assert "rootseal_sending_blocked 1.0" in metrics.get("/metrics").text
        told = program("node", "status", world.directory)
        assert (told.code, "PROBLEM: the process that works here is held up since" in told.out) == (1, True)
        assert "cannot be raised by an eighth under the ceiling of 4000000000 wei" in told.out
        (problem,) = program("node", "status", world.directory, "--json").objects[0]["problems"]
        assert problem["code"] == "held.up"
        assert "anchor/1: was sent and is not mined" in problem["sentence"]
        assert max(attempt.fees.max_fee for attempt in world.attempts()) <= 4 * GWEI
        for _ in range(2):  # Anvil's pool has thrown it out meanwhile: the first round sends the same bytes again
            world.proxy.direct("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
            world.mine()
            worker.round()
        assert world.states() == {"mined": 1}
        assert program("node", "status", world.directory, "--json").objects[0]["problems"] == []
        assert "rootseal_sending_blocked 0.0" in metrics.get("/metrics").text
        world.survived(1)


def spiked(world: Scene, worker: Worker, rounds: int) -> list[str]:
    """Rounds of `node run` under a base fee of 60 gwei; problems in `node status` afterwards."""
    for _ in range(rounds):
        worker.round()
        world.clock.now += BLOCK_TIME
        world.proxy.direct("anvil_setNextBlockBaseFeePerGas", hex(60 * GWEI))
        world.mine()
    return [problem.code for problem in world.services.status().problems]


@pytest.mark.fault("nothing mined for long", "no block for 30 rounds of 12 s")
def test_nothing_mined_for_long(world: Scene) -> None:
    world.sealed()
    for _ in range(30):
        world.tick()
    attempts = world.attempts()
    assert len(attempts) > 3
    assert len({attempt.nonce for attempt in attempts}) == 1
    world.survived(1)


@pytest.mark.fault("newer checkpoint while stuck", "entries are sealed while an anchor waits: the replacement has them")
def test_a_replacement_carries_the_newest_checkpoint(world: Scene) -> None:
    world.sealed()
    world.tick()
    world.sealed(4)
    for _ in range(6):
        world.tick()
    world.survived(1)
    assert world.anchored() == [(1, 7)]


@pytest.mark.fault("older attempt mined after a bump", "the pool is emptied, the first raw transaction mined")
@pytest.mark.parametrize("newer", [False, True], ids=["same", "amended"])
def test_older_attempt_mined_after_a_bump(world: Scene, newer: bool) -> None:
    world.sealed()
    world.tick()
    if newer:
        world.sealed(2)
    for _ in range(5):
        world.tick()
    attempts = world.attempts()
    assert len(attempts) > 1
    world.proxy.evict()
    world.proxy.direct(LOST, "0x" + attempts[0].raw.hex())
    world.mine()
    world.survived(2 if newer else 1)


@pytest.mark.fault("foreign transaction takes our nonce", "another program with the same key, mined first")
def test_foreign_transaction_takes_our_nonce(world: Scene) -> None:
    world.sealed()
    world.tick()
    spend_nonce(world)
    world.survived(1)
    assert len({attempt.nonce for attempt in world.attempts()}) == 2


@pytest.mark.fault("key without money", "balance 0, later filled")
def test_key_without_money(world: Scene) -> None:
    address = "0x" + world.services.connection.signer.address.hex()
    world.proxy.direct("anvil_setBalance", address, "0x0")
    world.sealed()
    world.rounds(3)
    assert any("insufficient funds" in note for note in world.notes)
    assert world.attempts() == ()
    world.proxy.direct("anvil_setBalance", address, hex(10**18))
    world.survived(1)


@pytest.mark.fault("errors, delays and losses at random", "30 % of all requests, seeded, while entries come in")
@pytest.mark.parametrize("seed", range(6))
def test_errors_delays_and_losses_at_random(tmp_path: Path, seed: int) -> None:
    faults = (
        Fault("lose_request"),
        Fault("lose_response"),
        Fault("delay", seconds=0.01),
        Fault("error"),
        Fault("error", code=-32005, message="limit exceeded"),
    )
    with scene(tmp_path, "random faults", seed=seed) as world:
        world.rounds(1)
        world.sealed()
        world.rounds(1)
        world.proxy.chaos(0.3, *faults)
        for _ in range(4):
            world.issue(2)
            world.rounds(6)
        world.proxy.chaos(0.0)
        assert world.errors
        world.survived()


def spend_nonce(world: Scene) -> None:
    """A transaction of ours that the node knows nothing of is mined instead."""
    world.proxy.evict()
    address = "0x" + world.services.connection.signer.address.hex()
    world.proxy.direct("anvil_impersonateAccount", address)
    world.proxy.direct("eth_sendTransaction", {"from": address, "to": address, "gas": "0x5208"})
    world.proxy.direct("anvil_stopImpersonatingAccount", address)
    world.mine()
