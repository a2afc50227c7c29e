"""`rootseal node …`: the whole course on the embedded chain, the worker, and what is said to wrong usage."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchor.chain import ChainUnavailable
from anchor.outbox import State
from node.config import read_config, write_config
from node.health import Health
from node.runner import Worker
from node.samples import roster
from node.store import STORE_NAME
from tests.support.devchain import ChainProcess, running_chain
from tests.support.fake_chain import FakeChain
from tests.support.program import Program, Run
from tests.unit.node.nodes import Clock, make_node, open_node
from tests.unit.node.nodes import roster as small_roster

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "node" / "samples"


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture(scope="module")
def dev_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain")) as chain:
        yield chain


def test_the_course_of_a_node(program: Program, dev_chain: ChainProcess, tmp_path: Path) -> None:
    node = tmp_path / "node"
    made = ok(program("node", "init", node, "--chain-url", dev_chain.url, "--deploy", "--name", "Uni", "--json"))
    assert (made["format"], made["ready"], made["issuer"]) == ("rootseal/node-init/1", True, 1)
    assert stat.S_IMODE(node.stat().st_mode) == 0o700
    for name in ("key.json", "admin-key.json", "log-key.json", "passphrase.txt", STORE_NAME):
        assert stat.S_IMODE((node / name).stat().st_mode) == 0o600, name
    assert json.loads((node / "key.json").read_text())["version"] == 3

    assert (
        len(ok(program("node", "templates", "add", node, SAMPLES / "microcredentials.json", "--json"))["versions"]) == 5
    )
    sample = tmp_path / "empty.csv"
    ok(program("node", "templates", "sample", node, "lab-safety", "-o", sample, "--json"))
    empty = program("node", "issue", node, sample, "--dry-run", "--json")
    assert (empty.code, "no rows below them" in empty.err) == (2, True)

    listed, refused = SAMPLES / "roster-demo.csv", tmp_path / "refused.csv"
    tried = program("node", "issue", node, listed, "--dry-run", "--json")
    assert (tried.code, len(tried.objects[0]["issued"])) == (1, 20)
    assert tried.objects[0]["sample"]["type"]
    outcome = program("node", "issue", node, listed, "--refused", refused, "--json")
    assert (outcome.code, len(outcome.objects[0]["issued"]), len(outcome.objects[0]["refused"])) == (1, 20, 4)
    with refused.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["reason"].partition(",")[0] for row in rows] == ["line 7", "line 12", "line 17", "line 23"]
    assert rows[3]["awarded_on"] == "31/03/2026"
    again = program("node", "issue", node, listed)
    assert "20 issued before" in again.out
    assert "line 12, learner_id" in again.out

    first = outcome.objects[0]["issued"][0]["id"]
    ok(program("node", "withdraw", node, first, "--json"))
    assert program("node", "withdraw", node, "urn:uuid:nothing").code == 2
    sealed = ok(program("node", "seal", node, "--json"))
    assert (sealed["sealed"], sealed["checkpoint"]["size"]) == (19, 19)
    assert ok(program("node", "seal", node, "--json"))["sealed"] == 0
    second = outcome.objects[0]["issued"][1]["id"]
    assert program("node", "withdraw", node, second).code == 3
    assert program("node", "revoke", node, second).code == 3

    files = tmp_path / "files"
    assert ok(program("node", "export", node, "--all", "-o", files, "--json"))["anchored"] == 0
    anchored = ok(program("node", "anchor", node, "--json"))
    assert (anchored["reached"], anchored["anchor"]["sequence"]) == (True, 1)
    assert ok(program("node", "update", node, "-o", files, "--json"))["anchored"] == 19
    assert program("node", "export", node, "-o", files).code == 2
    assert program("node", "export", node, "nothing", "-o", files).code == 2

    assert ok(program("node", "revoke", node, second, "--reason", "superseded", "--json"))["requested"] == [second]
    third = outcome.objects[0]["issued"][2]["id"]
    ok(program("node", "suspend", node, third, "--json"))
    ok(program("node", "anchor", node, "--json"))
    ok(program("node", "reinstate", node, third, "--json"))
    ok(program("node", "anchor", node, "--json"))
    assert ok(program("node", "export-log", node, tmp_path / "log", "--json"))["size"] == 19
    assert ok(program("node", "status", node, "--json"))["healthy"]
    assert ok(program("node", "fsck", node, "--json"))["clean"]
    assert "TEST" in program("node", "status", node).out
    _serve(node)


def ok(run: Run) -> Any:
    assert run.code == 0, run.err
    return run.objects[0]


def _serve(node: Path) -> None:
    """`node run` on the same node: it answers, one at a time, and ends cleanly."""
    command = [sys.executable, "-m", "rootseal", "node", "run", str(node), "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert json.loads(_get(f"{url}/v1/status"))["size"] == 19
        _unreadable_requests_have_one_shape(url)
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert (second.returncode, "runs here already" in second.stderr) == (2, True)
        deadline = time.monotonic() + 30
        while b"rootseal_final_block 0.0" in _get(f"{url}/metrics") and time.monotonic() < deadline:
            time.sleep(0.2)
        assert json.loads(_get(f"{url}/readyz"))["status"] == "ready"
    finally:
        os.kill(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=40)
    assert process.returncode == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in lines if line["event"] in ("start", "stop")] == ["start", "stop"]


def _unreadable_requests_have_one_shape(url: str) -> None:
    """What gunicorn refuses by itself is answered like everything else (RFC 9457)."""
    host, port = url.removeprefix("http://").split(":")
    requests = {
        414: b"GET /v1/proofs/" + b"f" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        431: b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"f" * 20_000 + b"\r\n\r\n",
        400: b"nonsense\r\n\r\n",
    }
    for status, request in requests.items():
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(request)
            answer = connection.makefile("rb").read()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d" % status), answer
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status


def _get(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as answer:
        return bytes(answer.read())


def test_the_worker_seals_after_the_grace_time_anchors_and_reports(tmp_path: Path) -> None:
    chain, clock = FakeChain(), Clock()
    make_node(tmp_path / "node", chain)
    write_config(tmp_path / "node", replace(read_config(tmp_path / "node"), grace_seconds=100))
    with open_node(tmp_path / "node", chain, clock) as services:
        health = Health()
        worker = Worker(services, health, clock)
        services.issue(small_roster(3), "list.csv")
        worker.round()
        assert services.newest_checkpoint() is None
        clock.now += 101
        for _ in range(6):
            worker.round()
            clock.now += 1
        anchor = services.store.log.newest_anchor()
        assert anchor is not None
        assert anchor.size == 3
        assert services.store.outbox.named("anchor/")[0].state is State.FINAL
        assert health.pulse.problem is None
        assert health.pulse.rounds == 7


def test_a_silent_chain_slows_the_worker_down_and_is_forgotten_when_it_answers(tmp_path: Path) -> None:
    chain, clock = FakeChain(), Clock()
    make_node(tmp_path / "node", chain)
    with open_node(tmp_path / "node", chain, clock) as services:
        health = Health(working=True)
        worker = Worker(services, health, clock)
        worker.round()
        chain.fail("call", ChainUnavailable("eth_call", "nobody answers"))
        worker.round()
        assert health.pulse.problem == "chain.unavailable"
        assert not health.ready(clock.now)
        worker.round()
        assert health.ready(clock.now)


def test_a_directory_without_a_node_says_which_command_makes_one(program: Program, tmp_path: Path) -> None:
    run = program("node", "status", tmp_path)
    assert run.code == 2
    assert "rootseal node init" in run.err


@pytest.mark.parametrize(
    "words",
    [["init"], ["init", "x", "--ledger", "0x12"], ["issue", "x"], ["anchor", "x", "--wait", "soon"], ["nothing"]],
)
def test_wrong_usage_is_2(program: Program, words: list[str]) -> None:
    assert program("node", *words).code == 2


def test_every_command_has_help_with_an_example(program: Program) -> None:
    from node.cli import main

    for name, command in main.commands.items():
        run = program("node", name, "--help")
        assert run.code == 0
        if name != "templates":
            assert "Example" in run.out, name
            assert command.help


def test_refused_rows_cannot_become_formulas(tmp_path: Path, program: Program) -> None:
    chain = FakeChain()
    make_node(tmp_path / "node", chain)
    data = roster().replace(b",Hendrikka,", b",=HYPERLINK(1),")
    from node.cli.refused import write_refused

    with open_node(tmp_path / "node", chain) as services:
        outcome = services.issue(data, "list.csv", dry_run=True)
    write_refused(tmp_path / "refused.csv", outcome.refused, data, "list.csv")
    assert "'=HYPERLINK(1)" in (tmp_path / "refused.csv").read_text(encoding="utf-8-sig")
