"""What keeps the node from sealing or anchoring, as the process that works last met it: kept in the store for all.

It stands there until a round of work gets through. Sentences only, without the addresses of endpoints: those
may carry keys.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Final

from node.logs import own_words
from node.store import Store
from rootseal.errors import StoreError
from rootseal.instants import format_instant

__all__ = ["HeldUp", "held_up", "keep_failure", "keep_held_up", "without_addresses"]

_FACT: Final = "held-up"
_ADDRESS: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>)]+")
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Why nothing gets on, and since when without a success in between (UTC seconds)."""

    sentence: str
    since: int

    def __str__(self) -> str:
        return f"since {format_instant(self.since)}: {self.sentence}"


def held_up(store: Store) -> HeldUp | None:
    """What the last round of work met; None where it got through, or there was none. Raises `StoreError`."""
    data = store.facts.get(_FACT)
    if not data:
        return None
    try:
        return HeldUp(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise StoreError(f"{store.path}: what holds the node up cannot be read; run `rootseal node fsck`") from error


def keep_held_up(store: Store, sentence: str | None, now: int) -> None:
    """Keep the reason of this round, None after one that got through. Written only where it changes."""
    before = held_up(store)
    after = None if sentence is None else HeldUp(_fit(sentence), now if before is None else before.since)
    if after != before:
        store.facts.put(_FACT, b"" if after is None else json.dumps(asdict(after)).encode())


def keep_failure(store: Store, error: Exception, now: int) -> None:
    """Keep why a round failed; of an error that may quote what stood in a list, its kind alone."""
    keep_held_up(store, own_words(error) or f"{type(error).__name__}; the log of the node says where", now)


def without_addresses(sentence: str) -> str:
    """The sentence with every URL left out: those of endpoints carry keys."""
    return _ADDRESS.sub("(an address)", sentence)


def _fit(sentence: str) -> str:
    return without_addresses(sentence)[:_LONGEST]
