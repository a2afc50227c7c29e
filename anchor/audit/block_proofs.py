"""The events of an audit in the blocks that hold them: headers, and receipts with their trie proofs.

A header hashes to its block's hash, a receipt is proven under the header (DESIGN §4, `anchor.evidence`), and the
receipt holds the events. Whether the hash is the chain's is for the reader to compare with a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from anchor.chain import Block, Chain, ChainUnavailable, LogEntry
from anchor.evidence import encode_header
from anchor.receipt_proof import decode_rlp, encode_receipt, prove, proven_receipt
from rootseal.canonical import Json
from rootseal.ethereum import keccak256

__all__ = ["block_proof", "check_block_proof"]

_RECEIPTS_ROOT, _NUMBER, _TIMESTAMP = 5, 8, 11
_NOT_STANDARD: Final = "this chain's headers or receipts are not Ethereum's"


def block_proof(chain: Chain, number: int, transactions: Sequence[bytes]) -> dict[str, Json]:
    """The header of a block and these transactions' receipts in it; `header` null where they prove nothing.

    Raises `ChainUnavailable` where the node lacks the block or a receipt.
    """
    block = chain.block(number)
    if block is None:
        raise ChainUnavailable("eth_getBlockByNumber", "the node lacks a block that it named", number)
    told: dict[str, Json] = {"number": number, "hash": block.hash.hex(), "header": None, "receipts": []}
    header = encode_header(block.header)
    if header is None or keccak256(header) != block.hash:
        return told
    receipts = _receipts(chain, block, transactions, cast(bytes, decode_rlp(header)[_RECEIPTS_ROOT]))
    return told if receipts is None else told | {"header": header.hex(), "receipts": receipts}


def check_block_proof(
    told: Mapping[str, Any], block: Block, logs: Iterable[LogEntry], contracts: Sequence[bytes]
) -> bool:
    """True iff header and receipts prove exactly these events of `contracts`; False where the chain's prove nothing.

    Raises ValueError with what is wrong.
    """
    if told["number"] != block.number or told["hash"] != block.hash.hex():
        raise ValueError("it names another block")
    if told["header"] is None:
        return False
    header = bytes.fromhex(told["header"])
    fields = decode_rlp(header)
    if keccak256(header) != block.hash:
        raise ValueError("the header does not hash to the block hash")
    if int.from_bytes(fields[_NUMBER]) != block.number or int.from_bytes(fields[_TIMESTAMP]) != block.timestamp:
        raise ValueError("the header has another number or time")
    proven = list(_proven(told["receipts"], fields[_RECEIPTS_ROOT], contracts))
    if proven != [(log.transaction.hex(), log.address, log.topics, log.data) for log in logs]:
        raise ValueError("the receipts do not hold the recorded events")
    return True


def _receipts(chain: Chain, block: Block, transactions: Sequence[bytes], root: bytes) -> list[Json] | None:
    if not transactions:
        return []
    receipts = chain.block_receipts(block)
    encoded = [encode_receipt(receipt) for receipt in receipts]
    told: list[Json] = []
    for index, receipt in enumerate(receipts):
        if receipt.transaction in transactions:
            proof = prove(encoded, index, root)
            if proof is None:
                return None
            nodes: list[Json] = [node.hex() for node in proof]
            told.append({"transaction": receipt.transaction.hex(), "index": index, "proof": nodes})
    return told


def _proven(
    receipts: Sequence[Mapping[str, Any]], root: bytes, contracts: Sequence[bytes]
) -> Iterator[tuple[str, bytes, tuple[bytes, ...], bytes]]:
    for item in receipts:
        found = proven_receipt(root, int(item["index"]), [bytes.fromhex(node) for node in item["proof"]])
        if isinstance(found, str):
            raise ValueError(found)
        for address, topics, data in found.logs:
            if address in contracts:
                yield item["transaction"], address, topics, data
