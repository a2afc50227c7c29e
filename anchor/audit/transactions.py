"""The calls behind a history: who sent what to which contract, as the chain's own transactions tell.

A call that came through another contract (a wallet of several owners, a batch) is taken out of the node's trace of
the transaction, where the node serves traces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from anchor.audit.json_rpc import Rpc
from anchor.audit.recording import Recording
from anchor.chain import ChainUnavailable, RpcError
from anchor.receipt_proof import encode_rlp
from rootseal.canonical import Json
from rootseal.ethereum import keccak256

__all__ = ["Call", "ChainCalls", "PastCalls", "RecordedCalls", "RecordingCalls"]

_GAS: Final = 10_000_000  # for calls out of a trace, whose own limit says nothing outside of it


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `to` None creates a contract. `index` is the transaction's place in its block."""

    sender: bytes
    to: bytes | None
    data: bytes
    gas: int
    nonce: int
    index: int

    def to_json(self) -> Json:
        """For a recording."""
        to = None if self.to is None else self.to.hex()
        return [self.sender.hex(), to, self.data.hex(), self.gas, self.nonce, self.index]

    @classmethod
    def from_json(cls, value: Any) -> Call:
        """Read it back."""
        sender, to, data, gas, nonce, index = value
        target = None if to is None else bytes.fromhex(to)
        return cls(bytes.fromhex(sender), target, bytes.fromhex(data), int(gas), int(nonce), int(index))


class PastCalls(Protocol):
    """Where calls are looked up. Both raise `ChainUnavailable`."""

    def of(self, transaction: bytes, contracts: Sequence[bytes]) -> tuple[Call, ...] | None:
        """What the transaction called of `contracts`, in order; None where that cannot be told."""

    def creation(self, contract: bytes, block: int) -> Call | None:
        """The transaction that created `contract` in that block; None where no transaction did so by itself."""


class ChainCalls:
    """From a node."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def of(self, transaction: bytes, contracts: Sequence[bytes]) -> tuple[Call, ...] | None:
        """See `PastCalls`."""
        method, name = "eth_getTransactionByHash", "0x" + transaction.hex()
        told = self._rpc.ask(method, name)
        if not isinstance(told, Mapping):
            raise ChainUnavailable(method, "the node lacks a transaction whose events it shows", name)
        call = _call(method, told)
        if call.to in contracts:
            return (call,)
        try:
            trace = self._rpc.ask("debug_traceTransaction", name, {"tracer": "callTracer"})
        except RpcError:
            return None
        return tuple(_inner(trace, frozenset(contracts), call.index)) if isinstance(trace, Mapping) else None

    def creation(self, contract: bytes, block: int) -> Call | None:
        """See `PastCalls`."""
        method = "eth_getBlockByNumber"
        told = self._rpc.ask(method, hex(block), True)
        if not isinstance(told, Mapping) or not isinstance(told.get("transactions"), list):
            raise ChainUnavailable(method, "the node lacks the block of a contract's creation", block)
        made = (_call(method, item) for item in told["transactions"] if item.get("to") is None)
        return next((call for call in made if _created(call) == contract), None)


class RecordingCalls:
    """Writes down what `inner` tells."""

    def __init__(self, inner: PastCalls, recording: Recording) -> None:
        self._inner, self._recording = inner, recording

    def of(self, transaction: bytes, contracts: Sequence[bytes]) -> tuple[Call, ...] | None:
        """See `PastCalls`."""
        found = self._inner.of(transaction, contracts)
        told: Json = None if found is None else [call.to_json() for call in found]
        self._recording.put(f"calls/{transaction.hex()}", told)
        return found

    def creation(self, contract: bytes, block: int) -> Call | None:
        """See `PastCalls`."""
        found = self._inner.creation(contract, block)
        self._recording.put(f"creation/{contract.hex()}", None if found is None else found.to_json())
        return found


class RecordedCalls:
    """From a recording alone."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def of(self, transaction: bytes, contracts: Sequence[bytes]) -> tuple[Call, ...] | None:
        """See `PastCalls`."""
        found = self._recording.get(f"calls/{transaction.hex()}")
        return None if found is None else tuple(Call.from_json(item) for item in found)

    def creation(self, contract: bytes, block: int) -> Call | None:
        """See `PastCalls`."""
        found = self._recording.get(f"creation/{contract.hex()}")
        return None if found is None else Call.from_json(found)


def _call(method: str, told: Mapping[str, Any]) -> Call:
    try:
        to = told.get("to")
        return Call(
            _bytes(told["from"]),
            None if to is None else _bytes(to),
            _bytes(told["input"]),
            int(told["gas"], 16),
            int(told["nonce"], 16),
            int(told["transactionIndex"], 16),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ChainUnavailable(method, "the transaction is not one of a mined block") from error


def _inner(frame: Mapping[str, Any], contracts: frozenset[bytes], index: int) -> Iterator[Call]:
    """Calls of the contracts in a trace, in the order in which they were made; what was undone is left out."""
    if frame.get("error"):
        return
    try:
        to = _bytes(frame["to"]) if frame.get("to") else None
        if frame.get("type") == "CALL" and to in contracts:
            yield Call(_bytes(frame["from"]), to, _bytes(frame["input"]), _GAS, 0, index)
            return
    except (KeyError, TypeError, ValueError) as error:
        raise ChainUnavailable("debug_traceTransaction", "the trace cannot be read") from error
    for child in frame.get("calls") or ():
        yield from _inner(child, contracts, index)


def _created(call: Call) -> bytes:
    """Address of a contract that a transaction creates (Yellow Paper §7)."""
    return keccak256(encode_rlp([call.sender, call.nonce]))[12:]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
