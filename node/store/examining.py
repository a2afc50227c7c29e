"""Looking at a store's file without changing it: no upgrade, no write, whatever its schema."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from node.store.database import APPLICATION_ID, connect, plain_errors
from node.store.schema import SCHEMA_VERSION
from rootseal.errors import StoreError

__all__ = ["FileState", "examine_file"]


@dataclass(frozen=True, slots=True)
class FileState:
    """Schema of the file and of this program, what SQLite finds wrong in its own words, and its size in bytes."""

    schema: int
    newest: int
    problems: tuple[str, ...]
    size: int


def examine_file(path: Path) -> FileState:
    """Run SQLite's quick check. Raises `StoreError` for a missing, foreign or unreadable file."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no store; make one with `rootseal node init DIR`, or restore a backup")
    with plain_errors(path), contextlib.closing(connect(path, writable=False)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise StoreError(f"{path}: is a database, but not of a Rootseal node")
        schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
    size = sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
    return FileState(schema, SCHEMA_VERSION, tuple(found), size)
