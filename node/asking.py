"""Asking the running node to seal now: what holds the lease does the work, and the command waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from node.leasing import Lease, LeaseHeld
from node.store import Checkpoint, Store
from rootseal.errors import UndeterminedError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["answer_seal_request", "seal_or_ask", "seal_requested"]

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
        if error.holder.what != "node run":
            raise
        holder = error.holder
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
