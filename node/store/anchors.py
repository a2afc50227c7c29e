"""Final anchors of the log on one ledger, at home or on another one: two tables of one shape, and one code for both."""

from __future__ import annotations

import json
from typing import Any, Final

from node.store.database import Database
from node.store.records import AnchorRow
from rootseal.anchoring import BlockRef, Evidence
from rootseal.errors import StoreError

__all__ = ["AnchorTable"]

_COLUMNS: Final = (
    "sequence, size, previous_size, root, key, transaction_hash, block_number, block_hash, block_time, evidence"
)


class AnchorTable:
    """The rows of `anchors`, or those of one witness in `witness_anchors`.

    `witness` is the other ledger's number, None at home. `document_hash` of what a witness's rows give is None.
    """

    def __init__(self, database: Database, witness: int | None = None) -> None:
        self._database = database
        self._witness = witness
        home = witness is None
        self._table, self._own = ("anchors", "document_hash") if home else ("witness_anchors", "witness")
        self._mine = "1" if home else f"witness = {witness}"
        document = "document_hash" if home else "NULL"
        self._rows = f"SELECT {_COLUMNS}, {document} FROM {self._table} WHERE {self._mine}"

    def add_anchor(self, anchor: AnchorRow, now: int) -> bool:
        """Store a final anchor; False where it is there already. Raises `StoreError` where another one is."""
        a = anchor
        with self._database.writing() as utils:
            stored = self.anchor(a.sequence)
            if stored is not None:
                if (stored.root, stored.size) != (a.root, a.size):
                    where = "" if self._witness is None else f" on ledger {self._witness}"
                    raise StoreError(f"anchor {a.sequence}{where} is final with two roots; run `rootseal node fsck`")
                return False
            utils.conn.execute(
                f"INSERT INTO {self._table} ({_COLUMNS}, {self._own}, stored_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(a.sequence, a.size, a.previous_size, a.root, a.key, a.transaction),
                    *(a.block.number, a.block.hash, a.block.timestamp, _text(a.evidence)),
                    *(a.document_hash if self._witness is None else self._witness, now),
                ),
            )
            return True

    def replace_evidence(self, sequence: int, evidence: Evidence | None) -> None:
        """Put evidence that was verified anew in the place of evidence that fails."""
        statement = f"UPDATE {self._table} SET evidence = ? WHERE {self._mine} AND sequence = ?"
        self._database.change(statement, (_text(evidence), sequence))

    def all(self) -> tuple[AnchorRow, ...]:
        """All by sequence."""
        return tuple(_anchor(row) for row in self._database.rows(f"{self._rows} ORDER BY sequence"))

    def recent(self, before: int, count: int) -> tuple[AnchorRow, ...]:
        """Up to `count` with sequence < `before`, the newest first."""
        query = f"{self._rows} AND sequence < ? ORDER BY sequence DESC LIMIT ?"
        return tuple(_anchor(row) for row in self._database.rows(query, (before, count)))

    def anchor(self, sequence: int) -> AnchorRow | None:
        """The one with this number."""
        return self._one("AND sequence = ?", sequence)

    def newest_anchor(self) -> AnchorRow | None:
        """The last one."""
        return self._one("ORDER BY sequence DESC LIMIT 1")

    def introducing(self, index: int) -> AnchorRow | None:
        """The first that holds the entry at `index`: previousSize ≤ index < size."""
        return self._one("AND previous_size <= ?1 AND size > ?1", index)

    def _one(self, rest: str, *parameters: object) -> AnchorRow | None:
        found = self._database.row(f"{self._rows} {rest}", parameters)
        return None if found is None else _anchor(found)


def _anchor(row: tuple[Any, ...]) -> AnchorRow:
    sequence, size, previous, root, key, transaction, number, block_hash, time, evidence, document = row
    block = BlockRef(number, block_hash, time)
    read = None if evidence is None else _evidence(evidence)
    return AnchorRow(sequence, size, previous, root, key, transaction, block, read, document)


def _text(evidence: Evidence | None) -> str | None:
    """Evidence as a row keeps it."""
    if evidence is None:
        return None
    proof = [node.hex() for node in evidence.receipt_proof]
    value = [evidence.header.hex(), evidence.receipt_index, proof, evidence.log_index]
    return json.dumps(value, separators=(",", ":"))


def _evidence(text: str) -> Evidence:
    """The inverse of `_text`."""
    header, receipt_index, proof, log_index = json.loads(text)
    return Evidence(bytes.fromhex(header), receipt_index, tuple(map(bytes.fromhex, proof)), log_index)
