"""Rosters: every row accounted for, with its line, column and reason."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import samples
from node.roster import COLUMNS, identity_key
from rootseal.errors import InputError
from tests.support.rosters import GOOD, HEADER, accounted, csv, read

ROSTERS = Path(__file__).parent.parent / "data" / "rosters"


# --- the sample lists

# Line of roster-traps.csv → None for good, else (column, part of the reason).
TRAPS: dict[int, tuple[str | None, str] | None] = {
    2: None,
    3: (None, "same as line 2"),
    4: None,
    5: ("micro_credential", "unknown micro-credential"),
    6: ("awarded_on", "YYYY-MM-DD"),
    7: ("awarded_on", "in the future"),
    8: ("email", "no e-mail address"),
    9: ("holder", "40 hexadecimal digits"),
    10: ("holder", "checksum (EIP-55)"),
    11: ("learner_id", "learner id is missing"),
    12: None,
    13: ("grade", "outside its scale"),
    14: (None, "has 9 cells where the header has 8"),
    15: None,
    16: ("given_name", "5000 characters"),
    17: ("given_name", "U+0000"),
}


def test_the_traps_are_those_that_are_expected() -> None:
    text = (ROSTERS / "roster-traps.expected.txt").read_text(encoding="utf-8")
    assert [int(number) for number in re.findall(r"^(\d+): ", text, re.MULTILINE)] == sorted(TRAPS)
    report = read((ROSTERS / "roster-traps.csv").read_bytes())
    assert accounted(report) == sorted(TRAPS)


@pytest.mark.parametrize("line", TRAPS)
def test_a_trap_is_told(line: int) -> None:
    report = read((ROSTERS / "roster-traps.csv").read_bytes())
    expected = TRAPS[line]
    refused = {row.line: row for row in report.refused}
    if expected is None:
        assert line in {row.line for row in report.rows}
        return
    column, reason = expected
    assert refused[line].column == column
    assert reason in refused[line].reason


def test_traps_that_are_good_keep_their_text() -> None:
    rows = {row.line: row.award for row in read((ROSTERS / "roster-traps.csv").read_bytes()).rows}
    assert (rows[2].learner_id, rows[2].full_name) == ("00012345", "Zoë O’Connor-Müller")
    assert rows[4].given_name is None
    assert rows[12].given_name == '=HYPERLINK("http://x")'
    assert rows[15].full_name == "محمد الأحمد"


def test_the_autumn_roster_is_issued_but_for_its_85_fails() -> None:
    report = read((ROSTERS / "roster-autumn-2026.csv").read_bytes())
    assert (len(report.rows), len(report.refused), len(report.blank)) == (1115, 85, 0)
    assert accounted(report) == list(range(2, 1202))
    assert {row.column for row in report.refused} == {"grade"}
    assert all(
        "does not reach the pass mark (50)" in row.reason and int(row.value or 100) < 50 for row in report.refused
    )


def test_the_demo_roster_has_four_bad_rows() -> None:
    report = read(samples.roster(), samples.ROSTER_NAME)
    assert len(report.rows) == 20
    assert [(row.line, row.column) for row in report.refused] == [
        (7, "grade"),
        (12, "learner_id"),
        (17, "email"),
        (23, "awarded_on"),
    ]


# --- single rows


def test_a_day_is_not_in_the_future_on_that_day() -> None:
    assert len(read(csv(GOOD), today="2026-10-01").rows) == 1
    assert read(csv(GOOD), today="2026-09-30").refused[0].column == "awarded_on"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("learner_id", "a\u202eb"),
        ("family_name", ""),
        ("email", ""),
        ("email", "a@b"),
        ("email", "a b@example.edu"),
        ("email", "a@@example.edu"),
        ("email", "<a@example.edu>"),
        ("micro_credential", ""),
        ("micro_credential", "Fintech-Innovation"),
        ("awarded_on", ""),
        ("awarded_on", "2026-02-30"),
        ("awarded_on", "46296"),
        ("grade", ""),
        ("grade", "pass"),
        ("grade", "49"),
        ("holder", "0x" + "0" * 40),
        ("holder", "de0b295669a9fd93d5f28d9ec85e40f4cb697bae"),
    ],
)
def test_a_bad_cell_is_refused_by_column(column: str, cell: str) -> None:
    cells = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | {column: cell}
    report = read(csv(GOOD.replace("00012345", "other"), ",".join(cells.values())))
    assert [row.line for row in report.rows] == [2]
    refused = report.refused[0]
    assert (refused.line, refused.column, refused.value) == (3, column, cell)
    assert refused.raw == tuple(cells.values())


@pytest.mark.parametrize("mangled", ["1.23E+10", "1,2E10", "#REF!", "######", "#N/A"])
def test_an_identifier_that_a_spreadsheet_destroyed_is_refused(mangled: str) -> None:
    row = GOOD.split(",")
    row[0] = f'"{mangled}"'
    report = read(f"{HEADER}\n{','.join(row)}\n")
    assert [(r.column, r.line) for r in report.refused] == [("learner_id", 2)]
    assert "format the column as text" in report.refused[0].reason


@pytest.mark.parametrize(("day", "reason"), [("2026-02-30", "no such day"), ("1969-12-31", "before 1970")])
def test_a_day_that_is_none_is_told_as_what_it_is(day: str, reason: str) -> None:
    report = read(f"{HEADER}\n{GOOD.replace('2026-10-01', day)}\n")
    assert reason in report.refused[0].reason


@pytest.mark.parametrize(
    "holder",
    [
        "0xde0b295669a9fd93d5f28d9ec85e40f4cb697bae",
        "0xDE0B295669A9FD93D5F28D9EC85E40F4CB697BAE",
        "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe",
    ],
)
def test_a_holder_is_small_capital_or_correctly_mixed(holder: str) -> None:
    row = read(csv(GOOD + holder)).rows[0]
    assert row.award.holder == bytes.fromhex("de0b295669a9fd93d5f28d9ec85e40f4cb697bae")


def test_one_name_in_the_wrong_column_is_told() -> None:
    assert "in this column" in read(csv(GOOD.replace("Müller", ""))).refused[0].reason


def test_a_line_break_inside_a_cell_keeps_line_numbers_right() -> None:
    broken = GOOD.replace("Müller", '"Mül\nler"')
    report = read(csv(broken, GOOD, GOOD.replace("71", "131")))
    assert [row.line for row in report.rows] == [4]
    assert [(row.line, row.column) for row in report.refused] == [(2, "family_name"), (5, "grade")]


@pytest.mark.parametrize("stray", ['"Müller', '"Mül"ler', '"' + "x" * 200_000 + '"'])
def test_a_stray_quotation_mark_costs_its_own_row_only(stray: str) -> None:
    others = [GOOD.replace("00012345", f"{n}") for n in range(40)]
    report = read(csv(GOOD.replace("Müller", stray), *others))
    assert accounted(report) == list(range(2, 43))
    assert [row.line for row in report.refused] == [2]


def test_quotation_marks_by_the_thousand_are_read_in_bounded_time() -> None:
    report = read(csv(*['b",""",'] * 5000))
    assert len(report.refused) + len(report.rows) <= 5000


