"""Making a store and bringing an older one up to date: a copy first, then each step in one transaction."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from anchor.files import sync_directory
from node.store.database import APPLICATION_ID, connect, plain_errors
from node.store.schema import MIGRATIONS, Statement
from rootseal.errors import StoreError

__all__ = ["create_file", "upgrade_file"]


def create_file(path: Path, steps: Sequence[Sequence[Statement]] = MIGRATIONS) -> None:
    """Make an empty store at `path`. Raises `StoreError` where there is one, or the folder is missing."""
    beside = path.with_name(f".{path.name}.new")
    if path.exists():
        raise StoreError(f"{path}: there is a store already; it is not replaced")
    try:
        # What lies there is the rest of a creation that was interrupted.
        beside.unlink(missing_ok=True)
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with plain_errors(path), contextlib.closing(sqlite3.connect(beside, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            _apply(connection, steps, 0)
        # A crash before the link: there is no store, and the next run makes one. After it: it is complete.
        os.link(beside, path)
        beside.unlink()
        sync_directory(path.parent)
    except FileExistsError:
        raise StoreError(f"{path}: there is a store already; it is not replaced") from None
    except OSError as error:
        raise StoreError(f"{path}: the store cannot be made: {error.strerror}") from error


def upgrade_file(path: Path, steps: Sequence[Sequence[Statement]] = MIGRATIONS) -> Path | None:
    """Bring the store at `path` up to the newest schema; the copy that was made first, or None.

    Raises `StoreError` for a missing file, another program's file, and one made by a newer version.
    """
    if not path.is_file():
        raise StoreError(f"{path}: there is no store; make one with `rootseal node init DIR`")
    with plain_errors(path), contextlib.closing(connect(path)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise StoreError(f"{path}: is a database, but not of a Rootseal node")
        version = _version(connection)
        if version > len(steps):
            problem = f"was written by a newer rootseal (schema {version}, this one knows {len(steps)})"
            raise StoreError(f"{path}: {problem}; upgrade the program. Nothing was changed")
        if version == len(steps):
            return None
        copy = path.with_name(f"{path.name}.schema-{version}")
        _copy(connection, copy)
        _apply(connection, steps, version)
        return copy


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _apply(connection: sqlite3.Connection, steps: Sequence[Sequence[Statement]], version: int) -> None:
    """Steps from `version` on. A crash between two: the next opening goes on after the last COMMIT."""
    for number in range(version, len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have done it while this one waited for the lock.
            if _version(connection) == number:
                for statement in steps[number]:
                    if isinstance(statement, str):
                        connection.execute(statement)
                    else:
                        statement(connection)
                connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


def _copy(connection: sqlite3.Connection, copy: Path) -> None:
    """A complete copy of the old schema beside the store, durable before anything is changed."""
    half = copy.with_name(f".{copy.name}.half")
    try:
        half.unlink(missing_ok=True)
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(sqlite3.connect(half)) as target:
            connection.backup(target)
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.replace(copy)
        sync_directory(copy.parent)
    except OSError as error:
        raise StoreError(f"{copy}: the copy before the upgrade cannot be made: {error.strerror}") from error
