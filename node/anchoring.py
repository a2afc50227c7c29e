"""Anchoring: the newest checkpoint goes on chain, is followed until it is final, and is written down.

Recovery is the ordinary path: each tick starts from the store and the chain alone. Final anchors are
taken from the chain's own events, whoever's memory was lost; what the chain holds and this store
does not is never anchored over, but said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from anchor.chain import ChainUnavailable, WrongChain
from anchor.ledger import Ledger
from anchor.outbox import Intent, State
from anchor.sender import Progress
from node.announcing import announce_final, announce_revocations
from node.connection import Connection
from node.document_guard import check_document_in_force
from node.holding_up import keep_held_up
from node.next_anchor import next_anchor
from node.policy import Decision
from node.statuses import REASON_SUPERSEDED, Statuses
from node.store import Act, AnchorRow, Checkpoint, Store
from node.tracking import Track, as_anchor
from rootseal.errors import AnchoringError, ConflictError, UndeterminedError

__all__ = ["AnchorOutcome", "Anchoring", "TickOutcome", "Until", "as_anchor", "reached"]

Until = Literal["sent", "mined", "final"]

_REGISTERED: Final = "registration-final"
_POLL_SECONDS: Final = 0.5
_ROLE_ANCHOR: Final = 1
_UNSENT: Final = (State.PLANNED, State.SIGNED)


@dataclass(frozen=True, slots=True)
class TickOutcome:
    """What one tick did: an intent queued or amended, the sender's progress, anchors found final."""

    planned: Intent | None
    progress: Progress
    adopted: tuple[AnchorRow, ...]


@dataclass(frozen=True, slots=True)
class AnchorOutcome:
    """How far the checkpoint got. `problem` says in a sentence why it got no further, where that is known.

    `checkpoint` is None where nothing is sealed; `anchor` is the final anchor that holds it.
    """

    reached: bool
    until: Until
    checkpoint: Checkpoint | None
    anchor: AnchorRow | None
    problem: str | None


