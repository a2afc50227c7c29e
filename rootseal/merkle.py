"""Merkle trees, inclusion and consistency proofs exactly as RFC 9162 §2.1, over SHA-256.

Consensus-critical. Pure functions check a proof; `Tree` builds and appends without rebuilding.
A hash is 32 bytes; a path is a tuple of hashes, lowest level first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from rootseal.errors import InputError

__all__ = [
    "EMPTY_ROOT",
    "Tree",
    "leaf_hash",
    "node_hash",
    "root_from_inclusion",
    "root_of",
    "verify_consistency",
]

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """H(0x00 ‖ data): RFC 9162 §2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """H(0x01 ‖ left ‖ right): RFC 9162 §2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; of none, H of the empty string. RFC 9162 §2.1.1.

    Pairing level by level and carrying an odd last node upwards gives the RFC's recursive split.
    """
    if not leaves:
        return EMPTY_ROOT
    level, hashed = list(leaves), sha256
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashed(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to, or None where its length is wrong: RFC 9162 §2.1.3.2.

    `leaf` is a leaf hash. None also where not 0 ≤ index < size.
    """
    if not 0 <= index < size or len(path) != _path_length(index, size):
        return None
    here, last, root = index, size - 1, leaf
    for sibling in path:
        if here & 1 or here == last:
            root = node_hash(sibling, root)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        here, last = here >> 1, last >> 1
    return root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """True iff `path` proves that the tree of size `first` is a prefix of that of size `second`: RFC 9162 §2.1.4.2.

    Of size 0 every tree is an extension (empty path, the root of nothing).
    """
    if not 0 <= first <= second:
        return False
    if first in (0, second):
        expected = EMPTY_ROOT if first == 0 else second_root
        return not path and first_root == expected
    proof = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not proof:
        return False
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = proof[0]
    for node in proof[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, node)
        here, last = here >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _path_length(index: int, size: int) -> int:
    """Nodes in the path of `index`: the levels below the split from the last leaf, and its left siblings above."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


class Tree:
    """An append-only tree that holds every complete node, 32 bytes each, in one flat buffer a level.

    Appending n leaves hashes about 2·n nodes and touches nothing older; roots and proofs of any
    earlier size take O(log size) hashes. Memory: 64 bytes a leaf.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self.extend(leaves)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self._levels[0]) >> 5

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes (32 bytes each) in order."""
        self._levels[0] += b"".join(leaves)
        level = 0
        while len(self._levels[level]) >= 64:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            below, above = (
                bytes(memoryview(self._levels[level])[2 * len(self._levels[level + 1]) :]),
                self._levels[level + 1],
            )
            above += b"".join([sha256(b"\x01" + below[at : at + 64]).digest() for at in range(0, len(below) - 63, 64)])
            level += 1

    def leaf(self, index: int) -> bytes:
        """The leaf hash at `index`."""
        return self.node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """The root when the tree had `size` leaves (default: now)."""
        size = self.size if size is None else self._bounded(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_path(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """PATH(index, D_size) of RFC 9162 §2.1.3.1. Raises `InputError` unless index < size ≤ self.size."""
        size = self.size if size is None else self._bounded(size)
        if not 0 <= index < size:
            raise InputError("index", f"must be below the size {size}", index)
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            split = low + _split(high - low)
            if index < split:
                path.append(self._range(split, high))
                high = split
            else:
                path.append(self._range(low, split))
                low = split
        return tuple(reversed(path))

    def consistency_path(self, first: int, second: int | None = None) -> tuple[bytes, ...]:
        """PROOF(first, D_second) of RFC 9162 §2.1.4.1. Raises `InputError` unless first ≤ second ≤ self.size."""
        second = self.size if second is None else self._bounded(second)
        if not 0 <= first <= second:
            raise InputError("size", f"must be at most {second}", first)
        if first in (0, second):
            return ()
        path: list[bytes] = []
        low, high = 0, second
        while high != first:
            split = low + _split(high - low)
            if first <= split:
                path.append(self._range(split, high))
                high = split
            else:
                path.append(self._range(low, split))
                low = split
        if low:
            path.append(self._range(low, high))
        return tuple(reversed(path))

    def _bounded(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise InputError("size", f"must be at most {self.size}", size)
        return size

    def node(self, level: int, position: int) -> bytes:
        """The complete node at `position` of `level` (0: leaves), 32 bytes: what hash tiles are made of."""
        return bytes(self._levels[level][position << 5 : (position + 1) << 5])

    def _range(self, low: int, high: int) -> bytes:
        """The root over leaves [low, high), which the RFC's splits guarantee to start at a multiple of its split."""
        count = high - low
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self.node(level, low >> level)
        split = _split(count)
        return node_hash(self._range(low, low + split), self._range(low + split, high))


def _split(count: int) -> int:
    """The largest power of two below `count` (count ≥ 2)."""
    return 1 << (count - 1).bit_length() - 1
