"""A chain to develop and test against, on either of two engines that look alike to a client.

`embedded` (py-evm and SQLite) loses nothing once a transaction hash was answered. `anvil` is
faster and closer to a full node, but keeps its state in memory: this module dumps it to disk
after new blocks, so that a crash may lose the last moment.

Both keep mining until each transaction is final. Only processes started here are ever ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from functools import partial
from itertools import compress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from anchor.failing import why
from anchor.files import write_atomically
from rootseal.errors import AnchoringError, ConfigError, StoreError

if TYPE_CHECKING:
    from anchor.embedded.running import EmbeddedDevChain

HOST = "127.0.0.1"
ANVIL_CHAIN_ID = 31337
EngineName = Literal["anvil", "embedded"]

_STATE_FORMAT = "rootseal/anvil-state/1"
_POLL = 0.05  # seconds between looks at Anvil's head
_DUMPS = 5  # tries for a dump in which no block was mined
_START_LIMIT = 15.0  # seconds until a child must answer
_FINALITY_DEPTH = 2  # with --slots-in-an-epoch 1: finalized = latest − 2
_SQLITE_MAGIC = b"SQLite format 3\x00"
# Ends Anvil when we die without a word (kill -9): the pipe to us closes, `read` returns.
_WATCHDOG = 'read _; kill -9 "$0" 2>/dev/null; rm -rf "$1"'


@dataclass(frozen=True, slots=True)
class ChainInfo:
    """Where a running development chain is. `state` is None for one that is kept in memory."""

    url: str
    chain_id: int
    engine: EngineName
    state: Path | None


def start(engine: Literal["auto", "anvil", "embedded"], port: int, state: Path | None) -> AnvilChain | EmbeddedDevChain:
    """Starts a chain on 127.0.0.1; it answers when this returns. `port` 0 picks a free one.

    Both kinds have `info`, `run(stop)` and `close()`, which is safe at any time.
    Raises ConfigError (port taken, no Anvil, a path that cannot be used, a file of something
    else), StoreError (state in use, damaged), AnchoringError (the engine did not start).
    """
    name = _choose(engine, state)
    free = _free_port(port)  # before a file is opened or made
    if name == "anvil":
        binary = find_anvil()
        if binary is None:
            raise ConfigError("engine", "anvil is not on PATH nor in ./node_modules/.bin; use --engine embedded")
        return AnvilChain(binary, free, state)
    # Imported here: py-evm takes a second to load, and Anvil's users need none of it.
    from anchor.embedded.running import EmbeddedDevChain

    return EmbeddedDevChain(port, state)


def find_anvil() -> Path | None:
    """The Anvil binary: on PATH, else as npm installs it in the current folder."""
    found = shutil.which("anvil") or shutil.which("./node_modules/.bin/anvil")
    return None if found is None else Path(found).resolve()


def _choose(engine: Literal["auto", "anvil", "embedded"], state: Path | None) -> EngineName:
    if engine != "auto":
        return engine
    # A file that exists decides: installing Anvil must not orphan somebody's embedded chain.
    if state is not None and state.is_file() and state.stat().st_size:
        with state.open("rb") as file:
            return "embedded" if file.read(16) == _SQLITE_MAGIC else "anvil"
    return "embedded" if find_anvil() is None else "anvil"


class AnvilChain:
    """An Anvil child process, its state file and its finality."""

    def __init__(self, binary: Path, port: int, state: Path | None) -> None:
        self._state = None if state is None else _AnvilState(state)
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="rootseal-anvil-"))
        self._url = f"http://{HOST}:{port}"
        self._rpc = partial(_request, self._url)
        try:
            self._spawn(binary, port)
            self._await_answer()
            self._settle()
        except BaseException:
            self._end()
            raise
        self.info = ChainInfo(self._url, ANVIL_CHAIN_ID, "anvil", state)

    def _spawn(self, binary: Path, port: int) -> None:
        command = [str(binary), "--host", HOST, "--port", str(port), "--silent"]
        command += ["--chain-id", str(ANVIL_CHAIN_ID), "--slots-in-an-epoch", "1"]
        command += ["--cache-path", str(self._folder)]
        if self._state is not None and self._state.loaded is not None:
            # Given at start and not by anvil_loadState: a client that has been waiting for us
            # would else see a moment of an empty chain.
            loaded = self._folder / "state.json"
            loaded.write_bytes(self._state.loaded)
            command += ["--load-state", str(loaded)]
        with (self._folder / "anvil.log").open("wb") as log:
            # Its own session: Ctrl-C in a terminal reaches us alone, and we save first.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        watch = ["/bin/sh", "-c", _WATCHDOG, str(self._process.pid), str(self._folder)]
        self._watchdog = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_LIMIT
        while time.monotonic() < deadline:
            self._raise_if_dead()
            try:
                if str(self._rpc("web3_clientVersion")).startswith("anvil/"):
                    return
                raise ConfigError("port", f"{self._url} is answered by another program")
            except _UnreachableError:
                time.sleep(0.02)
        raise AnchoringError(f"Anvil did not answer within {_START_LIMIT:.0f} s")

    def _settle(self) -> None:
        """Checks that the chain is the one of the file, and makes its head final and readable."""
        first = self._rpc("eth_getBlockByNumber", "0x0", False)
        self._genesis = {"hash": first["hash"], "timestamp": first["timestamp"]}
        if self._state is not None and self._state.genesis not in (None, self._genesis):
            raise StoreError(f"{self._state.path}: Anvil made another chain of it; nothing was changed")
        head = self._head()
        if head:
            # Anvil keeps no state of blocks before the dump: calls at `finalized` would fail.
            self._mine(_FINALITY_DEPTH)
        self._seen, self._last_filled = head, head if head else -_FINALITY_DEPTH
        self._save()

    def run(self, stop: threading.Event) -> None:
        """Saves each new head, then mines until it is final, until `stop`.

        In this order nothing becomes final by our mining before it is on disk.
        """
        pause = _POLL
        while not stop.wait(pause):
            self._raise_if_dead()
            try:
                pause = self._step()
            except _UnreachableError:
                self._raise_if_dead()
                raise

    def _step(self) -> float:
        """One look at the head; returns the seconds until the next."""
        head = self._head()
        if head != self._seen or self._torn:
            self._note_filled(head)
            began = time.monotonic()
            self._save()
            # A large state takes longer to dump: leave Anvil most of its time for its clients.
            return max(_POLL, 4 * (time.monotonic() - began))
        missing = self._last_filled + _FINALITY_DEPTH - head
        if missing > 0:
            # Only once it is quiet: each empty block pushes the chain's clock by a second.
            self._mine(missing)
        return _POLL

    def _note_filled(self, head: int) -> None:
        """Finds the newest block with transactions among those not looked at yet."""
        if head < self._seen:  # rolled back by a test
            self._seen = self._last_filled = max(0, head - _FINALITY_DEPTH)
        for number in range(head, self._seen, -1):
            if int(self._rpc("eth_getBlockTransactionCountByNumber", hex(number)) or "0x0", 16):
                self._last_filled = number
                break
        self._seen = head

    def _head(self) -> int:
        return int(self._rpc("eth_blockNumber"), 16)

    def _mine(self, blocks: int) -> None:
        for _ in range(blocks):
            self._rpc("evm_mine")

    def _save(self) -> None:
        """Anvil mines while it dumps, and such a dump may lack a block of its accounts: the last whole one stands."""
        self._torn = self._state is not None and not any(self._saved(self._state) for _ in range(_DUMPS))

    def _saved(self, state: _AnvilState) -> bool:
        head = self._head()
        dump = bytes.fromhex(self._rpc("anvil_dumpState")[2:])
        if whole := self._head() == head:
            state.save(dump, self._genesis, self._seen)
        return whole

    def _raise_if_dead(self) -> None:
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return
        kept = "it was kept in memory" if self._state is None else f"{self._state.path} has its last saved block"
        said = (self._folder / "anvil.log").read_text("utf-8", "replace")[-400:]
        raise AnchoringError(f"Anvil ended by itself (exit code {code}); {kept}. {said}".strip())

    def close(self) -> None:
        """Saves a last time, so that a clean stop loses nothing."""
        try:
            with contextlib.suppress(_UnreachableError):  # it is dead: the last save stands
                self._save()
        finally:
            self._end()

    def _end(self) -> None:
        # The watchdog first: later the process id that it knows could be somebody else's.
        for child in (self._watchdog, self._process):
            if child is not None:
                _stop(child)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._state is not None:
            self._state.close()


class _AnvilState:
    """The state file: one JSON object around Anvil's own gzipped dump, replaced as a whole.

    Raises ConfigError or StoreError on opening, before anything is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loaded: bytes | None = None  # Anvil's JSON, unpacked
        self.genesis: dict[str, str] | None = None  # hash and timestamp of block 0
        if not path.parent.is_dir():
            raise ConfigError("state", f"the folder {path.parent} does not exist")
        self._lock = self._claim()
        try:
            self._load()
        except BaseException:
            self.close()
            raise

    def _claim(self) -> IO[bytes]:
        """A lock on a file beside the state, which is itself replaced at each save."""
        beside = self.path.with_name(self.path.name + ".lock")
        try:
            lock = beside.open("ab")
        except OSError as error:
            raise ConfigError("state", f"{self.path} cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise StoreError(f"{self.path} is in use by another process; stop that chain first") from error
        return lock

    def _load(self) -> None:
        if not self.path.exists():
            return
        try:
            content = json.loads(self.path.read_bytes())
            if content["format"] != _STATE_FORMAT:
                raise ValueError(content["format"])
            self.genesis = dict(content["genesis"])
            self.loaded = _one_genesis(gzip.decompress(bytes.fromhex(content["state"])), self.genesis["timestamp"])
        except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
            text = f"{self.path} is not an Anvil state of ours, or damaged; nothing was changed"
            raise ConfigError("state", text) from error

    def save(self, dump: bytes, genesis: dict[str, str], head: int) -> None:
        """A crash here leaves the former file or the new one, never a part. StoreError if refused."""
        content = {"format": _STATE_FORMAT, "genesis": genesis, "head": head, "state": dump.hex()}
        try:
            write_atomically(self.path, json.dumps(content).encode())
        except OSError as error:
            raise StoreError(f"{self.path} could not be saved ({error.strerror})") from error

    def close(self) -> None:
        """Gives up the lock; its empty file stays, since removing it would race with a starter."""
        self._lock.close()


class _UnreachableError(AnchoringError):
    """No answer from the child."""


def _request(url: str, method: str, *params: object) -> Any:
    """JSON-RPC to our own child."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    # Without proxies: the environment's are not meant for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            reply = json.load(response)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _UnreachableError(f"Anvil does not answer {method}: {why(error)}") from error
    if "error" in reply:
        raise AnchoringError(f"Anvil refused {method}: {reply['error'].get('message')}")
    return reply["result"]


def _one_genesis(dump: bytes, timestamp: str) -> bytes:
    """The dump without the block 0 that each later start of Anvil left in it.

    Anvil makes a genesis before it loads, dumps both, and would then pick any of them.
    """
    content = json.loads(dump)
    headers = [block["header"] for block in content["blocks"]]
    ours = [int(header["number"], 16) > 0 or header["timestamp"] == timestamp for header in headers]
    content["blocks"] = list(compress(content["blocks"], ours))
    return json.dumps(content).encode()


def _free_port(port: int) -> int:
    """`port` if nobody listens there, a free one for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError("port", f"{HOST}:{port} cannot be used ({error.strerror})") from error
        return int(probe.getsockname()[1])


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Neither child has anything to save: the state was asked for before."""
    child.kill()
    child.wait()
    if child.stdin is not None:
        child.stdin.close()
