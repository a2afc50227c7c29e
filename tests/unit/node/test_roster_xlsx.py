"""Lists as workbooks: what a spreadsheet did to a cell is told by its address, and goes out again harmless."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook

from node.roster import COLUMNS
from node.roster.returned import returned_list
from node.roster.workbook import empty_workbook
from rootseal.errors import InputError
from tests.support.workbooks import CSV, GOOD, book, changed, only, read, with_sheet

# --- cells


def test_a_workbook_gives_the_same_rows_as_csv() -> None:
    csv = read(CSV, "r.csv").rows[0]
    for date in ("2026-10-01", datetime.date(2026, 10, 1), datetime.datetime(2026, 10, 1)):
        for grade in ("71", 71, 71.0):
            row = [*GOOD[:5], date, grade, None]
            assert read(book(row)).rows == (csv,)


def test_dates_count_from_1904_where_the_workbook_says_so() -> None:
    def old_mac(made: Any) -> None:
        from openpyxl.utils.datetime import CALENDAR_MAC_1904

        made.epoch = CALENDAR_MAC_1904

    data = book(changed("awarded_on", datetime.date(2026, 10, 1)), change=old_mac)
    assert read(data).rows[0].award.awarded_on == "2026-10-01"


@pytest.mark.parametrize(
    ("column", "value", "cell", "reason"),
    [
        ("learner_id", 12345, "A2", "lose their leading zeros: format the column as Text"),
        ("learner_id", "=A1", "A2", "formulas are never calculated"),
        ("family_name", '=HYPERLINK("http://x")', "C2", "formulas are never calculated"),
        ("given_name", 7, "B2", "is a number and not text"),
        ("given_name", "#REF!", "B2", "error of the spreadsheet"),
        ("grade", True, "G2", "TRUE or FALSE"),
        ("grade", datetime.date(2026, 2, 1), "G2", "made one of what was typed"),
        ("awarded_on", 46296, "F2", "is a number and no date"),
        ("awarded_on", datetime.datetime(2026, 10, 1, 12, 30), "F2", "time of day"),
        ("awarded_on", datetime.time(12, 30), "F2", "a time and no date"),
        ("awarded_on", "1.10.2026", "F2", "YYYY-MM-DD"),
        ("awarded_on", datetime.date(2027, 1, 1), "F2", "in the future"),
        ("email", "nobody", "D2", "no e-mail address"),
        ("holder", "0x12", "H2", "40 hexadecimal digits"),
        ("family_name", "a_x0007_b", "C2", "cannot be printed"),
    ],
)
def test_a_cell_that_cannot_be_told_is_refused_by_its_address(column: str, value: Any, cell: str, reason: str) -> None:
    row = only(read(book(changed(column, value), changed("learner_id", "7"))))
    assert (row.line, row.column, row.cell) == (2, column, cell)
    assert reason in row.reason


def test_a_percentage_is_not_taken_for_a_grade() -> None:
    def percent(made: Any) -> None:
        made.active["G2"].number_format = "0%"

    assert "percentage" in only(read(book(changed("grade", 0.71), change=percent))).reason


def test_text_that_looks_like_a_formula_stays_text() -> None:
    def as_text(made: Any) -> None:
        made.active["B2"].data_type = "s"

    assert read(book(changed("given_name", "=1+1"), change=as_text)).rows[0].award.given_name == "=1+1"


def test_cells_beyond_the_header_and_blank_lines_are_told() -> None:
    report = read(book([*GOOD, None, "note"], [None] * 8, changed("learner_id", "7"), [None], ["  "]))
    assert [row.line for row in report.rows] == [4]
    assert report.blank == (3, 6) or report.blank == (3, 5, 6)
    assert (only(report).cell, only(report).value) == ("J2", "note")


def test_a_size_that_the_file_claims_cuts_nothing_off() -> None:
    rows = [changed("learner_id", f"{n}") for n in range(50)]
    data = with_sheet(book(*rows), lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:C3"', xml))
    assert len(read(data).rows) == 50


# --- sheets


def test_merged_cells_cost_their_rows_only() -> None:
    def merge(made: Any) -> None:
        made.active.merge_cells("D3:D4")

    rows = [changed("learner_id", f"{n}") for n in range(4)]
    report = read(book(*rows, change=merge))
    assert [row.line for row in report.rows] == [2, 5]
    assert [(row.line, row.cell) for row in report.refused] == [(3, "D3"), (4, "D3")]
    assert "D3:D4 are merged: unmerge them" in report.refused[0].reason


def test_a_hidden_column_is_refused_by_its_name() -> None:
    def hide(made: Any) -> None:
        made.active.column_dimensions["G"].hidden = True

    with pytest.raises(InputError, match="is hidden, so that nobody sees") as refusal:
        read(book(GOOD, change=hide))
    assert refusal.value.where.endswith("column grade")


def test_hidden_rows_are_not_issued() -> None:
    def hide(made: Any) -> None:
        made.active.row_dimensions[3].hidden = True

    report = read(book(*[changed("learner_id", f"{n}") for n in range(3)], change=hide))
    assert [row.line for row in report.rows] == [2, 4]
    assert "hidden or filtered out" in only(report).reason


def second(content: Any, state: str) -> Callable[[Any], None]:
    def add(made: Any) -> None:
        sheet = made.create_sheet("Keys")
        sheet.sheet_state = state
        sheet["C9"] = content

    return add


def test_an_empty_second_sheet_is_in_nobodys_way() -> None:
    for state in ("visible", "hidden", "veryHidden"):
        assert len(read(book(GOOD, change=second(None, state))).rows) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: book(GOOD, change=second("x", "visible")), "2 sheets with content ('Sheet', 'Keys'): keep the one"),
        (lambda: book(GOOD, change=second("x", "hidden")), "hidden sheet with content, 'Keys': show it"),
        (lambda: book(GOOD, change=second("x", "veryHidden")), "hidden sheet with content"),
        (lambda: book(GOOD, change=lambda made: made.active.delete_rows(1, 9)), "is empty"),
        (
            lambda: book(GOOD, change=lambda made: made.active.merge_cells("A1:B1")),
            "A1:B1 are merged; delete titles above",
        ),
        (lambda: book(GOOD, change=lambda made: made.active.__setitem__("B1", 5)), "cell B1: is no column's name"),
        (lambda: book(GOOD, change=lambda made: made.active.__setitem__("B1", "phone")), "unknown column 'phone'"),
        (
            lambda: book(GOOD, change=lambda made: made.active.__setitem__("XFD3", "x")),
            "cell XFD3: stands to the right",
        ),
    ],
)
def test_a_sheet_that_is_no_list_is_refused_with_the_way_out(data: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)):
        read(data())


# --- what goes out


def test_an_empty_list_keeps_what_is_typed_into_it() -> None:
    made = load_workbook(io.BytesIO(empty_workbook("lab-safety")))
    sheet = made.active
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert sheet.max_row == 1
    assert sheet.column_dimensions["A"].number_format == "@"
    for column, value in enumerate(GOOD, 1):
        sheet.cell(2, column, value)
    out = io.BytesIO()
    made.save(out)
    assert len(read(out.getvalue()).rows) == 1
    assert read(empty_workbook("lab-safety")).rows == ()


def test_refused_rows_come_back_as_a_workbook_and_are_refused_until_corrected() -> None:
    def order(made: Any) -> None:
        made.active.move_range("A1:A9", cols=8)  # a column elsewhere, and an empty one in its place
        made.active.delete_cols(1)
        made.active["B9"].data_type = "s"

    rows = [
        changed("learner_id", 12345),
        changed("family_name", "=A1"),
        changed("learner_id", "good"),
        changed("awarded_on", datetime.date(2027, 1, 1)),
        [*changed("learner_id", "7"), None, "extra"],
        changed("grade", "=1+1"),
        changed("given_name", "#DIV/0!"),
        [*changed("given_name", "x")[:2], "=cmd", *changed("email", "nobody")[3:]],
    ]
    data = book(*rows, change=order)
    first = read(data)
    back = returned_list(first.refused, data, "roster.xlsx")
    again = read(back)
    assert [row.award.learner_id for row in first.rows] == ["good"]
    assert (len(first.refused), again.rows) == (7, ())
    assert [row.column for row in again.refused] == [row.column for row in first.refused]
    sheet = load_workbook(io.BytesIO(back)).active
    header = [cell.value for cell in sheet[1] if cell.value is not None]
    assert header == [*COLUMNS[1:], "learner_id", "reason"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert "line 2, H2, learner_id: is a number" in sheet["I2"].value


def test_a_corrected_workbook_is_issued_with_its_reasons_left_in() -> None:
    data = book(changed("learner_id", 12345), changed("email", "nobody"))
    made = load_workbook(io.BytesIO(returned_list(read(data).refused, data, "r.xlsx")))
    made.active["A2"], made.active["D3"] = "00012345", "zoe@example.edu"
    made.active["A3"] = "7"
    out = io.BytesIO()
    made.save(out)
    report = read(out.getvalue())
    assert ([row.award.learner_id for row in report.rows], report.refused) == (["00012345", "7"], ())
