"""Everything that the ledger says of one issuer: its register, and every dated event, read at one final block.

What counts for trust is judged elsewhere (`rootseal.issuer_check`); this is for a person who asks who
an issuer is and was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from anchor.audit.collecting import Basis, check_unmoved, read_basis
from anchor.chain import Chain, ChainUnavailable, LogEntry
from anchor.ledger import REVOKED, SUSPENDED, Head, IssuerRecord, Ledger
from anchor.ledger_abi import load_contract
from anchor.ledger_events import decode_event, events_between, issuer_topic
from anchor.pins import Pins
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, keccak256
from rootseal.facts import BlockFact, DocumentFact, KeyFact

__all__ = ["HistoryEvent", "IssuerHistory", "read_history"]

_SUCCEEDED: Final = keccak256(b"Succeeded(uint64,uint64)")


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event of the ledger about the issuer: `time` in UTC seconds, arguments by the names of the ABI."""

    name: str
    arguments: dict[str, Any]
    block: int
    time: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class IssuerHistory:
    """The register at `final`, every event up to it, and the counts of the status map at latest (`status_at`)."""

    chain_id: int
    ledger: bytes
    issuer: int
    final: BlockFact
    record: IssuerRecord
    documents: tuple[DocumentFact, ...]
    keys: tuple[KeyFact, ...]
    head: Head
    events: tuple[HistoryEvent, ...]
    revoked: int
    suspended: int
    status_at: int


def read_history(
    chain: Chain,
    pins: Pins,
    issuer: int,
    finality: str = "tag",
    progress: Callable[[str], None] = lambda _: None,
) -> IssuerHistory:
    """Raises `InputError` for an unknown issuer, `WrongChain` for another chain or contract, `ChainUnavailable`.

    `pins` name the ledger; where its code is not pinned, it must be that of this program's own artifact.
    """
    ledger = pins.contract or ZERO_ADDRESS
    replace(pins, code_hash=pins.code_hash or load_contract("CredentialLedger").code_hash).check(chain)
    basis = read_basis(chain, ledger, finality, None)
    contract, at = Ledger(chain, ledger), basis.final.number
    record = contract.issuer(issuer, at)
    if record is None:
        raise InputError("ISSUER", "is not registered on this ledger, or not finally yet", issuer)
    events = _events(chain, basis, issuer, progress)
    history = IssuerHistory(
        pins.chain_id,
        ledger,
        issuer,
        BlockFact(basis.final.number, basis.final.hash, basis.final.timestamp),
        record,
        contract.documents(issuer, at),
        contract.keys(issuer, at),
        contract.head(issuer, at),
        events,
        *_status(chain, contract, issuer),
    )
    check_unmoved(chain, basis)
    return history


def _events(chain: Chain, basis: Basis, issuer: int, progress: Callable[[str], None]) -> tuple[HistoryEvent, ...]:
    def reached(block: int) -> None:
        progress(f"events read to block {block} of {basis.final.number}")

    topic, times = issuer_topic(issuer), dict[int, int]()
    about = events_between(chain, basis.ledger, [None, topic], basis.first, basis.final.number, reached)
    inherited = events_between(chain, basis.ledger, [_SUCCEEDED, None, topic], basis.first, basis.final.number)
    logs = sorted((*about, *inherited), key=lambda log: (log.block_number, log.log_index))
    return tuple(_event(chain, log, times) for log in logs)


def _event(chain: Chain, log: LogEntry, times: dict[int, int]) -> HistoryEvent:
    if log.block_number not in times:
        block = chain.block(log.block_number)
        if block is None or block.hash != log.block_hash:
            raise ChainUnavailable("eth_getLogs", "an event's block is not on the chain", log.block_number)
        times[log.block_number] = block.timestamp
    decoded = decode_event(log)
    return HistoryEvent(decoded.name, decoded.arguments, log.block_number, times[log.block_number], log.transaction)


def _status(chain: Chain, ledger: Ledger, issuer: int) -> tuple[int, int, int]:
    """How many entries are revoked and suspended at latest, and that block's time."""
    block = chain.block("latest")
    if block is None:
        raise ChainUnavailable("eth_getBlockByNumber", "there is no latest block")
    size = ledger.head(issuer, block.number).size
    counts = [
        sum(word.bit_count() for word in ledger.status_words(issuer, purpose, size, block.number))
        for purpose in (REVOKED, SUSPENDED)
    ]
    return counts[0], counts[1], block.timestamp
