"""When the next anchor at home comes, and why: the facts that `node.policy` decides on, read from store and chain."""

from __future__ import annotations

from collections.abc import Callable

from node.config import NodeConfig
from node.policy import AnchorFacts, AnchorPolicy, Decision, due
from node.store import AnchorRow, Checkpoint, Store, StoredOutbox
from node.tracking import anchor_content

__all__ = ["anchor_facts", "begun", "next_anchor"]


def next_anchor(store: Store, config: NodeConfig, gas_price: Callable[[], int | None], now: int) -> Decision:
    """The decision at `now`. `gas_price` (wei per gas) is asked only where it matters; None: it cannot be told."""
    policy = AnchorPolicy.of(config)
    facts = anchor_facts(store, store.log.newest_anchor(), store.outbox)
    decision = due(now, facts, policy)
    if not policy.max_gas_price or not decision.due or decision.reason == "deadline":
        return decision
    asked = AnchorFacts(facts.waiting, facts.signed_at, facts.anchor_by, facts.anchored_at, gas_price())
    return due(now, asked, policy)


def anchor_facts(store: Store, last: AnchorRow | None, outbox: StoredOutbox) -> AnchorFacts:
    """What waits beyond the last final anchor and beyond what is under way. Asks the store alone."""
    size, at = begun(last, outbox)
    newest = store.log.newest_checkpoint()
    oldest = store.log.covering(size)
    waiting = 0 if newest is None else max(newest.size - size, 0)
    return AnchorFacts(waiting, *_times(oldest), at)


def begun(last: AnchorRow | None, outbox: StoredOutbox) -> tuple[int, int | None]:
    """How many entries are anchored or on their way to it, and when the last anchor was sent (UTC seconds)."""
    size, at = (0, None) if last is None else (last.size, last.block.timestamp)
    for intent in outbox.begun("anchor/"):
        mined = None if intent.place is None else intent.place.transaction
        sent = next((a.data for a in outbox.attempts(intent.name) if a.hash == mined), intent.data)
        size = max(size, anchor_content(sent)[1])
        at = max(at or 0, int(intent.sent_at or 0)) or None
    return size, at


def _times(promise: Checkpoint | None) -> tuple[int | None, int | None]:
    return (None, None) if promise is None else (promise.signed_at, promise.anchor_by)
