"""From the bytes of a list to its rows as cells, each with its line number.

A source yields `SourceRow`s and knows nothing of awards. A further one (a spreadsheet) has only
to yield the same.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass

from rootseal.errors import InputError

__all__ = ["MAX_ROSTER_BYTES", "Defect", "SourceRow", "decode"]

MAX_ROSTER_BYTES = 20 * 1024 * 1024
"""About 160,000 rows; a list that is larger is no list of awards."""

_SAVE_AS = "save the list as CSV UTF-8"
_FOREIGN = (
    (b"PK", "is a spreadsheet (XLSX or ODS) or a ZIP file"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook (XLS)"),
    (b"%PDF", "is a PDF"),
    (b"{\\rtf", "is a word-processor document (RTF)"),
)


@dataclass(frozen=True, slots=True)
class Defect:
    """Why the cells of a row could not be read; `column` None means the row as a whole."""

    reason: str
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: `line` counts from 1, `cells` by column name, `raw` as they stood.

    With `defect` the cells are not to be used. A row without any content has no cells at all.
    """

    line: int
    cells: Mapping[str, str]
    raw: tuple[str, ...]
    defect: Defect | None = None


def decode(data: bytes, filename: str) -> str:
    """The text of a list: UTF-8 with or without byte-order mark, or UTF-16 with one.

    Raises `InputError` for anything else, for other kinds of file and for more than 20 MiB.
    """
    if len(data) > MAX_ROSTER_BYTES:
        problem = f"is larger than {MAX_ROSTER_BYTES >> 20} MiB; split the list"
        raise InputError(filename, problem, f"{len(data)} bytes")
    for magic, what in _FOREIGN:
        if data.startswith(magic):
            raise InputError(filename, f"{what}; {_SAVE_AS}")
    text = _decode_utf16(data, filename) if _is_utf16(data) else _decode_utf8(data, filename)
    if text.lstrip()[:1] == "<":
        raise InputError(filename, f"is a web page (HTML or XML); {_SAVE_AS}")
    if not text.strip():
        raise InputError(filename, "is empty: the first line names the columns")
    return text


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
