"""Where a report may be written, and that nothing half-written is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.audit.output import check_output, write_report
from rootseal.errors import InputError

REPORT = b'{"format":"rootseal/audit/1"}\n'


def test_new_empty_and_earlier_reports_are_taken(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    for text in ("first", "second"):
        check_output(out)
        write_report(out, REPORT, text, f"<p>{text}")
        assert (out / "report.txt").read_text() == text
    (out / "report.json").unlink()  # as a crash between the two renames of a first report leaves it
    check_output(out)


@pytest.mark.parametrize("name", ["thesis.txt", "report.json", "sub"])
def test_anything_else_is_refused_and_kept(tmp_path: Path, name: str) -> None:
    if name == "sub":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match="--out"):
        check_output(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_failed_write_keeps_the_earlier_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(tmp_path, REPORT, "first", "<p>")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space"):
        write_report(tmp_path, REPORT, "second", "<p>")
    assert (tmp_path / "report.txt").read_text() == "first"
