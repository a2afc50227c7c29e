"""The log as the store holds it: commitments by index, signed checkpoints, final anchors."""

from __future__ import annotations

from typing import Final

from node.store.anchors import AnchorTable
from node.store.database import Database
from node.store.records import AnchorRow, Checkpoint
from rootseal.anchoring import Evidence
from rootseal.errors import StoreError

__all__ = ["Log"]

_CHECKPOINT: Final = "SELECT size, root, signed_at, anchor_by, key, signature, acts_head FROM checkpoints"


class Log:
    """The tables `checkpoints` and `anchors`, and the indexes in `entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._anchors = AnchorTable(database)

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
        return self._anchors.add_anchor(anchor, now)

    def replace_evidence(self, sequence: int, evidence: Evidence | None) -> None:
        """Put evidence that was verified anew in the place of evidence that fails."""
        self._anchors.replace_evidence(sequence, evidence)

    def anchors(self) -> tuple[AnchorRow, ...]:
        """All final anchors by sequence."""
        return self._anchors.all()

    def recent_anchors(self, before: int, count: int) -> tuple[AnchorRow, ...]:
        """Up to `count` final ones with sequence < `before`, the newest first."""
        return self._anchors.recent(before, count)

    def anchored_size(self) -> int:
        """How many entries stand under the newest final anchor: at home every anchor holds all before it."""
        found = self._database.row("SELECT coalesce(max(size), 0) FROM anchors")
        return 0 if found is None else int(found[0])

    def anchor(self, sequence: int) -> AnchorRow | None:
        """The final anchor with this number."""
        return self._anchors.anchor(sequence)

    def newest_anchor(self) -> AnchorRow | None:
        """The last final anchor."""
        return self._anchors.newest_anchor()

    def introducing(self, index: int) -> AnchorRow | None:
        """The final anchor with previousSize ≤ index < size."""
        return self._anchors.introducing(index)

    def _checkpoint(self, rest: str, *parameters: object) -> Checkpoint | None:
        found = self._database.row(f"{_CHECKPOINT} {rest}", parameters)
        return None if found is None else Checkpoint(*found)
