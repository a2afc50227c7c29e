"""Whether a store is in step with a ledger: the one rule that the node, `node fsck` and `doctor` go by.

A size says nothing by itself: two stores with one key may have promised as many entries each, and other ones.
"""

from __future__ import annotations

from typing import Final

from anchor.ledger import Head, Ledger
from node.store import Store
from rootseal.plurals import counted

__all__ = ["WAY_OUT", "ahead", "unknown_anchor"]

WAY_OUT: Final = (
    "restore the newest backup, or `rootseal node recover` from the published log, then run `rootseal node fsck`; "
    "where another node goes on with this key, stop this one and issue again there what only this one promised; "
    "where nothing of that is left, the admin ends the log with `rootseal node succeed`"
)
"""What to do about a chain that is ahead of the store."""


def ahead(store: Store, ledger: Ledger, issuer: int, head: Head) -> str | None:
    """A sentence, where the last anchor on `ledger` holds a checkpoint that `store` does not have; else None."""
    own = store.log.checkpoint(head.size)
    if not head.sequence or (own is not None and ledger.anchor_of(issuer, own.root) is not None):
        return None
    return unknown_anchor(store, head.sequence, head.size)


def unknown_anchor(store: Store, sequence: int, size: int) -> str:
    """What is wrong, and what it means."""
    return (
        f"the chain is ahead of this store: anchor {sequence} there holds a checkpoint of {counted(size, 'entry')} "
        f"that {store.path} never signed. This is an old copy, or another node uses the same key"
    )
