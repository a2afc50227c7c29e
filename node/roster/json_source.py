"""Rosters as JSON lines: one object a line, its members the columns, its values text or null."""

from __future__ import annotations

import json
from collections.abc import Iterator

from node.roster.header import REASON
from node.roster.report import COLUMNS
from node.roster.sources import Defect, SourceRow

__all__ = ["json_rows"]

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
        return SourceRow(line, {}, (source,), Defect(f"is not JSON: {error}"))
    if not isinstance(pairs, _Pairs):
        return SourceRow(line, {}, (source,), Defect("is not a JSON object: JSON lines have one object a line"))
    defect = _defect(pairs)
    if defect is not None:
        return SourceRow(line, {}, (source,), defect)
    cells = {name: "" if value is None else str(value) for name, value in pairs if name != REASON}
    absent = dict.fromkeys(_MAY_BE_ABSENT, "")
    return SourceRow(line, absent | cells, (source,))


class _Pairs(list[tuple[str, object]]):
    """The members of an object as they stood: a dict would hide duplicates."""


def _defect(pairs: _Pairs) -> Defect | None:
    names = [name for name, _ in pairs]
    for name, value in pairs:
        if name not in COLUMNS and name != REASON:
            return Defect(f"unknown member; the members are {', '.join(COLUMNS)}", name)
        if names.count(name) > 1:
            return Defect("is there twice", name)
        if value is not None and not isinstance(value, str):
            reason = "must be text in quotation marks, so that it stays as it is (leading zeros)"
            # Not the value of a list or object: its repr could be nested deeper than the stack.
            found = str(value) if isinstance(value, (int, float)) else type(value).__name__
            return Defect(reason, name, found)
    missing = [name for name in COLUMNS if name not in names and name not in _MAY_BE_ABSENT]
    return Defect("is missing", missing[0]) if missing else None
