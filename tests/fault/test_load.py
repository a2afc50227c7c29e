"""`kill -9` of the running node and of the embedded chain, again and again, while other processes issue.

A real `rootseal node run`, a real `rootseal chain`, and processes that issue into the same store and write down
what was acknowledged. Three seeded rounds by default, twenty with ROOTSEAL_FAULT_FULL=1.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.web3_chain import open_chain
from node.access import Access, Role
from node.client import NodeClient
from node.client.models import AwardRow
from node.config import read_config, write_config
from node.services import Services
from node.store import EntryState
from rootseal.instants import format_date
from tests.fault.scene import PROMISE, Scene
from tests.support.devchain import ROOT, ChainProcess, children, running_chain
from tests.support.faulty_proxy import FaultyProxy
from tests.unit.node.nodes import TEMPLATES, Clock, make_registered, roster

ROUNDS = 20 if os.environ.get("ROOTSEAL_FAULT_FULL") == "1" else 3
HAMMERS = 2
START_LIMIT, SETTLE_LIMIT = 60.0, 120.0  # seconds


class NodeProcess:
    """`rootseal node run` in a process group of its own; with `wait` off it may be long in printing its address."""

    def __init__(self, directory: Path, *options: str, wait: bool = True) -> None:
        self.directory = directory
        self.options = options
        self.start(wait)

    def start(self, wait: bool = True) -> None:
        """Starts it."""
        command = [sys.executable, "-m", "rootseal", "node", "run", str(self.directory), "--port", "0", *self.options]
        with (self.directory / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        if wait:
            self.await_address()

    def await_address(self) -> None:
        """Returns once it serves."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith(b"http"), (self.directory / "run.log").read_text()[-2000:]

    def worker(self) -> int:
        """The process id of gunicorn's worker, which does the work."""
        deadline = time.monotonic() + START_LIMIT
        while not (found := children(self.process.pid)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found[0]

    def end(self, number: signal.Signals) -> None:
        """The signal to all of its processes at once."""
        os.killpg(self.process.pid, number)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


def hammer(directory: Path, number: int) -> None:
    """Issue until killed; an id is written down only after `issue` returned."""
    with (directory / f"acknowledged-{number}").open("a") as acknowledged, Services.open(directory) as services:
        date = format_date(services.now - 86_400)
        for place in range(10**6):
            outcome = services.issue(roster(2, first=number * 10**6 + 2 * place, date=date), "r.csv")
            acknowledged.write("".join(f"{row.id}\n" for row in outcome.issued))
            acknowledged.flush()
            time.sleep(0.02)


def http_hammer(directory: Path, number: int, url: str, token: str) -> None:
    """The same over HTTP, one award a request; what gets no answer is asked again with the same key."""
    date = format_date(int(time.time()) - 86_400)
    patient = NodeClient(url, token, attempts=10**6, sleep=lambda seconds: time.sleep(min(seconds, 0.1)))
    with (directory / f"acknowledged-{number}").open("a") as acknowledged, patient as client:
        for place in range(number * 10**6, (number + 1) * 10**6):
            award = AwardRow(
                learner_id=f"{place:08}",
                given_name="Ana",
                family_name="Kovač",
                email=f"l{place}@example.edu",
                micro_credential="ledgers",
                awarded_on=date,
            )
            accepted = client.issue(award)
            assert not accepted.already, "it was issued under another key"
            acknowledged.write(f"{accepted.id}\n")
            acknowledged.flush()


@contextmanager
def hammering(work: Callable[[int], None]) -> Iterator[None]:
    """Children that issue as long as the block lasts, and then die in the middle of it."""
    children: list[int] = []
    for number in range(1, HAMMERS + 1):
        child = os.fork()
        if child == 0:
            try:
                work(number)
            finally:
                os._exit(1)
        children.append(child)
    try:
        yield
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it stopped before it was killed"


def disturb(node: NodeProcess, chain: ChainProcess, chance: random.Random) -> None:
    """One round: node, chain or both are killed at a random moment, and started again."""
    time.sleep(chance.uniform(0.2, 2.5))
    victims = chance.choice(("node", "chain", "both"))
    if victims != "chain":
        node.end(signal.SIGKILL)
    if victims != "node":
        chain.kill9()
        time.sleep(chance.uniform(0.0, 1.0))
        chain.restart()
    if victims != "chain":
        node.start()


@pytest.mark.fault("kill -9 of node and chain under load", "`node run` and the embedded chain, two processes issuing")
def test_kill_of_node_and_chain_under_load(tmp_path: Path, record_property: Callable[..., None]) -> None:
    directory, chance = tmp_path / "node", random.Random(20)
    with running_chain("embedded", tmp_path) as chain, FaultyProxy(chain.url) as proxy:
        make_registered(directory, open_chain(chain.url))
        settings = replace(read_config(directory), chain_urls=(chain.url,), promise_seconds=PROMISE)
        write_config(directory, replace(settings, grace_seconds=0, anchor_interval_seconds=0))
        with Services.open(directory) as services:
            services.add_templates(TEMPLATES)
        node = NodeProcess(directory)
        try:
            with hammering(lambda number: hammer(directory, number)):
                for _ in range(ROUNDS):
                    disturb(node, chain, chance)
            issued = settled(directory)
        finally:
            node.end(signal.SIGTERM)
        record_property("rounds", ROUNDS)
        judge(directory, proxy, issued)


@pytest.mark.fault(
    "kill -9 of node and chain under load over HTTP", "`node run` and the embedded chain, two HTTP clients"
)
def test_kill_of_node_and_chain_under_load_over_http(tmp_path: Path, record_property: Callable[..., None]) -> None:
    directory, chance, port = tmp_path / "node", random.Random(21), free_port()
    with running_chain("embedded", tmp_path) as chain, FaultyProxy(chain.url) as proxy:
        make_registered(directory, open_chain(chain.url))
        settings = replace(read_config(directory), chain_urls=(chain.url,), promise_seconds=PROMISE)
        write_config(directory, replace(settings, grace_seconds=0, anchor_interval_seconds=0, requests_per_token=0))
        with Services.open(directory) as services:
            services.add_templates(TEMPLATES)
            token = Access(services.store, time.time).add("Student system", [Role.ISSUE]).text
        url = f"http://127.0.0.1:{port}"
        node = NodeProcess(directory, "--port", str(port))
        try:
            with hammering(lambda number: http_hammer(directory, number, url, token)):
                for _ in range(ROUNDS):
                    disturb(node, chain, chance)
                time.sleep(2.0)  # what was asked while nobody was there is answered now
            issued = settled(directory)
        finally:
            node.end(signal.SIGTERM)
        record_property("rounds", ROUNDS)
        judge(directory, proxy, issued)


def free_port() -> int:
    """A port that nobody listens on; the node comes back on it each time."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def settled(directory: Path) -> int:
    """How many were issued, once the running node has made all of them final."""
    deadline = time.monotonic() + SETTLE_LIMIT
    with Services.open(directory) as services:
        while True:
            counts, anchor = services.store.entries.counts(), services.store.log.newest_anchor()
            if not counts[EntryState.ACCEPTED] and anchor is not None and anchor.size == counts[EntryState.SEALED]:
                return anchor.size
            assert time.monotonic() < deadline, (directory / "run.log").read_text()[-3000:]
            time.sleep(0.3)


def judge(directory: Path, proxy: FaultyProxy, issued: int) -> None:
    """Every acknowledged credential is final, no award is there twice; fsck and audit are clean."""
    judged = Scene(directory, proxy, Clock(time.time()), issued=issued)
    files = [directory / f"acknowledged-{number}" for number in range(1, HAMMERS + 1)]
    acknowledged = [line for file in files for line in file.read_text().splitlines() if len(line) == 45]
    assert len(acknowledged) > 20
    known = {entry.id: entry for entry in judged.services.store.entries.sealed(0, issued)}
    assert set(acknowledged) <= known.keys()
    assert len({(entry.learner, entry.micro_credential) for entry in known.values()}) == issued
    judged.services.close()
    survived(directory, proxy, issued)


def survived(directory: Path, proxy: FaultyProxy, issued: int) -> None:
    """Nobody works there any more: all of it is final, each sequence there once, fsck and audit clean."""
    judged = Scene(directory, proxy, Clock(time.time()), issued=issued)
    judged.survived()
    judged.services.close()


def wait_for(happened: Callable[[], bool]) -> None:
    """Until it has, at most a minute."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)
