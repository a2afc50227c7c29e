"""The same log on other ledgers: each a witness that its entries existed, with its own queue, pins and finality.

A witness never holds up the home ledger, nor another witness: each round is on its own, in a thread of its own,
and what goes wrong there is written down and shown. Nothing there decides whether a credential is valid.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from anchor.chain import Chain
from anchor.outbox import Intent
from anchor.sender import Progress
from node.config import NodeConfig
from node.connection import Connection
from node.funds import Funds, FundsWatch
from node.health import Health
from node.logs import log, log_failure
from node.next_anchor import anchor_facts
from node.policy import AnchorPolicy, due
from node.store import AnchorRow, Store, Witness
from node.tracking import Track
from rootseal.errors import AnchoringError, ConflictError, RootsealError

__all__ = ["WitnessRound", "WitnessWorker", "Witnessing", "witness_config"]

_ROLE_ANCHOR: Final = 1
_BUSY_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 5.0
_PAUSE: Final = 0.5
_LONGEST_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class WitnessRound:
    """One round on one other ledger; `problem` is why it got no further, `progress` None where it never began."""

    witness: Witness
    planned: Intent | None = None
    progress: Progress | None = None
    adopted: tuple[AnchorRow, ...] = ()
    problem: str | None = None

    @property
    def idle(self) -> bool:
        """True iff nothing is on its way there."""
        return self.problem is None and self.progress is not None and self.progress.idle


def witness_config(config: NodeConfig, witness: Witness) -> NodeConfig:
    """The node's settings with those of the other ledger in their place: what `Connection` needs."""
    return replace(
        config,
        chain_urls=witness.chain_urls,
        chain_id=witness.chain_id,
        genesis_hash=witness.genesis_hash,
        finality=witness.finality,
        ledger=witness.ledger,
        ledger_code_hash=witness.code_hash,
        deployment_block=witness.deployment_block,
        issuer=witness.issuer,
        anchor_interval_seconds=witness.anchor_interval,
        max_fee_per_gas=witness.max_fee,
    )


