"""The log as the store holds it: commitments by index, signed checkpoints, final anchors."""

from __future__ import annotations

import json
from typing import Any, Final

from node.store.database import Database
from node.store.records import AnchorRow, Checkpoint
from rootseal.anchoring import BlockRef, Evidence
from rootseal.errors import StoreError

__all__ = ["Log", "evidence_from_text", "evidence_text"]

_CHECKPOINT: Final = "SELECT size, root, signed_at, anchor_by, key, signature, acts_head FROM checkpoints"
_ANCHOR: Final = (
    "SELECT sequence, size, previous_size, root, key, transaction_hash, block_number, block_hash, block_time,"
    " evidence, document_hash FROM anchors"
)


class Log:
    """The tables `checkpoints` and `anchors`, and the indexes in `entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def size(self) -> int:
        """How many entries have an index."""
        found = self._database.row("SELECT max(log_index) FROM entries")
        return 0 if found is None or found[0] is None else int(found[0]) + 1

    def commitments(self, start: int, end: int) -> list[bytes]:
        """Commitments with start ≤ index < end. Raises `StoreError` where an index is missing."""
        rows = self._database.rows(
            "SELECT log_index, commitment FROM entries WHERE log_index >= ? AND log_index < ? ORDER BY log_index",
            (start, end),
        )
        for place, (index, _) in enumerate(rows, start):
            if index != place:
                raise StoreError(f"the log has no entry at index {place}; restore a backup, then run fsck")
        return [commitment for _, commitment in rows]

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store a promise. Raises `ConflictError` where there is one of this size."""
        c = checkpoint
        self._database.change(
            "INSERT INTO checkpoints (size, root, signed_at, anchor_by, key, signature, acts_head)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (c.size, c.root, c.signed_at, c.anchor_by, c.key, c.signature, c.acts_head),
        )

    def newest_checkpoint(self) -> Checkpoint | None:
        """The one with the largest size."""
        return self._checkpoint("ORDER BY size DESC LIMIT 1")

    def checkpoint(self, size: int) -> Checkpoint | None:
        """The one of exactly this size."""
        return self._checkpoint("WHERE size = ?", size)

    def covering(self, index: int) -> Checkpoint | None:
        """The first promise that holds the entry at `index`."""
        return self._checkpoint("WHERE size > ? ORDER BY size LIMIT 1", index)

    def checkpoints(self, after: int, count: int) -> tuple[Checkpoint, ...]:
        """Up to `count` with size > `after`, ascending."""
        rows = self._database.rows(f"{_CHECKPOINT} WHERE size > ? ORDER BY size LIMIT ?", (after, count))
        return tuple(Checkpoint(*row) for row in rows)

    def recent_checkpoints(self, before: int, count: int) -> tuple[Checkpoint, ...]:
        """Up to `count` with size < `before`, the newest first."""
        rows = self._database.rows(f"{_CHECKPOINT} WHERE size < ? ORDER BY size DESC LIMIT ?", (before, count))
        return tuple(Checkpoint(*row) for row in rows)

    def unanchored(self) -> tuple[Checkpoint, ...]:
        """Promises that no final anchor in the store keeps yet, ascending."""
        rows = self._database.rows(
            f"{_CHECKPOINT} WHERE size > (SELECT coalesce(max(size), 0) FROM anchors) ORDER BY size"
        )
        return tuple(Checkpoint(*row) for row in rows)

    def add_anchor(self, anchor: AnchorRow, now: int) -> bool:
        """Store a final anchor; False where it is there already. Raises `StoreError` where another one is."""
        a = anchor
        with self._database.writing() as utils:
            stored = self._anchor("WHERE sequence = ?", a.sequence)
            if stored is not None:
                if (stored.root, stored.size) != (a.root, a.size):
                    raise StoreError(f"anchor {a.sequence} is final with two roots; run `rootseal node fsck`")
                return False
            evidence = None if a.evidence is None else evidence_text(a.evidence)
            utils.conn.execute(
                "INSERT INTO anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(a.sequence, a.size, a.previous_size, a.root, a.key, a.transaction),
                    *(a.block.number, a.block.hash, a.block.timestamp, evidence, a.document_hash, now),
                ),
            )
            return True

    def replace_evidence(self, sequence: int, evidence: Evidence | None) -> None:
        """Put evidence that was verified anew in the place of evidence that fails."""
        text = None if evidence is None else evidence_text(evidence)
        self._database.change("UPDATE anchors SET evidence = ? WHERE sequence = ?", (text, sequence))

    def anchors(self) -> tuple[AnchorRow, ...]:
        """All final anchors by sequence."""
        return tuple(_anchor(row) for row in self._database.rows(f"{_ANCHOR} ORDER BY sequence"))

    def recent_anchors(self, before: int, count: int) -> tuple[AnchorRow, ...]:
        """Up to `count` final ones with sequence < `before`, the newest first."""
        rows = self._database.rows(f"{_ANCHOR} WHERE sequence < ? ORDER BY sequence DESC LIMIT ?", (before, count))
        return tuple(_anchor(row) for row in rows)

    def anchored_size(self) -> int:
        """How many entries stand under the newest final anchor: at home every anchor holds all before it."""
        found = self._database.row("SELECT coalesce(max(size), 0) FROM anchors")
        return 0 if found is None else int(found[0])

    def anchor(self, sequence: int) -> AnchorRow | None:
        """The final anchor with this number."""
        return self._anchor("WHERE sequence = ?", sequence)

    def newest_anchor(self) -> AnchorRow | None:
        """The last final anchor."""
        return self._anchor("ORDER BY sequence DESC LIMIT 1")

    def introducing(self, index: int) -> AnchorRow | None:
        """The final anchor with previousSize ≤ index < size."""
        return self._anchor("WHERE previous_size <= ?1 AND size > ?1", index)

    def _checkpoint(self, rest: str, *parameters: object) -> Checkpoint | None:
        found = self._database.row(f"{_CHECKPOINT} {rest}", parameters)
        return None if found is None else Checkpoint(*found)

    def _anchor(self, rest: str, *parameters: object) -> AnchorRow | None:
        found = self._database.row(f"{_ANCHOR} {rest}", parameters)
        return None if found is None else _anchor(found)


def _anchor(row: tuple[Any, ...]) -> AnchorRow:
    sequence, size, previous, root, key, transaction, number, block_hash, time, evidence, document = row
    block = BlockRef(number, block_hash, time)
    read = None if evidence is None else evidence_from_text(evidence)
    return AnchorRow(sequence, size, previous, root, key, transaction, block, read, document)


def evidence_text(evidence: Evidence) -> str:
    """Evidence as a row keeps it."""
    return json.dumps(
        [
            evidence.header.hex(),
            evidence.receipt_index,
            [node.hex() for node in evidence.receipt_proof],
            evidence.log_index,
        ],
        separators=(",", ":"),
    )


def evidence_from_text(text: str) -> Evidence:
    """The inverse of `evidence_text`."""
    header, receipt_index, proof, log_index = json.loads(text)
    return Evidence(bytes.fromhex(header), receipt_index, tuple(map(bytes.fromhex, proof)), log_index)
