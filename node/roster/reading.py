"""A whole roster: every row read, checked and compared with the rows above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from node.roster.csv_source import csv_rows
from node.roster.json_source import json_rows
from node.roster.report import RefusedRow, RosterReport, RosterRow, contents, identity_key
from node.roster.rows import check_copies, check_row, mistakes
from node.roster.sources import Defect, SourceRow, decode, is_workbook
from node.roster.xlsx_source import xlsx_rows
from node.ways_out import way
from rootseal.errors import InputError, shorten
from rootseal.microcredential import MicroCredential, check_date

__all__ = ["MAX_ROWS", "Heard", "is_json", "read_roster"]

MAX_ROWS = 100_000
_EVERY = 500

Heard = Callable[[int, int], None]
"""Told now and then how many rows have been read, and of about how many."""


def read_roster(
    data: bytes,
    filename: str,
    templates: Mapping[str, MicroCredential],
    today: str,
    heard: Heard | None = None,
    *,
    copies: int = 1,
) -> RosterReport:
    """Reads a list of awards (CSV, XLSX or JSON lines) and accounts for every row.

    `today` is a day `YYYY-MM-DD`: awards after it are refused. One bad row never costs another. A row that names
    holders names one for each of the `copies`.
    Raises `InputError` where the list as a whole cannot be read: not such a file, a wrong header,
    more than 20 MiB or 100,000 rows.
    """
    check_date(today, "today")
    source = _source(data, filename, heard or (lambda done, total: None))
    return check_rows(source, filename, templates, today, copies=copies)


def check_rows(
    source: Iterable[SourceRow],
    filename: str,
    templates: Mapping[str, MicroCredential],
    today: str,
    *,
    copies: int = 1,
) -> RosterReport:
    """The same for rows of any source."""
    rows: dict[str, RosterRow] = {}
    refused: list[RefusedRow] = []
    blank: list[int] = []
    for number, item in enumerate(source, 1):
        if number > MAX_ROWS:
            raise InputError(filename, f"has more than {MAX_ROWS:,} rows; split the list")
        outcome = _check(item, templates, today, copies)
        if isinstance(outcome, RosterRow):
            outcome = _compare(outcome, rows.setdefault(identity_key(outcome), outcome), item)
        if isinstance(outcome, RefusedRow):
            refused.append(outcome)
        elif outcome is None:
            blank.append(item.line)
    return RosterReport(tuple(rows.values()), tuple(refused), tuple(blank))


def _source(data: bytes, filename: str, heard: Heard) -> Iterator[SourceRow]:
    if is_workbook(data, filename):
        # Unpacking takes nearly all of the time, so that it is what is told of.
        yield from xlsx_rows(data, filename, heard)
        return
    text = decode(data, filename)
    total = text.count("\n")
    for done, row in enumerate(json_rows(text) if is_json(text, filename) else csv_rows(text, filename), 1):
        if done % _EVERY == 0:
            heard(done, total)
        yield row


def is_json(text: str, filename: str) -> bool:
    """True iff the list is JSON lines, by its name or its first character."""
    start = text.lstrip()[:1]
    if start == "[":
        raise InputError(filename, "is a JSON array; write JSON lines, one object a line, without brackets")
    return filename.lower().endswith((".jsonl", ".ndjson", ".json")) or start == "{"


def _check(
    item: SourceRow, templates: Mapping[str, MicroCredential], today: str, copies: int
) -> RosterRow | RefusedRow | None:
    if not item.defects:
        if not item.cells:
            return None
        try:
            row = check_row(item.line, item.cells, templates, today)
            check_copies(row, copies)
            return row
        except InputError as error:
            return _refused(item, _judged(item, templates, today) or [_defect(item, error)])
    unread = {defect.column for defect in item.defects}
    further = [defect for defect in _judged(item, templates, today) if defect.column not in unread]
    return _refused(item, [*item.defects, *further])


def _judged(item: SourceRow, templates: Mapping[str, MicroCredential], today: str) -> list[Defect]:
    """What is wrong in the cells that could be read."""
    return [_defect(item, error) for error in mistakes(item.cells, templates, today)]


def _defect(item: SourceRow, error: InputError) -> Defect:
    # The element of a list item or a nested check still belongs to a column.
    column = error.where if error.where in item.cells else None
    return Defect(error.problem, column, _shown(item.cells[column]) if column else None)


def _refused(item: SourceRow, found: Sequence[Defect]) -> RefusedRow:
    """The row with all that is wrong in it."""
    first, *others = found
    also = []
    for defect in others:
        place = ", ".join(part for part in (defect.cell or item.cell(defect.column), defect.column) if part)
        value = "" if defect.value is None else f" (found {shorten(defect.value)})"
        also.append(f"{place or 'row'}: {defect.reason}{value}")
    cell = first.cell or item.cell(first.column)
    return RefusedRow(item.line, first.column, first.value, first.reason, item.raw, cell, tuple(also))


def _shown(cell: str) -> str:
    """A cell for a report: at most 200 characters, and printable whatever JSON escaped in it."""
    text = cell if len(cell) <= 200 else f"{cell[:199]}…"
    return text.encode("utf-8", "backslashreplace").decode()


def _compare(row: RosterRow, first: RosterRow, item: SourceRow) -> RosterRow | RefusedRow:
    """`row` itself if it is the first of its award, else why it is refused."""
    if row is first:
        return row
    if row.row_digest == first.row_digest:
        return RefusedRow(row.line, None, None, f"same as line {first.line}", item.raw)
    one = contents(first.award, first.email, first.template, first.holders)
    other = contents(row.award, row.email, row.template, row.holders)
    differing = [name for name in one if one[name] != other[name]]
    reason = (
        f"same learner, micro-credential and date as line {first.line}, but another {', '.join(differing)}: "
        f"keep the right one of the two; {way('correct-other')}"
    )
    column = differing[0]
    return RefusedRow(row.line, column, _shown(item.cells[column]), reason, item.raw, item.cell(column))
