"""Durable accepts over HTTP: a real `rootseal node run`, client processes that wait for each answer, and the bare peer.

The peer is a loop in plain sqlite3 with the same number of askers and the same durability: one COMMIT for all who
wait. Between the two stand HTTP, authentication, JSON, the rules of a row, its document and its commitment.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import queue
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

from node.access import Access, Role
from node.config import read_config, write_config
from node.services import Services
from node.store import EntryState
from rootseal.instants import format_date
from tests.unit.node.nodes import TEMPLATES, make_node

__all__ = ["Accepts", "bare_accepts", "http_accepts"]

_PROCESSES = 4
_EACH = 8
_SECONDS = 6.0
_WARM = 1.5


@dataclass(frozen=True, slots=True)
class Accepts:
    """Acknowledged rows a second, and the time that one waits, in milliseconds."""

    rate: float
    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s, p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms"


def http_accepts() -> Accepts:
    """From `_PROCESSES` processes with `_EACH` connections each. Every acknowledged row is counted in the store."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "node"
        make_node(directory)
        # It seals nothing: the chain that it is made for is not there.
        write_config(directory, replace(read_config(directory), requests_per_token=0))
        with Services.open(directory) as services:
            services.add_templates(TEMPLATES)
            token = Access(services.store, time.time).add("bench", [Role.ISSUE]).text
        port = _free_port()
        process = _run(directory, port)
        try:
            waits = _hammered(port, token)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        with Services.open(directory) as services:
            stored = services.store.entries.counts()[EntryState.ACCEPTED]
    acknowledged = sum(count for count, _ in waits)
    if stored < acknowledged:
        raise SystemExit(f"{acknowledged} accepts were acknowledged and {stored} are stored")
    return _figures([wait for _, some in waits for wait in some])


def bare_accepts() -> Accepts:
    """The same number of threads that wait for a COMMIT which one writer makes for all of them."""
    document = json.dumps({str(i): "v" * 20 for i in range(100)}).encode()
    asked: queue.SimpleQueue[tuple[int, threading.Event] | None] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        writer = threading.Thread(target=_write_all, args=(Path(folder) / "bare.db", document, asked))
        writer.start()
        end = time.monotonic() + _WARM + _SECONDS
        waits: list[float] = []

        def ask(number: int) -> None:
            row = number << 32
            while (begun := time.monotonic()) < end:
                row += 1
                done = threading.Event()
                asked.put((row, done))
                done.wait()
                if begun > end - _SECONDS:
                    waits.append(time.monotonic() - begun)

        _together(lambda number: threading.Thread(target=ask, args=(number,)), _PROCESSES * _EACH)
        asked.put(None)
        writer.join()
    return _figures(waits)


def _write_all(path: Path, document: bytes, asked: queue.SimpleQueue[tuple[int, threading.Event] | None]) -> None:
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
        for row, _ in batch:
            database.execute("INSERT INTO entries VALUES (?, ?, ?)", (row, document, row.to_bytes(32)))
        database.execute("COMMIT")
        for _, done in batch:
            done.set()
    database.close()


def _hammered(port: int, token: str) -> list[tuple[int, list[float]]]:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[tuple[int, list[float]]] = context.Queue()
    date = format_date(int(time.time()) - 86_400)
    processes = [
        context.Process(target=_client, args=(port, token, date, number, results)) for number in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    return found


def _client(
    port: int, token: str, date: str, number: int, results: multiprocessing.Queue[tuple[int, list[float]]]
) -> None:
    end = time.monotonic() + _WARM + _SECONDS
    waits: list[float] = []
    counts: list[int] = []

    def ask(thread: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        count = 0
        while (begun := time.monotonic()) < end:
            learner = f"{number:02}{thread:02}{count:08}"
            body = {
                "learner_id": learner,
                "family_name": "Kovač",
                "email": f"l{learner}@example.edu",
                "micro_credential": "ledgers",
                "awarded_on": date,
            }
            headers = {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": learner,
                "Content-Type": "application/json",
            }
            connection.request("POST", "/v1/credentials", json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 201:
                raise SystemExit(f"{answer.status} {text!r}")
            count += 1
            if begun > end - _SECONDS:
                waits.append(time.monotonic() - begun)
        counts.append(count)

    _together(lambda thread: threading.Thread(target=ask, args=(thread,)), _EACH)
    if len(counts) != _EACH:
        raise SystemExit("a client failed")
    results.put((sum(counts), waits))


def _together(make: Callable[[int], threading.Thread], count: int) -> None:
    threads = [make(number) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _figures(waits: list[float]) -> Accepts:
    cuts = quantiles(waits, n=100)
    return Accepts(len(waits) / _SECONDS, cuts[49] * 1000, cuts[98] * 1000)


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


if __name__ == "__main__":
    print(f"over HTTP: {http_accepts()}\nbare: {bare_accepts()}")
