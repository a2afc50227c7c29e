"""Asking the running node to seal or to anchor now: what holds the lease does the work, and the command waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from node.anchoring import AnchorOutcome, Until, reached
from node.holding_up import held_up
from node.hurrying import want_anchor
from node.leasing import Holder, Lease, LeaseHeld
from node.ledger_keys import keystore_address
from node.next_anchor import begun
from node.store import Checkpoint, Store
from rootseal.errors import UndeterminedError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["anchor_or_ask", "answer_seal_request", "seal_or_ask", "seal_requested"]

_FACT: Final = "seal-requested"
_PAUSE: Final = 0.3


def seal_or_ask(
    services: Services, timeout: float, clock: Callable[[], float] = time.monotonic
) -> tuple[Checkpoint | None, bool]:
    """Seal everything under the lease; where `node run` has it, ask that process and wait. True: it was asked.

    Raises `UndeterminedError` where it has not sealed within `timeout` seconds, `LeaseHeld` where another
    command has the lease.
    """
    try:
        with Lease(services.store, "node seal").kept():
            return services.seal(), False
    except LeaseHeld as error:
        holder = _running(error)
    before = services.newest_checkpoint()
    services.store.facts.put(_FACT, b"1")
    end = clock() + timeout
    while seal_requested(services.store):
        if clock() >= end:
            services.store.facts.put(_FACT, b"")
            raise UndeterminedError(
                f"{holder} did not seal within {timeout:.0f} seconds; its log and `rootseal node status` say why",
                "seal.asked",
            )
        time.sleep(_PAUSE)
    after = services.newest_checkpoint()
    return (None if after == before else after), True


def seal_requested(store: Store) -> bool:
    """Whether a command asks for a seal."""
    return bool(store.facts.get(_FACT))


def answer_seal_request(store: Store) -> None:
    """It was done."""
    store.facts.put(_FACT, b"")


def anchor_or_ask(
    services: Services,
    until: Until,
    timeout: float,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> AnchorOutcome:
    """Anchor under the lease; where `node run` has it, ask that process and wait as `Services.anchor` does.

    `report` hears what changes and what holds it up. The wish stays after `timeout` seconds. Raises `LeaseHeld`
    where another command has the lease.
    """
    try:
        with Lease(services.store, "node anchor").kept():
            return services.anchor(until, timeout, report)
    except LeaseHeld as error:
        holder = _running(error)
    store, key = services.store, keystore_address(services.directory / services.config.key_file)
    target, _ = want_anchor(store, services.now)
    report(f"{holder} sends for this node and was asked to anchor now")
    end, told = clock() + timeout, set[str]()
    while True:
        held = held_up(store)
        queue = (f"{intent.name} is {intent.state.value}" for intent in store.outbox.unfinished(key))
        for sentence in (*queue, *(() if held is None else (held.sentence,))):
            if sentence not in told:
                report(sentence)
                told.add(sentence)
        size, _ = begun(store.log.newest_anchor(), store.outbox)
        done = (target is None or target.size <= size) and reached(store, key, until, target)
        if done or clock() >= end:
            anchor = None if target is None else store.log.introducing(target.size - 1)
            problem = f"it is not {until} yet" if held is None else f"it is held up {held}"
            return AnchorOutcome(done, until, target, anchor, None if done else problem)
        time.sleep(_PAUSE)


def _running(error: LeaseHeld) -> Holder:
    """The process that can be asked. Raises `error` where another command has the lease."""
    if error.holder.what != "node run":
        raise error
    return error.holder