class Witnessing:
    """Anchors one store's log on its other ledgers. `home` lends its key; `chains` is for tests."""

    def __init__(
        self, store: Store, home: Connection, chains: Callable[[Witness], Chain | None] = lambda witness: None
    ) -> None:
        self._store = store
        self._home = home
        self._chains = chains
        self._known: dict[int, tuple[Witness, Connection, Track, FundsWatch]] = {}

    def connection(self, witness: Witness) -> Connection:
        """The way to that ledger, opened at the first question."""
        return self._opened(witness)[0]

    def round(self, witness: Witness, now: float, *, hurry: bool = False) -> WitnessRound:
        """Adopt, plan, send, adopt on one ledger; never raises what the ledger's failure may be. `now`: UTC seconds."""
        try:
            done = self._round(witness, now, hurry)
        except ConflictError:
            return WitnessRound(witness)  # another process was quicker; the next round sees what it did
        except RootsealError as error:
            done = WitnessRound(witness, problem=error.diagnostics())
        if self._store.witnesses.saw(witness.number, done.problem, int(now)) and done.problem is not None:
            log("witness failed", ledger=witness.number, message=done.problem)
        return done

    def funds(self, witness: Witness, now: float) -> Funds | None:
        """The money of the node's key there, asked for about once a minute; after a round that reached it."""
        return self._opened(witness)[2].look(now)

    def rounds(self, now: float) -> tuple[WitnessRound, ...]:
        """One round on every ledger in use, one after another."""
        return tuple(self.round(witness, now) for witness in self._store.witnesses.all())

    def wait(
        self,
        witness: Witness,
        timeout: float,
        report: Callable[[str], None],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> WitnessRound:
        """Rounds until the newest checkpoint is final there, or a problem stands for the whole `timeout` (seconds)."""
        target, end = self._store.log.newest_checkpoint(), clock() + timeout
        told = ""
        while True:
            done = self.round(witness, clock(), hurry=True)
            newest = self._store.witnesses.anchors(witness.number).newest_anchor()
            reached = target is None or (newest is not None and newest.size >= target.size)
            if (done.idle and reached) or clock() >= end:
                return done if reached or done.problem else replace(done, problem="it is not final there yet")
            if done.problem is not None and done.problem != told:
                told = done.problem
                report(told)
            sleep(_PAUSE)

    def _round(self, witness: Witness, now: float, hurry: bool) -> WitnessRound:
        connection, track, _ = self._opened(witness)
        with connection.reading():
            connection.config.pins.check_chain(connection.chain)
            self._check_key(witness, connection)
            adopted = track.adopt(int(now))
            planned = track.plan(lambda: hurry or self._due(witness, int(now)))
            progress = track.send(now)
            adopted += track.adopt(int(now))
        return WitnessRound(witness, planned, progress, adopted, progress.held_up)

    def _due(self, witness: Witness, now: int) -> bool:
        facts = anchor_facts(
            self._store,
            self._store.witnesses.anchors(witness.number).newest_anchor(),
            self._store.witnesses.outbox(witness.number),
        )
        return due(now, replace(facts, anchor_by=None), AnchorPolicy(witness.anchor_interval)).due

    def _check_key(self, witness: Witness, connection: Connection) -> None:
        key = connection.signer.address
        found = connection.ledger.key_of(witness.issuer, key)
        if found is None or not found.roles & _ROLE_ANCHOR or found.retired_at:
            raise AnchoringError(
                f"the key 0x{key.hex()} may not anchor for issuer {witness.issuer} on ledger {witness.number}; run "
                f"`rootseal node ledgers add` for it again"
            )
        # The node's key was replaced: what the old one had queued is sent by the new one. The ledger takes each
        # number once, so that an attempt of the old key that is mined after all does no harm.
        outbox = self._store.witnesses.outbox(witness.number)
        for old in {intent.key for intent in outbox.begun("")} - {key}:
            outbox.hand_over(old, key)

    def _opened(self, witness: Witness) -> tuple[Connection, Track, FundsWatch]:
        known = self._known.get(witness.number)
        settings = replace(witness, problem=None, seen_at=None)
        if known is None or known[0] != settings:
            config = witness_config(self._home.config, witness)
            connection = Connection(self._home.directory, config, chain=self._chains(witness), key_of=self._home)
            number, store = witness.number, self._store
            track = Track(
                store,
                connection,
                store.witnesses.anchors(number),
                store.witnesses.outbox(number),
                lambda row, now: self._stored(number, row, now),
            )
            known = self._known[number] = (settings, connection, track, FundsWatch(store, connection, number))
        return known[1:]

    def _stored(self, number: int, row: AnchorRow, now: int) -> None:
        detail = {"ledger": number, "size": row.size, "block": row.block.number}
        self._store.acts.add(now, "witnessed", f"ledger/{number}/anchor/{row.sequence}", detail)


class WitnessWorker:
    """The thread that goes round the other ledgers as long as `may_work` says that this process sends."""

    def __init__(
        self,
        store: Store,
        witnessing: Witnessing,
        may_work: Callable[[], bool],
        clock: Callable[[], float],
        health: Health | None = None,
    ) -> None:
        self._store = store
        self._witnessing = witnessing
        self._may_work = may_work
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="rootseal-witness", daemon=True)
        self._later: dict[int, tuple[float, float]] = {}
        self._health = health or Health()

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, timeout: float = 20.0) -> None:
        """Ask it to end after the round that it is in, and wait so long."""
        self._stop.set()
        self._thread.join(timeout)

    def round(self) -> float:
        """One round; returns the seconds to wait. A ledger that fails is asked less and less often."""
        busy = False
        for witness in self._store.witnesses.all():
            wait, since = self._later.get(witness.number, (0.0, 0.0))
            if abs(self._clock() - since) < wait or self._stop.is_set():
                continue
            done = self._witnessing.round(witness, self._clock())
            for row in done.adopted:
                log("witnessed", ledger=witness.number, sequence=row.sequence, size=row.size, block=row.block.number)
            if done.progress is not None:
                self._look(witness)
            if done.problem is None:
                self._later.pop(witness.number, None)
                busy = busy or not done.idle
            else:
                self._later[witness.number] = (min(max(2 * wait, _IDLE_SECONDS), _LONGEST_SECONDS), self._clock())
        return _BUSY_SECONDS if busy else _IDLE_SECONDS

    def _look(self, witness: Witness) -> None:
        funds = self._witnessing.funds(witness, self._clock())
        if funds is not None:
            self._health.update(witness_funds={**self._health.pulse.witness_funds, witness.number: funds})

    def _work(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            try:
                pause = self.round() if self._may_work() else _IDLE_SECONDS
            except Exception as error:  # noqa: BLE001 - a bug here must not end the thread in silence
                log_failure("round failed", error)
                pause = _LONGEST_SECONDS
