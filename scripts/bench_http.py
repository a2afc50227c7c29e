"""Durable accepts over HTTP: a real `rootseal node run`, clients that wait for each answer, and the bare peer.

The peer is a loop in plain sqlite3 with the same number of askers and the same durability (WAL, synchronous=FULL,
one COMMIT for all who wait); each of its rows has as many bytes as the node has on disk for an accept when it answers.
Between the two stand HTTP, authentication, JSON and the rules of a row. The credentials are made afterwards where one
is asked for at a time; `whole` counts that time, too.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
import selectors
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles
from typing import Final

from node.access import Access, Role
from node.config import read_config, write_config
from node.services import Services
from node.store import STORE_NAME, EntryState
from rootseal.instants import format_date
from tests.unit.node.nodes import TEMPLATES, make_node

__all__ = ["Accepts", "bare_accepts", "http_accepts"]

LIST = 100
_PROCESSES = 2
_EACH = 16
_SECONDS = 6.0
_WARM = 1.5
_READY = 1_000  # requests of each connection that are made beforehand: the clients' work must not be the server's time
_TICK = os.sysconf("SC_CLK_TCK")
_BYTES = """SELECT (SELECT avg(length(id) + length(document) + length(seed) + length(holder) + length(credit_id)
    + length(commitment) + length(row_digest) + length(email) + length(learner) + length(micro_credential) + 40)
    FROM entries) + (SELECT sum(length(act) + length(subject) + length(detail) + 40) FROM acts) * 1.0 / ?1
    + (SELECT sum(length(body) + 72) FROM requests) * 1.0 / ?1 + (SELECT count(*) * 64 FROM lists) * 1.0 / ?1"""
_TAKEN_IN: Final = """SELECT avg(length(person) + length(token) + length(name) + length(fingerprint) + length(body)
    + length(entry) + length(learner) + length(micro_credential) + length(awarded_on) + length(row_digest)
    + length(email) + length(award) + 20) FROM intake"""


@dataclass(frozen=True, slots=True)
class Accepts:
    """Acknowledged credentials a second, the time that a request waits, and the server's CPU for one, in ms.

    `stored` is how many bytes were on disk for each when it was acknowledged; `whole` how many a second there were
    with the time in which the credentials of all of them were made.
    """

    rate: float
    p50: float
    p99: float
    cpu: float = 0.0
    stored: int = 0
    whole: float = 0.0

    def __str__(self) -> str:
        cpu = f", {self.cpu:.2f} ms of CPU a request" if self.cpu else ""
        return f"{self.rate:,.0f}/s, p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms{cpu}"


def http_accepts(rows: int = 1) -> Accepts:
    """With `rows` credentials a request: one as JSON, more as a list. All that is acknowledged is counted in the store.

    The bound of requests is on, and never reached.
    """
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "node"
        make_node(directory)
        # It seals nothing: the chain that it is made for is not there.
        write_config(directory, replace(read_config(directory), requests_per_token=1_000_000))
        with Services.open(directory) as services:
            services.add_templates(TEMPLATES)
            token = Access(services.store, time.time).add("bench", [Role.ISSUE]).text
        port = _free_port()
        process = _run(directory, port)
        try:
            waits, cpu = _hammered(port, token, rows, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        database = sqlite3.connect(directory / STORE_NAME)
        size = database.execute(_TAKEN_IN).fetchone()[0]
        began = time.monotonic()
        with Services.open(directory) as services:  # makes what is still to be made
            made = time.monotonic() - began
            stored = services.store.entries.counts()[EntryState.ACCEPTED]
        acknowledged = sum(count for count, _ in waits)
        if stored < acknowledged * rows:
            raise SystemExit(f"{acknowledged * rows} accepts were acknowledged and {stored} are stored")
        size = size or database.execute(_BYTES, (stored,)).fetchone()[0]
        database.close()
    found = _figures([wait for _, some in waits for wait in some], rows)
    whole = acknowledged * rows / (_WARM + _SECONDS + made)
    return replace(found, cpu=cpu / acknowledged * 1000, stored=int(size), whole=whole)


def bare_accepts(stored: int, rows: int = 1) -> Accepts:
    """As many threads that each wait for a COMMIT of `rows` rows of `stored` bytes; one writer makes it for all."""
    document = os.urandom(max(1, stored - 40))
    asked: queue.SimpleQueue[tuple[int, threading.Event] | None] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        writer = threading.Thread(target=_write_all, args=(Path(folder) / "bare.db", document, rows, asked))
        writer.start()
        end = time.monotonic() + _WARM + _SECONDS
        waits: list[float] = []

        def ask(number: int) -> None:
            row = number << 32
            while (begun := time.monotonic()) < end:
                row += rows
                done = threading.Event()
                asked.put((row, done))
                done.wait()
                if begun > end - _SECONDS:
                    waits.append(time.monotonic() - begun)

        _together(lambda number: threading.Thread(target=ask, args=(number,)), _PROCESSES * _EACH)
        asked.put(None)
        writer.join()
    return _figures(waits, rows)


def _write_all(
    path: Path, document: bytes, rows: int, asked: queue.SimpleQueue[tuple[int, threading.Event] | None]
) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, document BLOB, commitment BLOB UNIQUE)")
    while (first := asked.get()) is not None:
        batch = [first]
        while not asked.empty():
            more = asked.get()
            if more is None:
                return
            batch.append(more)
        database.execute("BEGIN IMMEDIATE")
        for start, _ in batch:
            values = [(row, document, os.urandom(32)) for row in range(start, start + rows)]
            database.executemany("INSERT INTO entries VALUES (?, ?, ?)", values)
        database.execute("COMMIT")
        for _, done in batch:
            done.set()
    database.close()


def _hammered(port: int, token: str, rows: int, server: int) -> tuple[list[tuple[int, list[float]]], float]:
    """How many each client was acknowledged and how long each waited; CPU seconds of the server meanwhile."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[tuple[int, list[float]]] = context.Queue()
    ready, go = context.Semaphore(0), context.Event()
    date = format_date(int(time.time()) - 86_400)
    processes = [
        context.Process(target=_client, args=(port, token, date, number, rows, ready, go, results))
        for number in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        if not ready.acquire(timeout=60):
            raise SystemExit("a client did not start")
    before = _cpu_seconds(server)
    go.set()
    try:
        found = [results.get(timeout=60) for _ in processes]
        return found, _cpu_seconds(server) - before
    finally:
        for process in processes:
            process.join(10)


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, the workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for each in (str(pid), *children):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


class _Connection:
    """One kept connection with one request on its way."""

    def __init__(self, port: int, make: Callable[[], bytes], ready: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._make = make
        self._ready = [make() for _ in range(ready)]
        self._answer = b""
        self.began = 0.0

    def ask(self) -> None:
        request = self._ready.pop() if self._ready else self._make()
        self._answer = b""
        self.began = time.monotonic()
        self.socket.sendall(request)

    def read(self) -> bool:
        """True once the answer is whole. Stops the run where it is no success."""
        self._answer += self.socket.recv(1 << 16)
        head, mark, body = self._answer.partition(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 20", b"HTTP/1.1 20"[: len(head)])) or not self._answer:
            raise SystemExit(f"{self._answer!r}")
        if not mark:
            return False
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return len(body) >= int(length)


def _client(port: int, token: str, date: str, number: int, rows: int, ready, go, results) -> None:  # type: ignore[no-untyped-def]
    connections = [
        _Connection(port, _requests(token, date, f"{number}{place:02}", rows), _READY // rows) for place in range(_EACH)
    ]
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    ready.release()
    go.wait(60)
    end = time.monotonic() + _WARM + _SECONDS
    waits: list[float] = []
    count, open_ = 0, len(connections)
    for connection in connections:
        connection.ask()
    while open_:
        for key, _ in selector.select(30):
            connection = key.data
            if not connection.read():
                continue
            now = time.monotonic()
            count += 1
            if connection.began > end - _SECONDS:
                waits.append(now - connection.began)
            if now < end:
                connection.ask()
            else:
                open_ -= 1
                selector.unregister(connection.socket)
                connection.socket.close()
    results.put((count, waits))


def _requests(token: str, date: str, who: str, rows: int) -> Callable[[], bytes]:
    """Makes the next request of one connection, each for new learners."""
    kind = "application/json" if rows == 1 else "application/jsonl"
    head = f"POST /v1/credentials HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n"
    count = 0

    def make() -> bytes:
        nonlocal count
        lines = []
        for _ in range(rows):
            count += 1
            learner = f"{who}{count:08}"
            row = {"learner_id": learner, "given_name": "", "family_name": "Kovač", "email": f"l{learner}@example.edu"}
            row |= {"micro_credential": "ledgers", "awarded_on": date}
            lines.append(json.dumps(row if rows == 1 else {**row, "grade": "", "holder": ""}))
        body = "\n".join(lines).encode()
        return f"{head}Idempotency-Key: {who}-{count}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    return make


def _together(make: Callable[[int], threading.Thread], count: int) -> None:
    threads = [make(number) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _figures(waits: list[float], rows: int) -> Accepts:
    cuts = quantiles(waits, n=100)
    return Accepts(len(waits) * rows / _SECONDS, cuts[49] * 1000, cuts[98] * 1000)


def _run(directory: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rootseal", "node", "run", str(directory), "--port", str(port)]
    with (directory / "run.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    if process.stdout is None or not process.stdout.readline().startswith(b"http"):
        raise SystemExit((directory / "run.log").read_text()[-2000:])
    return process


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main() -> None:
    """Print both, one by one and as lists."""
    for rows in (1, LIST):
        ours = http_accepts(rows)
        bare = bare_accepts(ours.stored, rows)
        print(f"{rows} a request ({ours.stored} bytes each)\n  over HTTP: {ours}\n  bare: {bare}")
        print(f"  with the making of the credentials: {ours.whole:,.0f}/s")
        print(f"  ratio {ours.rate / bare.rate:.2f}, {ours.cpu / rows:.3f} ms of CPU a credential", flush=True)


if __name__ == "__main__":
    main()
