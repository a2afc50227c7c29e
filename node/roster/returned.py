"""Refused rows as a list of the shape they came in, with a column that says why: to correct and hand in again.

The `reason` column is read over when the file comes back. Cells stand as they stood, made harmless for
spreadsheets; what the shape cannot hold stays refused until it is corrected.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from node.roster.csv_source import csv_header, csv_rows
from node.roster.escaping import escaped
from node.roster.header import REASON, column_name
from node.roster.json_source import json_rows
from node.roster.reading import is_json
from node.roster.report import RefusedRow
from node.roster.sources import decode, is_workbook
from node.roster.workbook import workbook_of
from node.roster.xlsx_sheet import read_sheet
from rootseal.errors import shorten

__all__ = ["reason_of", "returned_list", "returned_suffix"]

_MARK = b"\xef\xbb\xbf"  # makes spreadsheets read and keep UTF-8


def returned_list(refused: Sequence[RefusedRow], data: bytes, filename: str) -> bytes:
    """The refused rows of the list `data`: XLSX for XLSX, CSV with its separator, JSON lines for JSON lines."""
    if is_workbook(data, filename):
        return _workbook(refused, data, filename)
    text = decode(data, filename)
    return _json(refused, text) if is_json(text, filename) else _csv(refused, text, filename)


def returned_suffix(data: bytes, filename: str) -> str:
    """How the name of such a file should end."""
    if is_workbook(data, filename):
        return ".xlsx"
    return ".jsonl" if is_json(decode(data, filename), filename) else ".csv"


def reason_of(row: RefusedRow) -> str:
    """Line, cell and column with the reason, and what was found there; then the row's further mistakes: one line."""
    place = ", ".join(part for part in (f"line {row.line}", row.cell, row.column) if part)
    found = "" if row.value is None else f" (found {shorten(row.value)})"
    return " ".join("; ".join((f"{place}: {row.reason}{found}", *row.also)).split())


def _csv(refused: Sequence[RefusedRow], text: str, filename: str) -> bytes:
    delimiter, header = csv_header(text, filename)
    kept = _kept(header)
    source = {row.line: row for row in csv_rows(text, filename)}
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([*(header[place] for place in kept), REASON])
    for row in refused:
        stood = source[row.line].raw if row.line in source else row.raw
        cells = [stood[place] if place < len(stood) else "" for place in kept]
        # A cell too many stands behind the reason: so the row stays refused until somebody looked at it.
        writer.writerow(map(escaped, (*cells, reason_of(row), *stood[len(header) :])))
    return _MARK + out.getvalue().encode("utf-8", "replace")


def _json(refused: Sequence[RefusedRow], text: str) -> bytes:
    source = {row.line: row.raw for row in json_rows(text)}
    lines: list[str] = []
    for row in refused:
        stood = "".join(source.get(row.line, ()))
        try:
            members = json.loads(stood)
        except (ValueError, RecursionError):
            members = None
        # What is no object cannot carry a reason: it comes back as a member that is refused until it is replaced.
        whole = members if isinstance(members, dict) else {"unread": stood[:2000]}
        lines.append(json.dumps({**whole, REASON: reason_of(row)}))
    return "".join(f"{line}\n" for line in lines).encode()


def _workbook(refused: Sequence[RefusedRow], data: bytes, filename: str) -> bytes:
    sheet = read_sheet(data, filename)
    (_, first), *rows = sheet.rows
    header = [str(cell.value or "") for cell in first]
    while header and not header[-1].strip():
        header.pop()
    kept = _kept(header)
    stood = dict(rows)
    found: list[Sequence[Any]] = []
    for row in refused:
        cells = stood.get(row.line, ())
        within = [cells[place] if place < len(cells) else "" for place in kept]
        found.append([*within, reason_of(row), *cells[len(header) :]])
    names = [column_name(header[place]) for place in kept]
    return workbook_of([*(header[place] for place in kept), REASON], [*names, REASON], found)


def _kept(header: Sequence[str]) -> list[int]:
    """The places of the columns that go into the file: all but the reason of an earlier round."""
    return [place for place, name in enumerate(header) if column_name(name) != REASON]
