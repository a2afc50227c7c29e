"""Files on disk: bounded, atomic, private."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rootseal.errors import InputError
from wallet.disk import make_private_folder, read_file, write_atomically


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_private(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
    assert mode(tmp_path / "a") == 0o600


def test_a_replaced_file_keeps_its_mode_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    path.chmod(0o644)
    write_atomically(path, b"2")
    assert (path.read_bytes(), mode(path)) == (b"2", 0o644)
    assert list(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"1")
    link = tmp_path / "link"
    link.symlink_to("real")
    write_atomically(link, b"2")
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"2"


def test_a_write_that_fails_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_atomically(tmp_path / "missing" / "a", b"1")


def test_reading_stops_one_byte_after_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert len(read_file(tmp_path / "a", 10)) == 11


@pytest.mark.parametrize("name", ["missing", "folder"])
def test_what_is_no_readable_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=name):
        read_file(tmp_path / name)


def test_a_private_folder_is_private_whatever_it_was(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir(mode=0o755)
    make_private_folder(tmp_path / "box")
    assert mode(tmp_path / "box") == 0o700
