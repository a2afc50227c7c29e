"""The chain's only file: py-evm's key-value data and an index of logs, in SQLite.

A block is one SQL transaction (`BlockStore.block`), WAL with `synchronous=FULL`. A crash before
COMMIT leaves the previous block as head, a crash after it leaves the new one; there is nothing
in between and nothing to repair.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth.db.backends.base import BaseDB

from rootseal.errors import ConfigError, StoreError

APPLICATION_ID = 0x52534543  # "RSEC": says whose file this is, before anything in it is touched
SCHEMA_VERSION = 1

_SCHEMA = (
    "CREATE TABLE kv(k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE log(block INTEGER NOT NULL, log_index INTEGER NOT NULL,"
    " tx_index INTEGER NOT NULL, tx_hash BLOB NOT NULL, block_hash BLOB NOT NULL,"
    " timestamp INTEGER NOT NULL, address BLOB NOT NULL,"
    " topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,"
    " PRIMARY KEY(block, log_index)) WITHOUT ROWID",
    "CREATE INDEX log_by_address ON log(address, block)",
)
_LOG_COLUMNS = (
    "block, log_index, tx_index, tx_hash, block_hash, timestamp, address, topic0, topic1, topic2, topic3, data"
)
_MAX_FILTER_VALUES = 1_000  # SQLite takes 32,766 bound values; no honest filter comes near


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event log with the place it has in the chain; `log_index` counts through the block."""

    block: int
    log_index: int
    tx_index: int
    tx_hash: bytes
    block_hash: bytes
    timestamp: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Inclusive block range, any of `addresses` (empty = all), per position any of the topics."""

    first: int
    last: int
    addresses: tuple[bytes, ...] = ()
    topics: tuple[tuple[bytes, ...], ...] = ()


class BlockStore(BaseDB):
    """A py-evm database in one SQLite file, or in memory when `path` is None.

    Reads are always allowed, writes only inside `block()`. Not thread-safe: the caller holds a
    lock. Raises ConfigError for a path that cannot be used or is not ours, StoreError for a
    file that is busy, newer than this program or damaged.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._writing = False
        self._db = _connect(path)
        try:
            self.is_new = self._claim()
        except sqlite3.Error as error:
            self._db.close()
            raise _explain(path, error) from error
        except BaseException:
            self._db.close()
            raise

    def _claim(self) -> bool:
        """Checks whose file it is before changing a byte; returns whether it is still empty."""
        # In this mode the first read takes a lock that lasts until close or death: two chains
        # on one file would each overwrite the other's head.
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        owner = _pragma(self._db, "application_id")
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if owner != APPLICATION_ID and (owner or tables):
            raise ConfigError("state", f"{self.path} is a database of some other program")
        version = _pragma(self._db, "user_version")
        if version > SCHEMA_VERSION:
            raise StoreError(f"{self.path}: format {version} is newer than this program knows")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        if owner == APPLICATION_ID:
            self._check()
        else:
            # Reading alone leaves an empty file unlocked: a write claims it.
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("COMMIT")
        return bool(owner != APPLICATION_ID)

    def _check(self) -> None:
        (answer,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise StoreError(f"{self.path} is damaged ({answer}); nothing was changed")

    @contextmanager
    def block(self) -> Iterator[None]:
        """Everything written inside is committed, on disk, when this returns; or not at all.

        Raises StoreError when SQLite refuses (disk full, file gone); the old head stands then.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._writing = True
            try:
                yield
                # The crash point: before this the block never was, after it the block stays.
                self._db.execute("COMMIT")
            finally:
                self._writing = False
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _explain(self.path, error) from error

    def create_schema(self) -> None:
        """The tables of an empty file, inside `block()`: a file has a genesis or is still empty."""
        for statement in _SCHEMA:
            self._db.execute(statement)
        self._db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def add_logs(self, rows: Sequence[LogRow]) -> None:
        """Indexes the logs of the block being written."""
        self._db.executemany(
            f"INSERT INTO log({_LOG_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    *(row.block, row.log_index, row.tx_index, row.tx_hash, row.block_hash),
                    *(row.timestamp, row.address),
                    *(row.topics[i] if i < len(row.topics) else None for i in range(4)),
                    row.data,
                )
                for row in rows
            ],
        )

    def logs(self, query: LogQuery) -> list[LogRow]:
        """The logs that match, in chain order. Cost grows with the matches, not with the chain."""
        where, values = ["block BETWEEN ? AND ?"], [query.first, query.last]
        columns = ("address", "topic0", "topic1", "topic2", "topic3")
        bound: list[int | bytes] = list(values)
        for column, wanted in zip(columns, (query.addresses, *query.topics), strict=False):
            if wanted:
                where.append(f"{column} IN ({','.join('?' * len(wanted))})")
                bound.extend(wanted)
        if len(query.topics) and not query.topics[-1]:
            # A trailing wildcard still asks for a log that has as many topics.
            where.append(f"topic{len(query.topics) - 1} IS NOT NULL")
        if len(bound) > _MAX_FILTER_VALUES:
            raise ValueError(f"more than {_MAX_FILTER_VALUES} addresses and topics in one filter")
        sql = f"SELECT {_LOG_COLUMNS} FROM log WHERE {' AND '.join(where)} ORDER BY block, log_index"
        return [_log_row(row) for row in self._db.execute(sql, bound)]

    def __getitem__(self, key: bytes) -> bytes:
        row = self._db.execute("SELECT v FROM kv WHERE k=?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._must_be_writing()
        self._db.execute("INSERT OR REPLACE INTO kv VALUES(?,?)", (key, value))

    def __delitem__(self, key: bytes) -> None:
        self._must_be_writing()
        self._db.execute("DELETE FROM kv WHERE k=?", (key,))

    def _exists(self, key: bytes) -> bool:
        return self._db.execute("SELECT 1 FROM kv WHERE k=?", (key,)).fetchone() is not None

    def _must_be_writing(self) -> None:
        # A write outside a block would be its own SQL transaction: half a block on disk.
        if not self._writing:
            raise RuntimeError("the chain's data is written in whole blocks only")

    def close(self) -> None:
        """Folds the WAL into the file and gives up the lock."""
        self._db.close()


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    if not path.parent.is_dir():
        raise ConfigError("state", f"the folder {path.parent} does not exist")
    try:
        return sqlite3.connect(path, timeout=0.5, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise _explain(path, error) from error


def _explain(path: Path | None, error: sqlite3.Error) -> ConfigError | StoreError:
    """SQLite's refusal in words that name the file and the way out."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreError(f"{path} is in use by another process; stop that chain first")
    if "not a database" in text:
        return ConfigError("state", f"{path} is not a chain state file; nothing was changed")
    if "unable to open" in text or "readonly" in text:
        return ConfigError("state", f"{path} cannot be written ({text})")
    return StoreError(f"{path}: {text}")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _log_row(row: tuple[Any, ...]) -> LogRow:
    topics = tuple(topic for topic in row[7:11] if topic is not None)
    block, log_index, tx_index, tx_hash, block_hash, timestamp, address = row[:7]
    return LogRow(block, log_index, tx_index, tx_hash, block_hash, timestamp, address, topics, row[11])
