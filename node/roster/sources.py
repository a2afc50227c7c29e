"""From the bytes of a list to its rows as cells, each with its line number.

A source yields `SourceRow`s and knows nothing of awards. A further one has only to yield the same.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field

from rootseal.errors import InputError

__all__ = ["MAX_ROSTER_BYTES", "Defect", "SourceRow", "decode", "is_workbook"]

MAX_ROSTER_BYTES = 20 * 1024 * 1024
"""About 160,000 rows; a list that is larger is no list of awards."""

_SAVE_AS = "save the list as CSV UTF-8"
_TEXT_NAMES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
_WORKBOOK_NAMES = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xls", ".ods")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# A workbook with a password is one encrypted stream of this name inside the old container.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (
    (b"%PDF", "is a PDF"),
    (b"{\\rtf", "is a word-processor document (RTF)"),
)


@dataclass(frozen=True, slots=True)
class Defect:
    """Why the cells of a row could not be read; `column` None means the row as a whole.

    `cell` is the address in a workbook where no column is meant.
    """

    reason: str
    column: str | None = None
    value: str | None = None
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: `line` counts from 1, `cells` by column name, `raw` as they stood.

    With `defects` the row is refused, and the cells are those that could be read nevertheless: what else is wrong
    in them is told, too. A row without any content has no cells at all.
    `letters` are the columns' letters in a workbook.
    """

    line: int
    cells: Mapping[str, str]
    raw: tuple[str, ...]
    defects: tuple[Defect, ...] = ()
    letters: Mapping[str, str] = field(default_factory=dict)

    def cell(self, column: str | None) -> str | None:
        """The address of this row's cell in `column`, like B7; None where the file has no such addresses."""
        letter = None if column is None else self.letters.get(column)
        return None if letter is None else f"{letter}{self.line}"


def is_workbook(data: bytes, filename: str) -> bool:
    """True iff this is to be read as a workbook. Raises `InputError` where name and content contradict each other.

    The content decides and the name must not deny it: a list that is another kind of file than its
    owner believes has usually gone through a program that changed its cells.
    """
    _check_size(data, filename)
    suffix = "." + filename.lower().rpartition(".")[2]
    zipped = data.startswith(b"PK")
    if zipped and suffix in _TEXT_NAMES:
        problem = f"is a spreadsheet (XLSX) or a ZIP file, although its name ends in {suffix}"
        raise InputError(filename, f"{problem}; let the name end in .xlsx, or {_SAVE_AS}")
    if data.startswith(_OLD_EXCEL):
        if _ENCRYPTED in data:
            raise InputError(filename, "is protected by a password; save it without one (Excel: File, Info)")
        raise InputError(filename, f"is an old Excel workbook (XLS); save it as Excel Workbook (.xlsx), or {_SAVE_AS}")
    if not zipped and suffix in _WORKBOOK_NAMES:
        what = "a web page (HTML or XML)" if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else "no workbook"
        problem = f"is {what}, although its name ends in {suffix}"
        raise InputError(filename, f"{problem}; open it in a spreadsheet and save it as Excel Workbook (.xlsx)")
    return zipped


def decode(data: bytes, filename: str) -> str:
    """The text of a list: UTF-8 with or without byte-order mark, or UTF-16 with one.

    Raises `InputError` for anything else, for other kinds of file and for more than 20 MiB.
    """
    _check_size(data, filename)
    for magic, what in _FOREIGN:
        if data.startswith(magic):
            raise InputError(filename, f"{what}; {_SAVE_AS}")
    text = _decode_utf16(data, filename) if _is_utf16(data) else _decode_utf8(data, filename)
    if text.lstrip()[:1] == "<":
        raise InputError(filename, f"is a web page (HTML or XML); {_SAVE_AS}")
    if not text.strip():
        raise InputError(filename, "is empty: the first line names the columns")
    return text


def _check_size(data: bytes, filename: str) -> None:
    if len(data) > MAX_ROSTER_BYTES:
        raise InputError(filename, f"is larger than {MAX_ROSTER_BYTES >> 20} MiB; split the list")


def _is_utf16(data: bytes) -> bool:
    wide = data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE))
    return not wide and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _decode_utf16(data: bytes, filename: str) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise InputError(filename, f"is not UTF-16 at byte {error.start}; {_SAVE_AS}") from error


def _decode_utf8(data: bytes, filename: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = data[error.start : error.start + 4]
        raise InputError(filename, f"is not UTF-8 on line {line}; {_SAVE_AS}", found) from error
    # UTF-16 without its mark decodes as UTF-8, with a NUL beside every letter of the header.
    if "\0" in text.partition("\n")[0]:
        raise InputError(filename, f"has NUL characters on its first line; {_SAVE_AS}")
    return text
