"""`rootseal node …`: the whole course on the embedded chain, and `init` interrupted at every transaction."""

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
from anchor.keys import create_keystore
from anchor.ledger import Ledger
from anchor.outbox import State
from node.config import read_config, write_config
from node.health import Health
from node.init import InitOutcome, InitRequest, initialise
from node.runner import Worker
from node.samples import roster
from node.store import STORE_NAME
from rootseal.errors import AnchoringError, ConfigError
from rootseal.policy import parse_policy
from tests.support.devchain import ChainProcess, running_chain
from tests.support.fake_chain import FakeChain
from tests.support.program import Program, Run
from tests.unit.node.nodes import Clock, make_node, open_node
from tests.unit.node.nodes import roster as small_roster

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "node" / "samples"
BEGIN = InitRequest(chain_url="http://127.0.0.1:1", name="Example University", country="IE", deploy=True)


class Crash(BaseException):
    """The process is gone."""


class CrashingChain(FakeChain):
    """Ends the process before or after the n-th raw transaction is taken."""

    def __init__(self, at: int, before: bool) -> None:
        super().__init__()
        self._at, self._before = at, before
        self.count = 0

    def send_raw(self, raw: bytes) -> bytes:
        self.count += 1
        if self.count == self._at and self._before:
            raise Crash
        answer = super().send_raw(raw)
        if self.count == self._at:
            raise Crash
        return answer


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture(scope="module")
def dev_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain")) as chain:
        yield chain


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A node's directory with keys that open quickly; `init` keeps keys that are there."""
    made = tmp_path / "node"
    made.mkdir()
    (made / "passphrase.txt").write_text("correct horse\n")
    for name in ("key.json", "admin-key.json"):
        create_keystore(made / name, "correct horse", "pbkdf2", 2)
    return made


def begin(directory: Path, chain: FakeChain, request: InitRequest = BEGIN) -> InitOutcome:
    return initialise(directory, request, chain=chain, timeout=5.0, sleep=lambda _: chain.mine())


def check_registered_once(directory: Path, chain: FakeChain) -> None:
    config = read_config(directory)
    ledger = Ledger(chain, config.home.ledger)
    assert ledger.issuer_count() == 1
    assert len(ledger.keys(1)) == 1
    assert len(ledger.documents(1)) == 1
    policy = parse_policy((directory / "policy.toml").read_text())
    assert policy.ledgers[0].test
    assert policy.ledgers[0].issuer_name(1) == "Example University"


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_init_killed_at_any_transaction_is_finished_by_the_same_command(directory: Path, at: int, before: bool) -> None:
    chain = CrashingChain(at, before)
    with pytest.raises(Crash):
        begin(directory, chain)
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)
    assert chain.count == 4 + (at > 0 and before), "only the transaction that was never taken is sent again"


def test_init_does_not_register_twice_when_answers_and_the_store_are_lost(directory: Path) -> None:
    chain = CrashingChain(2, before=False)
    with pytest.raises(Crash):
        begin(directory, chain)
    for path in directory.glob(f"{STORE_NAME}*"):
        path.unlink()
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)


def test_init_run_again_changes_nothing(directory: Path) -> None:
    chain = FakeChain()
    begin(directory, chain)
    before, sent = (directory / "node.toml").read_bytes(), len(chain.sent)
    assert begin(directory, chain).waiting is None
    assert (directory / "node.toml").read_bytes() == before
    assert len(chain.sent) == sent


def test_init_without_money_says_how_much_and_goes_on_when_it_is_there(directory: Path) -> None:
    chain = FakeChain()
    chain.unlocked = ()
    outcome = begin(directory, chain)
    assert outcome.waiting is not None
    needed = next(funds for funds in outcome.funds if funds.wei)
    chain.set_balance(needed.address, needed.wei)
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)


def test_init_with_an_admin_elsewhere_hands_out_the_calls(directory: Path) -> None:
    chain = FakeChain()
    admin = chain.unlocked[0]
    outcome = begin(directory, chain, InitRequest(**_fields(BEGIN), admin=admin))
    deploy = chain.receipt(chain.send_unlocked(admin, None, outcome.calls[0].data, 0, 8_000_000))
    assert deploy is not None
    ledger = deploy.contract
    outcome = begin(directory, chain, InitRequest(ledger=ledger))
    for expected in (1, 2):
        assert len(outcome.calls) == expected
        for call in outcome.calls:
            chain.send_unlocked(admin, call.to, call.data, 0, 1_000_000)
        outcome = begin(directory, chain, InitRequest())
    assert outcome.waiting is None
    check_registered_once(directory, chain)


def _fields(request: InitRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("chain_url", "name", "country", "deploy")}


@pytest.mark.parametrize(
    "request_",
    [InitRequest(name="Other"), InitRequest(ledger=bytes(19) + b"\1"), InitRequest(admin=bytes(19) + b"\1")],
    ids=["name", "ledger", "admin"],
)
def test_init_refuses_what_contradicts_the_beginning(directory: Path, request_: InitRequest) -> None:
    chain = FakeChain()
    begin(directory, chain)
    with pytest.raises(ConfigError, match="begun with"):
        begin(directory, chain, request_)


def test_init_refuses_a_ledger_of_other_code(directory: Path) -> None:
    request = InitRequest(chain_url="http://127.0.0.1:1", name="X", ledger=bytes(19) + b"\1")
    with pytest.raises(Exception, match="without code"):
        begin(directory, FakeChain(), request)


def test_init_refuses_another_chain_on_the_second_run(directory: Path) -> None:
    begin(directory, FakeChain())
    with pytest.raises(Exception, match="genesis"):
        begin(directory, FakeChain(seed=7), InitRequest())


def test_init_whose_time_is_up_says_so_and_goes_on(directory: Path) -> None:
    chain = FakeChain(finality_lag=3)
    with pytest.raises(AnchoringError, match="time is up"):
        initialise(directory, BEGIN, chain=chain, timeout=0.0, sleep=lambda _: None)
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)


def test_init_refuses_a_directory_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("x")
    with pytest.raises(ConfigError, match="other files"):
        begin(tmp_path, FakeChain())


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
