"""A fresh Anvil or Ganache that begins before a history does, to play it again on."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from anchor.devchain import find_anvil
from tests.support.devchain import ROOT, require_anvil, rpc

__all__ = ["ENGINES", "fresh_chain"]

EngineName = Literal["anvil", "ganache"]
ENGINES: tuple[EngineName, ...] = ("anvil", "ganache")
_START_LIMIT = 60.0


@contextmanager
def fresh_chain(engine: EngineName, start: int, chain_id: int = 31337) -> Iterator[str]:
    """Its address. The first block is at `start`, UTC seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(_command(engine, port, start, chain_id), stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + _START_LIMIT
            while True:
                try:
                    rpc(url, "eth_chainId")
                    break
                except OSError:
                    if child.poll() is not None or time.monotonic() > deadline:
                        log.seek(0)
                        raise AssertionError(f"{engine} did not start: {log.read().decode()[-500:]}") from None
                    time.sleep(0.05)
            yield url
        finally:
            child.kill()
            child.wait()


def _command(engine: EngineName, port: str, start: int, chain_id: int) -> list[str]:
    if engine == "anvil":
        require_anvil("the replay of a history on Anvil")
        words = ["--port", port, "--timestamp", str(start), "--chain-id", str(chain_id), "--silent"]
        return [str(find_anvil()), "--host", "127.0.0.1", *words]
    program = ROOT / "node_modules" / ".bin" / "ganache"
    if not Path(program).exists():
        pytest.skip("ganache is not installed; left out: the replay of a history on Ganache")
    began = datetime.fromtimestamp(start, UTC).isoformat()
    words = ["--chain.chainId", str(chain_id), "--chain.time", began, "--logging.quiet"]
    return [str(program), "--server.host", "127.0.0.1", "--server.port", port, *words]