class Anchoring:
    """The anchoring of one store's log at home."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.connection = connection
        self._store = store
        self._connection = connection
        self._clock = clock
        self._sleep = sleep
        self._track = Track(store, connection, store.log, store.outbox, self._stored)

    def check_may_seal(self, now: int) -> None:
        """Raises unless the registration is final, the key may anchor, and the chain is not ahead of the store.

        Where the chain cannot be asked, what this process saw before stands: the store has not been
        exchanged under it. A process that never saw the chain seals nothing. Of several endpoints none may
        contradict another about what is final.
        """
        try:
            with self._connection.reading():
                self._check_registration()
                check_document_in_force(self._store, self._connection, self._ledger())
                self._track.check_in_step(self._ledger().head(self._issuer))
        except ChainUnavailable as error:
            if not self._track.seen_in_step:
                reason = "the chain cannot be asked whether this store is the newest copy, so nothing is sealed"
                raise UndeterminedError(f"{reason}: {error}", "chain.unavailable") from error

    def tick(self, now: float, *, hurry: bool = False) -> TickOutcome:
        """Adopt, revoke what is superseded, plan, send, adopt. `now` in UTC seconds; `hurry` ignores the interval.

        Raises `UndeterminedError` where the chain cannot be asked, `StoreError` where it is ahead.
        """
        with self._connection.reading():
            # First of all, so that the reason given is the chain and not what is missing on it.
            self._connection.config.pins.check_chain(self._connection.chain)
            return self._tick(now, hurry)

    def _tick(self, now: float, hurry: bool) -> TickOutcome:
        adopted = self.adopt(int(now))
        self._act_on_due(int(now))
        planned = self._track.plan(lambda: hurry or self.next(int(now)).due)
        progress = self._track.send(now)
        if any(intent.state is State.FINAL for intent in progress.changed):
            adopted += self.adopt(int(now))
            announce_revocations(self._store, int(now))
        keep_held_up(self._store, progress.held_up, int(now))
        return TickOutcome(planned, progress, adopted)

    def wait(self, until: Until, timeout: float, report: Callable[[str], None] | None = None) -> AnchorOutcome:
        """Tick until everything queued is sent, mined or final, at most `timeout` seconds."""
        say = report or (lambda _: None)
        target = self._store.log.newest_checkpoint()
        end = self._clock() + timeout
        while True:
            done, problem = self._step(until, target, say)
            if done or self._clock() >= end:
                anchor = None if target is None else self._store.log.introducing(target.size - 1)
                return AnchorOutcome(done, until, target, anchor, None if done else problem)
            self._sleep(_POLL_SECONDS)

    def _step(self, until: Until, target: Checkpoint | None, say: Callable[[str], None]) -> tuple[bool, str | None]:
        try:
            outcome = self.tick(self._clock(), hurry=True)
        except WrongChain:
            raise
        except (ChainUnavailable, ConflictError) as error:
            # A conflict: `node run` was quicker with the same queue. The next step sees what it did.
            say(str(error))
            return False, str(error)
        progress = outcome.progress
        for sentence in (*(f"{i.name} is {i.state.value}" for i in progress.changed), *progress.notes):
            say(sentence)
        if progress.held_up is not None:
            say(progress.held_up)
        done = reached(self._store, self._connection.signer.address, until, target)
        return done, progress.held_up or f"it is not {until} yet"

    def _act_on_due(self, now: int) -> None:
        """Revoke what a final anchor's entries correct, and give copies the status of their first one.

        A crash before: the next tick finds it.
        """
        statuses, due = Statuses(self._store, self._connection), self._store.superseding.due()
        if due:
            statuses.request(Act.REVOKE, due, REASON_SUPERSEDED, now)
        statuses.follow(now)

    def adopt(self, now: int) -> tuple[AnchorRow, ...]:
        """Write down every final anchor on chain that the store has not, with its evidence.

        A crash in between: the next call finds them again. Raises `StoreError` where one holds a
        checkpoint that this store never signed.
        """
        return self._track.adopt(now)

    def unstored(self) -> tuple[int, ...]:
        """Numbers of the anchors that `adopt` would write down. Raises as it does."""
        return self._track.unstored()

    def next(self, now: int) -> Decision:
        """Whether an anchor is due at `now`, and why. Asks the chain for its price of gas only where that matters."""
        chain = self._connection.chain
        return next_anchor(self._store, self._connection.config, lambda: chain.fee_quote().gas_price, now)

    def _stored(self, row: AnchorRow, now: int) -> None:
        self._store.acts.add(now, "anchored", f"anchor/{row.sequence}", {"size": row.size, "block": row.block.number})
        announce_final(self._store, row, now)

    def _check_registration(self) -> None:
        ledger, signer = self._ledger(), self._connection.signer
        if self._store.facts.get(_REGISTERED) is None:
            final = self._connection.final()
            issuer = ledger.issuer(self._issuer)
            if issuer is None or issuer.registered_at > final.timestamp:
                raise UndeterminedError("the registration is not final yet; wait and seal again", "issuer.not_final")
            self._store.facts.put(_REGISTERED, final.number.to_bytes(8))
        record = ledger.issuer(self._issuer)
        if record is not None and record.successor:
            raise AnchoringError(
                f"this issuer was succeeded by issuer {record.successor}: nothing can be sealed any more"
            )
        key = ledger.key_of(self._issuer, signer.address)
        if key is None or not key.roles & _ROLE_ANCHOR or key.retired_at:
            problem = "is not on the ledger with the right to anchor" if key is None else "may no longer anchor"
            raise AnchoringError(f"the key 0x{signer.address.hex()} {problem}; nothing is sealed")

    def _ledger(self) -> Ledger:
        return self._connection.ledger

    @property
    def _issuer(self) -> int:
        return self._connection.config.home.issuer


def reached(store: Store, key: bytes, until: Until, target: Checkpoint | None) -> bool:
    """Whether all that `key` has queued got as far as `until`; for `final` also whether `target` is anchored."""
    queue = store.outbox.unfinished(key)
    if until == "sent":
        return all(intent.state not in _UNSENT for intent in queue)
    if until == "mined":
        return all(intent.state is State.MINED for intent in queue)
    newest = store.log.newest_anchor()
    anchored = target is None or (newest is not None and newest.size >= target.size)
    return not queue and anchored and not store.superseding.due() and not store.copies.due()
