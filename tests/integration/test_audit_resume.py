"""An audit that is broken off goes on where it was; what it read can be recorded and audited without a network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.conduct import Standards
from anchor.audit.recording import RecordedChain, RecordedSource, Recording, RecordingChain, RecordingSource
from anchor.audit.sources import open_source
from anchor.web3_chain import Web3Chain
from tests.support.devchain import ROOT
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.history import DAY, SMALL, History, make_history
from tests.support.ledger_world import TamperingProxy
from tests.support.scripted_chain import scripted_chain


@pytest.fixture(scope="module")
def made() -> Iterator[History]:
    with scripted_chain("audits that are broken off") as driver:
        yield make_history(driver, SMALL)


class SlowProvider(TamperingProxy):
    """Small pages, each after a while; remembers from which block each was asked."""

    def __init__(self, url: str, pause: float) -> None:
        super().__init__(url, span=4)
        self.pause = pause
        self.pages: list[int] = []

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = super().answer(request)
        if request["method"] == "eth_getLogs" and "result" in answer:
            time.sleep(self.pause)
            self.pages.append(int(request["params"][0]["fromBlock"], 16))
        return answer


def command(rpc: str, history: History, out: Path, database: Path) -> list[str]:
    words = ["audit", "--rpc", rpc, "--ledger", history.address_text, "--database", database, "--out", out]
    return [sys.executable, "-m", "rootseal", *map(str, words)]


def test_killed_audit_goes_on_where_it_was(made: History, tmp_path: Path) -> None:
    database = tmp_path / "audit.db"
    with SlowProvider(made.url, 0.05) as provider:
        child = subprocess.Popen(command(provider.url, made, tmp_path / "one", database), cwd=ROOT, stderr=-3)
        deadline = time.monotonic() + 30
        while len(provider.pages) < 12 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait(10) == -signal.SIGKILL
        reached = max(provider.pages)
        assert not (tmp_path / "one").exists()
        provider.pages.clear()
        provider.pause = 0.0
        again = subprocess.run(
            command(provider.url, made, tmp_path / "two", database), cwd=ROOT, check=False, capture_output=True
        )
        assert again.returncode == 3, again.stderr
        # At most the page under way is asked for again.
        assert min(provider.pages) >= reached - 4 > 20
    fresh = subprocess.run(
        command(made.url, made, tmp_path / "fresh", tmp_path / "other.db"), cwd=ROOT, check=False, capture_output=True
    )
    assert fresh.returncode == 3
    assert (tmp_path / "two" / "report.json").read_bytes() == (tmp_path / "fresh" / "report.json").read_bytes()


def test_next_audit_reads_only_what_is_new(made: History, tmp_path: Path) -> None:
    request = AuditRequest(Web3Chain(made.url), made.address, database=tmp_path / "audit.db")
    first = audit(request, lambda sentence: None)
    taken = made.driver.snapshot()
    made.driver.settle()
    with SlowProvider(made.url, 0.0) as provider:
        request = AuditRequest(Web3Chain(provider.url), made.address, database=tmp_path / "audit.db")
        second = audit(request, lambda sentence: None)
        assert min(provider.pages) > first.subject.basis.final.number
        # The chain goes back behind what was final: everything is read anew, and the report is the first one.
        made.driver.revert(taken)
        made.driver.mine(5)
        made.driver.mine(5)
        heard: list[str] = []
        third = audit(request, heard.append)
    assert second.subject.events == first.subject.events == third.subject.events
    assert any("replaced" in sentence for sentence in heard)


def test_provider_with_hiccups_and_slow_answers_gives_the_same_report(made: History) -> None:
    calm = audit(AuditRequest(Web3Chain(made.url), made.address), lambda sentence: None)
    with FaultyProxy(made.url, seed=3) as proxy:
        limit = Fault("error", code=-32005, message="limit exceeded")
        proxy.script("eth_getLogs", Fault("lose_response"), limit, limit, Fault("delay", seconds=1.2), limit)
        chain = Web3Chain(proxy.url, timeout=0.6)
        troubled = audit(AuditRequest(chain, made.address), lambda sentence: None)
        assert proxy.calls["eth_getLogs"] > 6
    assert troubled.to_bytes() == calm.to_bytes()


def test_recording_gives_the_same_report_with_nobody_to_ask(made: History, tmp_path: Path) -> None:
    logs = [open_source(str(path)) for path in made.publish(tmp_path).values()]
    standards = Standards(tuple(a.address for a in made.accreditors), 120 * DAY)
    recording = Recording()
    request = AuditRequest(
        RecordingChain(Web3Chain(made.url), recording),
        made.address,
        tuple(RecordingSource(log, recording, at) for at, log in enumerate(logs)),
        credits=made.credits.address,
        second=RecordingChain(Web3Chain(made.url), recording, "second"),
        standards=standards,
    )
    told = audit(request, lambda sentence: None)
    assert (told.verdict, told.findings) == ("clean", ())
    threads = threading.active_count()
    again = Recording.from_json(recording.to_json())
    offline = AuditRequest(
        RecordedChain(again),
        made.address,
        tuple(RecordedSource(again, at) for at in range(len(logs))),
        credits=made.credits.address,
        second=RecordedChain(again, "second"),
        standards=standards,
    )
    assert audit(offline, lambda sentence: None).to_bytes() == told.to_bytes()
    assert threading.active_count() < threads + 20
