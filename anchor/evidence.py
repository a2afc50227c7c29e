"""Evidence that an anchor stands in a block: the header, and the receipt under its receiptsRoot.

Consensus-critical: `check` decides whether a file may stand without a node. It needs no web3 and no
eth_abi, takes hostile bytes, and never raises. Sources: Ethereum Yellow Paper §4.3 (headers,
receipts, tries), EIP-2718 (typed receipts), EIP-1559, 4895, 4844, 4788 and 7685 (header fields).

A header hash proves nothing by itself: whether block.hash is on the chain is the verifier's to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from anchor.chain import Chain, ChainUnavailable, Receipt
from anchor.ledger_events import decode_anchored
from anchor.receipt_proof import decode_rlp, encode_receipt, encode_rlp, prove, proven_receipt
from rootseal.anchoring import Anchor, Evidence
from rootseal.ethereum import keccak256
from rootseal.facts import EvidenceFact

__all__ = ["build", "check", "encode_header"]

MAX_HEADER: Final = 4096
_RECEIPTS_ROOT, _NUMBER, _TIMESTAMP = 5, 8, 11

# In the order of the header; (JSON name, length of fixed data or None for a quantity or free data).
_FIELDS: Final[tuple[tuple[str, int | None], ...]] = (
    ("parentHash", 32),
    ("sha3Uncles", 32),
    ("miner", 20),
    ("stateRoot", 32),
    ("transactionsRoot", 32),
    ("receiptsRoot", 32),
    ("logsBloom", 256),
    ("difficulty", None),
    ("number", None),
    ("gasLimit", None),
    ("gasUsed", None),
    ("timestamp", None),
    ("extraData", -1),
    ("mixHash", 32),
    ("nonce", 8),
)
# Each fork appended to the one before: London, Shanghai, Cancun (three fields), Prague.
_FORK_FIELDS: Final[tuple[tuple[str, int | None], ...]] = (
    ("baseFeePerGas", None),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", None),
    ("excessBlobGas", None),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)


def build(chain: Chain, anchor: Anchor) -> Evidence | None:
    """Evidence for `anchor` from its block; None where the chain's headers or receipts are not standard.

    What is built is checked with `check` before it is returned. Raises `ChainUnavailable` where
    the block or its receipts cannot be had, or the chain no longer agrees with the anchor's block.
    """
    block = chain.block(anchor.block.number)
    if block is None or block.hash != anchor.block.hash:
        raise ChainUnavailable("eth_getBlockByNumber", "the anchor's block is not on the chain", anchor.block.number)
    header = encode_header(block.header)
    if header is None or keccak256(header) != block.hash:
        return None
    receipts = chain.block_receipts(block)
    place = _find(receipts, anchor)
    proof = None if place is None else prove([encode_receipt(item) for item in receipts], place[0], _root(header))
    if place is None or proof is None:
        return None
    evidence = Evidence(header, place[0], proof, place[1])
    return evidence if check(anchor, evidence).problem is None else None


def check(anchor: Anchor, evidence: Evidence, *, trusted_hash: bool = False) -> EvidenceFact:
    """Does the evidence show this very anchor in a block with hash `anchor.block.hash`?

    The fact carries the anchoring key where it does, and one sentence where it does not.
    `trusted_hash`: the caller has this block hash from a source of its own.
    """
    outcome = _check(anchor, evidence)
    if isinstance(outcome, str):
        return EvidenceFact(outcome, trusted_hash=trusted_hash)
    return EvidenceFact(None, outcome, trusted_hash)


def _check(anchor: Anchor, evidence: Evidence) -> bytes | str:
    """The anchoring key's address, or what is wrong."""
    if keccak256(evidence.header[: MAX_HEADER + 1]) != anchor.block.hash:
        return "the header does not hash to the block hash"
    header = _decode_header(evidence.header)
    if isinstance(header, str):
        return header
    if int.from_bytes(header[_NUMBER]) != anchor.block.number:
        return "the header has another block number"
    if int.from_bytes(header[_TIMESTAMP]) != anchor.block.timestamp:
        return "the header has another timestamp"
    found = proven_receipt(header[_RECEIPTS_ROOT], evidence.receipt_index, evidence.receipt_proof)
    if isinstance(found, str):
        return found
    if found.status != 1:
        return "the receipt says that the transaction failed"
    if not 0 <= evidence.log_index < len(found.logs):
        return "the receipt has no event at the log index"
    return _same_event(anchor, *found.logs[evidence.log_index])


def encode_header(fields: Mapping[str, Any]) -> bytes | None:
    """RLP of a header from its JSON-RPC fields, any fork up to Prague; None where a field is missing or odd."""
    forks = []
    for name, length in _FORK_FIELDS:
        if fields.get(name) is None:
            break
        forks.append((name, length))
    try:
        return encode_rlp([_field(fields[name], length) for name, length in (*_FIELDS, *forks)])
    except (KeyError, ValueError, TypeError):
        return None


def _field(value: Any, length: int | None) -> bytes:
    if not isinstance(value, str):
        raise ValueError("a header field is not text")
    digits = value.removeprefix("0x")
    if length is None:
        number = int(digits, 16)
        return number.to_bytes((number.bit_length() + 7) // 8)
    data = bytes.fromhex(digits)
    if length not in (-1, len(data)):
        raise ValueError("a header field has the wrong length")
    return data


def _decode_header(header: bytes) -> list[bytes] | str:
    if len(header) > MAX_HEADER:
        return "the header is too long"
    try:
        fields = decode_rlp(header)
    except ValueError:
        return "the header is not RLP"
    if not isinstance(fields, list) or len(fields) < len(_FIELDS) or not all(isinstance(f, bytes) for f in fields):
        return "the header is not a list of at least 15 fields"
    if len(fields[_RECEIPTS_ROOT]) != 32:
        return "the header's receiptsRoot is not 32 bytes"
    return fields


def _root(header: bytes) -> bytes:
    return cast(bytes, decode_rlp(header)[_RECEIPTS_ROOT])


def _find(receipts: Sequence[Receipt], anchor: Anchor) -> tuple[int, int] | None:
    """Receipt index, and the log's index *within that receipt* (RPC counts logs by block)."""
    for index, receipt in enumerate(receipts):
        for position, log in enumerate(receipt.logs):
            if isinstance(_same_event(anchor, log.address, log.topics, log.data), bytes):
                return index, position
    return None


def _same_event(anchor: Anchor, address: bytes, topics: Sequence[bytes], data: bytes) -> bytes | str:
    if address != anchor.home.ledger:
        return "the event is another contract's"
    event = decode_anchored(topics, data)
    if isinstance(event, str):
        return event
    pairs = (
        ("issuer", event.issuer, anchor.home.issuer),
        ("sequence", event.sequence, anchor.sequence),
        ("root", event.root, anchor.root),
        ("size", event.size, anchor.size),
        ("previousSize", event.previous_size, anchor.previous_size),
    )
    wrong = next((name for name, found, claimed in pairs if found != claimed), None)
    if wrong is not None:
        return f"the event has another {wrong}"
    return event.key
