"""What the auditor has read from a chain, in a database of its own, so that an audit can be broken off and go on.

Every page of events is written together with the block that it reaches, in one transaction: a crash
loses at most the page under way, and the next run asks for it again. It holds public chain data only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from anchor.audit.paging import Page
from anchor.chain import Block, ChainUnavailable, LogEntry
from rootseal.errors import InputError, StoreError

__all__ = ["AuditDatabase", "Subject"]

_VERSION: Final = 1
_APPLICATION: Final = 0x52534155  # "RSAU", so that no other program's database is taken for one
_SCHEMA: Final = """
CREATE TABLE subject (chain_id TEXT NOT NULL, genesis BLOB NOT NULL, ledger BLOB NOT NULL) STRICT;
CREATE TABLE tips (provider INTEGER PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE progress (provider INTEGER NOT NULL, contract BLOB NOT NULL, first INTEGER NOT NULL,
    next INTEGER NOT NULL, PRIMARY KEY (provider, contract)) STRICT;
CREATE TABLE logs (provider INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL,
    contract BLOB NOT NULL, topics BLOB NOT NULL, data BLOB NOT NULL, hash BLOB NOT NULL, tx BLOB NOT NULL,
    PRIMARY KEY (provider, block, log_index)) STRICT, WITHOUT ROWID;
CREATE TABLE blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, time INTEGER NOT NULL) STRICT;
"""

Subject = tuple[int, bytes, bytes]
"""Chain id, hash of block 0, ledger."""


class AuditDatabase:
    """`with AuditDatabase(path) as database:`; without a path it is temporary. `provider` is 0, or 1 for the second.

    Raises `StoreError` where the file cannot be used, or another audit is using it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._name = "the auditor's database" if path is None else str(path)
        try:
            # An empty name is SQLite's own temporary file: memory does not grow with the history.
            self._sql = sqlite3.connect("" if path is None else path, timeout=1.0, isolation_level=None)
            self._prepare()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def __enter__(self) -> AuditDatabase:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._sql.close()

    def bind(self, subject: Subject) -> None:
        """Say what is audited. Raises `InputError` where the database is about another chain or ledger."""
        row = self._sql.execute("SELECT chain_id, genesis, ledger FROM subject").fetchone()
        told = (str(subject[0]), subject[1], subject[2])
        if row is None:
            self._sql.execute("INSERT INTO subject VALUES (?, ?, ?)", told)
        elif tuple(row) != told:
            raise InputError("--database", "belongs to the audit of another chain or ledger", self._name)

    def tip(self, provider: int) -> tuple[int, bytes] | None:
        """The last block that was final when this provider was asked before: number and hash."""
        row = self._sql.execute("SELECT number, hash FROM tips WHERE provider = ?", (provider,)).fetchone()
        return None if row is None else (row[0], row[1])

    def set_tip(self, provider: int, block: Block) -> None:
        """Remember it."""
        self._sql.execute("INSERT OR REPLACE INTO tips VALUES (?, ?, ?)", (provider, block.number, block.hash))

    def forget(self, provider: int) -> None:
        """Drop what this provider told: the chain is another one than it was."""
        self._sql.execute("BEGIN IMMEDIATE")
        for table in ("tips", "progress", "logs"):
            self._sql.execute(f"DELETE FROM {table} WHERE provider = ?", (provider,))
        self._sql.execute("DELETE FROM blocks")
        self._sql.execute("COMMIT")

    def next_block(self, provider: int, contract: bytes, first: int) -> int:
        """The first block from `first` on whose events are not here yet."""
        row = self._sql.execute(
            "SELECT first, next FROM progress WHERE provider = ? AND contract = ?", (provider, contract)
        ).fetchone()
        return row[1] if row is not None and row[0] <= first <= row[1] else first

    def add_page(self, provider: int, contract: bytes, first: int, page: Page) -> None:
        """Store a page that follows on from `next_block(provider, contract, first)`.

        Raises `ChainUnavailable` where the provider names one place twice.
        """
        rows = [
            (provider, log.block_number, log.log_index, contract, b"".join(log.topics), log.data, log.block_hash,
             log.transaction)
            for log in page.logs
        ]  # fmt: skip
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            own = "provider = ? AND contract = ? AND block BETWEEN ? AND ?"
            self._sql.execute(f"DELETE FROM logs WHERE {own}", (provider, contract, page.first, page.last))
            self._sql.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            begun = first if page.first == first else self._first(provider, contract)
            self._sql.execute(
                "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)", (provider, contract, begun, page.last + 1)
            )
            self._sql.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            self._sql.execute("ROLLBACK")
            raise ChainUnavailable("eth_getLogs", "two events stand at one place", page.first) from error
        except sqlite3.Error as error:
            self._sql.execute("ROLLBACK")
            raise self._unusable(error) from error

    def logs(self, contracts: Sequence[bytes], first: int, last: int, provider: int = 0) -> Iterator[LogEntry]:
        """Events of these contracts in blocks first..last, in chain order."""
        marks = ", ".join("?" * len(contracts))
        found = self._sql.execute(
            f"SELECT contract, topics, data, block, hash, tx, log_index FROM logs WHERE provider = ? "
            f"AND contract IN ({marks}) AND block BETWEEN ? AND ? ORDER BY block, log_index",
            (provider, *contracts, first, last),
        )
        for contract, topics, data, number, block_hash, transaction, index in found:
            split = tuple(topics[at : at + 32] for at in range(0, len(topics), 32))
            yield LogEntry(contract, split, data, number, block_hash, transaction, index)

    def unknown_blocks(self, last: int) -> tuple[int, ...]:
        """Blocks that hold events and whose time is not here yet."""
        found = self._sql.execute(
            "SELECT DISTINCT block FROM logs WHERE provider = 0 AND block <= ? "
            "AND block NOT IN (SELECT number FROM blocks) ORDER BY block",
            (last,),
        )
        return tuple(row[0] for row in found)

    def add_block(self, block: Block) -> None:
        """Remember a block's hash and time."""
        self._sql.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)", (block.number, block.hash, block.timestamp))

    def block(self, number: int) -> tuple[bytes, int]:
        """Hash and time of a block that holds events. KeyError where it was not stored."""
        row = self._sql.execute("SELECT hash, time FROM blocks WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(number)
        return row[0], row[1]

    def difference(self, last: int) -> tuple[int, int, int] | None:
        """Where the two providers' events first differ: block, and how many only the first and only the second told."""
        what = "block, log_index, contract, topics, data, hash, tx FROM logs WHERE block <= ? AND provider"
        counts, blocks = [], []
        for one, other in ((0, 1), (1, 0)):
            count, block = self._sql.execute(
                f"SELECT count(*), min(block) FROM (SELECT {what} = ? EXCEPT SELECT {what} = ?)",
                (last, one, last, other),
            ).fetchone()
            counts.append(int(count))
            blocks += [] if block is None else [int(block)]
        return (min(blocks), counts[0], counts[1]) if blocks else None

    def _first(self, provider: int, contract: bytes) -> int:
        row = self._sql.execute(
            "SELECT first FROM progress WHERE provider = ? AND contract = ?", (provider, contract)
        ).fetchone()
        return int(row[0])

    def _prepare(self) -> None:
        self._sql.execute("PRAGMA busy_timeout = 1000")
        # Whoever audits into this file has it alone: two would count one page twice.
        self._sql.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._sql.execute("PRAGMA synchronous = NORMAL")
        application = self._sql.execute("PRAGMA application_id").fetchone()[0]
        version = self._sql.execute("PRAGMA user_version").fetchone()[0]
        if (application, version) == (_APPLICATION, _VERSION):
            self._sql.execute("BEGIN EXCLUSIVE")
            self._sql.execute("COMMIT")
            return
        if self._sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise InputError("--database", "is not a database of this version of the auditor", self._name)
        self._sql.execute("BEGIN EXCLUSIVE")
        for statement in _SCHEMA.split(";"):
            self._sql.execute(statement)
        self._sql.execute(f"PRAGMA application_id = {_APPLICATION}")
        self._sql.execute(f"PRAGMA user_version = {_VERSION}")
        self._sql.execute("COMMIT")

    def _unusable(self, error: sqlite3.Error) -> StoreError:
        busy = "locked" in str(error)
        why = "another audit is using it" if busy else f"it cannot be used: {error}"
        return StoreError(f"{self._name}: {why}; wait, or name another file with --database")
