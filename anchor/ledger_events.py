"""The ledger's events, out of raw logs. `Anchored` needs neither the ABI file nor eth_abi: offline
verification decodes it, and must start fast.

Consensus-critical: what counts as an anchoring event is decided here. Words are big-endian, 32
bytes; an address or a uint64 with anything in its padding is refused (Solidity ABI specification).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from anchor.chain import Chain, ChainUnavailable, LogEntry, Receipt, RpcError
from rootseal.ethereum import keccak256

__all__ = [
    "ANCHORED_TOPIC",
    "AnchoredEvent",
    "DecodedEvent",
    "anchored_events",
    "decode_anchored",
    "decode_event",
    "events_between",
    "issuer_topic",
    "registered_issuer",
]

ANCHORED_TOPIC: Final = keccak256(b"Anchored(uint64,uint64,bytes32,uint64,uint64,address)")
_REGISTERED_TOPIC: Final = keccak256(b"IssuerRegistered(uint64,address,string,string)")
_FIRST_SPAN: Final = 10_000


@dataclass(frozen=True, slots=True)
class AnchoredEvent:
    """`Anchored(issuer, sequence, root, size, previousSize, key)`; `log` is where it stood, if it came from RPC."""

    issuer: int
    sequence: int
    root: bytes
    size: int
    previous_size: int
    key: bytes
    log: LogEntry | None = None


@dataclass(frozen=True, slots=True)
class DecodedEvent:
    """Any event of the ledger: name, arguments by name, and the raw log."""

    name: str
    arguments: dict[str, Any]
    log: LogEntry


def decode_anchored(topics: Sequence[bytes], data: bytes) -> AnchoredEvent | str:
    """The event, or a sentence that says why this is none."""
    if len(topics) != 4 or topics[0] != ANCHORED_TOPIC:
        return "the event is not Anchored"
    if any(len(topic) != 32 for topic in topics) or len(data) != 96:
        return "the Anchored event has the wrong length"
    issuer, sequence = _number(topics[1]), _number(topics[2])
    size, previous, key = _number(data[:32]), _number(data[32:64]), data[64:]
    if max(issuer, sequence, size, previous) >= 1 << 64 or any(key[:12]):
        return "the Anchored event has values that do not fit their types"
    return AnchoredEvent(issuer, sequence, bytes(topics[3]), size, previous, bytes(key[12:]))


def decode_event(log: LogEntry) -> DecodedEvent:
    """Any event of the ledger by its ABI. Raises `ChainUnavailable` on foreign topics and wrong lengths."""
    from anchor.ledger_abi import decode_values, encode_values, load_contract  # not needed offline

    entry = load_contract("CredentialLedger").events.get(log.topics[0] if log.topics else b"")
    if entry is None or len(log.topics) != 1 + sum(entry.indexed):
        raise ChainUnavailable("eth_getLogs", "an event of the ledger that its ABI does not know", log.topics)
    topics = iter(log.topics[1:])
    plain = [kind for kind, indexed in zip(entry.inputs, entry.indexed, strict=True) if not indexed]
    values = decode_values(entry.name, plain, log.data)
    if encode_values(entry.name, plain, values) != log.data and "string" not in plain:
        raise ChainUnavailable("eth_getLogs", f"the event {entry.name} has the wrong length", log.data)
    rest = iter(values)
    arguments = {
        name: decode_values(entry.name, [kind], next(topics))[0] if indexed else next(rest)
        for name, kind, indexed in zip(entry.names, entry.inputs, entry.indexed, strict=True)
    }
    return DecodedEvent(entry.name, arguments, log)


def registered_issuer(receipt: Receipt, ledger: bytes) -> int | None:
    """The issuer number that a `register` transaction got."""
    for log in receipt.logs:
        if log.address == ledger and log.topics[:1] == (_REGISTERED_TOPIC,) and len(log.topics) == 3:
            return _number(log.topics[1])
    return None


def issuer_topic(issuer: int) -> bytes:
    """An issuer number as an indexed topic."""
    return issuer.to_bytes(32)


def anchored_events(
    chain: Chain, ledger: bytes, issuer: int | None, first: int, last: int
) -> tuple[AnchoredEvent, ...]:
    """All anchors of an issuer (None: of all) in blocks first..last, in chain order.

    Raises `ChainUnavailable` where the node cannot serve even one block, or sends another event.
    """
    topics = [ANCHORED_TOPIC] if issuer is None else [ANCHORED_TOPIC, issuer_topic(issuer)]
    return tuple(_anchored(log) for log in events_between(chain, ledger, topics, first, last))


def events_between(
    chain: Chain,
    ledger: bytes,
    topics: Sequence[bytes | Sequence[bytes] | None],
    first: int,
    last: int,
    progress: Callable[[int], None] | None = None,
) -> tuple[LogEntry, ...]:
    """Raw events in blocks first..last, asked for in pages that fit the provider.

    Providers limit the span or the number of results, each in its own words: any error halves the
    span, down to one block; success doubles it again. `progress` gets each block number reached.
    """
    found: list[LogEntry] = []
    span, start = _FIRST_SPAN, first
    while start <= last:
        end = min(start + span - 1, last)
        try:
            found.extend(chain.logs(ledger, topics, start, end))
        except RpcError:
            if end == start:
                raise
            span = max((end - start + 1) // 2, 1)
            continue
        start, span = end + 1, span * 2
        if progress is not None:
            progress(end)
    return tuple(found)


def _anchored(log: LogEntry) -> AnchoredEvent:
    event = decode_anchored(log.topics, log.data)
    if isinstance(event, str):
        raise ChainUnavailable("eth_getLogs", event, log.data)
    return AnchoredEvent(event.issuer, event.sequence, event.root, event.size, event.previous_size, event.key, log)


def _number(word: bytes) -> int:
    return int.from_bytes(word)
