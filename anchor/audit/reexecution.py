"""The recorded history played again on a fresh chain: the same programs, callers, calls and times.

What comes out must be the same events, roots, status words and totals, byte for byte. Chain id and addresses are
the same as on the audited chain, for they are part of what is signed: contracts are created by the same account
with the same number. Several transactions of one block are played in one block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Protocol

from anchor.audit.chain_audit import ChainAudit
from anchor.audit.collecting import Basis, Progress
from anchor.audit.comparing import compare_issuer
from anchor.audit.comparing_credits import compare_credits
from anchor.audit.credits_view import CreditsView
from anchor.audit.database import AuditDatabase
from anchor.audit.engines import Engine, open_engine
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.json_rpc import Rpc
from anchor.audit.transactions import Call, PastCalls
from anchor.chain import Chain, LogEntry
from anchor.ledger import Ledger
from anchor.ledger_abi import load_contract
from rootseal.canonical import Json
from rootseal.errors import UndeterminedError
from rootseal.ethereum import ZERO_ADDRESS

__all__ = ["ReplayOutcome", "Replayer", "Replaying"]

Event = tuple[bytes, tuple[bytes, ...], bytes]
_EVERY: Final = 25  # blocks between two words of progress


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """What came of it. `engine` is empty where nothing could be played."""

    engine: str
    transactions: int
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()

    def to_json(self) -> Json:
        """The member `replay` of the report."""
        same = not self.findings and not self.unchecked
        outcome = "same" if same else "differs" if self.findings else "unchecked"
        return {"engine": self.engine, "transactions": self.transactions, "outcome": outcome}


class Replayer(Protocol):
    """Plays a history again."""

    def replay(self, told: ChainAudit, basis: Basis, database: AuditDatabase, progress: Progress) -> ReplayOutcome:
        """Raises `InputError` for a chain that cannot be used, `ChainUnavailable` where one does not answer."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """Calls of one transaction, and the events that it left."""

    transaction: bytes
    calls: tuple[Call, ...]
    events: tuple[Event, ...]


@dataclass(slots=True)
class Replaying:
    """Implements `Replayer`: `past` tells the calls, `rpc` and `chain` are the same fresh chain."""

    past: PastCalls
    rpc: Rpc
    chain: Chain
    source: Chain

    def replay(self, told: ChainAudit, basis: Basis, database: AuditDatabase, progress: Progress) -> ReplayOutcome:
        """See `Replayer`."""
        try:
            blocks = list(self._blocks(basis, database, progress))
        except _Untold as error:
            return ReplayOutcome("", 0, unchecked=(Unchecked("the replay on a fresh chain", str(error)),))
        engine = open_engine(self.rpc, basis.chain_id, blocks[0][1])
        outcome = self._play(engine, basis, blocks, progress)
        if outcome.findings or outcome.unchecked:
            return outcome
        head = self.chain.block("latest")
        at = 0 if head is None else head.number
        return ReplayOutcome(engine.name, outcome.transactions, tuple(_state(self.chain, at, told, basis)))

    def _blocks(
        self, basis: Basis, database: AuditDatabase, progress: Progress
    ) -> Iterator[tuple[int, int, list[_Turn]]]:
        """Number, time and turns of each block in which something happened. Raises `_Untold`."""
        contracts = [contract for contract, _ in basis.contracts]
        creations = _creations(self.past, basis)
        logs = database.logs(contracts, basis.first, basis.final.number)
        for number, turns in _by_block(logs):
            for born in [block for block in sorted(creations) if block < number]:
                yield born, self._time(born), creations.pop(born)
            played = [_Turn(tx, self._calls(tx, contracts), events) for tx, events in turns]
            yield number, database.block(number)[1], sorted(creations.pop(number, []) + played, key=_place)
            progress(f"looking up the calls behind the record, block {number} of {basis.final.number}")
        for born in sorted(creations):
            yield born, self._time(born), creations[born]

    def _calls(self, transaction: bytes, contracts: Sequence[bytes]) -> tuple[Call, ...]:
        found = self.past.of(transaction, contracts)
        if not found:
            raise _Untold(
                f"transaction 0x{transaction.hex()} came through another contract, and the provider serves no traces"
            )
        return found

    def _time(self, number: int) -> int:
        block = self.source.block(number)
        if block is None:
            raise _Untold(f"the provider lacks block {number}, in which a contract was created")
        return block.timestamp

    def _play(
        self, engine: Engine, basis: Basis, blocks: Sequence[tuple[int, int, list[_Turn]]], progress: Progress
    ) -> ReplayOutcome:
        contracts = frozenset(contract for contract, _ in basis.contracts)
        engine.admit(sorted({call.sender for _, _, turns in blocks for turn in turns for call in turn.calls}))
        played = 0
        for at, (number, time, turns) in enumerate(blocks):
            for call in _creating(turns):
                engine.set_nonce(call.sender, call.nonce)
            receipts = iter(engine.play(time, [call for turn in turns for call in turn.calls]))
            for turn in turns:
                problem = self._differs(turn, [next(receipts) for _ in turn.calls], contracts, number)
                if problem is not None:
                    found = (problem,) if isinstance(problem, Finding) else ()
                    left = (problem,) if isinstance(problem, Unchecked) else ()
                    return ReplayOutcome(engine.name, played, found, left)
                played += 1
            if at % _EVERY == 0:
                progress(f"playing the history again: block {at + 1} of {len(blocks)}")
        return ReplayOutcome(engine.name, played)

    def _differs(
        self, turn: _Turn, receipts: Sequence[Mapping[str, Any] | None], contracts: frozenset[bytes], number: int
    ) -> Finding | Unchecked | None:
        if any(receipt is None for receipt in receipts):
            raise UndeterminedError(
                "the replay chain left a call out of its block: start it with a higher block gas limit", "replay.gas"
            )
        done = [receipt for receipt in receipts if receipt is not None]
        if any(int(receipt["status"], 16) != 1 for receipt in done):
            return self._refused(turn, number)
        if tuple(_events(done, contracts)) == turn.events:
            return None
        return finding("replay.events", block=number, transaction=turn.transaction)

    def _refused(self, turn: _Turn, number: int) -> Finding | Unchecked:
        """A contract wallet consents by a program that is not on the fresh chain: its claims cannot be played."""
        claimed = next(
            iter(topic for topic in _CLAIMED if any(topics[0] == topic for _, topics, _ in turn.events)), None
        )
        holders = [topics[3][12:] for _, topics, _ in turn.events if topics[0] == claimed and len(topics) > 3]
        if any(holder != ZERO_ADDRESS and self.source.code(holder) for holder in holders):
            why = (
                f"the holder in transaction 0x{turn.transaction.hex()} is a contract, which consents by its own program"
            )
            return Unchecked("the replay on a fresh chain", why)
        return finding("replay.refused", block=number, transaction=turn.transaction)


_CLAIMED: Final = tuple(
    topic for topic, event in load_contract("EctxCredits").events.items() if event.name == "Claimed"
)


class _Untold(Exception):  # noqa: N818 - never leaves this module
    """The calls cannot be had, and why."""


def _creations(past: PastCalls, basis: Basis) -> dict[int, list[_Turn]]:
    if basis.deployed_at is None:
        raise _Untold("the node keeps too little history to say when the ledger was deployed")
    born: dict[int, list[_Turn]] = {}
    for contract, block in basis.contracts:
        number = basis.deployed_at if contract == basis.ledger else block
        call = past.creation(contract, number)
        if call is None:
            raise _Untold(f"the contract 0x{contract.hex()} was created by another contract, or in an unknown block")
        born.setdefault(number, []).append(_Turn(b"", (call,), ()))
    return born


def _by_block(logs: Iterable[LogEntry]) -> Iterator[tuple[int, list[tuple[bytes, tuple[Event, ...]]]]]:
    for number, inside in groupby(logs, key=lambda log: log.block_number):
        yield (
            number,
            [
                (tx, tuple((log.address, log.topics, log.data) for log in own))
                for tx, own in groupby(inside, key=lambda log: log.transaction)
            ],
        )


def _place(turn: _Turn) -> int:
    return turn.calls[0].index


def _creating(turns: Sequence[_Turn]) -> Iterator[Call]:
    """The first creation of each account in a block: its number decides the address; the next follows from it."""
    seen: set[bytes] = set()
    for turn in turns:
        for call in turn.calls:
            if call.to is None and call.sender not in seen:
                yield call
            seen.add(call.sender)


def _events(receipts: Sequence[Mapping[str, Any]], contracts: frozenset[bytes]) -> Iterator[Event]:
    for receipt in receipts:
        for log in receipt["logs"]:
            address = _bytes(log["address"])
            if address in contracts:
                yield address, tuple(_bytes(topic) for topic in log["topics"]), _bytes(log["data"])


def _state(chain: Chain, at: int, told: ChainAudit, basis: Basis) -> Iterator[Finding]:
    """The fresh chain's own answers against the state that the record adds up to: one finding an issuer."""
    ledger = Ledger(chain, basis.ledger)
    differing: dict[int | None, str] = {}
    for state in told.states:
        for found in compare_issuer(ledger, at, state):
            differing.setdefault(found.issuer, found.code)
    if basis.credits is not None:
        view = CreditsView(chain, basis.credits.address, at)
        for found in compare_credits(view, told.ledger, {state.number for state in told.states}):
            differing.setdefault(found.issuer, found.code)
    for issuer, code in differing.items():
        whose = "the credits" if issuer is None else f"issuer {issuer}"
        yield finding("replay.state", issuer, what=code, whose=whose)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
