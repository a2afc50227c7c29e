"""The drill “the machine is lost”: from a backup, the passphrase and the printed sheet to a running node."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from node.hurrying import want_anchor
from node.ledger_keys import keystore_address
from node.services import Services
from rootseal.ethereum import address_text
from tests.support.devchain import ROOT, ChainProcess, running_chain
from tests.support.program import Program
from tests.support.school import DRILLS, PASSPHRASE, School, open_school
from tests.unit.node.nodes import roster


@pytest.fixture
def dev_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        yield chain


@pytest.fixture
def school(
    capsys: pytest.CaptureFixture[str], dev_chain: ChainProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> School:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return open_school(Program(capsys), dev_chain, tmp_path)


def print_the_sheet(school: School) -> bytes:
    """The sheet's lines of the admin's key, typed into a file; the key itself leaves the machine."""
    admin = school.folder / "college" / "admin-key.json"
    address = keystore_address(admin)
    school.ok("node", "recovery-sheet", "college", "--with-encrypted-keys", "--text", "-o", "sheet.txt")
    sheet = (school.folder / "sheet.txt").read_text()
    assert "rootseal node recover college --log $LOG --take-status" in sheet, "the sheet tells what to type"
    block = sheet.partition(f"Locked key admin-key.json {address_text(address)}\n")[2]
    (school.folder / "typed.txt").write_text(block.partition("\n\n")[0])
    admin.unlink()
    return address


@contextmanager
def running(school: School) -> Iterator[str]:
    """`rootseal node run college`, and its address."""
    command = [sys.executable, "-m", "rootseal", "node", "run", str(school.folder / "college"), "--port", "0"]
    with (school.folder / "run.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0, (school.folder / "run.log").read_text()


def until_anchored(school: School, count: int) -> None:
    """The process is asked to seal and to anchor soon, and does both."""
    school.ok("node", "seal", "college")
    with Services.open(school.folder / "college") as services:
        want_anchor(services.store, services.now)
    deadline = time.monotonic() + 60
    while school.ok("node", "status", "college", "--json").objects[0]["anchored"] < count:
        assert time.monotonic() < deadline, (school.folder / "run.log").read_text()
        time.sleep(0.5)


def test_the_machine_is_lost_and_the_node_runs_again(school: School) -> None:
    admin = print_the_sheet(school)
    before = school.issue(2)
    school.ok("node", "anchor", "college")
    school.ok("node", "backup", "college", "college-backup.tar")

    # After the backup: a batch that is anchored, a revocation, and a list that was only accepted.
    after = school.issue(2, first=2)
    school.ok("node", "anchor", "college")
    held = school.export(after[0])
    school.ok("node", "revoke", "college", before[1])
    school.ok("node", "anchor", "college")
    school.ok("node", "export-log", "college", "published")
    (school.folder / "list.csv").write_bytes(roster(1, first=9))
    school.ok("node", "issue", "college", "list.csv")
    shutil.rmtree(school.folder / "college")
    school.words["LOG"] = "published"
    restored, *lines = DRILLS["machine-lost"].splitlines()
    assert school.type(restored).code == 0
    (school.folder / "college" / "passphrase.txt").write_text(PASSPHRASE + "\n")
    for line in lines:
        run = school.type(line)
        assert run.code == 0, f"{line}\n{run.out}\n{run.err}"
    assert keystore_address(school.folder / "college" / "admin-key.json") == admin
    assert (school.folder / "college-new.tar").exists()

    # What was issued before and after the backup verifies, what was revoked stays so, and the rest goes on.
    assert school.verdict(held)[0] == "verified"
    assert school.verdict(school.export(before[0]))[0] == "verified"
    assert "status.revoked" in school.verdict(school.export(before[1]))[1]
    again = school.ok("node", "issue", "college", "list.csv", "--json").objects[0]["issued"]
    with running(school) as url:
        with urlopen(f"{url}/healthz", timeout=10) as answer:
            assert answer.status == 200
        until_anchored(school, 5)
    assert school.verdict(school.export(again[0]["id"]))[0] == "verified"
    school.ok("node", "keys", "add", "college", "--address", "0x" + "07" * 20)  # the admin's key works
