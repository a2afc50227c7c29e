"""Refused rows, for a person to correct: on the terminal, and as a CSV of the roster's shape with a reason column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from node.cli.terminal import harmless
from node.files import write_atomically
from node.roster.csv_source import csv_rows
from node.roster.json_source import json_rows
from node.roster.report import COLUMNS, RefusedRow
from node.roster.sources import SourceRow, decode
from rootseal.errors import StoreError

__all__ = ["refused_json", "refused_lines", "write_refused"]

_SHOWN = 50
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def refused_lines(refused: Sequence[RefusedRow]) -> Iterator[str]:
    """Line, column and reason of each, the first fifty."""
    for row in refused[:_SHOWN]:
        column = "" if row.column is None else f", {row.column}"
        value = "" if row.value is None else f" (found {harmless(row.value, 60)!r})"
        yield f"  line {row.line}{column}: {harmless(row.reason, 400)}{value}"
    if len(refused) > _SHOWN:
        yield f"  … and {len(refused) - _SHOWN} more; --refused FILE writes them all"


def refused_json(refused: Sequence[RefusedRow]) -> list[dict[str, object]]:
    """The same for programs, all of them."""
    return [{"line": row.line, "column": row.column, "value": row.value, "reason": row.reason} for row in refused]


def write_refused(path: Path, refused: Sequence[RefusedRow], data: bytes, filename: str) -> None:
    """A CSV with the roster's columns, the line and the reason; UTF-8 with BOM, as spreadsheets need it.

    `data` is the list that the rows stood in: its cells are written, not what was made of them. Replaces
    a file that is there. Raises `StoreError` where it cannot be written.
    """
    source = {row.line: row for row in _source(data, filename)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*COLUMNS, "line", "reason"])
    for row in refused:
        writer.writerow([*map(_escaped, _cells(source.get(row.line), row)), row.line, _escaped(row.reason)])
    try:
        write_atomically(path.absolute(), b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace"))
    except OSError as error:
        raise StoreError(f"{path}: the refused rows cannot be written: {error.strerror}") from error


def _source(data: bytes, filename: str) -> Iterator[SourceRow]:
    text = decode(data, filename)
    is_json = filename.lower().endswith((".jsonl", ".ndjson", ".json")) or text.lstrip().startswith("{")
    return json_rows(text) if is_json else csv_rows(text, filename)


def _cells(source: SourceRow | None, row: RefusedRow) -> list[str]:
    """By column where the row could be taken apart, else as they stood."""
    if source is not None and source.cells:
        return [source.cells.get(name, "") for name in COLUMNS]
    cells = list(row.raw[: len(COLUMNS)])
    return cells + [""] * (len(COLUMNS) - len(cells))


def _escaped(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
