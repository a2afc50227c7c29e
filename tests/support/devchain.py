"""`rootseal chain` as a subprocess for tests: either engine, on a free port, killed and restarted at will."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from anchor.devchain import EngineName, find_anvil

ROOT = Path(__file__).parents[2]
START_LIMIT = 30.0  # seconds; a loaded machine needs several for py-evm's imports
STOP_LIMIT = 15.0


def require_anvil(left_out: str) -> None:
    """Skips the test, naming what it leaves out; where everything is required, that fails the run."""
    if find_anvil() is not None:
        return
    pytest.skip(f"anvil is not installed; left out: {left_out}")


def rpc(url: str, method: str, *params: object) -> Any:
    """The `result` of one request. Raises RuntimeError with the error object, OSError when nobody answers."""
    reply = post(url, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    if "error" in reply:
        raise RuntimeError(reply["error"])
    return reply["result"]


def post(url: str, body: object) -> Any:
    """The JSON answer to any JSON body, or to raw bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, raw, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as response:
        return json.load(response)


class ChainProcess:
    """One `rootseal chain` and its log. The port and the state file stay the same over restarts."""

    def __init__(self, engine: EngineName, log: Path, state: Path | None) -> None:
        self.engine: EngineName = engine
        self.state = state
        self._log = log
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.info: dict[str, Any] = {}
        self.start()

    @property
    def pid(self) -> int:
        """The command's process id, not Anvil's."""
        assert self._process is not None
        return self._process.pid

    @property
    def engine_pid(self) -> int:
        """Anvil's process id, or the command's own for the embedded engine."""
        if self.engine == "embedded":
            return self.pid
        for child in children(self.pid):
            if "anvil" in Path(f"/proc/{child}/comm").read_text():
                return child
        raise AssertionError("no Anvil child")

    def start(self) -> None:
        """Starts it and waits for the line that says where it is."""
        command = [sys.executable, "-m", "anchor.devchain_cli", "--json", "--engine", self.engine]
        command += ["--port", str(self._port)]
        if self.state is not None:
            command += ["--state", str(self.state)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        self.info = self._first_line()
        self.url = self.info["url"]
        self._port = int(self.url.rsplit(":", 1)[1])
        assert self.info["pid"] == self.pid

    def _first_line(self) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        # A read cannot be given up: the kill ends it, so that no test hangs for ever.
        guard = threading.Timer(START_LIMIT, process.kill)
        guard.start()
        line = process.stdout.readline()
        guard.cancel()
        if not line:
            process.wait()
            process.stdout.close()
            raise AssertionError(f"chain did not start: {self.log()}")
        return dict(json.loads(line))

    def kill9(self) -> None:
        """As a crash: no warning, no clean-up."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """The exit code, once it has ended."""
        assert self._process is not None
        try:
            code = self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"chain did not stop: {self.log()}") from None
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def restart(self) -> None:
        """Starts again on the same port and state after `kill9` or `stop`."""
        self.start()

    def rpc(self, method: str, *params: object) -> Any:
        """One request to it."""
        return rpc(self.url, method, *params)

    def log(self) -> str:
        """The end of what it wrote to stderr, for failure messages."""
        return self._log.read_text("utf-8", "replace")[-2000:]

    def close(self) -> None:
        """Ends it if it still runs."""
        assert self._process is not None
        if self._process.poll() is None:
            self.stop()
        elif self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def running_chain(engine: EngineName, folder: Path, *, state: bool = True) -> Iterator[ChainProcess]:
    """A chain on a free port, its state and log in `folder`; ended however the test ends."""
    if engine == "anvil":
        require_anvil("development chain on Anvil")
    chain = ChainProcess(engine, folder / f"{engine}.log", folder / f"{engine}.state" if state else None)
    try:
        yield chain
    finally:
        chain.close()


def children(pid: int) -> list[int]:
    """Process ids of the direct children (Linux)."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
