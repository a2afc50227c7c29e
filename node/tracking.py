"""The anchors of one log on one ledger: found on chain, planned, sent, written down. Home and witnesses alike.

Everything starts from the store and the chain alone, so that recovery is the ordinary path. What the chain
holds and this store does not is never anchored over, but said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from anchor.chain import Chain, ChainUnavailable, LogEntry
from anchor.evidence import build
from anchor.ledger import Head, Ledger, call_data, ledger_abi
from anchor.ledger_events import AnchoredEvent, anchored_events
from anchor.outbox import Intent, State
from anchor.sender import Progress, Sender
from node.connection import Connection
from node.in_step import WAY_OUT, ahead, unknown_anchor
from node.store import AnchorRow, Checkpoint, Store, StoredOutbox
from rootseal.anchoring import Anchor, BlockRef
from rootseal.commitment import Home
from rootseal.errors import StoreError
from rootseal.facts import DocumentFact
from rootseal.merkle import leaf_hash, root_of

__all__ = [
    "Anchors",
    "Track",
    "anchor_content",
    "as_anchor",
    "check_root",
    "dead_anchors",
    "document_in_force",
    "root_on_disk",
]

_ANCHOR: Final = "anchor/"  # how the names of anchors begin


class Anchors(Protocol):
    """Where final anchors of one ledger are kept."""

    def newest_anchor(self) -> AnchorRow | None:
        """The last one."""

    def add_anchor(self, anchor: AnchorRow, now: int) -> bool:
        """Store it; False where it is there already. Raises `StoreError` where another one is."""


class Track:
    """One log on one ledger. `stored` is called in the transaction that stores a final anchor."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        anchors: Anchors,
        outbox: StoredOutbox,
        stored: Callable[[AnchorRow, int], None],
    ) -> None:
        self._store = store
        self._connection = connection
        self._anchors = anchors
        self._outbox = outbox
        self._stored = stored
        self._sender: Sender | None = None
        self.seen_in_step = False

    def adopt(self, now: int) -> tuple[AnchorRow, ...]:
        """Write down every final anchor on chain that the store has not, with its evidence.

        A crash in between: the next call finds them again. Raises `StoreError` where one holds a
        checkpoint that this store never signed.
        """
        found, ledger = self._beyond(), self._connection.ledger
        documents = ledger.documents(self._issuer) if found else ()
        return tuple(self._adopted(ledger.chain, event, sequence, documents, now) for sequence, event in found)

    def unstored(self) -> tuple[int, ...]:
        """Numbers of the anchors that `adopt` would write down. Raises as it does."""
        found = self._beyond()
        for sequence, event in found:
            self._place(event, sequence)
        return tuple(sequence for sequence, _ in found)

    def _beyond(self) -> tuple[tuple[int, AnchoredEvent], ...]:
        """Final anchors on chain after the last one in the store, each with the number that it should have."""
        last = self._anchors.newest_anchor()
        known = 0 if last is None else last.sequence
        ledger = self._connection.ledger
        head = ledger.head(self._issuer)
        self.check_in_step(head)
        if head.sequence <= known:
            return ()
        final = self._connection.final()
        first = (self._connection.config.deployment_block or 0) if last is None else last.block.number
        events = anchored_events(ledger.chain, ledger.address, self._issuer, first, final.number)
        found = sorted((event for event in events if event.sequence > known), key=lambda event: event.sequence)
        return tuple(enumerate(found, known + 1))

    def _adopted(
        self, chain: Chain, event: AnchoredEvent, sequence: int, documents: tuple[DocumentFact, ...], now: int
    ) -> AnchorRow:
        log = self._place(event, sequence)
        block = chain.block(log.block_number)
        if block is None or block.hash != log.block_hash:
            raise ChainUnavailable("eth_getLogs", "an event's block is not on the chain", log.block_number)
        row = AnchorRow(
            event.sequence,
            event.size,
            event.previous_size,
            event.root,
            event.key,
            log.transaction,
            BlockRef(block.number, block.hash, block.timestamp),
            None,
            document_in_force(documents, block.number),
        )
        row = replace(row, evidence=build(chain, as_anchor(row, self._connection.config.home, ())))
        with self._store.writing():
            if self._anchors.add_anchor(row, now):
                self._stored(row, now)
        return row

    def plan(self, wanted: Callable[[], bool]) -> Intent | None:
        """Queue the newest checkpoint if it is `wanted` now, or put it into the intent that waits.

        One unmined anchor at a time: its replacement carries the newest checkpoint.
        """
        newest = self._store.log.newest_checkpoint()
        if newest is None:
            return None
        head = self._connection.ledger.head(self._issuer)
        queue = self._outbox.unfinished(self._connection.signer.address)
        last = next((intent for intent in reversed(queue) if intent.name.startswith(_ANCHOR)), None)
        if last is not None and last.state is not State.MINED:
            data = self._data(int(last.name.removeprefix(_ANCHOR)), newest)
            return self._outbox.update(last.amended(data)) if data != last.data else None
        sequence, size = (head.sequence, head.size) if last is None else anchor_content(self._achieved(last))
        if newest.size <= max(size, head.size) or not wanted():
            return None
        intent = Intent(
            f"{_ANCHOR}{sequence + 1}",
            self._connection.signer.address,
            self._connection.ledger.address,
            self._data(sequence + 1, newest),
        )
        # A crash before this commit: the next tick plans the same. After it: the name makes it one intent.
        return self._outbox.add(intent)

    def send(self, now: float) -> Progress:
        """One round of the sender for everything that the key has queued here."""
        if self._sender is None:
            self._sender = self._connection.sender(self._outbox, lambda intent: check_root(self._store, intent))
        return self._sender.tick(now)

    def check_in_step(self, head: Head) -> None:
        """Raises `StoreError` where the last anchor on chain holds a checkpoint that this store does not have."""
        problem = ahead(self._store, self._connection.ledger, self._issuer, head)
        if problem is not None:
            raise _out_of_step(problem)
        self.seen_in_step = True

    def _place(self, event: AnchoredEvent, sequence: int) -> LogEntry:
        """Where the event stands, if it is anchor `sequence` and holds a checkpoint of this store."""
        if event.sequence != sequence or event.log is None:
            raise ChainUnavailable("eth_getLogs", f"the node does not give the event of anchor {sequence}")
        own = self._store.log.checkpoint(event.size)
        if own is None or own.root != event.root:
            raise _out_of_step(unknown_anchor(self._store, sequence, event.size))
        return event.log

    def _data(self, sequence: int, checkpoint: Checkpoint) -> bytes:
        return call_data("anchor", self._issuer, sequence, checkpoint.size, checkpoint.root)

    def _achieved(self, intent: Intent) -> bytes:
        """The call data of the attempt that was mined: an amended intent may have landed with older content."""
        mined = None if intent.place is None else intent.place.transaction
        attempts = self._outbox.attempts(intent.name)
        return next((attempt.data for attempt in attempts if attempt.hash == mined), intent.data)

    @property
    def _issuer(self) -> int:
        return self._connection.config.home.issuer


