"""Events in pages that fit whatever the provider allows, learnt on the way.

Providers limit the span of blocks, the number of events, the size or the time of an answer, each in its
own words or none. Any refusal halves the page; pages that go well grow it again, and beyond the last
refused width only after a while, because limits by number of events depend on where one reads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import requests

from anchor.chain import Chain, ChainUnavailable, LogEntry

__all__ = ["Page", "pages"]

_FIRST_WIDTH: Final = 10_000
_WIDEST: Final = 10_000_000
_TRIES: Final = 4
_PAUSE: Final = 0.5  # seconds, longer with each try
_PATIENCE: Final = 8  # good pages before the width that was refused is tried again


@dataclass(frozen=True, slots=True)
class Page:
    """All events of one contract in blocks first..last, in chain order."""

    first: int
    last: int
    logs: tuple[LogEntry, ...]


@dataclass(slots=True)
class _Width:
    """How many blocks to ask for. `ceiling` is the least width that was refused lately, `served` the last that was not.

    Each try beyond the ceiling that is in vain puts the next one off; one that succeeds says that the limit is gone.
    """

    blocks: int = _FIRST_WIDTH
    ceiling: int = _WIDEST
    served: int = 0
    good: int = 0
    patience: int = _PATIENCE
    trying: bool = False

    def grow(self) -> None:
        if self.trying and self.blocks >= self.ceiling // 2:
            self.trying, self.patience, self.ceiling = False, _PATIENCE, min(self.ceiling * 16, _WIDEST)
        self.served = self.blocks
        self.good += 1
        if self.good >= self.patience:
            self.good, self.trying, self.ceiling = 0, True, min(self.ceiling * 2, _WIDEST)
        self.blocks = max(self.blocks, min(self.blocks * 2, self.ceiling - 1))

    def shrink(self, refused: int) -> None:
        if self.trying:
            self.trying, self.patience = False, min(self.patience * 2, 256)
        self.good, self.ceiling = 0, refused
        self.blocks = max(self.served if 0 < self.served < refused else refused // 2, 1)
        self.served = 0


def pages(chain: Chain, contract: bytes, first: int, last: int) -> Iterator[Page]:
    """Pages from block `first` to `last`, without a gap. Raises `ChainUnavailable` where not even one block comes."""
    width, start, tries = _Width(), first, 0
    while start <= last:
        end = min(start + width.blocks - 1, last)
        try:
            logs = chain.logs(contract, (), start, end)
        except ChainUnavailable as error:
            tries = _after(error, end > start, tries)
            if end > start and not _silent(error):
                width.shrink(end - start + 1)
            continue
        yield Page(start, end, logs)
        tries, start = 0, end + 1
        width.grow()


def _after(error: ChainUnavailable, divisible: bool, tries: int) -> int:
    """How often in vain, after a pause; raises `error` once that is enough. A page that can be halved is no try."""
    if divisible and not _silent(error):
        return 0
    if tries + 1 >= _TRIES:
        raise error
    time.sleep(_PAUSE * (tries + 1))
    return tries + 1


def _silent(error: ChainUnavailable) -> bool:
    """True iff nobody was there at all: a smaller question would not help."""
    return isinstance(error.__cause__, requests.ConnectionError)
