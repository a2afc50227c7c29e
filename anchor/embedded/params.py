"""Reading the parameters of a request; everything malformed is -32602, never a traceback."""

from __future__ import annotations

import re
from typing import Any

from eth.abc import BlockHeaderAPI

from anchor.embedded.chain import EmbeddedChain
from anchor.embedded.errors import invalid_params, rejected
from anchor.embedded.execution import Call
from anchor.embedded.store import LogQuery

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x([0-9a-fA-F]{2})*")
_HEAD_TAGS = ("latest", "safe", "finalized")
_MAX_ANY_OF = 500
_CALL_FIELDS = frozenset(
    (
        *("from", "to", "nonce", "value", "data", "input", "accessList", "chainId", "type"),
        *("gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"),
    )
)


def quantity(value: Any, name: str) -> int:
    """A hex quantity; leading zeros are let through, as a development tool may."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise invalid_params(f"{name}: expected a hex quantity such as 0x1")
    return int(value, 16)


def data(value: Any, name: str, size: int | None = None) -> bytes:
    """Hex bytes, of exactly `size` bytes where that is given."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise invalid_params(f"{name}: expected 0x and an even number of hex digits")
    raw = bytes.fromhex(value[2:])
    if size is not None and len(raw) != size:
        raise invalid_params(f"{name}: expected {size} bytes, got {len(raw)}")
    return raw


def address(value: Any, name: str = "address") -> bytes:
    """20 bytes; the checksum of mixed case is the client's business."""
    return data(value, name, 20)


def find_header(chain: EmbeddedChain, value: Any) -> BlockHeaderAPI | None:
    """The header that a tag, a number or an EIP-1898 object names; None if there is none."""
    if value is None or value in _HEAD_TAGS:
        return chain.head()
    if value == "earliest":
        return chain.genesis
    if value == "pending":
        return chain.next_header()
    if isinstance(value, dict):
        if "blockHash" in value:
            return chain.header_by_hash(data(value["blockHash"], "blockHash", 32))
        value = value.get("blockNumber")
    return chain.header_by_number(quantity(value, "block"))


def header(chain: EmbeddedChain, value: Any) -> BlockHeaderAPI:
    """As `find_header`, but a block that is not there is an error (geth: header not found)."""
    found = find_header(chain, value)
    if found is None:
        raise rejected("header not found")
    return found


def storage_slot(value: Any) -> int:
    """A storage key, as quantity or as 32 bytes."""
    return quantity(value, "storage key")


def call(value: Any) -> Call:
    """The call object of eth_call and eth_estimateGas."""
    fields = transaction_fields(value)
    price = fields.get("maxFeePerGas", fields.get("gasPrice"))
    target = fields.get("to")
    gas = optional_quantity(fields, "gas")
    return Call(
        sender=address(fields.get("from") or "0x" + 40 * "0", "from"),
        to=address(target, "to") if target is not None else b"",
        data=payload(fields),
        value=optional_quantity(fields, "value") or 0,
        gas=gas or None,
        price=0 if price is None else quantity(price, "gas price"),
        access_list=_access_list(fields.get("accessList")),
    )


def transaction_fields(value: Any) -> dict[str, Any]:
    """A call or transaction object with nothing in it that would be ignored in silence."""
    if not isinstance(value, dict):
        raise invalid_params("expected a transaction object")
    unknown = sorted(set(value) - _CALL_FIELDS)
    if unknown:
        raise invalid_params(f"unsupported transaction field: {unknown[0]}")
    return value


def payload(fields: dict[str, Any]) -> bytes:
    """`input`, or its older name `data`; both only if they are equal."""
    given = {data(fields[n], n) for n in ("input", "data") if fields.get(n) is not None}
    if len(given) > 1:
        raise invalid_params("both `data` and `input` are set and not equal")
    return given.pop() if given else b""


def optional_quantity(fields: dict[str, Any], name: str) -> int | None:
    """A field that may be missing or null."""
    return None if fields.get(name) is None else quantity(fields[name], name)


def _access_list(value: Any) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid_params("accessList: expected a list of objects")
    return tuple(
        (
            address(item.get("address")),
            tuple(storage_slot(key) for key in item.get("storageKeys") or ()),
        )
        for item in value
    )


def log_query(chain: EmbeddedChain, value: Any) -> LogQuery:
    """The filter object of eth_getLogs."""
    if not isinstance(value, dict):
        raise invalid_params("expected a filter object")
    first, last = _log_range(chain, value)
    topics = value.get("topics") or []
    if not isinstance(topics, list) or len(topics) > 4:
        raise invalid_params("topics: expected a list of at most four")
    return LogQuery(
        first=first,
        last=last,
        addresses=_any_of(value.get("address"), "address", 20),
        topics=tuple(_any_of(topic, "topic", 32) for topic in topics),
    )


def _log_range(chain: EmbeddedChain, value: dict[str, Any]) -> tuple[int, int]:
    if value.get("blockHash") is not None:
        if value.get("fromBlock") is not None or value.get("toBlock") is not None:
            raise invalid_params("cannot specify both blockHash and fromBlock/toBlock")
        found = chain.header_by_hash(data(value["blockHash"], "blockHash", 32))
        if found is None:
            raise rejected("unknown block")
        return found.block_number, found.block_number
    first, last = (_bound(chain, value.get(name)) for name in ("fromBlock", "toBlock"))
    if first > last:
        raise invalid_params("invalid block range params")
    return first, last


def _bound(chain: EmbeddedChain, value: Any) -> int:
    """A block number, also one that is still to come: there are simply no logs there yet."""
    if value == "earliest":
        return 0
    if value is None or value in (*_HEAD_TAGS, "pending"):
        return chain.head().block_number
    return min(quantity(value, "block"), 2**62)


def _any_of(value: Any, name: str, size: int) -> tuple[bytes, ...]:
    """One value, a list of alternatives, or null for any."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    if len(listed) > _MAX_ANY_OF:
        raise invalid_params(f"{name}: more than {_MAX_ANY_OF} alternatives")
    return tuple(data(item, name, size) for item in listed)
