"""A refused row names every one of its mistakes, whatever the list's format, and comes back with all of them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from node.roster.returned import returned_list
from rootseal.errors import InputError
from tests.support.program import Program
from tests.support.workbooks import CSV, GOOD, book, read
from tests.unit.node.conftest import Node

BAD = ["", "Zoë", "", "nobody", "fintech-innovation", "2026-13-01", "131", "0x12"]
COLUMNS = ["learner_id", "family_name", "email", "awarded_on", "grade", "holder"]

HEAD = CSV.splitlines(keepends=True)[0]
REST = [str(cell or "") for cell in GOOD[1:]]


def line(cells: list[str]) -> bytes:
    return (",".join(cells) + "\n").encode()


def test_all_mistakes_of_a_csv_row_stand_in_the_order_of_the_columns() -> None:
    (row,) = read(CSV + line(BAD), "r.csv").refused
    assert (row.column, row.reason) == ("learner_id", "learner id is missing")
    assert [one.partition(":")[0] for one in row.also] == COLUMNS[1:]
    assert "email: is no e-mail address (found 'nobody')" in row.also
    assert row.reasons == "; ".join((row.reason, *row.also))


def test_a_workbook_names_the_cell_of_each() -> None:
    cells: list[object] = [12345, "Zoë", "Müller", "nobody", "fintech-innovation", 5, "131", None]
    (row,) = read(book(list(GOOD), cells)).refused
    assert (row.cell, row.column) == ("A3", "learner_id")
    # Cells that could not be read, then those that could.
    assert [one.partition(":")[0] for one in row.also] == ["F3, awarded_on", "D3, email", "G3, grade"]


def test_a_json_line_names_members_and_values() -> None:
    bad = {"learner_id": 7, "family_name": "M", "email": "x", "phone": "1", "awarded_on": "2026-10-01"}
    (row,) = read(json.dumps(bad).encode(), "r.jsonl").refused
    assert row.column == "learner_id"
    assert [one.partition(":")[0] for one in row.also] == ["phone", "micro_credential", "email"]


@pytest.mark.parametrize("learner", ["'0012345", "’7", "784483.0", "784483,00", "7.84E+05"])
def test_a_learner_id_that_a_spreadsheet_has_marked_or_changed_is_refused(learner: str) -> None:
    (row,) = read(HEAD + line([f'"{learner}"', *REST]), "r.csv").refused
    assert (row.column, row.reason.count("spreadsheet")) == ("learner_id", 1)
    assert row.value == learner


@pytest.mark.parametrize("learner", ["0012345", "s12.0", "12.05", "o'7", "A'1"])
def test_other_learner_ids_stay_as_they_are(learner: str) -> None:
    found = read(HEAD + line([learner, *REST]), "r.csv")
    assert found.refused == ()
    assert found.rows[0].award.learner_id == learner


def test_a_list_without_names_of_columns_says_so() -> None:
    with pytest.raises(InputError, match="line 1: names no column: the first line must name them all, learner_id, "):
        read(line(["0012345", *REST]), "r.csv")


def test_what_is_no_json_is_said_with_its_place_in_the_line() -> None:
    (row,) = read(b'{"learner_id": }\n', "r.jsonl").refused
    assert row.reason == "is not JSON: Expecting value at character 16"


def test_a_json_line_with_any_number_of_members_gives_no_endless_answer() -> None:
    many = json.dumps({f"m{number}": [[]] for number in range(50_000)})
    (row,) = read(many.encode(), "r.jsonl").refused
    assert len(row.also) < 30


def test_an_unknown_micro_credential_says_nothing_of_the_grade() -> None:
    (row,) = read(CSV + line([*GOOD[:4], "nothing", "2026-10-01", "131", ""]), "r.csv").refused  # type: ignore[list-item]
    assert (row.column, row.also) == ("micro_credential", ())


@pytest.mark.parametrize("cells", [[*BAD, "more"], ["1", "2"]])
def test_a_row_of_another_width_has_that_one_mistake(cells: list[str]) -> None:
    (row,) = read(CSV + line(cells), "r.csv").refused
    assert (row.column, row.also) == (None, ())


def test_the_returned_list_holds_them_in_one_cell() -> None:
    data = CSV + line(BAD)
    back = list(
        csv.DictReader(io.StringIO(returned_list(read(data, "r.csv").refused, data, "r.csv").decode("utf-8-sig")))
    )
    reason = back[0]["reason"]
    assert reason.startswith("line 3, learner_id: learner id is missing (found ''); family_name: ")
    assert all(f"; {column}: " in reason for column in COLUMNS[1:])


def test_the_command_prints_them_and_its_json_has_them(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    program = Program(capsys)
    bad = node.directory.parent / "bad.csv"
    bad.write_bytes(
        CSV.splitlines(keepends=True)[0] + line(["1", "A", "B", "nobody", "ledgers", "2099-01-01", "", "0x1"])
    )
    run = program("node", "issue", node.directory, bad, "--dry-run")
    assert run.code == 1
    assert "line 2, email: is no e-mail address" in run.out
    assert "    and awarded_on: date of issuing is in the future" in run.out
    assert "    and holder: " in run.out
    run = program("node", "issue", node.directory, bad, "--dry-run", "--json")
    assert len(run.objects[0]["refused"][0]["also"]) == 2
