"""JSON-RPC values into checked data (Ethereum execution-apis: quantities, data, blocks, receipts, logs).

Every function names the method and the field that it refuses, as `ChainUnavailable`: a node that
answers nonsense is a node that cannot be asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from anchor.chain import Block, ChainUnavailable, LogEntry, Receipt, Reverted

__all__ = [
    "array_of",
    "block_of",
    "data_of",
    "hex_data",
    "log_of",
    "object_of",
    "quantity",
    "receipt_of",
    "revert_of",
]

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)
_REVERT_WORDS = ("revert", "vm execution error", "invalid opcode", "out of gas")


def quantity(method: str, value: object, where: str) -> int:
    """A hexadecimal number of at most 256 bits."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise ChainUnavailable(method, f"{where} should be a hexadecimal quantity", value)
    return int(value, 16)


def data_of(method: str, value: object, where: str) -> bytes:
    """Hexadecimal bytes of any length."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise ChainUnavailable(method, f"{where} should be hexadecimal data", value)
    return bytes.fromhex(value[2:])


def hex_data(method: str, value: object, where: str, length: int) -> bytes:
    """Hexadecimal bytes of one length."""
    data = data_of(method, value, where)
    if len(data) != length:
        raise ChainUnavailable(method, f"{where} should be {length} bytes", value)
    return data


def object_of(method: str, value: object, where: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise ChainUnavailable(method, f"{where} should be an object", value)
    return value


def array_of(method: str, value: object, where: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise ChainUnavailable(method, f"{where} should be an array", value)
    return value


def block_of(method: str, value: object) -> Block:
    """A block with transaction hashes (or whole transactions, of which the hash is taken)."""
    header = object_of(method, value, "block")
    base_fee = header.get("baseFeePerGas")
    return Block(
        number=quantity(method, header.get("number"), "block.number"),
        hash=hex_data(method, header.get("hash"), "block.hash", 32),
        parent_hash=hex_data(method, header.get("parentHash"), "block.parentHash", 32),
        timestamp=quantity(method, header.get("timestamp"), "block.timestamp"),
        base_fee=None if base_fee is None else quantity(method, base_fee, "block.baseFeePerGas"),
        transactions=tuple(
            hex_data(method, item.get("hash") if isinstance(item, Mapping) else item, "block.transactions[]", 32)
            for item in array_of(method, header.get("transactions", []), "block.transactions")
        ),
        header=header,
    )


def log_of(method: str, value: object) -> LogEntry:
    """One event of a mined block. Nodes mark events that a reorg took away: those are refused."""
    log = object_of(method, value, "log")
    if log.get("removed") is True:
        raise ChainUnavailable(method, "an event was removed by a reorganisation while it was read")
    topics = array_of(method, log.get("topics"), "log.topics")
    if len(topics) > 4:
        raise ChainUnavailable(method, "log.topics should be four at most", topics)
    return LogEntry(
        address=hex_data(method, log.get("address"), "log.address", 20),
        topics=tuple(hex_data(method, topic, "log.topics[]", 32) for topic in topics),
        data=data_of(method, log.get("data"), "log.data"),
        block_number=quantity(method, log.get("blockNumber"), "log.blockNumber"),
        block_hash=hex_data(method, log.get("blockHash"), "log.blockHash", 32),
        transaction=hex_data(method, log.get("transactionHash"), "log.transactionHash", 32),
        log_index=quantity(method, log.get("logIndex"), "log.logIndex"),
    )


def receipt_of(method: str, value: object) -> Receipt:
    """One receipt. Chains older than Byzantium have no status and are refused."""
    receipt = object_of(method, value, "receipt")
    contract = receipt.get("contractAddress")
    status = quantity(method, receipt.get("status"), "receipt.status")
    if status > 1:
        raise ChainUnavailable(method, "receipt.status should be 0 or 1", status)
    return Receipt(
        transaction=hex_data(method, receipt.get("transactionHash"), "receipt.transactionHash", 32),
        index=quantity(method, receipt.get("transactionIndex"), "receipt.transactionIndex"),
        block_number=quantity(method, receipt.get("blockNumber"), "receipt.blockNumber"),
        block_hash=hex_data(method, receipt.get("blockHash"), "receipt.blockHash", 32),
        status=status,
        kind=quantity(method, receipt.get("type", "0x0"), "receipt.type"),
        gas_used=quantity(method, receipt.get("gasUsed"), "receipt.gasUsed"),
        cumulative_gas=quantity(method, receipt.get("cumulativeGasUsed"), "receipt.cumulativeGasUsed"),
        bloom=hex_data(method, receipt.get("logsBloom"), "receipt.logsBloom", 256),
        logs=tuple(log_of(method, item) for item in array_of(method, receipt.get("logs"), "receipt.logs")),
        contract=None if contract is None else hex_data(method, contract, "receipt.contractAddress", 20),
    )


def revert_of(error: Mapping[str, Any]) -> Reverted | None:
    """`Reverted` if a JSON-RPC error object says so, in the shapes of geth, Besu, Nethermind, Anvil, Ganache."""
    message = str(error.get("message", "")).lower()
    data = _revert_data(error.get("data"))
    if error.get("code") != 3 and not any(words in message for words in _REVERT_WORDS):
        return None
    return Reverted("", {}, data)


def _revert_data(value: object, depth: int = 0) -> bytes:
    if isinstance(value, Mapping) and depth < 3:
        inner = value.get("data", value.get("result"))
        return _revert_data(inner, depth + 1)
    if not isinstance(value, str):
        return b""
    text = value.rpartition(" ")[2]  # Nethermind: "Reverted 0x…"
    return bytes.fromhex(text[2:]) if _DATA.fullmatch(text) else b""
