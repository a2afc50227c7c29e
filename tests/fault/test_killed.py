"""The process is gone (os._exit, as by kill -9) at every durable write and every request of its work; another finishes.

What is done when it dies: a day at home, an anchor on another ledger, the recovery of a restored store, its repair.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from anchor.audit.sources import open_source
from anchor.keys import create_keystore
from anchor.ledger import ledger_abi
from anchor.ledger_events import anchored_events
from anchor.web3_chain import open_chain
from node.backup import backup_node
from node.publishing import LogPublisher
from node.recovering import recover
from node.restoring import restore_node
from node.services import Services
from node.witnessing import Witnessing
from rootseal.ethereum import address_text
from rootseal.instants import format_date
from tests.fault.killing import IN_PART, Killing, Moment, watched
from tests.fault.scene import Prompt, Scene, scene
from tests.support.drivers import anvil
from tests.support.faulty_proxy import FaultyProxy
from tests.support.program import Program
from tests.unit.node.nodes import PASSPHRASE, TEMPLATES, Clock, roster

Rounds = Callable[..., None]


def judged(world: Scene, directory: Path, issued: int) -> Scene:
    """The node as it is afterwards, without anybody listening."""
    return Scene(directory, world.proxy, Clock(world.clock.now), issued=issued)


# --- a day at home -------------------------------------------------------------------------------


def a_day(services: Services, _: Moment) -> None:
    """Two batches anchored and a suspension; each step is safe to repeat, and is repeated."""
    services.add_templates(TEMPLATES)
    date = format_date(services.now - 86_400)[:8] + "01"
    for first, count in ((0, 3), (3, 2)):
        outcome = services.issue(roster(count, first=first, date=date), "r.csv")
        assert len(outcome.issued) + len(outcome.already) == count, outcome.refused
        services.seal()
        assert services.anchor(timeout=3600).reached
        services.suspend([services.store.entries.sealed(0, 1)[0].id])


@pytest.mark.fault("process killed", "os._exit before each COMMIT, around each broadcast, at other requests")
def test_killed_at_every_durable_write_and_every_request(tmp_path: Path, record_property: Rounds) -> None:
    with scene(tmp_path, "the process killed at every write and request", epoch=1) as world:
        world.services.close()

        def judge(directory: Path) -> None:
            found = judged(world, directory, 5)
            found.settle()
            assert found.services.status_map().suspended == (1,)
            ids = [found.services.store.entries.sealed(index, index + 1)[0].id for index in range(5)]
            assert len(set(ids)) == 5
            found.survived(2)
            for number in (1, 2):
                # Sent again, or outbid where it had waited too long; never signed at another nonce.
                assert len({attempt.nonce for attempt in found.attempts(number)}) == 1
            found.services.close()

        tried = Killing(world, world.directory, tmp_path, a_day, judge).rounds()
        record_property("rounds", tried)
        assert tried > 30 or IN_PART


# --- another ledger ------------------------------------------------------------------------------


@contextmanager
def other_ledger(world: Scene, program: Program) -> Iterator[tuple[FaultyProxy, bytes]]:
    """Another chain with geth's rules, and a ledger there that the node anchors on by `node ledgers add`."""
    settings = ("--chain-id", "5", "--slots-in-an-epoch", "1", "--block-time", "0.1")
    with anvil("another ledger", *settings) as url, FaultyProxy(url) as proxy:
        chain = Prompt(url)
        deployed = chain.receipt(chain.send_unlocked(chain.accounts()[0], None, ledger_abi().bytecode, 0, 8_000_000))
        assert deployed is not None
        assert deployed.contract is not None
        create_keystore(world.directory / "admin-key.json", PASSPHRASE, "pbkdf2", 2)
        options = ("--chain-url", proxy.url, "--ledger", address_text(deployed.contract), "--register", "--timeout", 60)
        done = program("node", "ledgers", "add", world.directory, *options)
        assert done.code == 0, done.err
        proxy.direct("evm_setIntervalMining", 0)
        yield proxy, deployed.contract


