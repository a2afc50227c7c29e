"""Tools for the contract tests: what is missing is named and skipped, or fails where everything is required."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
BINARIES = REPOSITORY / "node_modules" / ".bin"
START_SECONDS = 60.0


def load(path: Path) -> ModuleType:
    """Import one file that is in no package."""
    name = f"contract_tests_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def left_out(reason: str) -> None:
    """Skip the test, saying what was left out; where everything is required, that fails the run."""
    pytest.skip(f"left out: {reason}")


@pytest.fixture(scope="session")
def compiler() -> ModuleType:
    """scripts/compile_contracts.py as a module, with `node` made findable for every child process."""
    module = load(REPOSITORY / "scripts" / "compile_contracts.py")
    try:
        module.use_node()
    except module.CompileError as error:
        left_out(f"there is {error}")
    if not (REPOSITORY / "node_modules" / "solc" / "soljson.js").exists():
        left_out('there is no Solidity compiler: run "npm ci --ignore-scripts"')
    return module


@pytest.fixture(scope="session")
def tool(compiler: ModuleType) -> Callable[[str], Path]:
    """Return the path of a development tool that npm installed (forge, anvil, ganache), or leave the test out."""

    def find(name: str) -> Path:
        path = BINARIES / name
        if not path.exists():
            left_out(f'there is no {name}: run "npm ci --ignore-scripts"')
        return path

    return find


@pytest.fixture(scope="session")
def artifact() -> dict[str, Any]:
    """The committed artifact of the ledger."""
    return committed("CredentialLedger")


@pytest.fixture(scope="session")
def credits_artifact() -> dict[str, Any]:
    """The committed artifact of the credits contract."""
    return committed("EctxCredits")


def committed(name: str) -> dict[str, Any]:
    """The committed artifact of the contract `name`."""
    path = REPOSITORY / "anchor" / "artifacts" / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[str]:
    """Run a chain until the block ends and yield its URL once it answers; only this process is ended."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            return bool(json.load(response).get("result"))
    except (OSError, ValueError):
        return False


@pytest.fixture(params=["anvil", "ganache"])
def chain_url(request: pytest.FixtureRequest, tool: Callable[[str], Path], tmp_path: Path) -> Iterator[str]:
    """URL of a fresh chain with unlocked accounts that knows no instruction younger than Paris."""
    port = free_port()
    program = str(tool(request.param))
    options = {
        "anvil": ["--host", "127.0.0.1", "--port", str(port), "--hardfork", "paris", "--cache-path", str(tmp_path)],
        "ganache": ["--server.host", "127.0.0.1", "--server.port", str(port), "--chain.hardfork", "merge"],
    }[request.param]
    with running([program, *options], port, tmp_path / "chain.log") as url:
        yield url
