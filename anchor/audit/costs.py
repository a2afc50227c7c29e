"""What keeping the record cost: gas of every transaction that left an event, by issuer and by what it was for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from anchor.audit.events import LedgerEvent
from anchor.audit.recording import Recording
from anchor.chain import Chain, ChainUnavailable
from rootseal.canonical import Json

__all__ = ["ChainGas", "GasReader", "GasUse", "RecordedGas", "RecordingGas", "gas_spent"]

_ACTS: Final[Mapping[str, str]] = {
    "Anchored": "publishing",
    "StatusChanged": "status",
    "KeyAdded": "keys",
    "KeyRetired": "keys",
    "Accredited": "accreditation",
    "AccreditationWithdrawn": "accreditation",
}


class GasReader(Protocol):
    """Where the gas of a transaction is looked up."""

    def gas(self, transaction: bytes) -> int:
        """Gas that it used. Raises `ChainUnavailable`."""


@dataclass(frozen=True, slots=True)
class ChainGas:
    """From a node's receipts."""

    chain: Chain

    def gas(self, transaction: bytes) -> int:
        """See `GasReader`."""
        receipt = self.chain.receipt(transaction)
        if receipt is None:
            raise ChainUnavailable("eth_getTransactionReceipt", "the node lacks a receipt", "0x" + transaction.hex())
        return receipt.gas_used


@dataclass(frozen=True, slots=True)
class RecordingGas:
    """Writes down what `inner` tells."""

    inner: GasReader
    recording: Recording

    def gas(self, transaction: bytes) -> int:
        """See `GasReader`."""
        found = self.inner.gas(transaction)
        self.recording.put(f"gas/{transaction.hex()}", found)
        return found


@dataclass(frozen=True, slots=True)
class RecordedGas:
    """From a recording alone."""

    recording: Recording

    def gas(self, transaction: bytes) -> int:
        """See `GasReader`."""
        return int(self.recording.get(f"gas/{transaction.hex()}"))


@dataclass(frozen=True, slots=True)
class GasUse:
    """Gas of one issuer for one kind of act; issuer 0 where it cannot be told whose it was."""

    issuer: int
    act: str
    transactions: int
    gas: int

    def to_json(self) -> Json:
        """One element of `gas` in the report."""
        return {"issuer": self.issuer or None, "act": self.act, "transactions": self.transactions, "gas": self.gas}


def gas_spent(events: Iterable[LedgerEvent], reader: GasReader) -> tuple[GasUse, ...]:
    """By issuer and act; a transaction counts once, by its first event that names an issuer."""
    kinds: dict[bytes, tuple[int, str]] = {}
    for event in events:
        act = "credits" if event.contract == "credits" else _ACTS.get(event.name, "register")
        if event.transaction not in kinds or (event.issuer and not kinds[event.transaction][0]):
            kinds[event.transaction] = (event.issuer, act)
    spent: dict[tuple[int, str], list[int]] = {}
    for transaction, kind in kinds.items():
        spent.setdefault(kind, []).append(reader.gas(transaction))
    return tuple(GasUse(issuer, act, len(used), sum(used)) for (issuer, act), used in sorted(spent.items()))
