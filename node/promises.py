"""Promises whose date nears or has passed: said once each, in the log and to programs, also over restarts.

A promise is *near* in the last quarter of its time and *overdue* after it, until a final anchor keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from node.announcing import announce
from node.config import NodeConfig
from node.logs import log
from node.store import Checkpoint, Store
from rootseal.canonical import Json

__all__ = ["Unkept", "tell_unkept", "unkept"]

_State = Literal["near", "overdue"]


@dataclass(frozen=True, slots=True)
class Unkept:
    """Promises without a final anchor whose date has passed (`overdue`) or comes soon (`near`), ascending."""

    near: tuple[Checkpoint, ...]
    overdue: tuple[Checkpoint, ...]


def unkept(promises: Sequence[Checkpoint], config: NodeConfig, now: int) -> Unkept:
    """Of `promises` without a final anchor, those that near or are overdue at `now` (UTC seconds)."""
    soon = now + config.promise_seconds // 4
    return Unkept(
        tuple(promise for promise in promises if now < promise.anchor_by <= soon),
        tuple(promise for promise in promises if promise.anchor_by <= now),
    )


def tell_unkept(store: Store, config: NodeConfig, now: int) -> Unkept:
    """Log and announce what is newly near or overdue. Threads and processes may do so at once: it is said once."""
    found = unkept(store.log.unanchored(), config, now)
    if not found.near and not found.overdue:
        return found
    told = store.alarms.told()
    states: tuple[tuple[_State, tuple[Checkpoint, ...]], ...] = (("near", found.near), ("overdue", found.overdue))
    for state, promises in states:
        for promise in promises:
            if (promise.size, state) not in told:
                _tell(store, state, promise, now)
    return found


def _tell(store: Store, state: _State, promise: Checkpoint, now: int) -> None:
    detail: dict[str, Json] = {"size": promise.size, "root": promise.root.hex(), "anchorBy": promise.anchor_by}
    with store.writing():
        if not store.alarms.tell(promise.size, state, now):
            return
        # A crash from here on: it is said again.
        if state == "near":
            log("promise near", size=promise.size, anchorBy=promise.anchor_by)
        else:
            log("promise overdue", size=promise.size, anchorBy=promise.anchor_by)
        announce(store, state, f"checkpoint/{promise.size}", detail, now)
