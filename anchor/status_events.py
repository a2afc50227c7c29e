"""All changes of one issuer's status, out of the ledger's events: what the status was on a day (`--at`).

The whole issuer is asked about, never one word: who is asked learns nothing about the entry that is meant.
"""

from __future__ import annotations

import time
from typing import Final

from anchor.audit.collecting import read_basis
from anchor.chain import Chain, ChainUnavailable, LogEntry
from anchor.ledger_events import decode_event, events_between, issuer_topic
from rootseal.ethereum import keccak256
from rootseal.facts import StatusEvent

__all__ = ["read_status_events"]

_TOPIC: Final = keccak256(b"StatusChanged(uint64,uint8,uint64,uint256,uint8,address)")
_MAX_EVENTS: Final = 100_000
_MAX_SECONDS: Final = 60.0


def read_status_events(
    chain: Chain, ledger: bytes, issuer: int, last: int, finality: str = "tag"
) -> tuple[StatusEvent, ...]:
    """Every change in the blocks from the ledger's deployment to `last`, in chain order.

    Raises `ChainUnavailable` where the node cannot serve them, where they are more than 100,000, or where reading
    takes more than a minute; `UndeterminedError` where nothing is final yet.
    """
    first, deadline = read_basis(chain, ledger, finality, None).first, time.monotonic() + _MAX_SECONDS

    def in_time(_block: int) -> None:
        if time.monotonic() > deadline:
            raise ChainUnavailable("eth_getLogs", f"reading the events took more than {_MAX_SECONDS:.0f} seconds")

    logs = events_between(chain, ledger, [_TOPIC, issuer_topic(issuer)], first, last, in_time)
    if len(logs) > _MAX_EVENTS:
        raise ChainUnavailable("eth_getLogs", f"the issuer changed status more than {_MAX_EVENTS} times", len(logs))
    times: dict[int, int] = {}
    found = []
    for log in logs:
        if log.block_number not in times:
            in_time(log.block_number)
            times[log.block_number] = _time_of(chain, log)
        arguments = decode_event(log).arguments
        found.append(StatusEvent(times[log.block_number], arguments["purpose"], arguments["word"], arguments["value"]))
    return tuple(found)


def _time_of(chain: Chain, log: LogEntry) -> int:
    block = chain.block(log.block_number)
    if block is None or block.hash != log.block_hash:
        raise ChainUnavailable("eth_getLogs", "an event's block is not on the chain", log.block_number)
    return block.timestamp
