"""Receipts in the trie of a block: encoding, proving, and checking a proof of hostile origin.

Consensus-critical. Keys are rlp(index), values are the encoded receipts, typed ones behind their type
byte (EIP-2718). A proof is the path of nodes, root first, each RLP-encoded and referred to by its
keccak256 from the one before (Yellow Paper appendix D). Receipts are longer than 32 bytes, so that
no node on the path is ever embedded in its parent; one that is, is refused.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from anchor.chain import Receipt
from rootseal.ethereum import keccak256

__all__ = ["ProvenReceipt", "decode_rlp", "encode_receipt", "encode_rlp", "prove", "proven_receipt"]

MAX_NODES: Final = 16
MAX_NODE: Final = 1 << 20
MAX_PROOF: Final = 2 << 20
MAX_INDEX: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class ProvenReceipt:
    """What a receipt says: status 0 or 1, and logs as (address, topics, data)."""

    status: int
    logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...]


def encode_rlp(value: Any) -> bytes:
    """RLP of bytes, integers and lists of them."""
    import rlp  # type: ignore[import-untyped]  # a quarter of a second, for files with evidence only

    return cast(bytes, rlp.encode(value))


def decode_rlp(data: bytes) -> Any:
    """Bytes or nested lists of bytes. Raises `ValueError` where `data` is not exactly one canonical item."""
    import rlp
    from rlp.exceptions import RLPException  # type: ignore[import-untyped]

    try:
        return rlp.decode(data)
    except (RLPException, RecursionError, IndexError, TypeError) as error:
        raise ValueError(f"not RLP: {type(error).__name__}") from None


def encode_receipt(receipt: Receipt) -> bytes:
    """The bytes of a receipt as they stand in the trie."""
    logs = [[log.address, list(log.topics), log.data] for log in receipt.logs]
    status = b"\x01" if receipt.status else b""
    body = encode_rlp([status, receipt.cumulative_gas, receipt.bloom, logs])
    return bytes([receipt.kind]) + body if receipt.kind else body


def prove(receipts: Sequence[bytes], index: int, root: bytes) -> tuple[bytes, ...] | None:
    """The proof nodes for `index`; None where these receipts do not make up `root` (not a standard chain)."""
    os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # ten times faster than the default
    from trie import HexaryTrie  # type: ignore[attr-defined]  # needed to build only

    trie = HexaryTrie({})
    for number, receipt in enumerate(receipts):
        trie[encode_rlp(number)] = receipt
    if trie.root_hash != root:
        return None
    return tuple(encode_rlp(node) for node in trie.get_proof(encode_rlp(index)))  # type: ignore[no-untyped-call]


def proven_receipt(root: bytes, index: int, proof: Sequence[bytes]) -> ProvenReceipt | str:
    """The receipt at `index` under `root`, or a sentence that says why the proof shows none. Never raises."""
    if not 0 <= index < MAX_INDEX:
        return "the receipt index is out of range"
    if not 0 < len(proof) <= MAX_NODES or sum(map(len, proof)) > MAX_PROOF or max(map(len, proof)) > MAX_NODE:
        return "the receipt proof is too long or empty"
    try:
        value = _walk(root, _nibbles(encode_rlp(index)), proof)
        return value if isinstance(value, str) else _receipt(value)
    except (RecursionError, ValueError, TypeError, IndexError):
        return "the receipt proof is not made of RLP nodes"


def _walk(root: bytes, path: list[int], proof: Sequence[bytes]) -> bytes | str:
    """The value at `path`, each node of the proof used once and in order."""
    expected: Any = root
    for number, encoded in enumerate(proof):
        if not isinstance(expected, bytes) or len(expected) != 32:
            return "the receipt proof does not lead to the receipt"
        if keccak256(encoded) != expected:
            return "a node of the receipt proof does not hash to what refers to it"
        node = decode_rlp(encoded)
        last = number == len(proof) - 1
        if len(node) == 17:
            if not path:
                return "the receipt proof does not lead to the receipt"
            expected, path = node[path[0]], path[1:]
        elif len(node) == 2:
            leaf, piece = _compact(node[0])
            if path[: len(piece)] != piece or (leaf and len(piece) != len(path)):
                return "the receipt proof leads to another receipt index"
            expected, path = node[1], path[len(piece) :]
            if leaf:
                return expected if last and isinstance(expected, bytes) else "the receipt proof has nodes to spare"
        else:
            return "the receipt proof is not made of trie nodes"
    return "the receipt proof does not lead to the receipt"


def _compact(encoded: bytes) -> tuple[bool, list[int]]:
    """Hex-prefix decoding (Yellow Paper appendix C): is it a leaf, and the nibbles. Raises `ValueError`."""
    nibbles = _nibbles(encoded)
    flag = nibbles[0]
    if flag > 3 or (not flag & 1 and nibbles[1]):
        raise ValueError("a hex prefix is not canonical")
    return bool(flag & 2), nibbles[1 if flag & 1 else 2 :]


def _nibbles(data: bytes) -> list[int]:
    return [half for byte in data for half in (byte >> 4, byte & 15)]


def _receipt(encoded: bytes) -> ProvenReceipt | str:
    if not encoded:
        return "the block has no receipt at the receipt index"
    # EIP-2718: a first byte below 0x80 is the type; an untyped receipt is an RLP list (0xc0 and above).
    fields = decode_rlp(encoded[1:] if encoded[0] < 0x80 else encoded)
    if not isinstance(fields, list) or len(fields) != 4 or fields[0] not in (b"", b"\x01"):
        return "the receipt is not one that this version knows"
    return ProvenReceipt(len(fields[0]), tuple(_log(log) for log in fields[3]))


def _log(log: Any) -> tuple[bytes, tuple[bytes, ...], bytes]:
    address, topics, data = log
    if not all(isinstance(item, bytes) for item in (address, data, *topics)) or isinstance(topics, bytes):
        raise ValueError("a log is not address, topics and data")
    return address, tuple(topics), data
