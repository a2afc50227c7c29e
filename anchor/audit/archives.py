"""A published log in one file: .zip, or .tar plain or compressed. Read where it lies, never unpacked into folders.

Statement of trust: none. Names in the archive are only looked up, never used as paths.
"""

from __future__ import annotations

import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from rootseal.errors import InputError, UndeterminedError

__all__ = ["ArchiveSource", "open_archive"]

_MAX_BYTES: Final = 64 << 30  # of a compressed tar, unpacked: a log of more than a thousand million entries
_BLOCK: Final = 1 << 20
_UNREADABLE: Final = (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError)


class _Members(Protocol):
    """Files of one archive by name."""

    @property
    def names(self) -> Mapping[str, int]:
        """Sizes by name."""

    def open(self, name: str) -> IO[bytes] | None:
        """The bytes of one."""

    def close(self) -> None:
        """Let go of the archive."""


@dataclass(slots=True)
class ArchiveSource:
    """An archive as `Source`; `label` is its name alone. `base` stands before every path of the log."""

    members: _Members
    label: str
    base: str

    def get(self, path: str, limit: int) -> bytes | None:
        """See `Source.get`."""
        name = self.base + path
        if name not in self.members.names:
            return None
        try:
            file = self.members.open(name)
            if file is None:
                return None
            with file:
                data = file.read(limit + 1)
        except _UNREADABLE as error:
            raise UndeterminedError(f"{path} cannot be read from the archive", "log.unreadable") from error
        if len(data) > limit:
            raise UndeterminedError(f"{path} is larger than {limit} bytes", "log.large")
        return data

    def close(self) -> None:
        """See `Source.close`."""
        self.members.close()


def open_archive(path: Path) -> ArchiveSource:
    """Open it and find the log in it. Raises `InputError` where it is no archive that can be read."""
    try:
        members: _Members = _Zip(path) if zipfile.is_zipfile(path) else _Tar(path)
    except _UNREADABLE as error:
        raise InputError("--log", "is neither a directory nor a .zip or .tar archive", str(path)) from error
    return ArchiveSource(members, path.name, _base(members.names))


def _base(names: Mapping[str, int]) -> str:
    """Where in the archive the log begins: the shortest name that ends in `checkpoint` says so."""
    heads = [name for name in names if name == "checkpoint" or name.endswith("/checkpoint")]
    return min(heads, key=lambda name: (len(name), name)).removesuffix("checkpoint") if heads else ""


class _Zip:
    """A zip file, by its directory."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self.names: Mapping[str, int] = {
            info.filename: info.file_size for info in self._zip.infolist() if not info.is_dir()
        }

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(name)

    def close(self) -> None:
        self._zip.close()


class _Tar:
    """A tar file. A compressed one is unpacked as a whole into a temporary file, for it cannot be read at random."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: IO[bytes] = path.open("rb")
            self._tar = tarfile.TarFile(fileobj=self._file)
        except tarfile.ReadError:
            self._file.close()
            self._file = _unpacked(path)
            self._tar = tarfile.TarFile(fileobj=self._file)
        self._members = {_plain(m.name): m for m in self._tar if m.isfile()}
        self.names: Mapping[str, int] = {name: member.size for name, member in self._members.items()}

    def open(self, name: str) -> IO[bytes] | None:
        return self._tar.extractfile(self._members[name])

    def close(self) -> None:
        self._tar.close()
        self._file.close()


def _unpacked(path: Path) -> IO[bytes]:
    import bz2
    import gzip

    for opener in (gzip.open, bz2.open, lzma.open):
        target = tempfile.TemporaryFile()  # noqa: SIM115 - the caller keeps it
        size = 0
        try:
            with opener(path, "rb") as source:
                while block := source.read(_BLOCK):
                    size += len(block)
                    if size > _MAX_BYTES:
                        target.close()
                        raise InputError("--log", f"is larger than {_MAX_BYTES} bytes when unpacked", str(path))
                    target.write(block)
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            target.close()
            continue
        target.seek(0)
        return target
    raise tarfile.ReadError("not compressed in a known way")


def _plain(name: str) -> str:
    return name.removeprefix("./")
