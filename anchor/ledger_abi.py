"""Encoding and decoding by a contract's committed ABI (Solidity ABI specification, through eth_abi).

Addresses are 20 bytes in and out, never text. Decoding is strict; what a node sends and the ABI
does not allow is `ChainUnavailable`, because only a node can be at fault.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from eth_abi.codec import ABICodec
from eth_abi.decoding import AddressDecoder, StringDecoder
from eth_abi.encoding import AddressEncoder, TextStringEncoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as _defaults

from anchor.chain import ChainUnavailable
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import keccak256

__all__ = ["ContractAbi", "Entry", "decode_values", "encode_values", "load_contract"]


class _PlainAddress(AddressDecoder):
    """20 bytes instead of hexadecimal text."""

    decoder_fn = staticmethod(bytes)  # type: ignore[assignment]


class _PatientString(StringDecoder):
    """A contract does not check that a name is UTF-8, and a bad one must not hide the rest."""

    def __init__(self) -> None:
        super().__init__(handle_string_errors="replace")  # type: ignore[no-untyped-call]


def _codec() -> ABICodec:
    registry = _defaults.copy()  # type: ignore[no-untyped-call]
    registry.unregister("address")
    registry.register(BaseEquals("address"), AddressEncoder, _PlainAddress, label="address")  # type: ignore[no-untyped-call]
    registry.unregister("string")
    registry.register(BaseEquals("string"), TextStringEncoder, _PatientString, label="string")  # type: ignore[no-untyped-call]
    return ABICodec(registry)


_CODEC: Final = _codec()


@dataclass(frozen=True, slots=True)
class Entry:
    """A function, event or error of an ABI. `selector` is 4 bytes (function, error) or the 32-byte topic."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    names: tuple[str, ...]
    indexed: tuple[bool, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractAbi:
    """A committed artifact: the ABI by name, the creation code, keccak256 of the runtime code."""

    name: str
    functions: Mapping[str, Entry]
    events: Mapping[bytes, Entry]
    errors: Mapping[bytes, Entry]
    bytecode: bytes
    code_hash: bytes

    def encode_call(self, function: str, *arguments: object) -> bytes:
        """Call data. Raises `InputError` naming the function where an argument does not fit its type."""
        entry = self.functions[function]
        return entry.selector + encode_values(f"{self.name}.{function}", entry.inputs, arguments)

    def decode_call(self, data: bytes) -> tuple[str, tuple[Any, ...]] | None:
        """Function name and arguments of call data, or None where it is no call of this contract."""
        entry = next((item for item in self.functions.values() if item.selector == data[:4]), None)
        if entry is None or len(data) < 4:
            return None
        return entry.name, decode_values(entry.name, entry.inputs, data[4:])

    def decode_result(self, function: str, data: bytes) -> tuple[Any, ...]:
        """The return values of a call. Raises `ChainUnavailable`."""
        return decode_values(f"{self.name}.{function}", self.functions[function].outputs, data)


def encode_values(where: str, types: Sequence[str], values: Sequence[object]) -> bytes:
    """ABI-encoded values. Raises `InputError` where one does not fit."""
    try:
        return _CODEC.encode(types, values)
    except (EncodingError, ValueError, TypeError, OverflowError) as error:
        raise InputError(where, f"an argument does not fit the ABI: {error}") from error


def decode_values(where: str, types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Strictly decoded values. Raises `ChainUnavailable` naming `where`."""
    try:
        return tuple(_CODEC.decode(types, data))
    except (DecodingError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ChainUnavailable(where, f"the answer does not fit the ABI: {str(error)[:120]}", data) from error


@cache
def load_contract(name: str) -> ContractAbi:
    """The committed artifact `anchor/artifacts/<name>.json`. Raises `ConfigError` where it is damaged."""
    try:
        artifact = json.loads(resources.files("anchor.artifacts").joinpath(f"{name}.json").read_bytes())
        return _contract(name, artifact)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"artifact {name}", f"cannot be read: {error}") from error


def _contract(name: str, artifact: Mapping[str, Any]) -> ContractAbi:
    entries = [(item["type"], _entry(item)) for item in artifact["abi"] if item["type"] in _KINDS]
    return ContractAbi(
        name,
        {entry.name: entry for kind, entry in entries if kind == "function"},
        {entry.selector: entry for kind, entry in entries if kind == "event"},
        {entry.selector: entry for kind, entry in entries if kind == "error"},
        bytes.fromhex(artifact["bytecode"].removeprefix("0x")),
        bytes.fromhex(artifact["codeHash"].removeprefix("0x")),
    )


_KINDS: Final = ("function", "event", "error")


def _entry(item: Mapping[str, Any]) -> Entry:
    inputs = tuple(_type(part) for part in item["inputs"])
    topic = keccak256(f"{item['name']}({','.join(inputs)})".encode())
    return Entry(
        name=item["name"],
        selector=topic if item["type"] == "event" else topic[:4],
        inputs=inputs,
        names=tuple(part["name"] for part in item["inputs"]),
        indexed=tuple(bool(part.get("indexed")) for part in item["inputs"]),
        outputs=tuple(_type(part) for part in item.get("outputs", ())),
    )


def _type(part: Mapping[str, Any]) -> str:
    """The canonical type; tuples spelt out ("(bytes32,uint48)[]")."""
    if not part["type"].startswith("tuple"):
        return str(part["type"])
    inner = ",".join(_type(component) for component in part["components"])
    return f"({inner}){part['type'].removeprefix('tuple')}"
