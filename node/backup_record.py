"""When this node was last backed up: a fact in its own store."""

from __future__ import annotations

from typing import Final

from node.store import Store

__all__ = ["last_backup", "record_backup"]

_FACT: Final = "last-backup"


def last_backup(store: Store) -> int | None:
    """UTC seconds of the last backup that was finished, or None."""
    found = store.facts.get(_FACT)
    return None if found is None else int.from_bytes(found)


def record_backup(store: Store, now: int) -> None:
    """To be called when the archive is durable, never before."""
    with store.writing():
        store.facts.put(_FACT, now.to_bytes(8))
        store.acts.add(now, "backup", "node", {})
