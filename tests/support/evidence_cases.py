"""An anchor with evidence made from nothing: a header, a block of receipts, and the anchor's event among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anchor.chain import LogEntry, Receipt
from anchor.evidence import encode_header
from anchor.ledger_events import ANCHORED_TOPIC, issuer_topic
from anchor.receipt_proof import encode_receipt, encode_rlp, prove
from rootseal.anchoring import Anchor, BlockRef, Evidence
from rootseal.commitment import Home
from rootseal.ethereum import keccak256

LEDGER, KEY, ROOT = b"\x0a" * 20, b"\x0b" * 20, b"\x0c" * 32
NUMBER, TIME = 17, 1_700_000_000
ISSUER, SEQUENCE, SIZE, PREVIOUS = 1, 3, 150, 120


def anchored_log(**changes: Any) -> LogEntry:
    """The Anchored event of the anchor; `changes` are of LogEntry."""
    words = [SIZE.to_bytes(32), PREVIOUS.to_bytes(32), bytes(12) + KEY]
    topics = (ANCHORED_TOPIC, issuer_topic(ISSUER), issuer_topic(SEQUENCE), ROOT)
    fields: dict[str, Any] = {"address": LEDGER, "topics": topics, "data": b"".join(words)} | changes
    return LogEntry(**fields, block_number=NUMBER, block_hash=bytes(32), transaction=bytes(32), log_index=9)


def foreign_log() -> LogEntry:
    """Somebody else's event."""
    return anchored_log(address=b"\x77" * 20, topics=(b"\x01" * 32,), data=b"")


def a_receipt(logs: Sequence[LogEntry] = (), *, index: int = 0, status: int = 1, kind: int = 2) -> Receipt:
    """A receipt of the block."""
    gas = 21_000 * (index + 1)
    return Receipt(bytes(32), index, NUMBER, bytes(32), status, kind, 21_000, gas, bytes(256), tuple(logs))


def receipts_root(receipts: Sequence[Receipt]) -> bytes:
    """The root of the receipts trie."""
    from trie import HexaryTrie  # type: ignore[attr-defined]

    trie = HexaryTrie({})
    for index, receipt in enumerate(receipts):
        trie[encode_rlp(index)] = encode_receipt(receipt)
    return bytes(trie.root_hash)


def header_fields(root: bytes, **changes: Any) -> dict[str, Any]:
    """JSON-RPC fields of a Prague header."""
    words = ("parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "mixHash")
    later = ("withdrawalsRoot", "parentBeaconBlockRoot", "requestsHash")
    return {
        **{name: "0x" + bytes([number]) .hex() * 32 for number, name in enumerate(words + later, 1)},
        "miner": "0x" + "11" * 20,
        "receiptsRoot": "0x" + root.hex(),
        "logsBloom": "0x" + "00" * 256,
        "difficulty": "0x0",
        "number": hex(NUMBER),
        "gasLimit": hex(30_000_000),
        "gasUsed": hex(63_000),
        "timestamp": hex(TIME),
        "extraData": "0x1234",
        "nonce": "0x0000000000000000",
        "baseFeePerGas": "0x7",
        "blobGasUsed": "0x0",
        "excessBlobGas": "0x0",
        **changes,
    }  # fmt: skip


def made(receipts: Sequence[Receipt], place: tuple[int, int], **header: Any) -> tuple[Anchor, Evidence]:
    """An anchor and evidence for it from a block of `receipts`; `place` is receipt index and log index."""
    root = receipts_root(receipts)
    encoded = encode_header(header_fields(root, **header))
    assert encoded is not None
    proof = prove([encode_receipt(item) for item in receipts], place[0], root)
    assert proof is not None
    block = BlockRef(NUMBER, keccak256(encoded), TIME)
    home = Home(31337, LEDGER, ISSUER)
    anchor = Anchor(home, SEQUENCE, SIZE, PREVIOUS, ROOT, (), bytes(32), block, None)
    return anchor, Evidence(encoded, place[0], proof, place[1])


def usual() -> tuple[Anchor, Evidence]:
    """Twenty receipts of mixed types; the anchor's event is the third log of receipt 17."""
    receipts = [a_receipt([foreign_log()] * (n % 3), index=n, kind=n % 3, status=int(n != 4)) for n in range(20)]
    receipts[17] = a_receipt([foreign_log(), foreign_log(), anchored_log(), foreign_log()], index=17)
    return made(receipts, (17, 2))
