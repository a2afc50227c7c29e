"""Lists on the command line: workbooks in and out, the dry run in plain words, corrections."""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from node.cli.previewing import AnchorCost, anchor_cost, cost_json, cost_line
from node.gas import ANCHOR, gas_of
from node.issuance import IssueOutcome
from node.roster import COLUMNS, MAX_ROSTER_BYTES
from node.services import Services
from node.store import EntryState
from tests.support.program import Program
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def filled(path: Path, *rows: list[Any]) -> Path:
    book = load_workbook(path)
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


ROW = ["00000001", "Ana", "Kovač", "a@example.edu", "ledgers", "2026-10-01", None, None]


def test_from_an_empty_workbook_to_corrected_rows(node: Node, program: Program, tmp_path: Path) -> None:
    directory, made = node.directory, tmp_path / "june.xlsx"
    assert program("node", "templates", "sample", directory, "ledgers", "-o", made).code == 0
    assert program("node", "templates", "sample", directory, "ledgers", "-o", made).code == 2
    filled(made, ROW, [12345, *ROW[1:]])
    refused = tmp_path / "refused.xlsx"
    run = program("node", "issue", directory, made, "--refused", refused)
    assert run.code == 1
    assert "line 3, A3, learner_id: is a number, and numbers lose their leading zeros" in run.out
    book = load_workbook(BytesIO(refused.read_bytes()))
    assert [cell.value for cell in book.active[1]] == [*COLUMNS, "reason"]
    book.active["A2"] = "00012345"
    book.save(refused)
    again = program("node", "issue", directory, refused, "--json")
    assert (again.code, len(again.objects[0]["issued"])) == (0, 1)


def test_an_empty_list_is_csv_or_a_workbook(node: Node, program: Program, tmp_path: Path) -> None:
    empty = tmp_path / "a.csv"
    assert program("node", "templates", "sample", node.directory, "ledgers", "-o", empty).code == 0
    assert empty.read_bytes() == b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"
    assert program("node", "templates", "sample", node.directory, "ledgers", "-o", tmp_path / "a.ods").code == 2
    assert program("node", "templates", "sample", node.directory, "nothing", "-o", tmp_path / "b.csv").code == 2


