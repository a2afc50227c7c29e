"""Rosters as JSON lines: one object a line, its members the columns, its values text or null."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from node.roster.header import REASON
from node.roster.report import COLUMNS
from node.roster.sources import Defect, SourceRow

__all__ = ["json_rows"]

_MOST = 20
_MAY_BE_ABSENT = frozenset(("given_name", "grade", "holder"))


def json_rows(text: str) -> Iterator[SourceRow]:
    """One row per line; a line that is no such object has a defect and the others go on."""
    lines = text.split("\n")
    if not lines[-1].strip():
        lines.pop()  # what follows the last line end is no row
    for line, source in enumerate(lines, 1):
        yield _row(line, source.strip())


def _row(line: int, source: str) -> SourceRow:
    if not source:
        return SourceRow(line, {}, ())
    try:
        pairs = json.loads(source, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        what = f"{error.msg} at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
        return SourceRow(line, {}, (source,), (Defect(f"is not JSON: {what}"),))
    if not isinstance(pairs, _Pairs):
        return SourceRow(line, {}, (source,), (Defect("is not a JSON object: JSON lines have one object a line"),))
    defects = tuple(_defects(pairs))
    unread = {defect.column for defect in defects}
    readable = (pair for pair in pairs if pair[0] in COLUMNS and pair[0] not in unread)
    cells = {name: value or "" for name, value in readable if value is None or isinstance(value, str)}
    absent = dict.fromkeys(_MAY_BE_ABSENT, "")
    return SourceRow(line, absent | cells, (source,), defects)


class _Pairs(list[tuple[str, object]]):
    """The members of an object as they stood: a dict would hide duplicates."""


def _defects(pairs: _Pairs) -> Iterator[Defect]:
    """At most one for each name, and not more than `_MOST` altogether: an object may have any number of members."""
    times = Counter(name for name, _ in pairs)
    told: set[str] = set()
    for name, value in pairs:
        defect = None if name in told or len(told) >= _MOST else _member(name, value, times[name])
        if defect is not None:
            told.add(name)
            yield defect
    for name in COLUMNS:
        if name not in times and name not in _MAY_BE_ABSENT:
            yield Defect("is missing", name)


def _member(name: str, value: object, times: int) -> Defect | None:
    if name not in COLUMNS and name != REASON:
        return Defect(f"unknown member; the members are {', '.join(COLUMNS)}", name)
    if times > 1:
        return Defect("is there twice", name)
    if value is not None and not isinstance(value, str):
        reason = "must be text in quotation marks, so that it stays as it is (leading zeros)"
        # Not the value of a list or object: its repr could be nested deeper than the stack.
        found = str(value) if isinstance(value, (int, float)) else type(value).__name__
        return Defect(reason, name, found)
    return None
