"""Events of the ledger and of the credits contract, out of raw logs by their committed ABIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anchor.chain import ChainUnavailable, LogEntry
from anchor.ledger_abi import ContractAbi, decode_values, encode_values

__all__ = ["decode"]


def decode(contract: ContractAbi, log: LogEntry) -> tuple[str, Mapping[str, Any]]:
    """Name and arguments by name. Raises `ChainUnavailable` for what the contract cannot have emitted."""
    event = contract.events.get(log.topics[0] if log.topics else b"")
    if event is None or len(log.topics) != 1 + sum(event.indexed):
        raise ChainUnavailable("eth_getLogs", f"an event that {contract.name}'s ABI does not know", log.topics)
    topics = iter(log.topics[1:])
    plain = [kind for kind, indexed in zip(event.inputs, event.indexed, strict=True) if not indexed]
    values = decode_values(event.name, plain, log.data)
    if "string" not in plain and encode_values(event.name, plain, values) != log.data:
        raise ChainUnavailable("eth_getLogs", f"the event {event.name} has the wrong length", log.data)
    rest = iter(values)
    return event.name, {
        name: decode_values(event.name, [kind], next(topics))[0] if indexed else next(rest)
        for name, kind, indexed in zip(event.names, event.inputs, event.indexed, strict=True)
    }
