"""The summary that `node status`, metrics and the console show: counts, promises, chain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from node.config import NodeConfig
from node.connection import Connection
from node.funds import LowFunds
from node.funds_now import AskedFunds, OpenWitness, ask_funds, low_funds_now, pinned
from node.holding_up import HeldUp, held_up, without_addresses
from node.in_step import WAY_OUT, ahead
from node.next_anchor import next_anchor
from node.policy import Decision
from node.promises import unkept
from node.set_aside import SET_ASIDE_WAY, set_aside_sentence
from node.store import AnchorRow, Checkpoint, EntryState, Store, Witness
from node.store.set_aside import AsideRow
from rootseal.errors import RootsealError
from rootseal.ethereum import checksum_address
from rootseal.plurals import counted

if TYPE_CHECKING:
    from anchor.keys import Signer

__all__ = ["ChainStatus", "NodeStatus", "Problem", "WitnessStatus", "awaiting_approval", "summarise"]


_WARNINGS: Final = ("chain.endpoint", "balance.low")
_IN_THE_WAY: Final = ("chain.ahead", "held.up")


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
    """Another ledger in use: how much of the log is final there, and the `problem` met when it was last asked, if any.

    `balance` is the node key's there, in wei; None where that chain was not asked or did not answer.
    """

    number: int
    chain_id: int
    sequence: int
    anchored: int
    problem: str | None
    balance: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, what it means and the way out.

    `chain.ahead`: nothing is sealed or sent any more; `held.up`: the last round of work did not get through;
    `award.set_aside`: the credentials of acknowledged awards cannot be made, and all others go on;
    `chain.endpoint`: one of several endpoints is left out, and the others are asked; `balance.low`: the key's money
    runs out soon, at home or on another ledger.
    """

    code: Literal["chain.ahead", "held.up", "award.set_aside", "chain.endpoint", "balance.low"]
    sentence: str


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """Counts and deadlines from the store; `chain` is None where it could not be asked, with `chain_problem`.

    `overdue` and `near` are promises whose anchorBy has passed, or comes within a quarter of the
    promised time, without a final anchor in the store. `unsent` to `mined` count intents of the outbox.
    `approvals` lists wait for a second person. `copies_waiting` of the accepted entries are copies whose turn
    comes when those before them are final; `set_aside` are those whose credential cannot be made. `recovered` of the
    sealed entries are known by their commitment alone. `next_anchor` says when and why. Times are UTC seconds.
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
    problems: tuple[Problem, ...] = ()
    set_aside: tuple[AsideRow, ...] = ()

    @property
    def healthy(self) -> bool:
        """True iff no promise is overdue, the chain answers, sealing and anchoring go on, and no award is set aside."""
        return not self.overdue and self.chain is not None and all(one.code in _WARNINGS for one in self.problems)

    @property
    def in_the_way(self) -> tuple[Problem, ...]:
        """Those of the problems that keep the node from sealing and anchoring."""
        return tuple(problem for problem in self.problems if problem.code in _IN_THE_WAY)


def summarise(store: Store, connection: Connection, now: int, others: OpenWitness | None = None) -> NodeStatus:
    """The summary at `now`; asks the chain, and survives its silence.

    With `others`, which opens them, the money on the key is asked of the other ledgers' chains too, and whether it is
    low goes by what they and the home chain say now. Else it is as the process that sends last saw it.
    """
    counts = store.entries.counts()
    late = unkept(store.log.unanchored(), connection.config, now)
    anchor = store.log.newest_anchor()
    chain, problem, problems = _chain(store, connection)
    held = held_up(store)
    if held is not None and all(found.code != "chain.ahead" for found in problems):  # else it says the same
        problems.append(Problem("held.up", _held(held)))
    aside = store.set_aside.all()
    if aside:
        problems.append(Problem("award.set_aside", f"{set_aside_sentence(aside)}. {SET_ASIDE_WAY}"))
    asked = {} if others is None else _asked(store, connection, others, home=chain is not None)
    problems += [Problem("balance.low", _low(low)) for low in low_funds_now(store, asked)]
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
        _next(store, connection, chain, problems, now),
        store.recovered.count(),
        tuple(_witness(store, witness, asked.get(witness.number)) for witness in store.witnesses.all()),
        awaiting_approval(store, connection.config),
        store.copies.waiting(),
        tuple(problems),
        aside,
    )


def awaiting_approval(store: Store, config: NodeConfig) -> int:
    """How many lists wait for a second person; 0 where none is asked for."""
    return store.submissions.waiting_count() if config.second_approver else 0


def _witness(store: Store, witness: Witness, asked: AskedFunds | None) -> WitnessStatus:
    newest = store.witnesses.anchors(witness.number).newest_anchor()
    sequence, size = (0, 0) if newest is None else (newest.sequence, newest.size)
    problem = witness.problem if asked is None or asked.problem is None else asked.problem
    balance = None if asked is None or asked.funds is None else asked.funds.balance
    return WitnessStatus(witness.number, witness.chain_id, sequence, size, problem, balance)


def _asked(store: Store, connection: Connection, others: OpenWitness, *, home: bool) -> dict[int | None, AskedFunds]:
    """The money by ledger, None for that at `home` where it answers; of nowhere while the key is locked."""
    signer = _signer(connection)
    if signer is None:
        return {}
    key, ceiling = signer.address, connection.config.max_fee_per_gas
    found: dict[int | None, AskedFunds] = {None: ask_funds(lambda: connection.chain, key, ceiling)} if home else {}
    for witness in store.witnesses.all():
        found[witness.number] = ask_funds(partial(pinned, witness, others), key, witness.max_fee)
    return found


def _next(
    store: Store, connection: Connection, chain: ChainStatus | None, problems: list[Problem], now: int
) -> Decision:
    """When the next anchor comes; what keeps the node from its work keeps this back, too."""
    codes = {problem.code for problem in problems}
    if "chain.ahead" in codes:
        return Decision(False, "ahead")
    decision = next_anchor(store, connection.config, lambda: _gas_price(connection) if chain else None, now)
    if "held.up" in codes and (decision.due or store.outbox.begun("anchor/")):
        return Decision(False, "held")
    return decision


def _held(held: HeldUp) -> str:
    return (
        f"the process that works here is held up {held}. What is accepted or promised is kept; it goes on by itself "
        'once that is mended ("What to do when" in docs/operating.md)'
    )


def _low(low: LowFunds) -> str:
    where = "" if low.witness is None else f" on ledger {low.witness}"
    anchors = counted(low.anchors, "more anchor") if low.anchors else "no anchor any more"
    return f"the node's key pays for {anchors}{where} at today's price: send coin to {checksum_address(low.key)}"


def _gas_price(connection: Connection) -> int | None:
    try:
        return connection.chain.fee_quote().gas_price
    except RootsealError:
        return None


def _chain(store: Store, connection: Connection) -> tuple[ChainStatus | None, str | None, list[Problem]]:
    """What the chain says, why it says nothing, and what is wrong between it and the node."""
    try:
        with connection.reading():
            latest = connection.latest()
            head = connection.ledger.head(connection.config.home.issuer)
            final = connection.final()
            foreign = ahead(store, connection.ledger, connection.config.home.issuer, head)
            signer = _signer(connection)
            balance = None if signer is None else connection.chain.balance(signer.address)
        left_out = connection.left_out()
    except RootsealError as error:
        return None, without_addresses(error.diagnostics()), []
    problems = []
    if foreign is not None:
        problems.append(Problem("chain.ahead", f"{foreign}: nothing is sealed or sent. The way out: {WAY_OUT}"))
    for name, problem in left_out.items():
        sentence = f"the endpoint {name} is not asked, because of this: {without_addresses(problem)}"
        problems.append(Problem("chain.endpoint", f"{sentence}. Mend it, or take it out of chain_urls"))
    return ChainStatus(latest.number, final.number, head.sequence, head.size, balance), None, problems


def _signer(connection: Connection) -> Signer | None:
    try:
        return connection.signer
    except RootsealError:
        return None