def test_refused_rows_do_not_change_their_format(node: Node, program: Program, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_bytes(roster(1))
    run = program("node", "issue", node.directory, listed, "--refused", tmp_path / "refused.xlsx")
    assert run.code == 2
    assert "must end in .csv" in run.err
    assert sum(node.services.store.entries.counts().values()) == 0


def half_good(path: Path) -> bytes:
    """A list of two rows, one of them wrong."""
    data = roster(1) + roster(2, date="31/03/2026").splitlines(keepends=True)[-1]
    path.write_bytes(data)
    return data


@pytest.mark.parametrize("dry_run", [True, False])
def test_no_file_is_overwritten_by_refused_rows(node: Node, program: Program, tmp_path: Path, dry_run: bool) -> None:
    listed, other, link = tmp_path / "list.csv", tmp_path / "other.csv", tmp_path / "link.csv"
    data = half_good(listed)
    other.write_text("the registrar's own")
    link.symlink_to(tmp_path / "nothing.csv")
    flags = ["--dry-run"] if dry_run else []
    for name, said in (
        (listed, "is the list itself, which is not overwritten"),
        (tmp_path / "node" / ".." / "list.csv", "is the list itself"),
        (other, "exists already and is not overwritten; name a new file"),
        (link, "exists already"),
    ):
        run = program("node", "issue", node.directory, listed, "--refused", name, *flags)
        assert (run.code, said in run.err, run.out) == (2, True, ""), run.err
    assert (listed.read_bytes(), other.read_text()) == (data, "the registrar's own")
    assert sum(node.services.store.entries.counts().values()) == 0


def test_nothing_is_issued_where_the_refused_rows_have_no_place(node: Node, program: Program, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    half_good(listed)
    for name, said in (
        (tmp_path / "missing" / "refused.csv", "its folder is not there"),
        (listed / "refused.csv", "--refused: "),
        (Path("/proc/refused.csv"), "--refused: cannot be written: "),
        (tmp_path / f"{'x' * 300}.csv", "--refused: cannot be written: "),
    ):
        run = program("node", "issue", node.directory, listed, "--refused", name)
        assert (run.code, said in run.err, run.out) == (2, True, ""), run.err
    assert sum(node.services.store.entries.counts().values()) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", "node"]


def test_what_was_issued_is_told_where_the_refused_rows_are_lost(
    node: Node, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, refused = tmp_path / "list.csv", tmp_path / "folder" / "refused.csv"
    half_good(listed)
    refused.parent.mkdir()
    real = Services.issue

    def issue(self: Services, *words: Any, **more: Any) -> IssueOutcome:
        shutil.rmtree(refused.parent)
        return real(self, *words, **more)

    monkeypatch.setattr(Services, "issue", issue)
    run = program("node", "issue", node.directory, listed, "--refused", refused)
    assert run.code == 1
    assert "2 rows: 1 issued, 1 refused" in run.out
    assert "line 3, awarded_on" in run.out
    assert "written to" not in run.out
    assert "the refused rows cannot be written" in run.err
    assert "another file for --refused: nothing is issued twice" in run.err
    monkeypatch.undo()
    again = program("node", "issue", node.directory, listed, "--refused", tmp_path / "refused.csv")
    assert (again.code, "0 issued, 1 refused, 1 issued before" in again.out) == (1, True)
    assert b"31/03/2026" in (tmp_path / "refused.csv").read_bytes()


def test_no_file_is_made_where_no_row_is_refused(node: Node, program: Program, tmp_path: Path) -> None:
    listed, refused = tmp_path / "list.csv", tmp_path / "refused.csv"
    listed.write_bytes(roster(1))
    for flags in (["--dry-run"], []):
        assert program("node", "issue", node.directory, listed, "--refused", refused, *flags).code == 0
    assert not refused.exists()


def test_who_was_issued_by_mistake_is_found_and_withdrawn(node: Node, program: Program, tmp_path: Path) -> None:
    listed, directory = tmp_path / "list.csv", node.directory
    listed.write_bytes(roster(2) + roster(1, date="2026-09-01").splitlines(keepends=True)[-1])
    issued = program("node", "issue", directory, listed)
    for command in (f"seal {directory}'", f"withdraw {directory} ID'", f"waiting {directory}'"):
        assert f"'rootseal node {command}" in issued.out
    ids = [entry.id for entry in node.services.store.entries.numbered(0, 9)]
    assert all(one in program("node", "waiting", directory).out for one in ids)

    several = program("node", "withdraw", directory, "--learner", "00000000")
    assert (several.code, [one in several.err for one in ids]) == (2, [True, False, True])
    assert node.services.store.entries.counts()[EntryState.WITHDRAWN] == 0
    one = program("node", "withdraw", directory, "--learner", "00000001", "--json")
    assert one.objects == [{"format": "rootseal/node-withdraw/1", "id": ids[1], "state": "withdrawn"}]
    none = program("node", "withdraw", directory, "--learner", "00000001")
    assert (none.code, "has no credential that is not sealed" in none.err) == (2, True)
    assert program("node", "withdraw", directory).code == 2
    assert program("node", "withdraw", directory, ids[0], "--learner", "00000000").code == 2
    assert node.services.store.entries.counts()[EntryState.WITHDRAWN] == 1


def test_a_dry_run_shows_a_credential_in_words_and_the_cost(node: Node, program: Program, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_bytes(roster(2))
    run = program("node", "issue", node.directory, listed, "--dry-run")
    assert run.code == 0
    assert "2 rows: 2 would be issued" in run.out
    listed.write_bytes(roster(1))
    assert "1 row: 1 would be issued" in program("node", "issue", node.directory, listed, "--dry-run").out
    listed.write_bytes(roster(2))
    assert "Ana 0 Kovač" in run.out
    assert "Ledgers for registrars" in run.out
    assert "the price is not known" in run.out
    assert sum(node.services.store.entries.counts().values()) == 0
    value = program("node", "issue", node.directory, listed, "--dry-run", "--json").objects[0]
    assert value["cost"] == {"gas": gas_of(ANCHOR), "weiPerGas": None, "wei": None}


def test_the_cost_comes_from_the_chain_where_it_answers(node: Node) -> None:
    cost = anchor_cost(node.services)
    assert cost.price is not None
    assert cost.problem is None
    assert cost_json(AnchorCost(50_000, 2 * 10**9, None)) == {
        "gas": 50_000,
        "weiPerGas": "2000000000",
        "wei": "100000000000000",
    }
    assert "about 50,000 gas × 2 gwei = 0.0001 coins" in cost_line(AnchorCost(50_000, 2 * 10**9, None))
    assert "= 0 coins" in cost_line(AnchorCost(50_000, 0, None))


def test_a_correction_on_the_command_line(node: Node, program: Program, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_bytes(roster(1))
    old = program("node", "issue", node.directory, listed, "--json").objects[0]["issued"][0]["id"]
    node.services.seal()
    listed.write_bytes(roster(1).replace("Kovač".encode(), b"Kovac"))
    refused = program("node", "issue", node.directory, listed)
    assert refused.code == 1
    assert f"--supersedes {old}" in refused.out
    corrected = program("node", "issue", node.directory, listed, "--supersedes", old)
    assert corrected.code == 0
    assert "revoked, with all its copies, when the anchor of the new one is final" in corrected.out
    assert "1 issued before" in program("node", "issue", node.directory, listed, "--supersedes", old).out
    listed.write_bytes(roster(1).replace("Kovač".encode(), b"Kowatsch"))
    assert program("node", "issue", node.directory, listed, "--supersedes", old).code == 3
    assert program("node", "issue", node.directory, listed, "--supersedes", "x").code == 2


def test_a_file_of_200_mb_is_refused_without_being_read(node: Node, program: Program, tmp_path: Path) -> None:
    for name in ("list.csv", "list.xlsx"):
        with (tmp_path / name).open("wb") as file:
            file.write(b"PK" if name.endswith("x") else b"learner_id")
            file.truncate(200 * 1000 * 1000)
        run = program("node", "issue", node.directory, tmp_path / name)
        assert run.code == 2
        assert f"larger than {MAX_ROSTER_BYTES >> 20} MiB; split the list" in run.err


def test_progress_is_told_from_the_first_row_to_the_last(node: Node) -> None:
    told: list[tuple[int, int]] = []
    node.services.issue(roster(1200), "r.csv", progress=lambda done, total: told.append((done, total)))
    shares = [done / total for done, total in told]
    assert len(shares) >= 12
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
