"""Lists of awards as workbooks (XLSX): made by openpyxl, and spoilt part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

from openpyxl import Workbook

from node.roster import COLUMNS, RefusedRow, RosterReport, read_roster
from tests.support.rosters import TEMPLATES, TODAY

GOOD = ["00012345", "Zoë", "Müller", "zoe@example.edu", "fintech-innovation", "2026-10-01", "71", None]
CSV = (",".join(COLUMNS) + "\n" + ",".join(cell or "" for cell in GOOD) + "\n").encode()


def book(*rows: list[Any], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with the header and these rows; `change` has the last word on it."""
    made = Workbook()
    sheet = made.active
    for row in (list(COLUMNS), *rows):
        sheet.append(row)
    if change is not None:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def parts(data: bytes, **changed: bytes | None) -> bytes:
    """The archive with parts exchanged or (None) left out; `__` in a name stands for a slash."""
    names = {name.replace("__", "/"): content for name, content in changed.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in names:
                new.writestr(name, old.read(name))
        for name, content in names.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def part(data: bytes, name: str) -> bytes:
    """One part of the archive, unpacked."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


SHEET = "xl/worksheets/sheet1.xml"


def with_sheet(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with its only sheet's XML changed."""
    return parts(data, xl__worksheets__sheet1=None, **{"xl/worksheets/sheet1.xml": change(part(data, SHEET))})


def read(data: bytes, filename: str = "roster.xlsx") -> RosterReport:
    """What the reader makes of it on `TODAY`."""
    return read_roster(data, filename, TEMPLATES, TODAY)


def only(report: RosterReport) -> RefusedRow:
    """The one row that was refused."""
    (row,) = report.refused
    return row


def changed(column: str, value: Any) -> list[Any]:
    """The good row with another value in one column."""
    return [value if name == column else cell for name, cell in zip(COLUMNS, GOOD, strict=True)]
