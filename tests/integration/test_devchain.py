"""`rootseal chain`: both engines behave alike, survive kill -9, and refuse what they should."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from anchor import devchain
from anchor.devchain import EngineName, find_anvil
from rootseal.errors import ConfigError
from tests.support.devchain import ROOT, ChainProcess, children, require_anvil, running_chain
from tests.support.program import Program

ENGINES: list[EngineName] = ["embedded", "anvil"]
LIMIT = 10.0  # seconds for anything that should take well under one


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def eventually(question: Any, what: str) -> Any:
    """The first true answer within LIMIT."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"never: {what}")


def pay(chain: ChainProcess) -> str:
    """One transfer; its hash."""
    first, second, *_ = chain.rpc("eth_accounts")
    return str(chain.rpc("eth_sendTransaction", {"from": first, "to": second, "value": "0x1"}))


def is_final(chain: ChainProcess, tx_hash: str) -> bool:
    receipt = chain.rpc("eth_getTransactionReceipt", tx_hash)
    final = chain.rpc("eth_getBlockByNumber", "finalized", False)
    return receipt is not None and int(final["number"], 16) >= int(receipt["blockNumber"], 16)


@pytest.mark.parametrize("engine", ENGINES)
def test_chain_serves_finalises_and_survives_stop_and_kill(engine: EngineName, tmp_path: Path) -> None:
    with running_chain(engine, tmp_path) as chain:
        assert int(chain.rpc("eth_chainId"), 16) == {"anvil": 31337, "embedded": 31338}[engine]
        genesis = chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
        accounts = chain.rpc("eth_accounts")
        paid = []
        for end in (chain.stop, chain.kill9):
            paid.append(pay(chain))
            eventually(lambda: is_final(chain, paid[-1]), "the transaction is final")
            end()
            chain.restart()
            assert chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"] == genesis
            assert chain.rpc("eth_accounts") == accounts
            assert all(is_final(chain, tx_hash) for tx_hash in paid)
            assert int(chain.rpc("eth_getTransactionCount", accounts[0], "latest"), 16) == len(paid)
            # A node reads its contracts at `finalized`, also right after a restart.
            assert chain.rpc("eth_call", {"to": accounts[1]}, "finalized") == "0x"
        assert chain.stop() == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_state_in_use_is_refused(engine: EngineName, tmp_path: Path) -> None:
    with running_chain(engine, tmp_path) as chain:
        arguments = ["--engine", engine, "--port", "0", "--state", str(chain.state)]
        command = [sys.executable, "-m", "anchor.devchain_cli", *arguments]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
        assert second.returncode == 2
        assert "in use by another process" in second.stderr
        assert "Traceback" not in second.stderr
        assert is_final(chain, pay(chain)) or engine == "anvil"


@pytest.mark.parametrize("engine", ENGINES)
def test_port_in_use_is_refused_and_nothing_written(program: Program, engine: EngineName, tmp_path: Path) -> None:
    if engine == "anvil":
        require_anvil("refusal of a port in use")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        state = tmp_path / "state"
        run = program("chain", "--engine", engine, "--port", port, "--state", state)
    assert run.code == 2
    assert f"127.0.0.1:{port} cannot be used" in run.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_foreign_state_file_is_left_alone(program: Program, engine: EngineName, tmp_path: Path) -> None:
    if engine == "anvil":
        require_anvil("refusal of a foreign state file")
    notes = tmp_path / "notes.json"
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE precious(x)")
    database.close()
    for path, content in ((notes, b'{"format":"something else"}' * 20), (notes, b"[1]"), (other, other.read_bytes())):
        path.write_bytes(content)
        run = program("chain", "--engine", engine, "--port", "0", "--state", path)
        assert run.code == 2, run.err
        assert "nothing was changed" in run.err or "some other program" in run.err
        assert path.read_bytes() == content


@pytest.mark.parametrize("engine", ENGINES)
def test_missing_folder_is_bad_input(program: Program, engine: EngineName, tmp_path: Path) -> None:
    if engine == "anvil":
        require_anvil("refusal of a missing folder")
    run = program("chain", "--engine", engine, "--port", "0", "--state", tmp_path / "no" / "state")
    assert run.code == 2
    assert "does not exist" in run.err


def test_missing_anvil_names_the_way_out(program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert find_anvil() is None
    run = program("chain", "--engine", "anvil")
    assert run.code == 2
    assert "--engine embedded" in run.err


def test_auto_follows_the_state_file_then_what_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    embedded, anvil = tmp_path / "a", tmp_path / "b"
    embedded.write_bytes(b"SQLite format 3\x00and more")
    anvil.write_text("{}")
    assert devchain._choose("auto", embedded) == "embedded"
    assert devchain._choose("auto", anvil) == "anvil"
    monkeypatch.setattr(devchain, "find_anvil", lambda: None)
    assert devchain._choose("auto", tmp_path / "new") == "embedded"
    monkeypatch.setattr(devchain, "find_anvil", lambda: Path("/usr/bin/anvil"))
    assert devchain._choose("auto", None) == "anvil"
    with pytest.raises(ConfigError):
        devchain.start("auto", 0, anvil)


def test_first_line_is_the_url(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "anchor.devchain_cli", "--engine", "embedded", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        assert "chain id 31338" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 0


def test_help_has_examples_and_is_honest_about_loss(program: Program) -> None:
    text = " ".join(program("chain", "--help").out.split())
    assert "Examples: rootseal chain" in text
    assert "no crash loses it" in text
    assert "the last moment may be lost" in text


def test_json_line_has_the_promised_members(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "anchor.devchain_cli", "--engine", "embedded", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(LIMIT) == 0
    assert set(line) == {"format", "url", "chainId", "engine", "state", "pid"}
    assert (line["engine"], line["chainId"], line["state"]) == ("embedded", 31338, None)


def test_anvil_dies_with_its_parent(tmp_path: Path) -> None:
    with running_chain("anvil", tmp_path) as chain:
        anvil, helpers = chain.engine_pid, children(chain.pid)
        chain.kill9()
        eventually(lambda: not any(is_running(pid) for pid in (anvil, *helpers)), "anvil and its watchdog ended")


def test_killed_anvil_ends_the_command_and_loses_at_most_the_last_moment(tmp_path: Path) -> None:
    with running_chain("anvil", tmp_path) as chain:
        kept = [pay(chain) for _ in range(5)]
        eventually(lambda: is_final(chain, kept[-1]), "saved and final")
        genesis = chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
        os.kill(chain.engine_pid, signal.SIGKILL)
        assert chain.wait() == 3
        assert "Anvil ended by itself" in chain.log()
        assert "Traceback" not in chain.log()
        chain.restart()
        assert chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"] == genesis
        assert all(chain.rpc("eth_getTransactionReceipt", tx_hash) for tx_hash in kept)


def test_anvil_killed_in_mid_load_restarts_with_a_prefix_of_what_was_sent(tmp_path: Path) -> None:
    with running_chain("anvil", tmp_path) as chain:
        sender = chain.rpc("eth_accounts")[0]
        for _ in range(4):
            before = int(chain.rpc("eth_getTransactionCount", sender, "latest"), 16)
            sent = [pay(chain) for _ in range(40)]
            chain.kill9()
            chain.restart()
            found = [chain.rpc("eth_getTransactionReceipt", tx_hash) is not None for tx_hash in sent]
            assert found == sorted(found, reverse=True)
            assert int(chain.rpc("eth_getTransactionCount", sender, "latest"), 16) == before + sum(found)


def is_running(pid: int) -> bool:
    """Neither gone nor a zombie that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
