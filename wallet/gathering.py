"""The files in folders and archives that somebody was handed: read into memory within bounds, never unpacked to disk.

Everything that is not read has a sentence of its own. A name in an archive is only shown, never used as a path.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from rootseal.errors import InputError
from wallet.disk import read_file
from wallet.unwrapping import MAX_WRAPPED_BYTES, unwrapped

__all__ = ["MAX_FILES", "MAX_TOTAL", "Gathered", "gather", "is_many"]

MAX_FILES: Final = 10_000
MAX_TOTAL: Final = 256 << 20
"""Bytes of all files together."""

_MAX_ARCHIVE: Final = 256 << 20
_SUFFIXES: Final = (".json", ".pdf", ".txt")
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
# PKWARE APPNOTE §4.3.16: the record at an archive's end, and how long a comment may follow it.
_END, _END_SIZE, _MAX_COMMENT = b"PK\x05\x06", 22, 0xFFFF
_END_64: Final = b"PK\x06\x07"
_MAX_DIRECTORY: Final = MAX_FILES * 1024
_ENCRYPTED: Final = 1


@dataclass(frozen=True, slots=True)
class Gathered:
    """A file: its bytes, or why they were not read; `skipped` where it does not look like a file of ours at all."""

    name: str
    data: bytes | None
    problem: str | None = None
    skipped: bool = False


def is_many(path: Path) -> bool:
    """Whether `path` is a folder or an archive rather than a file of its own."""
    if path.is_dir():
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(4) in _ZIP
    except OSError:
        return False


def gather(paths: Sequence[Path]) -> Iterator[Gathered]:
    """Every file in the folders and archives among `paths`, and the others themselves, within the bounds.

    Raises `InputError` only for what the user named: something that is not there, or an archive that is none.
    """
    budget = _Budget()
    for path in paths:
        if path.is_dir():
            yield from _folder(path, budget)
        elif is_many(path):
            yield from _archive(path, str(path), budget)
        else:
            yield budget.take(str(path), read_file(path, MAX_WRAPPED_BYTES))


class _Budget:
    """How much may still be read."""

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0

    def refusal(self) -> str | None:
        """Why nothing more is read, or None."""
        if self.files >= MAX_FILES:
            return f"was not read: more than {MAX_FILES:,} files; verify them in parts"
        if self.bytes >= MAX_TOTAL:
            return f"was not read: more than {MAX_TOTAL >> 20} MiB together; verify them in parts"
        return None

    def take(self, name: str, data: bytes) -> Gathered:
        self.files += 1
        self.bytes += len(data)
        if len(data) > MAX_WRAPPED_BYTES:
            return Gathered(name, None, f"is larger than {MAX_WRAPPED_BYTES >> 20} MiB; no credential is")
        try:
            return Gathered(name, unwrapped(data, "it"))
        except InputError as error:
            return Gathered(name, None, str(error))


def _folder(folder: Path, budget: _Budget) -> Iterator[Gathered]:
    for path in sorted(folder.rglob("*")):
        name = str(path)
        if path.is_symlink():
            yield Gathered(name, None, "is a link, which is not followed")
        elif not path.is_file():
            continue
        elif path.suffix.lower() == ".zip" and is_many(path):
            try:
                yield from _archive(path, name, budget)
            except InputError as error:
                yield Gathered(name, None, error.problem)
        elif _is_other(path.relative_to(folder).as_posix()):
            yield Gathered(name, None, skipped=True)
        elif (refusal := budget.refusal()) is not None:
            yield Gathered(name, None, refusal)
        else:
            yield _read(path, name, budget)


def _read(path: Path, name: str, budget: _Budget) -> Gathered:
    try:
        data = read_file(path, MAX_WRAPPED_BYTES)
    except InputError as error:
        return Gathered(name, None, error.problem)
    return budget.take(name, data)


def _archive(path: Path, name: str, budget: _Budget) -> Iterator[Gathered]:
    data = read_file(path, _MAX_ARCHIVE)
    _check_directory(data, name)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError) as error:
        raise InputError(name, "is no ZIP archive that can be read") from error
    with archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            inner = f"{name}/{info.filename}"
            if _is_other(info.filename):
                nested = info.filename.lower().endswith(".zip")
                problem = "is an archive in an archive, which is not opened" if nested else None
                yield Gathered(inner, None, problem, skipped=not nested)
            elif (refusal := budget.refusal()) is not None:
                yield Gathered(inner, None, refusal)
            else:
                yield _member(archive, info, inner, budget)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: _Budget) -> Gathered:
    if info.flag_bits & _ENCRYPTED:
        return Gathered(name, None, "is encrypted; open the archive with its password first")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return Gathered(name, None, "is compressed in a way that is not read; pack the archive anew")
    try:
        with archive.open(info) as stream:
            # What the archive says of sizes is believed by nobody: so much is inflated and no more.
            data = stream.read(MAX_WRAPPED_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError):
        budget.files += 1
        return Gathered(name, None, "is damaged in the archive")
    return budget.take(name, data)


def _check_directory(data: bytes, name: str) -> None:
    """Refuse an archive whose table of contents alone would fill the memory: found as `zipfile` finds it."""
    if len(data) > _MAX_ARCHIVE:
        raise InputError(name, f"is larger than {_MAX_ARCHIVE >> 20} MiB; verify it in parts")
    at = len(data) - _END_SIZE
    if at < 0 or data[at : at + 4] != _END or data[-2:] != b"\0\0":
        at = data.rfind(_END, max(0, len(data) - _END_SIZE - _MAX_COMMENT))
    if at < 0 or len(data) - at < _END_SIZE:
        raise InputError(name, "is no ZIP archive that can be read, or is cut off")
    size = int.from_bytes(data[at + 12 : at + 16], "little")
    if size > _MAX_DIRECTORY or data[max(0, at - 20) : max(0, at - 20) + 4] == _END_64:
        raise InputError(name, f"holds more than {MAX_FILES:,} files; verify it in parts")


def _is_other(name: str) -> bool:
    """What lies in folders beside: other kinds of files, hidden ones, and what some systems add to archives."""
    path = PurePosixPath(name.replace("\\", "/"))
    hidden = any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in path.parts)
    return hidden or path.suffix.lower() not in _SUFFIXES
