"""Folders and archives of applications: one line each, everything bounded, nothing unpacked, the worst decides."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from anchor import collecting
from anchor.collecting import Sources
from rootseal.canonical import MAX_BYTES, loads
from rootseal.presentation import Presentation, present
from tests.support.issued import paper_institution
from tests.support.program import Program
from tests.unit.wallet.test_wallet_report import NOW, facts_of, policy_of
from wallet import gathering
from wallet.bulk_verify import Judgement, Terms, exit_code, judge_all
from wallet.gathering import Gathered, gather
from wallet.settings import write_policy
from wallet.unwrapping import MAX_WRAPPED_BYTES

INSTITUTION = paper_institution(("Ana Novak", "Bor Kos", "=HYPERLINK(1) Kos"))
# In the order of the names; the log has its own.
FILES = sorted((INSTITUTION.file(at).to_bytes() for at in range(3)), key=lambda data: data.find(b"Ana Novak") < 0)
INDEX = [loads(data)["index"] for data in FILES]  # type: ignore[call-overload,index]


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    write_policy(path, policy_of(INSTITUTION))
    return path


def judged(monkeypatch: pytest.MonkeyPatch, *contents: bytes, revoked: int = 0) -> list[Judgement]:
    """Under a policy that trusts the institution, by a chain that knows its anchor; counts how often it is asked."""
    asked: list[object] = []

    def answer(home: object, *_: object) -> object:
        asked.append(home)
        return facts_of(INSTITUTION, revoked).ledgers[INSTITUTION.home.key]

    monkeypatch.setattr(collecting, "ledger_facts", answer)
    files = [Gathered(f"{number}.json", data) for number, data in enumerate(contents)]
    found = list(judge_all(files, Terms(policy_of(INSTITUTION), Sources()), NOW))
    assert asked == [INSTITUTION.home]
    return found


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def test_each_ledger_is_asked_once_for_all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Presentation(tuple(present(INSTITUTION.file(INDEX[n]), lambda path: True) for n in (0, 1))).to_bytes()
    found = judged(monkeypatch, *FILES, two, b"{}", revoked=1 << INDEX[1])
    assert [one.outcome for one in found] == ["verified", "rejected", "verified", "rejected", "rejected"]
    assert found[0].sentence.startswith("TEST. Genuine. Issued by University of Example")
    assert "revoked" in found[3].sentence
    assert found[3].sentence.index("revoked") < found[3].sentence.index("Genuine. Issued")  # the worst first
    assert "not a credential" in found[4].sentence


def test_the_worst_decides_the_exit_code() -> None:
    assert exit_code(Counter(verified=3)) == 0
    assert exit_code(Counter(verified=3, skipped=2)) == 0
    assert exit_code(Counter(verified=3, undetermined=1)) == 3
    assert exit_code(Counter(undetermined=1, rejected=1)) == 1
    assert exit_code(Counter(verified=1, unread=1)) == 1
    assert exit_code(Counter(skipped=1)) == 3
    assert exit_code(Counter()) == 3


def test_a_folder_has_a_line_a_file_and_a_table(program: Program, policy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "applications"
    (folder / "späte").mkdir(parents=True)
    for number, data in enumerate(FILES):
        (folder / f"{number}.json").write_bytes(data)
    (folder / "späte" / "cv.docx").write_bytes(b"CV")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "späte" / "altered.json").write_bytes(FILES[0].replace(b"Ana Novak", b"Eva Novak"))
    (folder / "link.json").symlink_to("/etc/hostname")
    table = tmp_path / "out.csv"
    run = program("verify", folder, "--policy", policy, "--offline", "--csv", table)
    assert run.code == 1
    lines = run.out.splitlines()
    assert len(lines) == 6
    assert lines[-1] == "0 verified, 1 rejected, 3 undetermined, 1 unread, 2 skipped."
    assert "is a link, which is not followed" in run.out
    rows = list(csv.DictReader(io.StringIO(table.read_bytes().decode("utf-8-sig"))))
    assert len(rows) == 7
    outcomes = {row["file"].removeprefix(f"{folder}/"): row for row in rows}
    assert outcomes["späte/altered.json"]["outcome"] == "rejected"
    assert outcomes["späte/altered.json"]["title"] == ""  # what was altered is not read out
    assert outcomes["0.json"]["learner"] == "Ana Novak"
    assert "anchor.unreachable" in outcomes["0.json"]["not_passed"]
    assert "'=HYPERLINK(1) Kos" in {row["learner"] for row in rows}
    again = program("verify", folder, "--policy", policy, "--csv", table)
    assert (again.code, "exists already" in again.err) == (2, True)


def test_json_is_one_object_a_file_and_the_counts(program: Program, policy: Path, tmp_path: Path) -> None:
    packed = archive(tmp_path / "a.zip", {"x/0.json": FILES[0], "x/readme.md": b"#", "bad.pdf": b"%PDF-1.4"})
    run = program("verify", packed, "--policy", policy, "--offline", "--json")
    assert run.code == 1
    *files, summary = run.objects
    assert [one["outcome"] for one in files] == ["undetermined", "skipped", "unread"]
    assert files[0]["file"] == f"{packed}/x/0.json"
    assert files[0]["verdict"]["format"] == "rootseal/verdict/1"
    assert files[2]["verdict"] is None
    assert summary == {
        "format": "rootseal/verify-summary/1",
        "verified": 0, "rejected": 0, "undetermined": 1, "unread": 1, "skipped": 1,
    }  # fmt: skip


def test_single_files_are_reported_as_before(program: Program, policy: Path, tmp_path: Path) -> None:
    (tmp_path / "0.json").write_bytes(FILES[0])
    assert "What a pass does not prove" in program("verify", tmp_path / "0.json", "--policy", policy, "--offline").out


def test_names_in_archives_are_never_paths(program: Program, policy: Path, tmp_path: Path) -> None:
    hostile = ("../../escaped.json", "/tmp/rooted.json", "a\x1b[31m\u202egnp.json", "x" * 5000 + ".json", "c:\\d.json")
    before = sorted(tmp_path.rglob("*"))
    packed = archive(tmp_path / "h.zip", dict.fromkeys(hostile, FILES[0]))
    run = program("verify", packed, "--policy", policy, "--offline")
    assert run.code == 3
    assert "\x1b" not in run.out
    assert "\u202e" not in run.out
    assert all(len(line) < 1200 for line in run.out.splitlines())
    assert sorted(tmp_path.rglob("*")) == sorted([*before, packed])
    assert not (tmp_path.parent / "escaped.json").exists()


def told(*paths: Path) -> dict[str, str | None]:
    return {found.name.rpartition("/")[2]: found.problem for found in gather(paths)}


def test_a_bomb_is_inflated_no_further_than_a_file_may_be_large(tmp_path: Path) -> None:
    bomb = archive(tmp_path / "bomb.zip", {"bomb.json": b" " * (MAX_WRAPPED_BYTES + 5), "good.json": FILES[0]})
    assert bomb.stat().st_size < 100_000
    found = told(bomb)
    assert "larger than 8 MiB" in str(found["bomb.json"])
    assert found["good.json"] is None


def test_all_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_TOTAL", 3 * MAX_BYTES)
    packed = archive(tmp_path / "m.zip", {f"{n}.json": b" " * MAX_BYTES for n in range(5)})
    assert [problem is None for problem in told(packed).values()] == [True] * 3 + [False] * 2
    monkeypatch.setattr(gathering, "MAX_FILES", 2)
    found = list(gather([packed]))
    assert [one.data is None for one in found] == [False] * 2 + [True] * 3
    assert "in parts" in str(found[4].problem)


def test_what_an_archive_holds_that_is_not_read(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", {"a.json": FILES[0]})
    outer = archive(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes(), "b.json": FILES[1]})
    found = told(outer)
    assert "archive in an archive" in str(found["inner.zip"])
    assert found["b.json"] is None
    strange = archive(tmp_path / "strange.zip", {"c.json": FILES[0]}, zipfile.ZIP_LZMA)
    assert "compressed in a way" in str(told(strange)["c.json"])


def test_damaged_and_encrypted_members_cost_only_themselves(tmp_path: Path) -> None:
    packed = archive(tmp_path / "d.zip", {"a.json": FILES[0], "b.json": FILES[1]}, zipfile.ZIP_STORED)
    data = bytearray(packed.read_bytes())
    data[data.index(b"Ana Novak")] ^= 1
    packed.write_bytes(data)
    found = told(packed)
    assert found["a.json"] == "is damaged in the archive"
    assert found["b.json"] is None
    with zipfile.ZipFile(packed) as opened:
        second = opened.infolist()[1].header_offset
    data[second + 6] |= 1  # the flag in the file's own header, and in the table of contents
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    packed.write_bytes(data)
    assert "is encrypted" in str(told(packed)["b.json"])


@pytest.mark.parametrize("cut", [4, 30, 100, 1000, -1, -22])
def test_an_archive_that_is_cut_off_is_a_sentence(program: Program, tmp_path: Path, cut: int) -> None:
    packed = archive(tmp_path / "c.zip", {"a.json": FILES[0]})
    packed.write_bytes(packed.read_bytes()[:cut])
    run = program("verify", packed, "--offline")
    assert run.code == 2
    assert "c.zip" in run.err
    assert "Traceback" not in run.err


def test_a_table_of_contents_without_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = archive(tmp_path / "t.zip", {"a.json": FILES[0]})
    data = bytearray(packed.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = (1 << 30).to_bytes(4, "little")
    packed.write_bytes(data)

    def read(*_: object) -> object:
        raise AssertionError("read")

    monkeypatch.setattr(zipfile, "ZipFile", read)
    with pytest.raises(ValueError, match="more than 10,000 files"):
        list(gather([packed]))


def test_what_is_named_and_not_there_is_wrong_usage(program: Program, tmp_path: Path) -> None:
    run = program("verify", tmp_path, tmp_path / "nothing.json")
    assert run.code == 2
    assert "nothing.json" in run.err


def test_every_json_line_is_ascii(program: Program, policy: Path, tmp_path: Path) -> None:
    (tmp_path / "mapa").mkdir()
    (tmp_path / "mapa" / "č\u202e.json").write_bytes(FILES[0])
    run = program("verify", tmp_path / "mapa", "--policy", policy, "--offline", "--json")
    assert run.out.isascii()
    assert [json.loads(line)["format"] for line in run.out.splitlines()] == [
        "rootseal/verify-file/1", "rootseal/verify-summary/1",
    ]  # fmt: skip
