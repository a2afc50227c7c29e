"""A chain that changes its mind: reorganisations, snapshots, stale heads, events kept back, a clock that jumps."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.doctor import diagnose
from node.in_step import WAY_OUT
from node.store import STORE_NAME
from rootseal.errors import StoreError
from tests.fault.scene import BLOCK_TIME, Scene, scene
from tests.fault.test_sending import spend_nonce

LOST = "eth_sendRawTransaction"
HOLD = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
while True:
    other.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    time.sleep(1)
    other.execute("ROLLBACK")
    time.sleep(0.05)
"""


def two_mined(world: Scene) -> None:
    """Two anchors mined in two blocks, neither final."""
    for _ in range(2):
        world.sealed()
        world.tick()
        world.mine()
        world.tick()
    assert world.states()["mined"] == 2


@pytest.mark.fault("reorganisation", "depth 1, 3 and past the previous anchor; orphans back in the pool, or gone")
@pytest.mark.parametrize("orphans", [True, False], ids=["returned", "gone"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_reorganisation(world: Scene, depth: int, orphans: bool) -> None:
    two_mined(world)
    world.mine(depth // 3)
    world.proxy.reorg(depth, orphans=orphans)
    assert len(world.anchored()) == {1: 1, 2: 0, 3: 0}[depth]
    world.survived(2)


@pytest.mark.fault("reorganisation while the node is down", "depth 2, seen by a new process only")
def test_reorganisation_while_the_node_is_down(world: Scene) -> None:
    two_mined(world)
    world.proxy.reorg(2)
    world.restart()
    world.survived(2)


@pytest.mark.fault("reorganisation after reorganisation", "depths 1 to 3, five times, entries coming in between")
def test_reorganisation_after_reorganisation(world: Scene) -> None:
    two_mined(world)
    for depth in (1, 3, 2, 3, 1):
        world.proxy.reorg(depth, orphans=depth != 2)
        world.sealed(1)
        world.rounds(2)
    world.survived()


@pytest.mark.fault("reorganisation, then a foreign transaction at our nonce", "depth 2, orphans gone")
def test_foreign_transaction_after_a_reorganisation(world: Scene) -> None:
    two_mined(world)
    world.proxy.reorg(2, orphans=False)
    spend_nonce(world)
    world.survived(2)


@pytest.mark.fault("chain restored from a snapshot", "evm_snapshot and evm_revert around one or two anchors")
@pytest.mark.parametrize("known", [False, True], ids=["broadcast", "mined"])
def test_chain_restored_from_a_snapshot(world: Scene, known: bool) -> None:
    snapshot = world.proxy.direct("evm_snapshot")
    if known:
        two_mined(world)
    else:
        world.sealed()
        world.tick()
    world.proxy.direct("evm_revert", snapshot)
    world.proxy.evict()
    world.survived(2 if known else 1)


@pytest.mark.fault("stale head", "an endpoint three blocks behind from the broadcast on, then caught up")
def test_stale_head(world: Scene) -> None:
    world.sealed()
    world.tick()
    world.mine()
    world.proxy.stale = 3
    for _ in range(8):
        world.tick()
    world.proxy.stale = 0
    world.survived(1)


@pytest.mark.fault("endpoint that alternates", "every other round three blocks behind, as behind a load balancer")
def test_endpoint_that_alternates(world: Scene) -> None:
    for number in range(12):
        if number % 3 == 0:
            world.sealed(1)
        world.proxy.stale = 3 * (number % 2)
        world.rounds(1)
    world.proxy.stale = 0
    world.survived()


@pytest.mark.fault("events kept back", "eth_getLogs answers nothing until the anchor is long final")
def test_events_kept_back(world: Scene) -> None:
    world.proxy.blind = True
    world.sealed()
    world.rounds(12)
    assert world.services.store.log.newest_anchor() is None
    world.proxy.blind = False
    world.survived(1)


@pytest.mark.fault("chain not reachable", "no connection for 20 rounds; issuing and sealing go on")
def test_chain_not_reachable(world: Scene) -> None:
    world.sealed()
    world.tick()
    world.proxy.down = True
    for _ in range(20):
        world.tick()
    world.sealed()
    world.proxy.down = False
    world.survived()


@pytest.mark.fault("clock jumping back", "one day, with an anchor in flight and before a seal")
def test_clock_jumping_back(world: Scene) -> None:
    world.sealed()
    world.tick()
    world.clock.now -= 86_400
    world.proxy.evict()
    world.rounds(3)
    world.issue(2)
    assert world.services.seal() is not None
    first, second = world.services.checkpoints()
    assert second.signed_at >= first.signed_at
    world.clock.now += 86_400 + BLOCK_TIME
    world.survived()


@pytest.mark.fault("SQLite busy", "another process holds the write lock for a second, again and again")
def test_sqlite_busy(world: Scene) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(world.directory / STORE_NAME)], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        world.sealed()
        world.rounds(3)
        assert other.poll() is None
    finally:
        other.kill()
        other.communicate()
    world.survived(1)
    assert world.errors == []


@pytest.mark.fault("store restored from an old copy", "node.sqlite of before the last anchor; then the newest again")
def test_store_restored_from_an_old_copy(world: Scene) -> None:
    world.sealed()
    world.settle()
    old, newest = world.directory / "old", world.directory / "newest"
    world.services.close()
    shutil.copy(world.directory / STORE_NAME, old)
    world.restart()
    world.sealed()
    world.settle()
    world.services.close()
    shutil.copy(world.directory / STORE_NAME, newest)
    replace_store(world, old)
    world.issue(1)
    with pytest.raises(StoreError, match="the chain is ahead of this store"):
        world.services.seal()
    world.rounds(5)
    assert len(world.anchored()) == 2
    world.services.close()
    replace_store(world, newest)
    world.issued -= 1
    world.survived(2)


def replace_store(world: Scene, copy: Path) -> None:
    """As an operator restores a backup: the file, without what SQLite keeps beside it."""
    for suffix in ("-wal", "-shm"):
        (world.directory / (STORE_NAME + suffix)).unlink(missing_ok=True)
    shutil.copy(copy, world.directory / STORE_NAME)
    world.restart()


@contextmanager
def rivals(folder: Path, left_out: str) -> Iterator[tuple[Scene, Scene]]:
    """Two nodes with one key, and stores that were equal once. The second is closed by the test."""
    with scene(folder, left_out) as first:
        first.services.close()
        shutil.copytree(first.directory, folder / "second")
        first.restart()
        yield first, Scene(folder / "second", first.proxy, first.clock)


@pytest.mark.fault("two leaders", "two nodes, same key, different stores; the second late, or racing for the nonce")
@pytest.mark.parametrize("racing", [False, True], ids=["late", "racing"])
def test_two_leaders(tmp_path: Path, racing: bool) -> None:
    with rivals(tmp_path, "two leaders") as (first, second):
        first.sealed(3)
        second.sealed(5)
        first.tick()
        for _ in range(12 if racing else 0):
            second.tick()
        first.mine()
        for _ in range(10):
            first.tick()
            second.tick()
            first.mine()
        ((sequence, size),) = first.anchored()
        winner, loser = (first, second) if size == 3 else (second, first)
        assert sequence == 1
        assert "the chain is ahead of this store" in loser.errors[-1]
        sent = first.proxy.calls[LOST]
        with pytest.raises(StoreError, match="another node uses the same key"):
            loser.issue(1)
            loser.services.seal()
        loser.tick()
        assert first.proxy.calls[LOST] == sent
        loser.services.close()
        winner.sealed()
        winner.survived(2)
        second.services.close()


@pytest.mark.fault("two leaders of equal size", "two nodes, same key, as many entries each; fsck and doctor at both")
@pytest.mark.parametrize("repair", [False, True], ids=["looking", "repairing"])
def test_two_leaders_of_equal_size(tmp_path: Path, repair: bool) -> None:
    with rivals(tmp_path, "two leaders, equal") as (winner, loser):
        winner.sealed(3)
        loser.sealed(3)
        assert winner.services.newest_checkpoint() != loser.services.newest_checkpoint()
        winner.settle()
        loser.tick()
        assert "the chain is ahead of this store: anchor 1 there holds a checkpoint of 3 entries" in loser.errors[-1]
        report = loser.services.fsck(repair=repair)
        assert [(finding.code, finding.repaired) for finding in report.findings] == [("chain.ahead", False)]
        assert loser.errors[-1] == f"StoreError: {report.findings[0].sentence}"
        for way in ("the newest backup", "`rootseal node recover`", "issue again", "`rootseal node succeed`"):
            assert way in report.findings[0].sentence
        told = diagnose(loser.directory, clock=loser.clock).of("newest copy")
        assert (told.outcome, told.way_out) == ("problem", WAY_OUT)
        loser.services.close()
        assert diagnose(winner.directory, clock=winner.clock).of("newest copy").outcome == "ok"
        winner.survived(1)