def test_blank_rows_and_padding_are_counted_and_not_refused() -> None:
    report = read(HEADER + ",,\n" + GOOD + ",,\n,,,,,,,,,\n\n  \n")
    assert [row.line for row in report.rows] == [2]
    assert report.blank == (3, 4, 5)
    assert report.refused == ()


@pytest.mark.parametrize("row", ["x", GOOD[:-1], GOOD + ",extra"])
def test_a_row_with_too_few_or_too_many_cells_is_refused(row: str) -> None:
    refused = read(csv(row)).refused[0]
    assert "where the header has 8" in refused.reason


# --- rows compared


def test_the_same_row_written_otherwise_is_the_same() -> None:
    other = " 00012345 ,Zoe\u0308,Müller ,zoe@example.edu,fintech-innovation,2026-10-01, 71 ,"
    report = read(csv(GOOD, other))
    assert report.refused[0].reason == "same as line 2"


def test_another_grade_for_the_same_award_is_refused_with_the_way_out() -> None:
    refused = read(csv(GOOD, GOOD.replace("71", "72"))).refused[0]
    assert (refused.line, refused.column, refused.value) == (3, "grade", "72")
    assert "line 2" in refused.reason
    assert "--supersedes" in refused.reason


def test_a_refused_row_does_not_stand_in_the_way_of_a_good_one() -> None:
    report = read(csv(GOOD.replace("71", "45"), GOOD))
    assert [row.line for row in report.rows] == [3]


def test_the_identity_key_is_learner_micro_credential_and_date() -> None:
    row, again = read(csv(GOOD)).rows[0], read(csv(GOOD.replace("71", "72"))).rows[0]
    assert identity_key(row) == identity_key(again) == '["00012345","fintech-innovation","2026-10-01"]'
    assert row.row_digest != again.row_digest
    assert len(row.row_digest) == 32


@pytest.mark.parametrize("change", [("Zoë", "Zoe"), ("zoe@", "z@"), ("71", "72"), ("71,", "71,0x" + "ab" * 20)])
def test_the_row_digest_covers_every_column(change: tuple[str, str]) -> None:
    assert read(csv(GOOD)).rows[0].row_digest != read(csv(GOOD.replace(*change))).rows[0].row_digest


# --- anything at all


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_as_input(data: bytes) -> None:
    with contextlib.suppress(InputError):
        read(data)


@given(st.lists(st.text(st.sampled_from('a,"\n\r;1'), max_size=30), max_size=8))
def test_any_rows_are_accounted_for(rows: list[str]) -> None:
    text = csv(*rows)
    report = read(text)
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n"))
    assert all(2 <= line <= lines + 1 for line in accounted(report) if line not in report.blank)
