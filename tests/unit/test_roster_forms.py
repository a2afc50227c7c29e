"""Rosters as files: every usual form of CSV and JSON lines reads the same, and another kind is refused as a whole."""

from __future__ import annotations

import codecs
import json
import re
from hashlib import sha256

import pytest

from node.roster import COLUMNS, MAX_ROSTER_BYTES
from node.roster.report import contents
from rootseal.errors import InputError
from tests.support.rosters import GOOD, HEADER, accounted, csv, read

# --- CSV


def test_the_row_digest_is_over_json_as_it_was_always_written() -> None:
    """A list that is handed in again years later must be known again."""
    row = read(csv(GOOD)).rows[0]
    cells = contents(row.award, row.email, row.template, row.holders).values()
    text = json.dumps(["rootseal/roster-row/1", *cells], ensure_ascii=False, separators=(",", ":"))
    assert row.row_digest == sha256(text.encode()).digest()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_usual_form_reads_the_same(delimiter: str, end: str, encoding: str) -> None:
    text = csv(GOOD).replace(",", delimiter).replace("\n", end)
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    report = read(marks.get(encoding, b"") + text.encode(encoding))
    assert report == read(csv(GOOD)) or report.rows[0].row_digest == read(csv(GOOD)).rows[0].row_digest
    assert report.refused == ()


def test_columns_may_stand_in_any_order_and_case() -> None:
    names = ["Holder", " GRADE ", "Awarded on", "micro-credential", "EMail", "Family Name", "Given_Name", "Learner ID"]
    row = ",".join(reversed(GOOD.split(",")))
    report = read(",".join(names) + "\n" + row + "\n")
    assert report.rows[0].row_digest == read(csv(GOOD)).rows[0].row_digest


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER.replace(",grade", ""), "missing column: grade"),
        (HEADER.replace(",grade,holder", ""), "missing columns: grade, holder"),
        (HEADER + ",phone", "unknown column 'phone': rename it or take it out"),
        (HEADER + ",grade", "column grade is there twice"),
        (HEADER.replace("grade", ""), "a column has no name"),
        ("00012345,Zoë,Müller", "names no column: the first line must name them all"),
        ("", "is empty; the names of the columns belong in it"),
        ('"' + HEADER, "quotation mark"),
    ],
)
def test_a_wrong_header_is_refused_by_name(header: str, reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)) as refusal:
        read(f"{header}\n{GOOD}\n")
    assert refusal.value.where == "roster.csv, line 1"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_that_excel_tells_is_taken(delimiter: str) -> None:
    report = read(f"sep={delimiter}\r\n" + csv(GOOD).replace(",", delimiter))
    assert [row.line for row in report.rows] == [3]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"{\\rtf1", "RTF"),
        (b"\n <!DOCTYPE html><table>", "web page"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (csv(GOOD).encode("latin-1"), "not UTF-8 on line 2; save the list as CSV UTF-8"),
        (csv(GOOD).encode("utf-16-le"), "UTF-8"),
        (csv("x").encode("utf-16-le"), "NUL characters"),
        (codecs.BOM_UTF32_LE + csv(GOOD).encode("utf-32-le"), "UTF-8"),
        (codecs.BOM_UTF16_LE + b"a", "not UTF-16"),
        (b"[{}]", "JSON array"),
        (b" " * (MAX_ROSTER_BYTES + 1), "larger than 20 MiB"),
    ],
)
def test_another_kind_of_file_is_refused_with_the_way_out(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(data)


def test_more_rows_than_the_limit_are_refused_as_a_whole() -> None:
    with pytest.raises(InputError, match="more than 100,000 rows"):
        read(HEADER + "\n" + "x\n" * 100_001)


def test_today_must_be_a_day() -> None:
    with pytest.raises(InputError, match="today"):
        read(csv(GOOD), today="now")


# --- JSON lines


def line_of(**members: object) -> str:
    return json.dumps({**dict(zip(COLUMNS, GOOD.split(","), strict=True)), **members})


def test_json_lines_give_the_same_rows_as_csv() -> None:
    report = read(f"{line_of(holder=None)}\n\n{line_of(learner_id='7')}\n", "roster.jsonl")
    assert report.rows[0].row_digest == read(csv(GOOD)).rows[0].row_digest
    assert accounted(report) == [1, 2, 3]


@pytest.mark.parametrize(
    ("source", "column", "reason"),
    [
        ("{", None, "is not JSON"),
        ("5", None, "not a JSON object"),
        ("[" * 100_000, None, "is not JSON"),
        (line_of(phone="1"), "phone", "unknown member"),
        (line_of(learner_id=12345), "learner_id", "quotation marks"),
        (line_of(grade=True), "grade", "quotation marks"),
        (line_of(given_name=["x"]), "given_name", "quotation marks"),
        ('{"grade":"1","grade":"2"}', "grade", "there twice"),
        ("{}", "learner_id", "is missing"),
        (line_of(email=None), "email", "is missing"),
        (line_of(family_name="\ud800"), "family_name", "U+D800"),
        (line_of(family_name="a\u202eb"), "family_name", "U+202E"),
    ],
)
def test_a_bad_json_line_is_refused_alone(source: str, column: str | None, reason: str) -> None:
    report = read(f"{line_of()}\n{source}\n{line_of(learner_id='7')}", "roster.jsonl")
    assert [row.line for row in report.rows] == [1, 3]
    refused = report.refused[0]
    assert (refused.line, refused.column) == (2, column)
    assert reason in refused.reason
    assert (refused.value or "").isprintable() or column == "family_name"
    json.dumps([refused.reason, refused.value], ensure_ascii=False).encode()
