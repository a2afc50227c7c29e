"""Delivery as it is lived: a real chain, `node run` in a process of its own, a mail server, a receiver, a wallet."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from node.delivery.links import ClaimLinkService
from node.services import Services
from node.webhooks import Webhooks
from rootseal.instants import format_date
from tests.support.devchain import ROOT, running_chain
from tests.support.mail_server import mail_server
from tests.support.program import Program
from tests.support.webhook_receiver import receiver
from tests.unit.node.nodes import TEMPLATES, make_registered, roster

LIMIT = 90.0  # seconds


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_a_running_node_mails_announces_and_hands_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    program, directory, wallet = Program(capsys), tmp_path / "node", tmp_path / "wallet"
    (tmp_path / "secret").write_text("correct horse\n")
    assert program("wallet", "init", wallet, "--passphrase-file", tmp_path / "secret").code == 0
    with running_chain("embedded", tmp_path) as chain, mail_server() as mail, receiver() as hook:
        make_registered(directory, open_chain(chain.url))
        config = replace(
            read_config(directory),
            chain_urls=(chain.url,),
            grace_seconds=0,
            http_port=0,
            smtp_url=f"smtp://127.0.0.1:{mail.port}",
            mail_from="registrar@uni.example",
            mail_on_final=True,
        )
        write_config(directory, config)
        with Services.open(directory) as services:
            services.add_templates(TEMPLATES)
            Webhooks(services.store, services.home, test=True, clock=time.time).add(hook.url, [], allow_private=True)
            date = format_date(services.now - 86_400)
            ids = [row.id for row in services.issue(roster(3, date=date), "r.csv").issued]
        process = subprocess.Popen(
            [sys.executable, "-m", "rootseal", "node", "run", str(directory), "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            until(lambda: len(mail.taken) == 3, "every learner has a mail")
            until(lambda: {json.loads(body)["type"] for _, body in hook.got} == {"sealed", "final"}, "both events")
            received(program, directory, wallet, address, ids[0])
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    for secret in ("example.edu", "Ana", "00000000", ids[0].removeprefix("urn:uuid:")):
        assert secret not in errors
    events = {json.loads(line)["event"] for line in errors.splitlines() if line.startswith("{")}
    assert {"mail", "webhook"} <= events
    told = program("node", "deliveries", directory, "--json").objects[0]
    assert (told["addsUp"], told["total"]["delivered"], told["total"]["issued"]) == (True, 3, 3)


def received(program: Program, directory: Path, wallet: Path, address: str, entry: str) -> None:
    """A claim link, opened by the learner's wallet at the node that runs; a second wallet comes too late."""
    with Services.open(directory) as services:
        # The node's own address stands for its public one, which has TLS.
        link = ClaimLinkService(services.store, address, lambda _: b"").make(entry, services.now, 1).url
    first: Any = program("wallet", "receive", wallet, link, "--json").objects[0]
    assert (first["outcome"], first["file"]) == ("received", f"{address}/claim")
    again: Any = program("wallet", "receive", wallet, link, "--json").objects[0]
    assert again["outcome"] == "already here"
    other = wallet.with_name("other")
    assert program("wallet", "init", other, "--passphrase-file", wallet.with_name("secret")).code == 0
    late = program("wallet", "receive", other, link, "--json")
    assert (late.code, late.objects[0]["outcome"]) == (1, "refused")
    assert "used already" in late.objects[0]["reason"]
    assert link.partition("#")[2] not in late.out + late.err
    wrong = program("wallet", "receive", wallet, link.replace("http://127.0.0.1", "http://registrar.example"))
    assert wrong.code == 2
    assert "https://" in wrong.err
