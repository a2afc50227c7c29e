"""Two processes on one directory: one sends, the other says who does; a standby takes over after `kill -9`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from node.leasing import LEASE_SECONDS
from node.services import Services
from tests.fault.scene import PROMISE
from tests.fault.test_load import NodeProcess, settled, survived, wait_for
from tests.support.devchain import ROOT, running_chain
from tests.support.faulty_proxy import FaultyProxy
from tests.unit.node.nodes import TEMPLATES, make_registered, roster


@pytest.mark.fault("leader killed, standby takes over", "kill -9 of `node run`, another waits with --standby")
def test_a_standby_takes_over_in_the_stated_time(tmp_path: Path) -> None:
    directory = tmp_path / "node"
    with running_chain("embedded", tmp_path) as chain, FaultyProxy(chain.url) as proxy:
        make_registered(directory, open_chain(chain.url))
        settings = replace(read_config(directory), chain_urls=(proxy.url,), promise_seconds=PROMISE)
        write_config(directory, replace(settings, grace_seconds=0, anchor_interval_seconds=0))
        with Services.open(directory) as services:
            services.add_templates(TEMPLATES)
        leader = NodeProcess(directory)
        standby = NodeProcess(directory, "--standby", wait=False)
        try:
            told_who_sends(directory, leader.worker())
            with Services.open(directory) as services:  # so that the leader dies with an anchor on its way
                services.issue(roster(3, date="2026-01-01"), "r.csv")
                wait_for(lambda: services.store.outbox.named("anchor/1") != ())
            leader.end(signal.SIGKILL)
            began = time.monotonic()
            standby.await_address()
            with Services.open(directory) as services:
                services.issue(roster(3, first=3, date="2026-01-01"), "s.csv")
            assert settled(directory) == 6
            assert time.monotonic() - began < LEASE_SECONDS
        finally:
            standby.end(signal.SIGTERM)
        survived(directory, proxy, 6)


def told_who_sends(directory: Path, pid: int) -> None:
    """`node anchor` beside a running node asks the process that has the lease, and names it; nothing is sealed yet."""
    command = [sys.executable, "-m", "rootseal", "node", "anchor", str(directory), "--timeout", "1"]
    deadline = time.monotonic() + LEASE_SECONDS
    while True:  # the worker takes the lease in its first round
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        if "sends for this node" in done.stderr or time.monotonic() > deadline:
            break
    assert (done.returncode, f"process {pid} on" in done.stderr) == (0, True), done.stderr
    lines = (directory / "run.log").read_text().splitlines()
    assert all(json.loads(line)["event"] != "round failed" for line in lines if line.startswith("{")), lines
