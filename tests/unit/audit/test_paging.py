"""Pages that fit: halved when refused, grown again, tried again on silence, never with a hole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import requests

from anchor.audit import paging
from anchor.audit.paging import pages
from anchor.chain import Chain, ChainUnavailable, LogEntry, RpcError

CONTRACT = bytes(20)


def event(block: int) -> LogEntry:
    return LogEntry(CONTRACT, (), b"", block, bytes(32), bytes(32), 0)


class Provider:
    """One event a block, refused by `rule(first, last)` through the error that it gives."""

    def __init__(self, rule: Callable[[int, int], Exception | None]) -> None:
        self.rule = rule
        self.asked: list[tuple[int, int]] = []

    def logs(self, address: bytes, topics: Any, first: int, last: int) -> tuple[LogEntry, ...]:
        self.asked.append((first, last))
        error = self.rule(first, last)
        if error is not None:
            raise error
        return tuple(event(block) for block in range(first, last + 1))


def read(provider: Provider, first: int, last: int) -> list[int]:
    return [log.block_number for page in pages(cast(Chain, provider), CONTRACT, first, last) for log in page.logs]


def too_many(method: str = "eth_getLogs") -> RpcError:
    return RpcError(method, -32005, "query returned more than 10000 results")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "_PAUSE", 0.0)


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_every_block_once_whatever_the_limit(limit: int) -> None:
    provider = Provider(lambda first, last: too_many() if last - first >= limit else None)
    assert read(provider, 3, 400) == list(range(3, 401))


def test_timeouts_and_oversized_answers_halve_as_well() -> None:
    def rule(first: int, last: int) -> Exception | None:
        if last - first < 50:
            return None
        error = ChainUnavailable("eth_getLogs", "did not answer")
        error.__cause__ = requests.ReadTimeout() if first % 2 else requests.exceptions.ContentDecodingError()
        return error

    provider = Provider(rule)
    assert read(provider, 0, 999) == list(range(1000))
    assert len(provider.asked) < 150


def test_pages_grow_again_behind_a_crowded_stretch() -> None:
    provider = Provider(lambda first, last: too_many() if first < 1000 and last - first >= 4 else None)
    assert len(read(provider, 0, 99_999)) == 100_000
    assert max(last - first for first, last in provider.asked if first >= 1000) > 2_000
    # The limit is not run into with every other page.
    crowded = [(first, last) for first, last in provider.asked if first < 1000]
    assert sum(last - first >= 4 for first, last in crowded) < len(crowded) / 4


def test_silence_is_tried_again_with_the_same_page_and_then_given_up() -> None:
    quiet = [True, True, False]

    def silent() -> ChainUnavailable:
        error = ChainUnavailable("eth_getLogs", "did not answer")
        error.__cause__ = requests.ConnectionError()
        return error

    provider = Provider(lambda first, last: silent() if quiet and quiet.pop(0) else None)
    assert read(provider, 0, 9) == list(range(10))
    assert provider.asked == [(0, 9)] * 3
    gone = Provider(lambda first, last: silent())
    with pytest.raises(ChainUnavailable):
        read(gone, 0, 9)
    assert len(gone.asked) == 4


def test_block_that_is_never_served_ends_it() -> None:
    provider = Provider(lambda first, last: too_many() if first <= 5 <= last else None)
    with pytest.raises(RpcError):
        read(provider, 0, 9)
    assert (5, 5) in provider.asked
