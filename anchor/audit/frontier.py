"""A log folded as it is read: the root at any size and every hash tile, in memory that does not grow.

A tile of level n holds 256 hashes of complete subtrees of 256^n leaves (C2SP tlog-tiles); what is
kept is the one tile of each level that is not full yet. Structure and hashes are RFC 9162 §2.1's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rootseal.merkle import EMPTY_ROOT, root_of
from rootseal.tlog import TILE_WIDTH, Tile

__all__ = ["Frontier"]


class Frontier:
    """The right edge of an append-only tree."""

    __slots__ = ("_full", "_levels", "size")

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[list[bytes]] = [[]]
        self._full = [0]

    def extend(self, leaves: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Append leaf hashes; yields each tile that this fills, and its bytes. Must be run to its end."""
        done = 0
        while done < len(leaves):
            taken = leaves[done : done + TILE_WIDTH - len(self._levels[0])]
            self._levels[0] += taken
            self.size += len(taken)
            done += len(taken)
            if len(self._levels[0]) == TILE_WIDTH:
                yield from self._carry()

    def partial_tiles(self) -> Iterator[tuple[Tile, bytes]]:
        """The tiles that are not full at this size."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                yield Tile(level, self._full[level], len(hashes)), b"".join(hashes)

    def root(self) -> bytes:
        """The root at this size. Each level's incomplete rest is the last, shorter subtree of the level above."""
        rest: list[bytes] = []
        for hashes in self._levels:
            if hashes or rest:
                rest = [root_of(hashes + rest)]
        return rest[0] if rest else EMPTY_ROOT

    def _carry(self) -> Iterator[tuple[Tile, bytes]]:
        level = 0
        while len(self._levels[level]) == TILE_WIDTH:
            hashes = self._levels[level]
            yield Tile(level, self._full[level]), b"".join(hashes)
            if level + 1 == len(self._levels):
                self._levels.append([])
                self._full.append(0)
            self._levels[level + 1].append(root_of(hashes))
            self._levels[level] = []
            self._full[level] += 1
            level += 1
