"""Group commit: one thread writes what many ask for, and one COMMIT reaches the disk for all who waited meanwhile.

A durable write costs one flush of the disk, however many rows it carries. Whoever asks is answered after the
COMMIT that holds his change, never before. One who fails takes nothing of the others with him (SAVEPOINT).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from node.store.store import Store

__all__ = ["GroupCommit"]

_MOST: Final = 256
_SAVEPOINT: Final = "asked"
_QUIET_SECONDS: Final = 0.25

_T = TypeVar("_T")


Together = Callable[[Sequence[Any]], Sequence[bool]]
"""Stores many items of one kind at once; tells which of them it stored."""


class _Woken:
    """What a coroutine waits for, and another thread releases."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()


@dataclass(slots=True, eq=False)
class _Asked:
    """One change that waits for its COMMIT. `done` is told once it has its value or its failure."""

    done: threading.Lock | _Woken
    value: Any = None
    failure: BaseException | None = None

    def answer(self) -> Any:
        if self.failure is not None:
            raise self.failure
        return self.value


@dataclass(slots=True, eq=False)
class _Work(_Asked):
    """A change of its own kind, and the context (who acts) that it was asked in."""

    work: Callable[[], Any] = lambda: None
    context: Context = field(default_factory=copy_context)


@dataclass(slots=True, eq=False)
class _Item(_Asked):
    """One of many of a kind."""

    together: Together = lambda items: [False] * len(items)
    item: Any = None


class GroupCommit:
    """The one writer of a process, for changes that are short: nothing may wait for a network inside."""

    def __init__(
        self, store: Store, settle: Callable[[], object] = lambda: None, meanwhile: Callable[[], bool] = lambda: False
    ) -> None:
        """`settle` is called before what `run` is given; `meanwhile` while nobody asks, as long as it returns True.

        What `meanwhile` raises would end the thread: it must not raise.
        """
        self._store = store
        self._settle = settle
        self._meanwhile = meanwhile
        self._waiting: queue.SimpleQueue[list[_Asked]] = queue.SimpleQueue()
        self._gathered: list[_Asked] = []  # of the event loop, and touched by nobody else
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, once its changes are on disk. It runs in the writer's thread, inside the transaction.

        Raises what `work` raises: then nothing of it is stored. Raises `StoreError` where the COMMIT fails.
        """
        lock = _taken_lock()
        asked = _Work(lock, work=work)
        self._put([asked])
        lock.acquire()
        answer: _T = asked.answer()
        return answer

    async def joined(self, together: Together, item: object) -> bool:
        """Whether `together` stored the item, once it is on disk; it is called with all that wait at that moment.

        Where `together` fails, nothing of its items is stored, and all of them are told so (False).
        Raises `StoreError` where the COMMIT fails.
        """
        self._start()
        woken = _Woken()
        asked = _Item(woken, together=together, item=item)
        self._gathered.append(asked)
        if len(self._gathered) == 1:
            # After all that the loop has to do now, so that the thread is woken once for all who ask meanwhile: each
            # time it takes the interpreter from those who still prepare their question.
            woken.loop.call_soon(self._hand_over)
        await woken.done
        return bool(asked.answer())

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._put(gathered)

    def _put(self, asked: list[_Asked]) -> None:
        self._start()
        self._waiting.put(asked)

    def _start(self) -> None:
        # Not before it is needed: a thread does not survive the fork of a server.
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write, name="rootseal-commit", daemon=True)
                    self._thread.start()

    def _write(self) -> None:
        while True:
            batch = self._next()
            with contextlib.suppress(queue.Empty):
                while len(batch) < _MOST:
                    batch = batch + self._waiting.get_nowait()
            self._commit(batch)

    def _next(self) -> list[_Asked]:
        """What is asked next. When nobody has asked for a while there is time for other work, until somebody does."""
        quiet = _QUIET_SECONDS
        while True:
            with contextlib.suppress(queue.Empty):
                return self._waiting.get(timeout=quiet)
            if not self._meanwhile():
                return self._waiting.get()
            quiet = 0.0

    def _commit(self, batch: list[_Asked]) -> None:
        """All of a batch under one COMMIT. A crash before it: nobody was answered, and nothing is there."""
        try:
            if any(isinstance(asked, _Work) for asked in batch):
                self._settle()
            with self._store.writing() as utils:
                kinds: dict[Together, list[_Item]] = {}
                for asked in batch:
                    if isinstance(asked, _Item):
                        kinds.setdefault(asked.together, []).append(asked)
                    elif isinstance(asked, _Work):
                        asked.value, asked.failure = _attempt(utils.conn, partial(asked.context.run, asked.work))
                for together, items in kinds.items():
                    stored, failure = _attempt(utils.conn, partial(together, [item.item for item in items]))
                    for item, value in zip(items, [False] * len(items) if failure else stored, strict=True):
                        item.value = value
        except BaseException as error:  # noqa: BLE001 - those who wait must hear of it, whatever it was
            for asked in batch:
                asked.failure = error
        _release([asked.done for asked in batch])


def _release(waiting: Iterable[threading.Lock | _Woken]) -> None:
    """Wake who waits; those of one event loop by one call."""
    loops: dict[asyncio.AbstractEventLoop, list[_Woken]] = {}
    for one in waiting:
        if isinstance(one, _Woken):
            loops.setdefault(one.loop, []).append(one)
        else:
            one.release()
    for loop, woken in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(_set, woken)


def _set(woken: Iterable[_Woken]) -> None:
    for one in woken:
        if not one.done.done():  # the visitor may have gone
            one.done.set_result(None)


def _taken_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


def _attempt(connection: sqlite3.Connection, work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    connection.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        value = work()
    except Exception as error:
        if not connection.in_transaction:
            raise  # SQLite gave the whole transaction up (the disk is full): then all of the batch has failed
        connection.execute(f"ROLLBACK TO {_SAVEPOINT}")
        connection.execute(f"RELEASE {_SAVEPOINT}")
        return None, error
    connection.execute(f"RELEASE {_SAVEPOINT}")
    return value, None
