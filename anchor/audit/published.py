"""The published log against the anchors: every root recomputed from the entries (DESIGN §3).

That all roots follow from one list of entries *is* consistency between the anchors: no proof says
more. Entries stream through a frontier, so that memory does not grow with the log.

One cause gives one finding: where an anchored root does not follow, what else does not fit (the
checkpoint, the tiles, the length, repetitions) follows from the same cause and is left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from anchor.audit.duplicates import Duplicates, DuplicateSearch
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.frontier import Frontier
from anchor.audit.log_head import LogHead
from anchor.audit.state import AnchorEntry, IssuerState
from rootseal.errors import InputError, UndeterminedError
from rootseal.merkle import leaf_hash
from rootseal.tlog import TILE_WIDTH, Tile, parse_bundle

__all__ = ["LogOutcome", "check_log"]

_BUNDLE: Final = TILE_WIDTH * 34
_HASHES: Final = TILE_WIDTH * 32
# A log that claims endless entries beyond its last anchor must not hold the auditor for ever.
_MAX_AHEAD: Final = 1 << 22

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LogOutcome:
    """What the entries showed.

    `roots` maps each size that was asked to the root of the published entries, as far as the largest
    anchor that they reproduce: beyond it nothing binds them. So does `entries` for each index that was
    asked. `seen` are roots at all sizes, whether anchors bear them out or not. `reproduced` are anchors' numbers.
    """

    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    reproduced: frozenset[int]
    roots: dict[int, bytes]
    read: int
    entries: dict[int, bytes] = field(default_factory=dict)
    seen: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Reading:
    """What is known of a log while it is read; `problem` is why reading ended early."""

    frontier: Frontier = field(default_factory=Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    entries: dict[int, bytes] = field(default_factory=dict)
    wrong_tile: str | None = None
    problem: Finding | Unchecked | None = None
    duplicates: Duplicates | None = None


def check_log(
    head: LogHead, issuer: IssuerState, sizes: Sequence[int], progress: Progress, places: Iterable[int] = ()
) -> LogOutcome:
    """Read the log at `head` once and hold it against the anchors; `sizes` and `places` are of further interest."""
    size = head.checkpoint.size
    if size > issuer.size + _MAX_AHEAD:
        why = f"it claims {size} entries, far more than the {issuer.size} anchored"
        return LogOutcome((), (Unchecked("the published log", why, issuer.number),), frozenset(), {}, 0)
    marks = sorted({size, *sizes, *(anchor.size for anchor in issuer.anchors)})
    reading = _Reading()
    with DuplicateSearch() as search:
        _read(head, issuer.number, marks, sorted(set(places)), reading, search, progress)
        reading.duplicates = search.result()
    return _judged(head, issuer, reading)


def _read(
    head: LogHead,
    issuer: int,
    marks: Sequence[int],
    places: Sequence[int],
    reading: _Reading,
    search: DuplicateSearch,
    progress: Progress,
) -> None:
    size, frontier = head.checkpoint.size, reading.frontier
    try:
        for tile in _bundles(size):
            entries = _entries(head, tile)
            start = frontier.size
            search.add(start, entries)
            for place in places[bisect_left(places, start) : bisect_left(places, start + len(entries))]:
                reading.entries[place] = entries[place - start]
            for segment in _segments(frontier.size, entries, marks):
                _compare(head, reading, frontier.extend([leaf_hash(entry) for entry in segment]))
                reading.roots[frontier.size] = frontier.root()
            rest = entries[frontier.size - tile.index * TILE_WIDTH :]
            _compare(head, reading, frontier.extend([leaf_hash(entry) for entry in rest]))
            progress(frontier.size, size)
        _compare(head, reading, frontier.partial_tiles())
    except _Absent as absent:
        reading.problem = finding("log.missing", issuer, index=frontier.size, size=size, path=str(absent))
    except InputError as error:
        reading.problem = finding("log.malformed", issuer, problem=error.diagnostics())
    except UndeterminedError as error:
        reading.problem = Unchecked(f"the published log from entry {frontier.size} on", error.reason, issuer)


class _Absent(Exception):  # noqa: N818 - never leaves this module
    """The log has no such resource, although its checkpoint says so."""


def _bundles(size: int) -> Iterator[Tile]:
    for index in range(size // TILE_WIDTH):
        yield Tile(None, index)
    if size % TILE_WIDTH:
        yield Tile(None, size // TILE_WIDTH, size % TILE_WIDTH)


def _segments(start: int, entries: Sequence[bytes], marks: Sequence[int]) -> Iterator[Sequence[bytes]]:
    """The entries from `start` on, cut after each size that is asked for; what follows the last cut is left out."""
    first, last = bisect_right(marks, start), bisect_right(marks, start + len(entries))
    before = 0
    for mark in marks[first:last]:
        yield entries[before : mark - start]
        before = mark - start


def _entries(head: LogHead, tile: Tile) -> list[bytes]:
    data = head.source.get(head.prefix + tile.path, _BUNDLE)
    if data is not None:
        return parse_bundle(data, tile.width)
    # The log may have grown since, and a partial bundle goes when the full one is there (C2SP tlog-tiles).
    full = Tile(None, tile.index)
    data = None if tile == full else head.source.get(head.prefix + full.path, _BUNDLE)
    if data is None:
        raise _Absent(tile.path)
    return parse_bundle(data, TILE_WIDTH)[: tile.width]


def _compare(head: LogHead, reading: _Reading, computed: Iterator[tuple[Tile, bytes]]) -> None:
    """Hold published hash tiles against computed ones; the first that differs is enough, all must be computed."""
    for tile, expected in computed:
        if reading.wrong_tile is None and _hashes(head, tile) != expected:
            reading.wrong_tile = tile.path


def _hashes(head: LogHead, tile: Tile) -> bytes | None:
    data = head.source.get(head.prefix + tile.path, _HASHES)
    full = Tile(tile.level, tile.index)
    if data is None and tile != full:
        data = head.source.get(head.prefix + full.path, _HASHES)
        return None if data is None else data[: 32 * tile.width]
    return data


def _judged(head: LogHead, issuer: IssuerState, reading: _Reading) -> LogOutcome:
    known = [anchor for anchor in issuer.anchors if anchor.size in reading.roots]
    wrong = [anchor for anchor in known if reading.roots[anchor.size] != anchor.root]
    good = [anchor for anchor in known if not wrong or anchor.size < wrong[0].size]
    bound = good[-1].size if good else 0
    right = [anchor for anchor in known if reading.roots[anchor.size] == anchor.root]
    found, unchecked = _verdict(head, issuer, reading, wrong, right)
    return LogOutcome(
        tuple(found),
        tuple(unchecked),
        frozenset(anchor.sequence for anchor in right),
        {size: root for size, root in reading.roots.items() if size <= bound},
        reading.frontier.size,
        {place: entry for place, entry in reading.entries.items() if place < bound},
        reading.roots,
    )


def _verdict(
    head: LogHead, issuer: IssuerState, reading: _Reading, wrong: list[AnchorEntry], right: list[AnchorEntry]
) -> tuple[list[Finding], list[Unchecked]]:
    if wrong:
        last = right[-1].sequence if right else 0
        after = [anchor for anchor in wrong if anchor.sequence > last]
        found = [_not_reproduced(issuer.number, after, head.checkpoint.size)] if after else []
        return _rewritten(issuer.number, wrong, right) + found, []
    if isinstance(reading.problem, Unchecked):
        return [], [reading.problem]
    if reading.problem is not None:
        return [reading.problem], []
    return list(_small_faults(head, issuer, reading)), []


def _small_faults(head: LogHead, issuer: IssuerState, reading: _Reading) -> Iterator[Finding]:
    """Faults of a log whose entries give every anchored root that they reach."""
    size, repeated = head.checkpoint.size, reading.duplicates
    if size < issuer.size:
        yield finding("log.short", issuer.number, sequence=issuer.sequence, found=size, expected=issuer.size)
    if reading.frontier.root() != head.checkpoint.root:
        yield finding("log.checkpoint", issuer.number, size=size, root=head.checkpoint.root.hex())
    if reading.wrong_tile is not None:
        yield finding("log.tiles", issuer.number, path=reading.wrong_tile)
    if repeated is not None:
        yield finding(
            "log.duplicate", issuer.number, count=repeated.count, first=repeated.first, second=repeated.second
        )


def _rewritten(issuer: int, wrong: list[AnchorEntry], right: list[AnchorEntry]) -> list[Finding]:
    """An anchor that the entries give, after one that they do not: no list of entries can give both."""
    first = wrong[0]
    later = next((anchor for anchor in right if anchor.sequence > first.sequence), None)
    if later is None:
        return []
    return [
        finding(
            "log.inconsistent",
            issuer,
            anchor=first,
            later=later.sequence,
            size=first.size,
            laterSize=later.size,
        )
    ]


def _not_reproduced(issuer: int, wrong: list[AnchorEntry], published: int) -> Finding:
    first = wrong[0]
    return finding(
        "log.root",
        issuer,
        anchor=first,
        anchors=len(wrong),
        published=published,
        size=first.size,
    )
