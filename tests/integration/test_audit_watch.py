"""A watch alarms once for each new finding, over restarts, kills, reorgs and webhooks that fail."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from anchor.audit.watching import Watch
from node.client import verify_webhook
from rootseal.errors import InputError, StoreError
from tests.support.devchain import ROOT
from tests.support.history import DAY, History, HistoryIssuer
from tests.support.ledger_world import publish
from tests.support.program import Program
from tests.support.scripted_chain import ScriptedChain, scripted_chain
from tests.support.serving import serving


@pytest.fixture
def driver() -> Iterator[ScriptedChain]:
    with scripted_chain("the watch of a ledger") as made:
        yield made


class Watched:
    """A ledger with one issuer, its published log, and a watch of it by the command line."""

    def __init__(self, driver: ScriptedChain, folder: Path, program: Program) -> None:
        self.history, self.folder, self.program = History(driver, 3), folder, program
        self.issuer: HistoryIssuer = self.history.register(1)
        self.driver = driver
        self.anchor(10)

    def anchor(self, count: int) -> None:
        self.history.seal(self.issuer, count)
        self.history.anchor(self.issuer)
        self.driver.mine(DAY)
        self.driver.settle()
        self.publish()

    def publish(self) -> None:
        shutil.rmtree(self.folder / "log", ignore_errors=True)
        publish(self.issuer, self.folder / "log")

    def words(self, *more: object) -> list[str]:
        log = ["--log", self.folder / "log", "--state", self.folder / "state", "--silence", 100]
        words = ["audit", "watch", "--rpc", self.driver.url, "--ledger", self.history.address_text, *log, *more]
        return [str(word) for word in words]

    def once(self, *more: object) -> tuple[int, dict[str, Any], str]:
        run = self.program(*self.words("--once", "--json", *more))
        return run.code, run.objects[0] if run.objects else {}, run.err

    def silence(self) -> None:
        self.driver.mine(150 * DAY)
        self.driver.settle()


@pytest.fixture
def watched(driver: ScriptedChain, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Watched:
    return Watched(driver, tmp_path, Program(capsys))


class Hook:
    """Takes alarms, or answers 500 while `broken`."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.sent: list[tuple[dict[str, str], bytes]] = []
        self.broken = False
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                hook.sent.append((dict(self.headers), data))
                if not hook.broken:
                    hook.taken.append(json.loads(data))
                self.send_response(500 if hook.broken else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._running = ExitStack()

    def __enter__(self) -> Hook:
        self.url = self._running.enter_context(serving(self._server)) + "/hook"
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


def codes(look: dict[str, Any]) -> list[str]:
    return [found["code"] for found in look["new"]]


def test_each_finding_is_alarmed_once_and_again_when_it_comes_back(watched: Watched) -> None:
    code, look, _ = watched.once()
    assert (code, look["verdict"], look["new"]) == (0, "clean", [])
    watched.silence()
    code, look, err = watched.once()
    assert (code, codes(look)) == (1, ["issuer.silent"])
    assert "ALARM: serious: Issuer 1 published nothing" in err
    watched.driver.mine(DAY)
    watched.driver.settle()
    code, look, err = watched.once()
    assert (code, codes(look), look["findings"]) == (0, [], 1)
    assert "ALARM" not in err
    kept = (watched.folder / "log").rename(watched.folder / "elsewhere")
    publish(watched.issuer, watched.folder / "log", watched.issuer.entries[:-1])
    code, look, _ = watched.once()
    # The summary that was kept says that there was more.
    assert (code, codes(look)) == (1, ["log.missing"])
    shutil.rmtree(watched.folder / "log")
    kept.rename(watched.folder / "log")
    code, look, err = watched.once()
    assert (code, codes(look), [key.split("/")[0] for key in look["gone"]]) == (0, [], ["log.missing"])
    assert "no longer found: log.missing" in err
    assert json.loads((watched.folder / "state" / "report" / "report.json").read_bytes())["verdict"] == "findings"


def test_log_rewritten_before_it_was_anchored_is_found(watched: Watched) -> None:
    watched.history.seal(watched.issuer, 5)
    watched.publish()
    assert watched.once()[0] == 0
    sealed = watched.issuer.entries
    watched.issuer.entries = [*sealed[:-5], *sorted(bytes(31) + bytes([at]) for at in range(7))]
    watched.publish()
    code, look, _ = watched.once()
    assert (code, codes(look)) == (1, ["log.equivocation"])
    code, look, _ = watched.once()
    assert (code, codes(look), look["findings"]) == (0, [], 1), "it is kept, and not forgotten at the next look"


def test_webhook_that_fails_is_told_later(watched: Watched) -> None:
    with Hook() as hook:
        assert watched.once("--webhook", hook.url)[0] == 0
        watched.silence()
        hook.broken = True
        code, look, err = watched.once("--webhook", hook.url)
        assert (code, look["waiting"], hook.taken) == (1, 1, [])
        assert "could not be handed on" in err
        code, look, _ = watched.once("--webhook", hook.url)
        assert (code, codes(look), look["waiting"]) == (3, [], 1)
        hook.broken = False
        code, look, _ = watched.once("--webhook", hook.url)
        assert (code, look["waiting"]) == (0, 0)
        assert [alarm["finding"]["code"] for alarm in hook.taken] == ["issuer.silent"]
        assert hook.taken[0]["format"] == "rootseal/audit-alarm/1"
        assert hook.taken[0]["ledger"] == watched.history.address_text
        assert watched.once("--webhook", hook.url)[0] == 0
        assert len(hook.taken) == 1


def test_alarms_are_signed_where_there_is_a_secret(watched: Watched, tmp_path: Path) -> None:
    secret = tmp_path / "hook.secret"
    secret.write_text("whsec_" + base64.b64encode(b"k" * 32).decode() + "\n")
    with Hook() as hook:
        watched.once("--webhook", hook.url, "--webhook-secret", secret)
        watched.silence()
        hook.broken = True
        watched.once("--webhook", hook.url, "--webhook-secret", secret)
        hook.broken = False
        watched.once("--webhook", hook.url, "--webhook-secret", secret)
    assert len(hook.sent) == 2
    for headers, body in hook.sent:
        assert (
            verify_webhook(body, headers, secret.read_text().strip(), time.time())["format"] == "rootseal/audit-alarm/1"
        )
    assert hook.sent[0][0]["webhook-id"] == hook.sent[1][0]["webhook-id"]
    for wrong in ("", "whsec_", "whsec_AAAA", "é" * 40, base64.b64encode(bytes(65)).decode()):
        secret.write_text(wrong)
        code, _, err = watched.once("--webhook", hook.url, "--webhook-secret", secret)
        assert code == 2
        assert not wrong or wrong not in err
    assert watched.once("--webhook", hook.url, "--webhook-secret", tmp_path / "nothing")[0] == 2
    assert watched.once("--webhook-secret", secret)[0] == 2


def test_reorg_behind_the_last_look_is_noticed_and_read_anew(watched: Watched) -> None:
    taken = watched.driver.snapshot()
    watched.anchor(5)
    code, look, _ = watched.once()
    assert (code, look["replaced"]) == (0, False)
    watched.driver.revert(taken)
    watched.issuer.sequence -= 1
    watched.history.anchor(watched.issuer)
    watched.driver.mine(2 * DAY)
    watched.driver.settle()
    code, look, err = watched.once()
    assert (code, look["replaced"], look["new"]) == (0, True, [])
    assert "a block that was final is not on the chain any more" in err
    report = json.loads((watched.folder / "state" / "report" / "report.json").read_bytes())
    assert [anchor["sequence"] for anchor in report["issuers"][0]["anchors"]] == [1, 2]
    assert watched.once()[1]["replaced"] is False


def test_reorg_of_blocks_that_were_not_final_changes_nothing(watched: Watched) -> None:
    assert watched.once()[0] == 0
    watched.driver.mine(5)
    watched.driver.rpc("anvil_reorg", 1, [])
    code, look, _ = watched.once()
    assert (code, look["replaced"], look["new"]) == (0, False, [])


def running(watched: Watched, *more: object) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "rootseal", *watched.words("--every", 1, "--json", *more)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def line(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert child.stdout is not None
    guard = threading.Timer(60, child.kill)
    guard.start()
    told = child.stdout.readline()
    guard.cancel()
    assert told, "the watch ended"
    return dict(json.loads(told))


def end(child: subprocess.Popen[bytes], number: int) -> int:
    os.kill(child.pid, number)
    code = child.wait(60)
    assert child.stdout is not None
    child.stdout.close()
    return code


def test_killed_watch_goes_on_and_alarms_nothing_twice(watched: Watched) -> None:
    with Hook() as hook, ExitStack() as stack:
        child = running(watched, "--webhook", hook.url)
        stack.callback(lambda: child.poll() is None and child.kill())
        assert line(child)["verdict"] == "clean"
        # A second watch of one folder would alarm everything twice.
        assert "another watch uses" in watched.once()[2]
        watched.silence()
        while "issuer.silent" not in codes(line(child)):
            pass
        assert end(child, signal.SIGKILL) == -signal.SIGKILL
        again = running(watched, "--webhook", hook.url, "--metrics-port", 0)
        stack.callback(lambda: again.poll() is None and again.kill())
        look = line(again)
        assert (look["new"], look["findings"]) == ([], 1)
        assert end(again, signal.SIGTERM) == 0
        assert [alarm["finding"]["code"] for alarm in hook.taken] == ["issuer.silent"]


def test_killed_again_and_again_no_alarm_is_lost(watched: Watched) -> None:
    """Killed at any moment of a look, the finding is told at least once in the end."""
    watched.silence()
    with Hook() as hook:
        for number in range(4):
            child = running(watched, "--webhook", hook.url)
            time.sleep(1.2 + 0.25 * number)
            end(child, signal.SIGKILL)
        code, look, err = watched.once("--webhook", hook.url)
        assert code in (0, 1), err
        assert look["findings"] == 1
        assert {alarm["finding"]["code"] for alarm in hook.taken} == {"issuer.silent"}


def test_metrics_say_what_was_seen(watched: Watched, tmp_path: Path) -> None:
    from anchor.audit.telling import Metrics
    from anchor.audit.watching import Look
    from anchor.audit_words import read_request

    watched.silence()
    request = read_request(
        (watched.driver.url,), watched.history.address_text, None, (str(watched.folder / "log"),), (), None, (),
        ("100",), None,
    )  # fmt: skip
    with Metrics(0) as metrics, Watch(request, tmp_path / "state") as watch:
        look: Look = watch.look(lambda sentence: None)
        metrics.looked(look)
        metrics.failed()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{metrics.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    assert 'rootseal_audit_findings{severity="serious"} 1' in text
    assert "rootseal_audit_looks_total 1" in text
    assert "rootseal_audit_failures_total 1" in text
    assert f"rootseal_audit_block {look.block.number}\n" in text


def test_chain_that_is_down_is_no_alarm(watched: Watched) -> None:
    assert watched.once()[0] == 0
    run = watched.program(
        "audit", "watch", "--rpc", "http://127.0.0.1:9", "--ledger", watched.history.address_text,
        "--state", watched.folder / "state", "--once",
    )  # fmt: skip
    assert run.code == 3
    assert "could not look" in run.err
    assert watched.once()[0] == 0


def test_folders_of_something_else_are_refused(watched: Watched, tmp_path: Path) -> None:
    from anchor.audit.auditing import AuditRequest

    chain = watched.history.chain
    state = tmp_path / "some"
    with Watch(AuditRequest(chain, watched.history.address), state) as watch:
        watch.look(lambda sentence: None)
        with pytest.raises(StoreError, match="another watch"), Watch(AuditRequest(chain, bytes(20)), state):
            pass
    with pytest.raises(InputError, match="another ledger"), Watch(AuditRequest(chain, bytes(20)), state):
        pass
    (state / "state.json").write_text("[1]")
    with pytest.raises(InputError, match="something else"), Watch(AuditRequest(chain, bytes(20)), state):
        pass
