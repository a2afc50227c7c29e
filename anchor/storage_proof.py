"""An account and its storage out of trie nodes, under the state root of a block header (EIP-1186, Yellow Paper §4.1).

Consensus-critical. The nodes may come from anybody: each is looked up by its keccak256, from the root down, so that
none can be altered, and what they do not show is not believed. The tries are walked by `trie`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from anchor.receipt_proof import decode_rlp
from rootseal.errors import UndeterminedError
from rootseal.ethereum import keccak256

__all__ = ["NodePool", "NotProven", "ProofSource", "ProvenStorage", "Storage", "state_root"]

MAX_HEADER: Final = 4096
_STATE_ROOT: Final = 3


class NotProven(UndeterminedError):  # noqa: N818 - reads as what happened
    """The nodes at hand do not show it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, "snapshot.not_proven")


class Storage(Protocol):
    """The storage of one contract after one block."""

    def words(self, slots: Sequence[int]) -> tuple[int, ...]:
        """The words at `slots`, 0 where nothing was ever stored."""


class ProofSource(Protocol):
    """A chain that serves eth_getProof."""

    def proof_nodes(self, address: bytes, slots: Sequence[int], at: int) -> tuple[bytes, ...]:
        """The RLP of all nodes, account and storage, that show the slots after block `at`.

        Raises `ChainUnavailable`.
        """


def state_root(header: bytes) -> tuple[bytes, int, int]:
    """State root, number and timestamp of an RLP header. Raises `NotProven`."""
    if len(header) > MAX_HEADER:
        raise NotProven("the header is too long")
    try:
        fields = decode_rlp(header)
    except ValueError:
        raise NotProven("the header is not RLP") from None
    if not isinstance(fields, list) or len(fields) < 15 or not all(isinstance(field, bytes) for field in fields):
        raise NotProven("the header is not a list of at least 15 fields")
    if len(fields[_STATE_ROOT]) != 32:
        raise NotProven("the header's stateRoot is not 32 bytes")
    return fields[_STATE_ROOT], int.from_bytes(fields[8]), int.from_bytes(fields[11])


class NodePool(dict[bytes, bytes]):
    """Trie nodes by their hash, and which of them were needed."""

    def __init__(self, nodes: Iterable[bytes] = ()) -> None:
        super().__init__()
        self.used: set[bytes] = set()
        self.add(nodes)

    def add(self, nodes: Iterable[bytes]) -> None:
        """Take in more nodes."""
        self.update((keccak256(node), node) for node in nodes)

    def __getitem__(self, key: bytes) -> bytes:
        found = super().__getitem__(key)
        self.used.add(key)
        return found

    def value(self, root: bytes, key: bytes) -> bytes:
        """What the trie with this root has at keccak(key), empty where it has nothing. Raises `NotProven`."""
        os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # ten times faster than the default
        from trie import HexaryTrie  # type: ignore[attr-defined]  # a quarter of a second
        from trie.exceptions import MissingTraversalNode, MissingTrieNode, ValidationError

        try:
            trie = HexaryTrie(self, root_hash=root)
            found: Any = trie.get(keccak256(key))
        except (MissingTraversalNode, MissingTrieNode, KeyError):
            raise NotProven("a node on the way is missing") from None
        except (ValidationError, ValueError, TypeError, IndexError, RecursionError, AssertionError):
            raise NotProven("a node on the way is not a trie node") from None
        return bytes(found)


@dataclass(frozen=True, slots=True)
class ProvenStorage:
    """The storage of one account, read from proven nodes only."""

    pool: NodePool
    root: bytes
    code_hash: bytes

    @classmethod
    def of(cls, pool: NodePool, header: bytes, address: bytes) -> ProvenStorage:
        """The account's storage in the state of `header`. Raises `NotProven`, also where there is no account."""
        encoded = pool.value(state_root(header)[0], address)
        fields = _decoded(encoded) if encoded else None
        if not isinstance(fields, list) or len(fields) != 4 or not all(isinstance(field, bytes) for field in fields):
            raise NotProven("there is no such account")
        return cls(pool, fields[2], fields[3])

    def words(self, slots: Sequence[int]) -> tuple[int, ...]:
        """As `Storage`. Raises `NotProven`."""
        return tuple(self._word(slot) for slot in slots)

    def _word(self, slot: int) -> int:
        encoded = self.pool.value(self.root, slot.to_bytes(32))
        value = _decoded(encoded) if encoded else b""
        if not isinstance(value, bytes) or len(value) > 32:
            raise NotProven("a storage value is not a word")
        return int.from_bytes(value)


def _decoded(encoded: bytes) -> Any:
    try:
        return decode_rlp(encoded)
    except ValueError:
        raise NotProven("a value of the trie is not RLP") from None
