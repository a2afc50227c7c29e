"""Group commit: one thread writes what many ask for, and one COMMIT reaches the disk for all who waited meanwhile.

A durable write costs one flush of the disk, however many rows it carries. Whoever asks is answered after the
COMMIT that holds his change, never before. One who fails takes nothing of the others with him (SAVEPOINT).
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from node.store.store import Store

__all__ = ["GroupCommit"]

_MOST: Final = 256
_SAVEPOINT: Final = "asked"

_T = TypeVar("_T")


@dataclass(slots=True, eq=False)
class _Asked:
    """One change that waits for its COMMIT, and the context (who acts) that it was asked in."""

    work: Callable[[], Any]
    context: Context = field(default_factory=copy_context)
    answer: Future[Any] = field(default_factory=Future)


class GroupCommit:
    """The one writer of a process, for changes that are short: nothing may wait for a network inside."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, once its changes are on disk. It runs in the writer's thread, inside the transaction.

        Raises what `work` raises: then nothing of it is stored. Raises `StoreError` where the COMMIT fails.
        """
        asked = _Asked(work)
        self._start()
        self._waiting.put(asked)
        answer: _T = asked.answer.result()
        return answer

    def close(self) -> None:
        """Commit what waits, and end the thread. It begins anew with the next `run`."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join()

    def _start(self) -> None:
        # Not before it is needed: a thread does not survive the fork of a server.
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write, name="rootseal-commit", daemon=True)
                    self._thread.start()

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            end = False
            while not end and len(batch) < _MOST:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                end = more is None
                if more is not None:
                    batch.append(more)
            self._commit(batch)
            if end:
                return

    def _commit(self, batch: list[_Asked]) -> None:
        """All of a batch under one COMMIT. A crash before it: nobody was answered, and nothing is there."""
        try:
            with self._store.writing() as utils:
                outcomes = [_attempt(utils.conn, asked) for asked in batch]
        except BaseException as error:  # noqa: BLE001 - those who wait must hear of it, whatever it was
            for asked in batch:
                asked.answer.set_exception(error)
            return
        for asked, (value, failure) in zip(batch, outcomes, strict=True):
            if failure is None:
                asked.answer.set_result(value)
            else:
                asked.answer.set_exception(failure)


def _attempt(connection: sqlite3.Connection, asked: _Asked) -> tuple[Any, Exception | None]:
    connection.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        value = asked.context.run(asked.work)
    except Exception as error:
        if not connection.in_transaction:
            raise  # SQLite gave the whole transaction up (the disk is full): then all of the batch has failed
        connection.execute(f"ROLLBACK TO {_SAVEPOINT}")
        connection.execute(f"RELEASE {_SAVEPOINT}")
        return None, error
    connection.execute(f"RELEASE {_SAVEPOINT}")
    return value, None
