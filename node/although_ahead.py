"""Status acts while the chain is ahead of the store: after a thief anchored over the log, or beside a lost store.

Then nothing is sealed or anchored any more, but what this node awarded it must still be able to revoke. Each act is
checked again: the entry lies below this node's own last anchor, which still stands on chain, so that its index means
here what it means there; and what is on chain already is not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from anchor.chain import ChainUnavailable
from anchor.outbox import State
from node.statuses import StatusMap, StatusOutcome
from node.store import Act, AnchorRow, Entry
from node.tracking import check_root, dead_anchors
from rootseal.errors import ConflictError, StoreError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["AheadOutcome", "act_although_ahead"]

_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class AheadOutcome:
    """What was queued, ids whose status stood on chain before, whether all is final, and if not, why not."""

    status: StatusOutcome
    standing: tuple[str, ...]
    final: bool
    problem: str | None


def act_although_ahead(
    services: Services,
    act: Act,
    entry_ids: Sequence[str],
    reason: int,
    timeout: float,
    report: Callable[[str], None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> AheadOutcome:
    """Queue `act`, send it and wait until it is final, at most `timeout` seconds. Anchors nothing.

    Raises `ConflictError` where the chain is not ahead (then the ordinary way is open) or an entry is not below this
    node's own last anchor, `StoreError` where that anchor does not stand on chain.
    """
    connection = services.connection
    connection.config.pins.check(connection.chain)
    own = _own_anchor(services)
    store = services.store.entries
    awards = [store.award(entry) for entry in store.get_all(entry_ids)]
    for entry in [copies[0] for copies in awards]:
        if entry.index is None or entry.index >= own.size:
            raise ConflictError(
                f"{entry.id} is not below this node's last own anchor of {own.size} entries: what stands at its place "
                "on chain may be somebody else's"
            )
    entries = [copy for copies in awards for copy in copies if copy.index is not None and copy.index < own.size]
    shown = services.status_map()
    standing = tuple(dict.fromkeys(entry.id for entry in entries if _stands(shown, act, entry)))
    wanted = dict.fromkeys(entry.id for entry in entries if entry.id not in standing)
    outbox, key = services.store.outbox, connection.signer.address
    for intent in dead_anchors(outbox, key, connection.ledger, services.home.issuer):
        # Its number is taken, so it would stand in the queue before every act and never go.
        outbox.update(replace(intent, state=State.FINAL))
    status = services.statuses.request(act, tuple(wanted), reason, services.now, standing)
    final, problem = _sent(services, timeout, report, clock, sleep)
    return AheadOutcome(status, standing, final, problem)


def _own_anchor(services: Services) -> AnchorRow:
    """The last anchor that this store knows, which must stand on a chain that has gone on without it."""
    own, ledger, issuer = services.store.log.newest_anchor(), services.connection.ledger, services.home.issuer
    if own is None:
        raise ConflictError("this node has no final anchor, so it has nothing whose status could be changed")
    found = ledger.anchor_of(issuer, own.root)
    if found is None or (found.sequence, found.size) != (own.sequence, own.size):
        raise StoreError(f"anchor {own.sequence} of this store is not on chain; run `rootseal node fsck`")
    head = ledger.head(issuer)
    mine = services.store.log.checkpoint(head.size)
    if mine is not None and ledger.anchor_of(issuer, mine.root) is not None:
        raise ConflictError("the chain is not ahead of this store; run the same command without --although-ahead")
    return own


def _stands(shown: StatusMap, act: Act, entry: Entry) -> bool:
    index = entry.index or 0
    words = shown.revoked if act is Act.REVOKE else shown.suspended
    return bool(words[index >> 8] >> (index & 255) & 1) is (act is not Act.REINSTATE)


def _sent(
    services: Services,
    timeout: float,
    report: Callable[[str], None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[bool, str | None]:
    """Everything that the key has queued is final; no anchor is among it, for none is planned here."""
    store, end = services.store, clock() + timeout
    sender = services.connection.sender(store.outbox, lambda intent: check_root(store, intent))
    problem: str | None = None
    while True:
        try:
            progress = sender.tick(clock())
        except ChainUnavailable as error:
            problem = str(error)
        else:
            problem = progress.held_up or "it is not final yet"
            for sentence in (*(f"{i.name} is {i.state.value}" for i in progress.changed), *progress.notes):
                report(sentence)
            if progress.idle:
                return True, None
        if clock() >= end:
            return False, problem
        sleep(_PAUSE)
