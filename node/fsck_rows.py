"""The rows that `node fsck` goes through, page by page: a store may hold more than fits into memory at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from node.store import Checkpoint, Entry, Store

__all__ = ["all_checkpoints", "all_entries"]

_PAGE: Final = 1000


def all_entries(store: Store) -> Iterator[Entry]:
    """In the order of acceptance."""
    last = 0
    while page := store.entries.numbered(last, _PAGE):
        yield from page
        last = page[-1].number


def all_checkpoints(store: Store) -> Iterator[Checkpoint]:
    """By size."""
    last = 0
    while page := store.log.checkpoints(last, _PAGE):
        yield from page
        last = page[-1].size
