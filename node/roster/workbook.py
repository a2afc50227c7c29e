"""Lists that this program writes: an empty one to fill in (CSV too), and workbooks of refused rows to correct.

Nothing is written as a formula, whatever it begins with; columns that lose something as numbers are text.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from node.roster.report import COLUMNS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["EMPTY_CSV", "empty_workbook", "workbook_of"]

# The byte-order mark makes spreadsheets read and keep UTF-8.
EMPTY_CSV: Final = b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"
"""An empty list as CSV: the columns, and no row."""


_TEXT: Final = "@"
_DAY: Final = "yyyy-mm-dd"
_DATES: Final = frozenset({"awarded_on"})
_LOST: Final = "#N/A"
"""What stands in the place of a formula or an error: a spreadsheet's own word for a value that is missing."""
_WIDTHS: Final = {"micro_credential": 24, "email": 28, "holder": 44}
_UNWRITABLE: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def empty_workbook(key: str) -> bytes:
    """An empty list for the micro-credential `key`: the header, and columns that keep what is typed."""
    book = _book()
    sheet = book.active
    _format_columns(sheet, COLUMNS)
    _head(sheet, COLUMNS)
    _offer(sheet, key)
    return _bytes(book)


def workbook_of(header: Sequence[str], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A list with these header cells and rows; `names` are the columns', values are text or openpyxl's cells.

    A number stays a number and a date a date, so that what was refused for it is refused until it is
    corrected. A formula is not copied.
    """
    book = _book()
    sheet = book.active
    _format_columns(sheet, names)
    _head(sheet, header)
    for line, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            _put(sheet.cell(line, column), value)
    return _bytes(book)


def _book() -> Any:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "list"
    return book


def _format_columns(sheet: Worksheet, names: Sequence[str]) -> None:
    from openpyxl.utils import get_column_letter

    for place, name in enumerate(names, 1):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.number_format = _DAY if name in _DATES else _TEXT
        column.width = _WIDTHS.get(name, 18)


def _head(sheet: Worksheet, header: Sequence[str]) -> None:
    from openpyxl.styles import Font

    for place, name in enumerate(header, 1):
        cell = sheet.cell(1, place)
        _put(cell, name)
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"


def _offer(sheet: Worksheet, key: str) -> None:
    """The key in a list to choose from: nobody has to type it."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    choice = DataValidation("list", f'"{key}"', allow_blank=True)
    letter = get_column_letter(COLUMNS.index("micro_credential") + 1)
    choice.add(f"{letter}2:{letter}10000")
    sheet.add_data_validation(choice)


def _put(cell: Any, value: Any) -> None:
    """Write text as text; of openpyxl's cells the value with its kind, as far as it is harmless."""
    kind = "s" if isinstance(value, str) else value.data_type
    content = value if isinstance(value, str) else value.value
    if content is None:
        return
    if kind in ("n", "b") or (kind == "d" and isinstance(content, datetime.date | datetime.time | datetime.timedelta)):
        cell.value = content
        cell.number_format = value.number_format or "General"
        return
    cell.value = _UNWRITABLE.sub("�", str(content)) if kind == "s" else _LOST
    # Set after the value: openpyxl takes text that begins with = for a formula.
    cell.data_type = "s" if kind == "s" else "e"
    cell.number_format = _TEXT


def _bytes(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
