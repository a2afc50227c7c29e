"""A consistent copy of a store while others write to it (SQLite's online backup)."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from node.store.database import connect, plain_errors
from rootseal.errors import StoreError

__all__ = ["copy_file"]


def copy_file(source: Path, target: Path) -> int:
    """Copy one moment of `source` to the new file `target` (0600, on disk when this returns); the log's size in it.

    Raises `StoreError` where either is damaged, OSError where `target` cannot be made.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        plain_errors(source),
        contextlib.closing(connect(source)) as origin,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
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
