"""The SQLite file: connections, write transactions, and errors in plain words.

One connection a thread. Writers take the lock at once (BEGIN IMMEDIATE), so that two processes on one
directory stand in line instead of failing half-way; a COMMIT that returned is on disk (WAL with
synchronous=FULL). Only this package imports sqlite-utils.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlite_utils

from rootseal.errors import ConflictError, StoreError

__all__ = ["APPLICATION_ID", "BUSY_SECONDS", "Database", "Fault", "connect", "filled", "plain_errors"]

APPLICATION_ID: Final = 0x52534E31  # "RSN1": which program's file this is
BUSY_SECONDS: Final = 30.0
_MOST_VALUES: Final = 1024  # of one statement; SQLite takes 32,766
_T = TypeVar("_T")


def connect(path: Path, *, writable: bool = True) -> sqlite3.Connection:
    """A connection to an existing file, in autocommit mode, with the durability that the node promises."""
    mode = "rw" if writable else "ro"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_SECONDS,
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # 16 MB of log before it is copied into the file: each time costs two flushes, for which all who ask wait.
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    # What is overwritten or deleted is learners' data: its place in the file is filled with zeros at once.
    connection.execute("PRAGMA secure_delete = ON")
    return connection


@contextlib.contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences with a way out."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ConflictError(f"{path}: the store refused a change ({error}); run the same command again") from error
    except sqlite3.Error as error:
        raise StoreError(_sentence(path, error)) from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path}: another process has been writing for {BUSY_SECONDS:.0f} s; run the same command again"
    if primary == sqlite3.SQLITE_FULL:
        return f"{path}: the disk is full; nothing was changed. Free some space and run the same command again"
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:
        # What lies beside the file cannot grow: so a program meets a full disk that starts while it is full.
        return f"{path}: the disk is full, or cannot be written; nothing was changed. Free some space and run it again"
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"{path}: the store is damaged or is no store ({error}); restore a backup, then run `rootseal node fsck`"
    if primary == sqlite3.SQLITE_CANTOPEN:
        return f"{path}: the store cannot be opened; `rootseal node init` makes one, or check who may read the file"
    if primary == sqlite3.SQLITE_READONLY:
        return f"{path}: the store cannot be written: check who owns the file and whether the disk is read-only"
    if primary == sqlite3.SQLITE_IOERR:
        return f"{path}: the disk does not read or write as it should ({error}); nothing was acknowledged"
    return f"{path}: the store failed: {error}"


def filled(values: Sequence[_T]) -> list[_T]:
    """The values (at least one) and the first of them again, up to a power of two.

    So the texts of statements with a place for each are few, and SQLite has them prepared already.
    """
    places = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[0]] * (places - len(values))]


Fault = Callable[[str], None]
"""Called at `begin`, `commit` and `committed` of each write: where tests let a process die."""


class Database:
    """Connections to one file. Reads and writes go through here, so that errors and locks are uniform."""

    def __init__(self, path: Path, fault: Fault | None = None) -> None:
        self.path = path
        self._fault = fault or (lambda _: None)
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @property
    def utils(self) -> sqlite_utils.Database:
        """This thread's connection as sqlite-utils sees it."""
        found: sqlite_utils.Database | None = getattr(self._local, "utils", None)
        if found is None:
            connection = connect(self.path)
            with self._lock:
                self._open.append(connection)
            found = self._local.utils = sqlite_utils.Database(connection, execute_plugins=False)
        return found

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite_utils.Database]:
        """One write transaction; inside another one of this thread it joins that.

        A crash before the COMMIT: nothing happened. After it: all of it did.
        """
        with plain_errors(self.path):
            utils = self.utils
            if utils.conn.in_transaction:
                yield utils
                return
            self._fault("begin")
            utils.conn.execute("BEGIN IMMEDIATE")
            try:
                yield utils
                self._fault("commit")
                utils.conn.execute("COMMIT")
            except BaseException:
                # Also after a COMMIT that failed (disk full): the transaction is still open then.
                utils.conn.rollback()
                raise
            self._fault("committed")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads of one state of the store, whatever others write meanwhile."""
        with plain_errors(self.path):
            connection = self.utils.conn
            if connection.in_transaction:
                yield
                return
            connection.execute("BEGIN")
            try:
                yield
            finally:
                connection.rollback()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with plain_errors(self.path):
            return self.utils.conn.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        with plain_errors(self.path):
            found: tuple[Any, ...] | None = self.utils.conn.execute(sql, parameters).fetchone()
            return found

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement in a write transaction; how many rows it changed."""
        with self.writing() as utils:
            return int(utils.conn.execute(sql, parameters).rowcount)

    def change_many(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """The same for many rows: executemany is four times as fast as insert_all."""
        with self.writing() as utils:
            return int(utils.conn.executemany(sql, rows).rowcount)

    def insert_rows(self, into: str, rows: Sequence[Sequence[object]]) -> int:
        """Insert at least one row, in their order; the number (row id) of the last. `into` is `table (columns)`."""
        with self.writing() as utils:
            self.insert_many(f"INSERT INTO {into} VALUES {{}}", rows)
            return int(utils.conn.execute("SELECT last_insert_rowid()").fetchone()[0])

    def insert_many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """Insert at least one row, in their order; how many were stored. `{}` is the place of what follows VALUES.

        Many at once, in numbers that are powers of two (of few texts): every statement lets other threads have the
        interpreter, and `executemany` does so for every row.
        """
        values = f"({', '.join('?' * len(rows[0]))})"
        most = 1 << (_MOST_VALUES // len(rows[0])).bit_length() - 1
        stored, at = 0, 0
        with self.writing() as utils:
            while at < len(rows):
                count = min(most, 1 << (len(rows) - at).bit_length() - 1)
                asked = [value for row in rows[at : at + count] for value in row]
                stored += utils.conn.execute(statement.format(", ".join([values] * count)), asked).rowcount
                at += count
        return stored

    def scrub(self) -> bool:
        """Write the file anew without free pages and empty the WAL; False where somebody still reads an older state.

        A crash in between: the file is as it was, or new; calling it again does the rest.
        """
        with plain_errors(self.path):
            connection = self.utils.conn
            connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()