def _out_of_step(problem: str) -> StoreError:
    return StoreError(f"{problem}: nothing is sealed or sent. The way out: {WAY_OUT}")


def document_in_force(documents: tuple[DocumentFact, ...], block: int) -> bytes | None:
    """Hash of the issuer document that the ledger's history has at the block with this number."""
    found = [fact.document_hash for fact in documents if fact.block_number <= block]
    return found[-1] if found and any(found[-1]) else None


def as_anchor(row: AnchorRow, home: Home, path: tuple[bytes, ...]) -> Anchor:
    """The row as files carry it, with one entry's inclusion path; `home` is the place that the row is of."""
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


def anchor_content(data: bytes) -> tuple[int, int]:
    """Sequence and size in the call data of an anchor."""
    sequence, size, _ = _content(data)
    return sequence, size


def _content(data: bytes) -> tuple[int, int, bytes]:
    call = ledger_abi().decode_call(data)
    if call is None or call[0] != "anchor":
        raise StoreError("an intent called anchor holds another call; run `rootseal node fsck`")
    _, sequence, size, root = call[1]
    return int(sequence), int(size), bytes(root)


def root_on_disk(store: Store, size: int) -> bytes:
    """The root over the first `size` stored commitments, computed from all of them. Raises `StoreError`."""
    commitments = store.log.commitments(0, size)
    if len(commitments) != size:
        raise StoreError(f"the log has {len(commitments)} of {size} entries on disk: run `rootseal node fsck`")
    return root_of([leaf_hash(commitment) for commitment in commitments])


def check_root(store: Store, intent: Intent) -> None:
    """Asked before every signature: what an anchor says is the root of the rows on disk. Raises `StoreError`.

    What is anchored once cannot be taken back: with one flipped bit the log would end there.
    """
    if intent.name.startswith(_ANCHOR):
        _, size, root = _content(intent.data)
        if root != root_on_disk(store, size):
            raise StoreError(
                f"{intent.name}: the {size} entries on disk have another root than the one to be anchored: nothing is "
                "signed. Run `rootseal node fsck`, and restore the newest backup where it cannot repair the store"
            )


def dead_anchors(outbox: StoredOutbox, key: bytes, ledger: Ledger, issuer: int) -> tuple[Intent, ...]:
    """Queued anchors whose number the ledger has given to another: none of their attempts can take effect."""
    head = ledger.head(issuer)
    dead = []
    for intent in outbox.unfinished(key):
        if not intent.name.startswith(_ANCHOR) or anchor_content(intent.data)[0] > head.sequence:
            continue
        achieved = {attempt.data for attempt in outbox.attempts(intent.name)} | {intent.data}
        if not any(_stands(ledger, data) for data in achieved):
            dead.append(intent)
    return tuple(dead)


def _stands(ledger: Ledger, data: bytes) -> bool:
    call = ledger_abi().decode_call(data)
    if call is None:
        return False
    issuer, sequence, size, root = call[1]
    found = ledger.anchor_of(int(issuer), bytes(root))
    return found is not None and (found.sequence, found.size) == (int(sequence), int(size))