@pytest.mark.fault("process killed, another ledger", "the same while the log is anchored on a witness ledger")
def test_killed_while_it_anchors_on_another_ledger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], record_property: Rounds
) -> None:
    left_out = "the process killed while it anchors on another ledger"
    with scene(tmp_path, left_out, epoch=1) as world, other_ledger(world, Program(capsys)) as (proxy, ledger):
        world.sealed(3)
        world.settle()
        world.services.close()

        def anchor_there(services: Services, moment: Moment) -> None:
            there = Witnessing(services.store, services.connection, lambda _: watched(proxy.url, moment))
            done = there.wait(services.store.witnesses.get(1), 3600, print, services._clock, services._sleep)
            assert (done.problem, done.idle) == (None, True)

        def judge(directory: Path) -> None:
            found = judged(world, directory, 3)
            found.survived(1)  # fsck asks the other ledger, too
            chain = open_chain(proxy.target)
            head = chain.block("latest")
            assert head is not None
            events = anchored_events(chain, ledger, 1, 0, head.number)
            assert [(event.sequence, event.size) for event in events] == [(1, 3)]
            store = found.services.store
            assert [(row.sequence, row.evidence is not None) for row in store.witnesses.anchors(1).all()] == [(1, True)]
            assert len({attempt.nonce for attempt in store.witnesses.outbox(1).attempts("anchor/1")}) == 1
            assert [act.subject for act in store.acts.all() if act.act == "witnessed"] == ["ledger/1/anchor/1"]
            found.services.close()

        tried = Killing(world, world.directory, tmp_path, anchor_there, judge, (proxy,), sampled=4).rounds()
        record_property("rounds", tried)
        assert tried > 9 or IN_PART


# --- a restored store ----------------------------------------------------------------------------


def restored(world: Scene, archive: Path) -> Path:
    """The node of the backup in a directory of its own, as `node restore` and whoever knows the passphrase leave it."""
    directory = archive.parent / "restored"
    restore_node(archive, directory, int(world.clock.now))
    shutil.copy(world.directory / "passphrase", directory / "passphrase")
    return directory


@pytest.mark.fault("process killed, recovery", "the same in `recover` and `fsck --repair` of a restored old backup")
def test_killed_while_a_restored_store_is_recovered(tmp_path: Path, record_property: Rounds) -> None:
    with scene(tmp_path, "the process killed while it recovers", epoch=1) as world:
        world.sealed(3)
        world.settle()
        world.issue(2)
        backup_node(world.services, tmp_path / "backup.tar")
        for count in (0, 2):
            world.issue(count) if count else None
            world.services.seal()
            world.settle()
        revoked, suspended = (entry.id for entry in world.services.store.entries.sealed(0, 2))
        world.services.revoke([revoked])
        world.services.suspend([suspended])
        world.settle()
        LogPublisher(world.services).write(tmp_path / "log")
        world.services.close()

        def catch_up(services: Services, _: Moment) -> None:
            recover(services, open_source(str(tmp_path / "log")), take_status=True)
            report = services.fsck(repair=True)
            assert (report.clean, report.unchecked) == (True, [])

        def judge(directory: Path) -> None:
            found = judged(world, directory, 7)
            assert (found.services.status().recovered, found.services.store.log.size()) == (2, 7)
            acts = [act for entry in (revoked, suspended) for act in found.services.store.statuses.of(entry)]
            assert [act.act.value for act in acts] == ["revoke", "suspend"]
            lines = [act.subject for act in found.services.store.acts.all() if act.act == "recover"]
            assert lines == ["5 entries", "7 entries"]
            found.services.reinstate([suspended])
            found.sealed(2)
            found.survived(4)
            found.services.close()

        directory = restored(world, tmp_path / "backup.tar")
        tried = Killing(world, directory, tmp_path, catch_up, judge, sampled=4).rounds()
        record_property("rounds", tried)
        assert tried > 7 or IN_PART


@pytest.mark.fault("process killed, repair", "the same in `fsck --repair`: an anchor is missing, evidence is damaged")
def test_killed_while_a_restored_store_is_repaired(tmp_path: Path, record_property: Rounds) -> None:
    with scene(tmp_path, "the process killed while it repairs", epoch=1) as world:
        for _ in range(2):
            world.sealed(2)
            world.settle()
        world.sealed(2)
        world.tick()  # signed and sent, as far as the backup knows
        damage = 'UPDATE anchors SET evidence = \'["00",0,["00"],0]\''
        world.services.store._database.change(damage)
        backup_node(world.services, tmp_path / "backup.tar")
        world.settle()
        world.services.close()

        def repair(services: Services, _: Moment) -> None:
            report = services.fsck(repair=True)
            assert (report.clean, report.unchecked) == (True, [])

        def judge(directory: Path) -> None:
            found = judged(world, directory, 6)
            report = found.services.fsck()
            assert (report.findings, report.unchecked, report.anchors) == ([], [], 3)
            found.sealed(1)
            found.settle()
            assert len(found.attempts(3)) == 1
            found.survived(4)
            found.services.close()

        directory = restored(world, tmp_path / "backup.tar")
        tried = Killing(world, directory, tmp_path, repair, judge, sampled=4).rounds()
        record_property("rounds", tried)
        assert tried > 6 or IN_PART
