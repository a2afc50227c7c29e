"""Anchor at the next round, whatever the interval: a wish that is kept in the store until a final anchor holds it."""

from __future__ import annotations

from typing import Final

from node.store import Checkpoint, Store

__all__ = ["anchor_wanted", "want_anchor"]

_FACT: Final = "anchor-wanted"


def want_anchor(store: Store, now: int) -> tuple[Checkpoint | None, bool]:
    """Ask for the newest promise to be anchored: that promise, and whether a final anchor holds it already.

    One line of the audit log, unless it was asked for before.
    """
    with store.writing():
        newest = store.log.newest_checkpoint()
        if newest is None:
            return None, False
        anchored = store.log.introducing(newest.size - 1) is not None
        wish = newest.size.to_bytes(8)
        if not anchored and store.facts.get(_FACT) != wish:
            store.facts.put(_FACT, wish)
            store.acts.add(now, "anchor asked", f"size {newest.size}", {})
    return newest, anchored


def anchor_wanted(store: Store) -> bool:
    """Whether somebody asked for an anchor that is not final yet."""
    wanted = store.facts.get(_FACT)
    if wanted is None:
        return False
    return store.log.introducing(int.from_bytes(wanted) - 1) is None
