"""Rosters as CSV: comma, semicolon or tab, quoted cells, line breaks inside cells (RFC 4180).

Every line is accounted for: a stray quotation mark costs its own row and not the rest of the list.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from node.roster.escaping import unescaped
from node.roster.header import REASON, column_name, columns_of
from node.roster.report import COLUMNS
from node.roster.sources import Defect, SourceRow
from rootseal.errors import InputError

__all__ = ["csv_header", "csv_rows"]

_DELIMITERS = (",", ";", "\t")
# A cell rarely has two line breaks; an unclosed quotation mark would swallow thousands of lines.
_MAX_LINES_PER_ROW = 20
# What Excel writes, and reads, above the header to say which delimiter follows.
_SEPARATOR = re.compile(r"sep=([,;\t])\r?\n?")


def csv_rows(text: str, filename: str) -> Iterator[SourceRow]:
    """The rows below the header line. Raises `InputError` for a header that is not one."""
    lines = list(io.StringIO(text, newline=""))
    delimiter, header, at = _first(lines, filename)
    columns = columns_of(header, f"{filename}, line 1")
    while at < len(lines):
        cells, used = _record(lines, at, delimiter)
        yield _row(at + 1, cells, columns, lines[at])
        at += used


def csv_header(text: str, filename: str) -> tuple[str, list[str]]:
    """The delimiter, and the header's cells as they stand, without empty ones at the end."""
    delimiter, header, _ = _first(list(io.StringIO(text, newline="")), filename)
    while header and not header[-1].strip():
        header.pop()
    return delimiter, header


def _first(lines: Sequence[str], filename: str) -> tuple[str, list[str], int]:
    """The delimiter, the header's cells, and where the first row begins."""
    told = _SEPARATOR.fullmatch(lines[0])
    at = 1 if told and len(lines) > 1 else 0
    if not lines[at].strip():
        problem = "is empty; the names of the columns belong in it: delete the empty lines above them"
        raise InputError(f"{filename}, line {at + 1}", problem)
    delimiter = told[1] if told else _sniff(lines[at])
    header, used = _record(lines, at, delimiter)
    if isinstance(header, Defect):
        raise InputError(f"{filename}, line {at + 1}", header.reason, lines[at])
    return delimiter, header, at + used


def _sniff(line: str) -> str:
    """The delimiter that makes the most known column names out of the header line."""

    def known(delimiter: str) -> int:
        return sum(column_name(cell.strip(' "\r\n')) in COLUMNS for cell in line.split(delimiter))

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


def _row(line: int, cells: list[str] | Defect, columns: tuple[str, ...], text: str) -> SourceRow:
    if isinstance(cells, Defect):
        return SourceRow(line, {}, (text.rstrip("\r\n"),), (cells,))
    if REASON in columns:
        # Our own file of refused rows comes back: its apostrophes were not in the list.
        cells = [unescaped(cell) for cell in cells]
    raw = tuple(cells)
    width = len(columns)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    found = dict(zip(columns, cells, strict=False))
    found.pop(REASON, None)
    if not any(map(str.strip, (*found.values(), *cells[width:]))):
        return SourceRow(line, {}, raw)
    if len(cells) > width:
        reason = f"has {len(cells)} cells where the header has {width}: the first one too many is here"
        return SourceRow(line, {}, raw, (Defect(reason, value=cells[width]),))
    if len(cells) < width:
        return SourceRow(line, {}, raw, (Defect(f"has {len(cells)} cells where the header has {width}"),))
    return SourceRow(line, found, raw)
