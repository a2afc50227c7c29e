"""Anchoring: the newest checkpoint goes on chain, is followed until it is final, and is written down.

Recovery is the ordinary path: each tick starts from the store and the chain alone. Final anchors are
taken from the chain's own events, whoever's memory was lost; what the chain holds and this store
does not is never anchored over, but said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from anchor.chain import Chain, ChainUnavailable, WrongChain
from anchor.evidence import build
from anchor.ledger import Head, Ledger, call_data, ledger_abi
from anchor.ledger_events import AnchoredEvent, anchored_events
from anchor.outbox import Intent, State
from anchor.sender import Progress, Sender
from node.connection import Connection
from node.document_guard import check_document_in_force
from node.statuses import REASON_SUPERSEDED, Statuses
from node.store import Act, AnchorRow, Checkpoint, Store
from rootseal.anchoring import Anchor, BlockRef
from rootseal.commitment import Home
from rootseal.errors import AnchoringError, ConflictError, StoreError, UndeterminedError
from rootseal.facts import DocumentFact

__all__ = ["AnchorOutcome", "Anchoring", "TickOutcome", "Until", "as_anchor"]

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
        self._sender: Sender | None = None
        self._seen_in_step = False

    def check_may_seal(self, now: int) -> None:
        """Raises unless the registration is final, the key may anchor, and the chain is not ahead of the store.

        Where the chain cannot be asked, what this process saw before stands: the store has not been
        exchanged under it. A process that never saw the chain seals nothing.
        """
        try:
            self._check_registration()
            check_document_in_force(self._store, self._connection, self._ledger())
            self._check_in_step(self._ledger().head(self._issuer))
        except ChainUnavailable as error:
            if not self._seen_in_step:
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
        self._revoke_superseded(int(now))
        planned = self._plan(int(now), hurry)
        if self._sender is None:
            self._sender = self._connection.sender(self._store.outbox)
        progress = self._sender.tick(now)
        if any(intent.state is State.FINAL for intent in progress.changed):
            adopted += self.adopt(int(now))
        return TickOutcome(planned, progress, adopted)

    def wait(self, until: Until, timeout: float, report: Callable[[str], None] | None = None) -> AnchorOutcome:
        """Tick until everything queued is sent, mined or final, at most `timeout` seconds."""
        say = report or (lambda _: None)
        target = self._store.log.newest_checkpoint()
        end = self._clock() + timeout
        while True:
            reached, problem = self._step(until, target, say)
            if reached or self._clock() >= end:
                anchor = None if target is None else self._store.log.introducing(target.size - 1)
                return AnchorOutcome(reached, until, target, anchor, None if reached else problem)
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
        if progress.blocked is not None:
            say(progress.blocked)
        return self._reached(until, target, progress), progress.blocked or f"it is not {until} yet"

    def _reached(self, until: Until, target: Checkpoint | None, progress: Progress) -> bool:
        if until == "sent":
            queue = self._store.outbox.unfinished(self._connection.signer.address)
            return all(intent.state not in _UNSENT for intent in queue)
        if until == "mined":
            return progress.unmined == 0
        newest = self._store.log.newest_anchor()
        anchored = target is None or (newest is not None and newest.size >= target.size)
        return progress.unfinished == 0 and anchored and not self._store.superseding.due()

    def _revoke_superseded(self, now: int) -> None:
        """Queue the revocation of what a final anchor's entries correct. A crash before: the next tick finds it."""
        due = self._store.superseding.due()
        if due:
            Statuses(self._store, self._connection).request(Act.REVOKE, due, REASON_SUPERSEDED, now)

    def adopt(self, now: int) -> tuple[AnchorRow, ...]:
        """Write down every final anchor on chain that the store has not, with its evidence.

        A crash in between: the next call finds them again. Raises `StoreError` where one holds a
        checkpoint that this store never signed.
        """
        last = self._store.log.newest_anchor()
        known = 0 if last is None else last.sequence
        ledger = self._ledger()
        head = ledger.head(self._issuer)
        self._check_in_step(head)
        if head.sequence <= known:
            return ()
        final = self._connection.final()
        first = (self._connection.config.deployment_block or 0) if last is None else last.block.number
        events = anchored_events(ledger.chain, ledger.address, self._issuer, first, final.number)
        found = sorted((event for event in events if event.sequence > known), key=lambda event: event.sequence)
        documents = ledger.documents(self._issuer) if found else ()
        return tuple(
            self._adopted(ledger.chain, event, sequence, documents, now)
            for sequence, event in enumerate(found, known + 1)
        )

    def _adopted(
        self, chain: Chain, event: AnchoredEvent, sequence: int, documents: tuple[DocumentFact, ...], now: int
    ) -> AnchorRow:
        if event.sequence != sequence or event.log is None:
            raise ChainUnavailable("eth_getLogs", f"the node does not give the event of anchor {sequence}")
        self._own(event.size, event.root, event.sequence)
        block = chain.block(event.log.block_number)
        if block is None or block.hash != event.log.block_hash:
            raise ChainUnavailable("eth_getLogs", "an event's block is not on the chain", event.log.block_number)
        in_force = [fact.document_hash for fact in documents if fact.block_number <= block.number]
        row = AnchorRow(
            event.sequence,
            event.size,
            event.previous_size,
            event.root,
            event.key,
            event.log.transaction,
            BlockRef(block.number, block.hash, block.timestamp),
            None,
            in_force[-1] if in_force and any(in_force[-1]) else None,
        )
        row = replace(row, evidence=build(chain, as_anchor(row, self._connection.config.home, ())))
        with self._store.writing():
            if self._store.log.add_anchor(row, now):
                self._store.acts.add(now, "anchored", f"anchor/{sequence}", {"size": row.size, "block": block.number})
        return row

    def _plan(self, now: int, hurry: bool) -> Intent | None:
        """Queue the newest checkpoint, or put it into the intent that waits; one unmined anchor at a time."""
        newest = self._store.log.newest_checkpoint()
        if newest is None:
            return None
        head = self._ledger().head(self._issuer)
        queue = self._store.outbox.unfinished(self._connection.signer.address)
        last = next((intent for intent in reversed(queue) if intent.name.startswith("anchor/")), None)
        if last is not None and last.state is not State.MINED:
            sequence, size = _content(last.data)
            return self._store.outbox.update(last.amended(self._data(sequence, newest))) if size < newest.size else None
        sequence, size = (head.sequence, head.size) if last is None else _content(self._achieved(last))
        if newest.size <= max(size, head.size) or not (hurry or self._due(newest, now)):
            return None
        intent = Intent(
            f"anchor/{sequence + 1}",
            self._connection.signer.address,
            self._ledger().address,
            self._data(sequence + 1, newest),
        )
        # A crash before this commit: the next tick plans the same. After it: the name makes it one intent.
        return self._store.outbox.add(intent)

    def _due(self, newest: Checkpoint, now: int) -> bool:
        """Whether the interval is over, or a promise has used up half of its time."""
        config = self._connection.config
        last = self._store.log.newest_anchor()
        waiting = self._store.log.unanchored()
        oldest = waiting[0] if waiting else newest
        pressed = oldest.anchor_by - now < config.promise_seconds // 2
        return last is None or pressed or now - last.block.timestamp >= config.anchor_interval_seconds

    def _data(self, sequence: int, checkpoint: Checkpoint) -> bytes:
        return call_data("anchor", self._issuer, sequence, checkpoint.size, checkpoint.root)

    def _achieved(self, intent: Intent) -> bytes:
        """The call data of the attempt that was mined: an amended intent may have landed with older content."""
        mined = None if intent.place is None else intent.place.transaction
        attempts = self._store.outbox.attempts(intent.name)
        return next((attempt.data for attempt in attempts if attempt.hash == mined), intent.data)

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

    def _check_in_step(self, head: Head) -> None:
        """Raises `StoreError` where the last anchor on chain holds a checkpoint that this store does not have."""
        if head.sequence:
            own = self._store.log.checkpoint(head.size)
            record = None if own is None else self._ledger().anchor_of(self._issuer, own.root)
            if own is None or record is None:
                raise StoreError(_ahead(head.sequence, head.size, self._store))
        self._seen_in_step = True

    def _own(self, size: int, root: bytes, sequence: int) -> None:
        own = self._store.log.checkpoint(size)
        if own is None or own.root != root:
            raise StoreError(_ahead(sequence, size, self._store))

    def _ledger(self) -> Ledger:
        return self._connection.ledger

    @property
    def _issuer(self) -> int:
        return self._connection.config.home.issuer


def as_anchor(row: AnchorRow, home: Home, path: tuple[bytes, ...]) -> Anchor:
    """The row as files carry it, with one entry's inclusion path."""
    return Anchor(
        home,
        row.sequence,
        row.size,
        row.previous_size,
        row.root,
        path,
        row.transaction,
        row.block,
        row.evidence,
    )


def _content(data: bytes) -> tuple[int, int]:
    """Sequence and size in the call data of an anchor."""
    call = ledger_abi().decode_call(data)
    if call is None or call[0] != "anchor":
        raise StoreError("an intent called anchor holds another call; run `rootseal node fsck`")
    _, sequence, size, _ = call[1]
    return int(sequence), int(size)


def _ahead(sequence: int, size: int, store: Store) -> str:
    return (
        f"the chain is ahead of this store: anchor {sequence} there holds a checkpoint of {size} entries that "
        f"{store.path} never signed. This is an old copy, or another node uses the same key: nothing is sealed or "
        "sent. Restore the newest backup and run `rootseal node fsck`"
    )
