"""Refused rows as a file: the shape of the list, harmless in a spreadsheet, and ready to be handed in again."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import samples
from node.roster import COLUMNS, RosterReport, read_roster
from node.roster.escaping import escaped, unescaped
from node.roster.report import RefusedRow
from node.roster.returned import reason_of, returned_list
from rootseal.errors import InputError

TEMPLATES = samples.templates()
GOOD = ["00012345", "Zoë", "Müller", "zoe@example.edu", "fintech-innovation", "2026-10-01", "71", ""]


def read(data: bytes, name: str = "r.csv") -> RosterReport:
    return read_roster(data, name, TEMPLATES, "2026-11-22")


def table(*rows: list[str], delimiter: str = ",", header: list[str] | None = None) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header or list(COLUMNS), *rows])
    return text.getvalue().encode()


def cells(data: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_keeps_its_separator_columns_and_cells(delimiter: str) -> None:
    order = [7, 0, 1, 2, 3, 4, 5, 6]
    header = [COLUMNS[place].replace("_", " ").title() for place in order]
    bad = [*GOOD[:3], "nobody", *GOOD[4:]]
    data = table([GOOD[place] for place in order], [bad[place] for place in order], delimiter=delimiter, header=header)
    back = cells(returned_list(read(data).refused, data, "r.csv"), delimiter)
    assert back[0] == [*header, "reason"]
    assert back[1][:-1] == [bad[place] for place in order]
    assert back[1][-1] == "line 3, email: is no e-mail address (found 'nobody')"
    assert len(back) == 2


def test_corrected_and_handed_in_again_it_is_what_it_was_before_the_escaping() -> None:
    bad = ["1", "=cmd|' /C calc'!A0", "@home", "nobody", *GOOD[4:]]
    data = table(bad)
    back = returned_list(read(data).refused, data, "r.csv")
    assert cells(back)[1][1:3] == ["'=cmd|' /C calc'!A0", "'@home"]
    row = read(back.replace(b"nobody,", b"n@example.edu,", 1)).rows[0]
    assert (row.award.given_name, row.award.family_name) == ("=cmd|' /C calc'!A0", "@home")


def test_round_after_round_nothing_grows() -> None:
    data = table(["1", "=x", "'+y", "nobody", *GOOD[4:]], ["2", *GOOD[1:], "more"], ["3", "few"])
    first = returned_list(read(data).refused, data, "r.csv")
    second = returned_list(read(first).refused, first, "r.csv")
    without = [[cell for place, cell in enumerate(row) if place != 8] for row in cells(first)]
    assert without == [[cell for place, cell in enumerate(row) if place != 8] for row in cells(second)]
    assert [len(read(data).refused), len(read(first).refused), len(read(second).refused)] == [3, 3, 3]


def test_what_is_deleted_but_for_its_reason_is_blank() -> None:
    data = table(["", *GOOD[1:]])
    back = cells(returned_list(read(data).refused, data, "r.csv"))
    back[1][:-1] = [""] * 8
    assert read(table(back[1], header=back[0])).blank == (2,)


def test_json_lines_come_back_as_json_lines() -> None:
    good = dict(zip(COLUMNS, GOOD, strict=True))
    data = "\n".join([json.dumps(good | {"email": "nobody"}), "[5", json.dumps(good)]).encode()
    back = returned_list(read(data, "r.jsonl").refused, data, "r.jsonl")
    one, other = map(json.loads, back.splitlines())
    assert (one["email"], one["reason"]) == ("nobody", "line 1, email: is no e-mail address (found 'nobody')")
    assert other["unread"] == "[5"
    assert len(read(back, "r.jsonl").refused) == 2
    assert len(read(json.dumps(one | {"email": "n@example.edu"}).encode(), "r.jsonl").rows) == 1


def test_a_reason_column_alone_makes_no_list() -> None:
    with pytest.raises(InputError, match="reason is there twice"):
        read(table(header=[*COLUMNS, "reason", "Reason"]))


@given(st.text(max_size=20), st.integers(0, 3))
def test_escaping_is_undone_exactly(text: str, apostrophes: int) -> None:
    cell = "'" * apostrophes + text
    assert unescaped(escaped(cell)) == cell
    assert not escaped(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_value_that_is_cut_says_so() -> None:
    row = RefusedRow(2, "grade", "x" * 500, "is too long", ())
    assert reason_of(row).endswith("x…)") and len(reason_of(row)) < 130
    assert "…" not in reason_of(RefusedRow(2, "grade", "x" * 60, "is too long", ()))
