"""The one sheet of a workbook that holds the list, as typed cells. Formulas are never calculated.

openpyxl reads; what it would pass over in silence (merged and hidden rows, rows out of order) is looked
up beside it. Only this package imports openpyxl.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from node.roster.xlsx_package import open_package, read_part
from rootseal.errors import InputError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

__all__ = ["Sheet", "read_sheet"]

_MAX_ROWS: Final = 1_048_576
_MAX_COLUMNS: Final = 100
_EVERY: Final = 500
_MAX_ROW_BYTES: Final = 1024 * 1024
_MAX_AROUND: Final = 8 * 1024 * 1024
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_NUMBER: Final = re.compile(rb"""\br=["'](\d{1,7})["']""")
_HIDDEN: Final = re.compile(rb"""\bhidden=["'](?:1|true)["']""")
_COLUMN: Final = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_SPAN: Final = re.compile(rb"""\b(min|max)=["'](\d{1,5})["']""")
_MERGED: Final = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*\bref=["']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})["']""")
_RANGE: Final = re.compile(r"[A-Z]+(\d+):[A-Z]+(\d+)")

_Row = tuple[int, tuple[Any, ...]]
"""A line from 1, and openpyxl's cells from column A."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows with any content, ascending by line.

    `hidden` are lines that nobody sees, `hidden_columns` columns from 1; `merged` are ranges like B7:C9.
    """

    title: str
    rows: Sequence[_Row]
    hidden: frozenset[int]
    hidden_columns: frozenset[int]
    merged: tuple[str, ...]

    def merged_at(self, line: int) -> str | None:
        """The merged range that touches `line`, if there is one."""
        return next((ref for ref in self.merged if _touches(ref, line)), None)


def read_sheet(data: bytes, filename: str, heard: Callable[[int, int], None] | None = None) -> Sheet:
    """The visible sheet with content; `heard` is told lines read, of how many.

    Raises `InputError` unless there is exactly one, and nothing hidden beside it.
    """
    package = open_package(data, filename)
    total = _check_rows(package, filename)
    try:
        with warnings.catch_warnings():
            # About parts that a list does not use: nothing that a registrar could act on.
            warnings.simplefilter("ignore")
            return _read(data, package, filename, lambda line: heard(line, total) if heard else None)
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever the first surprise in the XML raises
        problem = f"cannot be read as a workbook ({type(error).__name__}); open it in a spreadsheet and save it again"
        raise InputError(filename, f"{problem}, or save the list as CSV UTF-8") from error


def _read(data: bytes, package: zipfile.ZipFile, filename: str, heard: Callable[[int], None]) -> Sheet:
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    sheet, rows = _only_sheet(workbook, filename, heard)
    source = read_part(package, sheet._worksheet_path, filename)
    merged = tuple(ref.decode() for ref in _MERGED.findall(source))
    return Sheet(sheet.title, rows, _hidden(source), _hidden_columns(source), merged)


def _only_sheet(workbook: Workbook, filename: str, heard: Callable[[int], None]) -> tuple[Any, list[_Row]]:
    found: dict[str, tuple[Any, list[_Row]]] = {}
    for sheet in workbook.worksheets:
        sheet.reset_dimensions()  # what the file says of its size would cut off rows without a word
        contents = _contents(sheet, filename, heard)
        if sheet.sheet_state != "visible" and next(contents, None) is not None:
            problem = f"has a hidden sheet with content, {sheet.title!r}"
            raise InputError(filename, f"{problem}: show it (right-click on a sheet's tab) and delete it")
        if rows := list(contents):
            found[sheet.title] = sheet, rows
    if len(found) > 1:
        problem = f"has {len(found)} sheets with content ({', '.join(map(repr, found))[:200]})"
        raise InputError(filename, f"{problem}: keep the one with the list and delete the others")
    if not found:
        raise InputError(filename, "is empty: the first line of its sheet names the columns")
    return next(iter(found.values()))


def _contents(sheet: Any, filename: str, heard: Callable[[int], None]) -> Iterator[_Row]:
    """Rows with content; a column far to the right would make each row thousands of cells wide."""
    for line, cells in enumerate(sheet.iter_rows(), 1):
        if line % _EVERY == 0:
            heard(line)
        if len(cells) > _MAX_COLUMNS:
            cell = next((cell for cell in cells[_MAX_COLUMNS:] if cell.value is not None), None)
            if cell is not None:
                where = f"{filename}, cell {cell.coordinate}"
                raise InputError(where, f"stands to the right of the first {_MAX_COLUMNS} columns; delete it")
            cells = cells[:_MAX_COLUMNS]
        if any(cell.value is not None and cell.value != "" for cell in cells):
            yield line, cells


def _check_rows(package: zipfile.ZipFile, filename: str) -> int:
    """Bounds on what openpyxl will build in memory, and row numbers that ascend: it drops the others unsaid.

    Returns the largest line.
    """
    largest = 0
    for name in package.namelist():
        if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
            continue
        source = read_part(package, name, filename)
        last, start, limit = 0, 0, _MAX_AROUND
        for line, row in _lines(source):
            if row.start() - start > limit:
                raise InputError(f"{filename}, line {last}", "is larger than a row of a list can be")
            if not last < line <= _MAX_ROWS:
                problem = "its rows are out of order; open it in a spreadsheet and save it again"
                raise InputError(f"{filename}, line {line}", problem)
            last, start, limit = line, row.start(), _MAX_ROW_BYTES
            largest = max(largest, line)
        if len(source) - start > _MAX_ROW_BYTES + _MAX_AROUND:
            raise InputError(filename, "is larger than a list can be; copy the list alone into a new workbook")
    return largest


def _hidden(source: bytes) -> frozenset[int]:
    return frozenset(line for line, row in _lines(source) if _HIDDEN.search(row[1]))


def _hidden_columns(source: bytes) -> frozenset[int]:
    """Columns from 1 that are hidden; only those that a list could have."""
    found: set[int] = set()
    for column in _COLUMN.finditer(source):
        span = {name: int(number) for name, number in _SPAN.findall(column[1])}
        if _HIDDEN.search(column[1]) and b"min" in span and b"max" in span:
            found.update(range(span[b"min"], min(span[b"max"], _MAX_COLUMNS) + 1))
    return frozenset(found)


def _lines(source: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """The rows of a sheet's XML with their numbers; one without a number follows the one before."""
    last = 0
    for row in _ROW.finditer(source):
        number = _NUMBER.search(row[1])
        last = last + 1 if number is None else int(number[1])
        yield last, row


def _touches(ref: str, line: int) -> bool:
    lines = _RANGE.fullmatch(ref)
    return lines is not None and int(lines[1]) <= line <= int(lines[2])
