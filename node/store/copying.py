"""A consistent copy of a store while others write to it (SQLite's online backup)."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node.store.database import connect, plain_errors
from rootseal.errors import StoreError

__all__ = ["copy_file"]

_TARGET: Final = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_IOERR_WRITE: errno.EIO,
    sqlite3.SQLITE_IOERR_FSYNC: errno.EIO,
    sqlite3.SQLITE_IOERR_TRUNCATE: errno.EIO,
}
"""What only writing can bring about. The source is read alone, so that it is the target's."""


def copy_file(source: Path, target: Path) -> int:
    """Copy one moment of `source` to the new file `target` (0600, on disk when this returns); the log's size in it.

    Raises `StoreError` where either is damaged, OSError where `target` cannot be made or written.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        plain_errors(source),
        contextlib.closing(connect(source)) as origin,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        with _writing(target):
            # All pages in one step, inside one read transaction: writers go on beside it, in the WAL.
            origin.backup(copy)
            # One file without a WAL beside it is what an archive can hold.
            copy.execute("PRAGMA journal_mode = DELETE")
        problems = [str(row[0]) for row in copy.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
        size = int(copy.execute("SELECT coalesce(max(log_index) + 1, 0) FROM entries").fetchone()[0])
    if problems:
        raise StoreError(f"{source}: the copy is damaged ({problems[0]}); nothing was backed up. Run fsck")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return size


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code not in _TARGET:
            raise
        raise OSError(_TARGET[code], os.strerror(_TARGET[code]), str(target)) from error
