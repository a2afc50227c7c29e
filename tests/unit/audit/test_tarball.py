"""An archive is the same bytes for the same files, and no other bytes are taken for one."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from anchor.audit.tarball import StrictTar, TarSpool
from rootseal.errors import InputError

FILES = {"b/2.txt": b"two" * 300, "a": b"", "z/" + "long/" * 20 + "name": b"x" * 512, "c": bytes(1025)}


def written(path: Path, names: list[str]) -> bytes:
    with TarSpool() as spool:
        for name in names:
            spool.add(name, FILES[name])
        spool.write(path)
    return path.read_bytes()


def test_order_of_adding_does_not_matter(tmp_path: Path) -> None:
    names = list(FILES)
    assert written(tmp_path / "1.tar", names) == written(tmp_path / "2.tar", names[::-1])
    with StrictTar(tmp_path / "1.tar") as tar:
        assert list(tar.names) == sorted([*FILES, "SHA256SUMS"])
        assert {name: tar.read(name) for name in FILES} == FILES
        assert tar.read("nothing") is None
    with tarfile.open(tmp_path / "1.tar") as tar:
        assert {m.name: (m.mtime, m.uid, m.gid, m.uname, m.mode) for m in tar}["a"] == (0, 0, 0, "", 0o644)


def test_every_single_byte_counts(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.tar", ["a", "b/2.txt"])
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        (tmp_path / "b.tar").write_bytes(changed)
        with pytest.raises(InputError, match="damaged or altered"):
            StrictTar(tmp_path / "b.tar")


def test_every_cut_and_every_addition_is_noticed(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.tar", ["a", "c"])
    for size in range(0, len(whole), 97):
        (tmp_path / "b.tar").write_bytes(whole[:size])
        with pytest.raises(InputError):
            StrictTar(tmp_path / "b.tar")
    (tmp_path / "b.tar").write_bytes(whole + bytes(512))
    with pytest.raises(InputError, match="end"):
        StrictTar(tmp_path / "b.tar")


def test_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with TarSpool() as spool, pytest.raises(InputError, match="--evidence"):
        spool.write(tmp_path / "no" / "such" / "folder.tar")
    with pytest.raises(InputError, match="cannot be read"):
        StrictTar(tmp_path / "nothing.tar")
