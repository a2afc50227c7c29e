"""Rosters as Excel workbooks (XLSX): typed cells become text, or a reason why they cannot.

A spreadsheet changes what is typed: leading zeros go, 1-2 becomes a date, 71 % becomes 0.71. What can no
longer be told is refused by its cell, never guessed.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from node.roster.header import REASON, columns_of
from node.roster.sources import Defect, SourceRow
from node.roster.xlsx_sheet import Sheet, read_sheet
from rootseal.errors import InputError

__all__ = ["xlsx_rows"]

_AS_TEXT = "format the column as Text (Excel: Home, Number Format, Text) and type it again"
_NUMBERS = {
    "learner_id": f"is a number, and numbers lose their leading zeros: {_AS_TEXT}",
    "awarded_on": "is a number and no date: format the column as Date, or write YYYY-MM-DD as text",
}
# How XML for spreadsheets writes characters that XML has not; nobody types them.
_CONTROL = re.compile(r"_x[0-9A-Fa-f]{4}_")


def xlsx_rows(data: bytes, filename: str, heard: Callable[[int, int], None]) -> Iterator[SourceRow]:
    """The rows below the header line. Raises `InputError` for a workbook that is no list; `heard`: see `read_sheet`."""
    sheet = read_sheet(data, filename, heard)
    header, *rows = sheet.rows
    columns, letters = _header(header, sheet, filename)
    expected = header[0] + 1
    for line, cells in rows:
        # Blank lines between two rows are reported; what is below the last row is none.
        yield from (SourceRow(blank, {}, ()) for blank in range(expected, line))
        expected = line + 1
        yield _row(line, cells, columns, letters, sheet)


def _header(header: tuple[int, tuple[Any, ...]], sheet: Sheet, filename: str) -> tuple[tuple[str, ...], dict[str, str]]:
    from openpyxl.utils import get_column_letter

    line, cells = header
    where = f"{filename}, line {line}"
    merged = sheet.merged_at(line)
    if merged is not None:
        raise InputError(where, f"the cells {merged} are merged; delete titles above the columns' names")
    names: list[str] = []
    for cell in cells:
        if cell.value is not None and cell.data_type != "s":
            raise InputError(f"{filename}, cell {cell.coordinate}", "is no column's name: it is not text", cell.value)
        names.append(cell.value or "")
    columns = columns_of(names, where)
    unseen = next((name for place, name in enumerate(columns, 1) if place in sheet.hidden_columns), None)
    if unseen is not None:
        problem = "is hidden, so that nobody sees what would be issued: show it (select all columns, then Unhide)"
        raise InputError(f"{where}, column {unseen}", problem)
    return columns, {name: get_column_letter(place) for place, name in enumerate(columns, 1)}


def _row(
    line: int, cells: tuple[Any, ...], columns: tuple[str, ...], letters: Mapping[str, str], sheet: Sheet
) -> SourceRow:
    raw = tuple("" if cell.value is None else str(cell.value) for cell in cells[: len(columns)])
    found: dict[str, str] = {}
    whole = _whole_row(line, cells, len(columns), sheet)
    defects: list[Defect] = []
    for name, cell in zip(columns, cells, strict=False):
        if name == REASON:
            continue
        try:
            found[name] = _text(name, cell)
        except _Unfit as unfit:
            defects.append(Defect(unfit.reason, name, str(cell.value)[:200]))
    if whole is not None:
        return SourceRow(line, {}, raw, (whole,), letters)  # merged cells would seem to be empty ones
    if not defects and not any(map(str.strip, found.values())):
        return SourceRow(line, {}, raw)
    unread = {defect.column for defect in defects}
    readable = {name: found.get(name, "") for name in columns if name not in {REASON, *unread}}
    return SourceRow(line, readable, raw, tuple(defects), letters)


def _whole_row(line: int, cells: tuple[Any, ...], width: int, sheet: Sheet) -> Defect | None:
    if line in sheet.hidden:
        return Defect("the row is hidden or filtered out: show it, or delete it if it is not to be issued")
    merged = sheet.merged_at(line)
    if merged is not None:
        reason = f"the cells {merged} are merged: unmerge them and fill each one"
        return Defect(reason, cell=merged.partition(":")[0])
    beyond = next((cell for cell in cells[width:] if cell.value is not None), None)
    if beyond is not None:
        return Defect("stands to the right of the last column", None, str(beyond.value)[:200], beyond.coordinate)
    return None


class _Unfit(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, reason: str) -> None:
        self.reason = reason


def _text(name: str, cell: Any) -> str:
    if cell.value is None:
        return ""
    read = _KINDS.get(cell.data_type)
    if read is None:
        raise _Unfit("is of a kind that a list does not have")
    return read(name, cell)


def _string(name: str, cell: Any) -> str:
    text = str(cell.value)
    if _CONTROL.search(text):
        raise _Unfit("contains a character that cannot be printed; type it again")
    return text


def _number(name: str, cell: Any) -> str:
    if name != "grade":
        raise _Unfit(_NUMBERS.get(name, f"is a number and not text: {_AS_TEXT}"))
    if "%" in (cell.number_format or ""):
        raise _Unfit("is a percentage, shown otherwise than it is stored: format the column as Text and type it again")
    number = cell.value
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def _date(name: str, cell: Any) -> str:
    if name != "awarded_on":
        raise _Unfit(f"is a date or time: the spreadsheet made one of what was typed. Instead {_AS_TEXT}")
    value = cell.value
    if isinstance(value, datetime.datetime):
        if value.time() != datetime.time():
            raise _Unfit("has a time of day: only the day of issuing belongs here")
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise _Unfit("is a time and no date")


def _formula(name: str, cell: Any) -> str:
    raise _Unfit("is a formula, and formulas are never calculated here: copy the cell and paste its value")


def _error(name: str, cell: Any) -> str:
    raise _Unfit("shows an error of the spreadsheet: type what belongs here")


def _boolean(name: str, cell: Any) -> str:
    raise _Unfit(f"is TRUE or FALSE and not text: {_AS_TEXT}")


_KINDS: Mapping[str, Callable[[str, Any], str]] = {
    "s": _string,
    "inlineStr": _string,
    "n": _number,
    "d": _date,
    "f": _formula,
    "e": _error,
    "b": _boolean,
}
