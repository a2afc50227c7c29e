"""Workbooks as files: another kind, a damaged or a hostile one is refused, with the way out, and harms nobody."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from node.roster import MAX_ROSTER_BYTES
from rootseal.errors import InputError
from tests.support.workbooks import CSV, GOOD, book, changed, part, parts, read, with_sheet


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name in names:
            package.writestr(name, "x")
    return out.getvalue()


def macros(made: bytes) -> bytes:
    types = part(made, "[Content_Types].xml").replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")
    return parts(made, **{"[Content_Types].xml": types, "xl/vbaProject.bin": b"\xd0\xcf"})


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""
FETCH = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("r.csv", lambda: book(GOOD), "is a spreadsheet (XLSX) or a ZIP file, although its name ends in .csv"),
        ("r.xlsx", lambda: CSV, "is no workbook, although its name ends in .xlsx"),
        ("r.xlsx", lambda: b"<html><table>", "is a web page (HTML or XML), although its name ends in .xlsx"),
        ("r.xls", lambda: b"\n<table>", "is a web page"),
        ("r.csv", lambda: b"<html><table>", "is a web page (HTML or XML); save the list as CSV UTF-8"),
        ("r.xlsx", lambda: b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
        ("r.xlsx", lambda: b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        ("r.xlsx", lambda: b"PK\x03\x04rest", "damaged"),
        ("r.xlsx", lambda: book(GOOD)[:-400], "damaged"),
        ("r.xlsx", lambda: zipped("a.txt"), "is a ZIP file and no workbook"),
        ("r.ods", lambda: zipped("mimetype", "content.xml"), "OpenDocument"),
        ("r.xlsb", lambda: zipped("[Content_Types].xml", "xl/workbook.bin"), "binary workbook"),
        ("r.docx", lambda: zipped("[Content_Types].xml", "word/document.xml"), "Word document"),
        ("r.xlsm", lambda: macros(book(GOOD)), "contains macros"),
        ("r.xlsx", lambda: macros(book(GOOD)), "contains macros"),
        ("r.xlsx", lambda: with_sheet(book(GOOD), lambda xml: xml[: len(xml) // 2]), "cannot be read as a workbook"),
        ("r.xlsx", lambda: with_sheet(book(GOOD), lambda xml: xml.decode().encode("utf-16")), "not XML in UTF-8"),
        ("r.xlsx", lambda: with_sheet(book(GOOD), lambda xml: LAUGHS + xml), "declares a document type"),
        ("r.xlsx", lambda: with_sheet(book(GOOD), lambda xml: FETCH + xml), "declares a document type"),
        ("r.xlsx", lambda: parts(book(GOOD), **{"xl/sharedStrings.xml": LAUGHS + b"<sst/>"}), "declares a document"),
        ("r.xlsx", lambda: parts(book(GOOD), **{"docProps/core.xml": FETCH + b"<x/>"}), "declares a document type"),
        ("r.xlsx", lambda: b"PK" + bytes(MAX_ROSTER_BYTES), "larger than 20 MiB"),
        ("r.xlsx", lambda: parts(book(GOOD), **{"xl/media/a.bin": bytes(9 << 20)}), "a.bin unpacks to 9 MiB"),
        ("r.xlsx", lambda: parts(book(GOOD), **{f"xl/media/{n}": bytes(8 << 20) for n in range(25)}), "unpacks to 200"),
        ("r.xlsx", lambda: parts(book(GOOD), **{f"x/{n}": b"" for n in range(2001)}), "parts; a list has a dozen"),
    ],
)
def test_another_kind_of_file_is_refused_with_the_way_out(name: str, data: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)):
        read(data(), name)


def test_rows_that_would_be_dropped_in_silence_are_refused_aloud() -> None:
    data = book(GOOD, changed("learner_id", "7"))
    with pytest.raises(InputError, match="out of order"):
        read(with_sheet(data, lambda xml: xml.replace(b'<row r="3"', b'<row r="1"')))


def test_a_row_that_would_fill_memory_is_refused_before_it_is_built() -> None:
    wide = b"<c/>" * 600_000
    with pytest.raises(InputError, match="larger than a row"):
        read(
            with_sheet(book(GOOD), lambda xml: xml.replace(b'<row r="2"', b'<row r="2">' + wide + b'</row><row r="3"'))
        )


def test_a_stray_row_at_the_very_end_is_not_a_million_rows() -> None:
    def far(made: Any) -> None:
        made.active["A1048576"].number_format = "@"

    assert len(read(book(GOOD, change=far)).rows) == 1


def test_a_file_without_a_telling_name_is_read_by_its_content() -> None:
    assert read(book(GOOD), "upload").rows == read(CSV, "upload").rows
