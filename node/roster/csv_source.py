"""Rosters as CSV: comma, semicolon or tab, quoted cells, line breaks inside cells (RFC 4180).

Every line is accounted for: a stray quotation mark costs its own row and not the rest of the list.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from node.roster.report import COLUMNS
from node.roster.sources import Defect, SourceRow
from rootseal.errors import InputError, shorten

__all__ = ["csv_rows"]

_DELIMITERS = (",", ";", "\t")
# A cell rarely has two line breaks; an unclosed quotation mark would swallow thousands of lines.
_MAX_LINES_PER_ROW = 20


def csv_rows(text: str, filename: str) -> Iterator[SourceRow]:
    """The rows below the header line. Raises `InputError` for a header that is not one."""
    lines = list(io.StringIO(text, newline=""))
    delimiter = _sniff(lines[0])
    header, used = _record(lines, 0, delimiter)
    if isinstance(header, Defect):
        raise InputError(f"{filename}, line 1", header.reason, lines[0])
    columns = _columns(header, f"{filename}, line 1")
    at = used
    while at < len(lines):
        cells, used = _record(lines, at, delimiter)
        yield _row(at + 1, cells, columns, lines[at])
        at += used


def _sniff(line: str) -> str:
    """The delimiter that makes the most known column names out of the header line."""

    def known(delimiter: str) -> int:
        return sum(_column_name(cell.strip(' "\r\n')) in COLUMNS for cell in line.split(delimiter))

    return max(_DELIMITERS, key=known)


def _record(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | Defect, int]:
    """The cells of the record that starts at `lines[at]`, and how many lines it has."""
    if '"' not in lines[at]:
        return lines[at].rstrip("\r\n").split(delimiter), 1
    reader = csv.reader(islice(lines, at, at + _MAX_LINES_PER_ROW), delimiter=delimiter, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error as error:
        if "unexpected end" in str(error):
            return Defect("a quotation mark opens a cell and is not closed"), 1
        return Defect(f"quotation marks are wrong: {error}"), 1


def _columns(header: Sequence[str], where: str) -> tuple[str, ...]:
    """The column names in their order; trailing empty cells, as spreadsheets write them, are dropped."""
    names = tuple(_column_name(cell) for cell in header)
    while names and not names[-1]:
        names = names[:-1]
    for name in names:
        if name not in COLUMNS:
            problem = f"unknown column {shorten(name)}; the columns are {', '.join(COLUMNS)}"
            raise InputError(where, problem if name else "a column has no name")
        if names.count(name) > 1:
            raise InputError(where, f"column {name} is there twice")
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(where, f"missing column{'s' if len(missing) > 1 else ''}: {', '.join(missing)}")
    return names


def _column_name(cell: str) -> str:
    """Letter case, surrounding space, and space or hyphen for underscore make no difference."""
    return re.sub(r"[\s_-]+", "_", cell.strip().casefold())


def _row(line: int, cells: list[str] | Defect, columns: tuple[str, ...], text: str) -> SourceRow:
    if isinstance(cells, Defect):
        return SourceRow(line, {}, (text.rstrip("\r\n"),), cells)
    raw = tuple(cells)
    if not any(map(str.strip, cells)):
        return SourceRow(line, {}, raw)
    width = len(columns)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) > width:
        reason = f"has {len(cells)} cells where the header has {width}: the first one too many is here"
        return SourceRow(line, {}, raw, Defect(reason, value=cells[width]))
    if len(cells) < width:
        return SourceRow(line, {}, raw, Defect(f"has {len(cells)} cells where the header has {width}"))
    return SourceRow(line, dict(zip(columns, cells, strict=True)), raw)
