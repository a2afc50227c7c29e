"""The summary that `node status`, metrics and the console show: counts, promises, chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.config import NodeConfig
from node.connection import Connection
from node.next_anchor import next_anchor
from node.policy import Decision
from node.promises import unkept
from node.store import AnchorRow, Checkpoint, EntryState, Store, Witness
from rootseal.errors import RootsealError

if TYPE_CHECKING:
    from anchor.keys import Signer

__all__ = ["ChainStatus", "NodeStatus", "WitnessStatus", "awaiting_approval", "summarise"]


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """What the chain says now. `balance` is the node key's, in wei; None where the key is locked."""

    latest_block: int
    final_block: int | None
    head_sequence: int
    head_size: int
    balance: int | None


@dataclass(frozen=True, slots=True)
class WitnessStatus:
    """Another ledger in use: how much of the log is final there, and what was wrong in the last round, if anything."""

    number: int
    chain_id: int
    sequence: int
    anchored: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """Counts and deadlines from the store; `chain` is None where it could not be asked, with `chain_problem`.

    `overdue` and `near` are promises whose anchorBy has passed, or comes within a quarter of the
    promised time, without a final anchor in the store. `unsent` to `mined` count intents of the outbox.
    `approvals` lists wait for a second person. `copies_waiting` of the accepted entries are copies whose turn
    comes when those before them are final. `recovered` of the sealed entries are known by their commitment
    alone. `next_anchor` says when and why.
    Times are UTC seconds.
    """

    test: bool
    accepted: int
    sealed: int
    withdrawn: int
    anchored: int
    oldest_accepted_at: int | None
    checkpoint: Checkpoint | None
    anchor: AnchorRow | None
    overdue: tuple[Checkpoint, ...]
    near: tuple[Checkpoint, ...]
    intents: dict[str, int]
    chain: ChainStatus | None
    chain_problem: str | None
    next_anchor: Decision
    recovered: int
    witnesses: tuple[WitnessStatus, ...]
    approvals: int
    copies_waiting: int = 0

    @property
    def healthy(self) -> bool:
        """True iff no promise is overdue and the chain answers."""
        return not self.overdue and self.chain is not None


def summarise(store: Store, connection: Connection, now: int) -> NodeStatus:
    """The summary at `now`; asks the chain, and survives its silence."""
    counts = store.entries.counts()
    late = unkept(store.log.unanchored(), connection.config, now)
    anchor = store.log.newest_anchor()
    chain, problem = _chain(connection)
    return NodeStatus(
        connection.config.test,
        counts[EntryState.ACCEPTED],
        counts[EntryState.SEALED],
        counts[EntryState.WITHDRAWN],
        0 if anchor is None else anchor.size,
        store.entries.oldest_waiting(),
        store.log.newest_checkpoint(),
        anchor,
        late.overdue,
        late.near,
        store.outbox.counts(),
        chain,
        problem,
        next_anchor(store, connection.config, lambda: _gas_price(connection) if chain else None, now),
        store.recovered.count(),
        tuple(_witness(store, witness) for witness in store.witnesses.all()),
        awaiting_approval(store, connection.config),
        store.copies.waiting(),
    )


def awaiting_approval(store: Store, config: NodeConfig) -> int:
    """How many lists wait for a second person; 0 where none is asked for."""
    return store.submissions.waiting_count() if config.second_approver else 0


def _witness(store: Store, witness: Witness) -> WitnessStatus:
    newest = store.witnesses.anchors(witness.number).newest_anchor()
    sequence, size = (0, 0) if newest is None else (newest.sequence, newest.size)
    return WitnessStatus(witness.number, witness.chain_id, sequence, size, witness.problem)


def _gas_price(connection: Connection) -> int | None:
    try:
        return connection.chain.fee_quote().gas_price
    except RootsealError:
        return None


def _chain(connection: Connection) -> tuple[ChainStatus | None, str | None]:
    try:
        latest = connection.latest()
        head = connection.ledger.head(connection.config.home.issuer)
        final = connection.final()
        signer = _signer(connection)
        balance = None if signer is None else connection.chain.balance(signer.address)
    except RootsealError as error:
        return None, error.diagnostics()
    return ChainStatus(latest.number, final.number, head.sequence, head.size, balance), None


def _signer(connection: Connection) -> Signer | None:
    try:
        return connection.signer
    except RootsealError:
        return None
