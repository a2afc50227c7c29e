"""`node run`: the public pages and, beside them in one process, the thread that seals and anchors.

gunicorn holds the socket and restarts the worker should it die; there is one worker, because the
node's key must have one sender. A crash at any point is cured by starting again: every round of
work begins from the store and the chain alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from node.app import create_front
from node.errands import Errands, ErrandsThread
from node.funds import FundsWatch
from node.health import Health
from node.holding_up import keep_failure
from node.http_worker import HttpWorker
from node.leasing import Lease, LeaseHeld
from node.logs import log, log_failure
from node.promises import tell_unkept
from node.services import Services
from node.settings_seen import note_settings
from node.witnessing import Witnessing, WitnessWorker
from rootseal.errors import ConflictError, RootsealError, StoreError, UndeterminedError

__all__ = ["Worker", "run_node"]

_COMMAND = "node run"
_THREADS = 32
_CONNECTIONS = 1000
_BUSY_SECONDS = 1.0
_IDLE_SECONDS = 5.0
_LONGEST_SECONDS = 60.0


class Worker:
    """The working thread: one `Services.tick` after another until it is told to stop."""

    def __init__(
        self,
        services: Services,
        health: Health,
        clock: Callable[[], float] = time.time,
        lease: Lease | None = None,
    ) -> None:
        self._lease = lease
        self._services = services
        self._funds = FundsWatch(services.store, services.connection)
        self._health = health
        self._clock = clock
        self._stop = threading.Event()
        self._leads = lease is None
        self._settled = False
        self._aside = 0
        self._thread = threading.Thread(target=self._work, name="rootseal-work", daemon=True)

    @property
    def leads(self) -> bool:
        """Whether the last round found the lease to be this process's."""
        return self._leads

    def start(self) -> None:
        """Begin; returns at once."""
        self._health.working = True
        self._health.update(started_at=self._clock(), worked_at=self._clock())
        self._thread.start()

    def stop(self, timeout: float = 20.0) -> None:
        """Ask it to end after the round it is in, and wait so long."""
        self._stop.set()
        self._thread.join(timeout)
        if self._lease is not None:
            with contextlib.suppress(StoreError):  # it ends by itself
                self._lease.give_back()

    def round(self) -> float:
        """One round; returns the seconds to wait before the next. Never raises what a next round may cure."""
        pulse = self._health.pulse
        try:
            holder = None if self._lease is None else self._lease.take()
            self._leads = holder is None
            if holder is not None:
                raise LeaseHeld(holder)
            if not self._settled:
                note_settings(self._services.store, self._services.config, self._services.now)
                self._settled = True
            tell_unkept(self._services.store, self._services.config, self._services.now)
            outcome = self._services.tick()
            self._tell_set_aside()
            funds = self._funds.look(self._clock())
        except RootsealError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - a bug must not end the thread in silence: /readyz and the log tell
            return self._failed(error)
        progress = outcome.progress
        for row in outcome.adopted:
            log("anchored", sequence=row.sequence, size=row.size, block=row.block.number)
        for intent in progress.changed:
            log("transaction", intent=intent.name, state=intent.state.value)
        if progress.held_up is not None and not pulse.blocked:
            log("blocked", message=progress.held_up)
        self._health.update(
            worked_at=self._clock(),
            problem=None,
            blocked=progress.held_up is not None,
            unfinished=progress.unfinished,
            final_block=progress.final or pulse.final_block,
            final_at=self._clock() if (progress.final or 0) > pulse.final_block else pulse.final_at,
            funds=funds,
            rounds=pulse.rounds + 1,
        )
        return _IDLE_SECONDS if progress.idle else _BUSY_SECONDS

    def _tell_set_aside(self) -> None:
        """How many acknowledged awards are set aside, where that is another number than at the last round."""
        awards = self._services.store.set_aside.count()
        if awards != self._aside:
            log("set aside", awards=awards)
        self._aside = awards

    def _failed(self, error: Exception) -> float:
        pulse = self._health.pulse
        if isinstance(error, ConflictError) and not isinstance(error, LeaseHeld):
            # Another command on the same node was quicker; the next round sees what it did.
            return _BUSY_SECONDS
        if not isinstance(error, LeaseHeld):
            with contextlib.suppress(StoreError):  # a store that cannot be written: the log says it
                keep_failure(self._services.store, error, self._services.now)
        code = error.code if isinstance(error, UndeterminedError) else type(error).__name__
        if code != pulse.problem:
            log_failure("round failed", error)
        failures = pulse.failures + 1
        self._health.update(problem=code, failures=failures, rounds=pulse.rounds + 1)
        since = max(self._clock() - pulse.worked_at, _IDLE_SECONDS)
        return min(since, _LONGEST_SECONDS)

    def _work(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self.round()


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured by us alone: no command line, no file, no environment."""

    def __init__(self, directory: Path, host: str, port: int, announce: Callable[[str], None]) -> None:
        self._directory = directory
        self._bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._announce = announce
        self._worker: Worker | None = None
        self._errands: ErrandsThread | None = None
        self._witnesses: WitnessWorker | None = None
        super().__init__()

    def load_config(self) -> None:
        """Set everything."""
        settings: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": HttpWorker,
            "worker_connections": _CONNECTIONS,
            "asgi_loop": "asyncio",
            "asgi_lifespan": "off",
            "timeout": 60,
            "graceful_timeout": 20,
            "limit_request_line": 2048,
            "limit_request_fields": 50,
            # No header of a request says where it is in the address space, also not one from this machine's web
            # server: with SCRIPT_NAME a visitor would reach behind its rules for addresses.
            "forwarder_headers": "",
            "forwarded_allow_ips": "",
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self._ready,
            "worker_exit": self._exit,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """In the worker, after the fork: a SQLite connection must not cross it."""
        services = Services.open(self._directory)
        health = Health()
        # The lock of `run` is ours: a `node run` that still has a lease in the store is no more.
        lease = Lease(services.store, _COMMAND, frozenset({_COMMAND}))
        self._worker = worker = Worker(services, health, lease=lease)
        self._worker.start()
        self._errands = ErrandsThread(Errands(services), lambda: worker.leads)
        self._errands.start()
        witnessing = Witnessing(services.store, services.connection)
        self._witnesses = WitnessWorker(services.store, witnessing, lambda: worker.leads, time.time, health)
        self._witnesses.start()
        front = create_front(services, health, _THREADS)
        # What was loaded stays: the collector need not look through it again and again while requests are answered.
        gc.collect()
        gc.freeze()
        return front

    def _ready(self, arbiter: Any) -> None:
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        self._announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    def _exit(self, arbiter: Any, worker: Any) -> None:
        if self._errands is not None:
            self._errands.stop()
        if self._witnesses is not None:
            self._witnesses.stop()
        if self._worker is not None:
            self._worker.stop()


def run_node(
    directory: Path, host: str | None, port: int | None, announce: Callable[[str], None], *, standby: bool = False
) -> None:
    """Serve and work until SIGTERM or Ctrl-C; `announce` gets the real address once the socket is open.

    A `standby` first waits until the process that runs here has ended, however it ended.
    Raises `ConfigError` or `StoreError` where the node cannot be opened or runs already. Leaves the
    process with gunicorn's own exit code, 0 after a clean end.
    """
    with Services.open(directory) as services:  # what is wrong is said here, in a sentence, and not by a worker
        host = host or services.config.http_host
        port = services.config.http_port if port is None else port
        _ = services.home, services.log_key, services.connection.passphrase()
    with _only_one(directory, standby):
        own = os.getpid()
        log("start", host=host, pid=own)
        try:
            _Server(directory, host, port, announce).run()
        except SystemExit as end:
            if end.code or os.getpid() != own:  # the worker comes this way, too
                raise
            log("stop")


@contextlib.contextmanager
def _only_one(directory: Path, wait: bool) -> Iterator[None]:
    """The lock of `node run` on this directory. The system frees it however the process ends."""
    with (directory / "run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(f"{directory}: 'rootseal node run' runs here already") from error
        yield
        sys.stdout.flush()
