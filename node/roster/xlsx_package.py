"""A workbook as the ZIP archive that it is: judged before anything reads its XML.

What is refused here never reaches openpyxl: archives that unpack to more than memory should hold,
macros, and document type declarations, the only way for XML to grow or to fetch something by itself.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Final

from rootseal.errors import InputError

__all__ = ["open_package", "read_part"]

_MIB: Final = 1024 * 1024
_MAX_PARTS: Final = 2000
# A hundred thousand rows are about 60 MiB of XML beside 25 MiB of shared text; the rest is settings.
_MAX_TOTAL: Final = 192 * _MIB
_MAX_SHEET: Final = 128 * _MIB
_MAX_STRINGS: Final = 32 * _MIB
_MAX_OTHER: Final = 8 * _MIB
_CONTENT_TYPES: Final = "[Content_Types].xml"
_SAVE_AS: Final = "save it as Excel Workbook (.xlsx), or the list as CSV UTF-8"
_OTHERS: Final = (
    ("xl/workbook.bin", "is a binary workbook (XLSB)"),
    ("word/document.xml", "is a Word document"),
    ("ppt/presentation.xml", "is a presentation"),
    ("mimetype", "is an OpenDocument file (ODS)"),
)
_MACROS: Final = re.compile(rb"macroEnabled|vbaProject", re.IGNORECASE)


def open_package(data: bytes, filename: str) -> zipfile.ZipFile:
    """The archive, safe to hand to a reader of workbooks. Raises `InputError` with the way out."""
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InputError(filename, f"is a spreadsheet or ZIP file that is damaged: {error}") from error
    names = package.namelist()
    if _CONTENT_TYPES not in names or "xl/workbook.xml" not in names:
        what = next((what for name, what in _OTHERS if name in names), "is a ZIP file and no workbook")
        raise InputError(filename, f"{what}; {_SAVE_AS}")
    if len(set(names)) != len(names):
        raise InputError(filename, f"is damaged: it holds a part twice; open it in a spreadsheet and {_SAVE_AS}")
    _check_sizes(package, filename)
    for part in package.infolist():
        _check_part(package, part, filename)
    return package


def read_part(package: zipfile.ZipFile, name: str, filename: str) -> bytes:
    """One part, unpacked. Raises `InputError` where the archive is damaged."""
    try:
        # zipfile never unpacks more than the size that the directory names, and checks the CRC at the end.
        return package.read(name)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(filename, f"is damaged in {name}: {error}; open it in a spreadsheet and {_SAVE_AS}") from error


def _check_sizes(package: zipfile.ZipFile, filename: str) -> None:
    parts = package.infolist()
    if len(parts) > _MAX_PARTS:
        raise InputError(filename, f"has {len(parts)} parts; a list has a dozen. Copy the list into a new workbook")
    for part in parts:
        if part.flag_bits & 1:
            raise InputError(filename, "is protected by a password; save it without one")
        if part.file_size > _limit(part.filename):
            _refuse_large(filename, f"{part.filename} unpacks to {part.file_size // _MIB} MiB")
    total = sum(part.file_size for part in parts)
    if total > _MAX_TOTAL:
        _refuse_large(filename, f"it unpacks to {total // _MIB} MiB")


def _limit(name: str) -> int:
    if name.startswith("xl/worksheets/"):
        return _MAX_SHEET
    return _MAX_STRINGS if name.lower() == "xl/sharedstrings.xml" else _MAX_OTHER


def _refuse_large(filename: str, what: str) -> None:
    raise InputError(filename, f"is larger than a list can be ({what}); copy the list alone into a new workbook")


def _check_part(package: zipfile.ZipFile, part: zipfile.ZipInfo, filename: str) -> None:
    if part.filename.lower().endswith("vbaproject.bin"):
        _refuse_macros(filename)
    content = read_part(package, part.filename, filename)
    if part.filename == _CONTENT_TYPES and _MACROS.search(content):
        _refuse_macros(filename)
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        # UTF-16 would hide a declaration from the search below; pictures and printer settings are no XML.
        if part.filename.lower().endswith((".xml", ".rels")) and content.strip():
            raise InputError(filename, f"is damaged: {part.filename} is not XML in UTF-8")
        return
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        problem = f"declares a document type in {part.filename}, which no spreadsheet program writes"
        raise InputError(filename, f"{problem}; copy the list into a new workbook")


def _refuse_macros(filename: str) -> None:
    raise InputError(filename, "contains macros, which a list does not need; save it as Excel Workbook (.xlsx)")
