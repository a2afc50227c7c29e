"""Killed at every durable write: the same commands finish the work, and nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from node.config import read_config
from node.services import Services
from node.store import STORE_NAME, EntryState, Fault, Store
from tests.support.fake_chain import FakeChain
from tests.unit.node.nodes import TEMPLATES, Clock, make_node, roster


def the_work(services: Services, out: Path) -> None:
    """One institution's day, every step safe to repeat."""
    services.add_templates(TEMPLATES)
    services.issue(roster(5), "r.csv")
    services.seal()
    services.anchor()
    revoked = min(entry.id for entry in services.store.entries.sealed(0, 5))
    services.revoke([revoked])
    services.anchor()
    services.export(None, out)


def node(directory: Path, chain: FakeChain, fault: Fault | None = None) -> Services:
    clock = Clock()
    store = Store.open(directory / STORE_NAME, fault)
    return Services(directory, read_config(directory), store, chain=chain, clock=clock, sleep=clock.sleep)


def in_a_child_that_dies(work: Callable[[], None]) -> int:
    """The signal that ended a forked child which ran `work`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def points(directory: Path, work: Callable[[Services, Path], None]) -> list[int]:
    """The places in one whole run at which a kill makes a difference: before and after each COMMIT."""
    passed: list[str] = []
    with node(directory, make_node(directory), passed.append) as services:
        work(services, directory / "out")
    return [place for place, name in enumerate(passed) if name != "begin"]


def until_sent(services: Services, _: Path) -> None:
    """The same day up to the first broadcast."""
    services.add_templates(TEMPLATES)
    services.issue(roster(5), "r.csv")
    services.seal()
    services.anchor("sent")


def check(services: Services, out: Path) -> None:
    counts = services.store.entries.counts()
    assert (counts[EntryState.ACCEPTED], counts[EntryState.SEALED]) == (0, 5)
    assert services.connection.ledger.head(1).sequence == 1
    assert services.status_map().revoked[0].bit_count() == 1
    assert len(list(out.glob("*.credential.json"))) == 5
    report = services.fsck()
    assert (report.findings, report.unchecked) == ([], [])


def test_killed_at_any_durable_write_the_same_commands_finish_the_work(tmp_path: Path) -> None:
    for point in points(tmp_path / "whole", until_sent):
        directory = tmp_path / str(point)
        chain = make_node(directory)
        passed = 0

        def die(_: str, at: int = point) -> None:
            nonlocal passed
            if passed == at:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1

        def work(directory: Path = directory, chain: FakeChain = chain, fault: Fault = die) -> None:
            until_sent(node(directory, chain, fault), directory / "out")

        assert in_a_child_that_dies(work) == signal.SIGKILL
        # The child's chain died with it: what it sent there never arrived.
        with node(directory, chain) as services:
            the_work(services, directory / "out")
            check(services, directory / "out")


def test_stopped_at_any_durable_write_while_the_chain_goes_on(tmp_path: Path) -> None:
    """Here the chain keeps what was sent, and only the node forgets: broadcast, then never written down."""

    class Dead(BaseException):
        pass

    for point in points(tmp_path / "whole", the_work):
        directory = tmp_path / str(point)
        chain = make_node(directory)
        passed = 0

        def die(_: str, at: int = point) -> None:
            nonlocal passed
            passed += 1
            if passed == at + 1:
                raise Dead

        services = node(directory, chain, die)
        with pytest.raises(Dead):
            the_work(services, directory / "out")
        services.close()
        with node(directory, chain) as services:
            the_work(services, directory / "out")
            check(services, directory / "out")
