"""A .tar that is the same bytes for the same files, and whose every byte is checked when it is read.

POSIX.1-1988 (ustar): names ascending, owner and group 0, mode 0644, time 0, zeros as padding, two blocks of zeros at
the end. Whoever reads one makes each header again and compares. `SHA256SUMS` covers all other members, as
`sha256sum -c` reads it.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from anchor.files import sync_directory
from rootseal.errors import InputError

__all__ = ["SUMS", "StrictTar", "TarSpool"]

SUMS: Final = "SHA256SUMS"
_BLOCK: Final = 512
_PIECE: Final = 1 << 20
_END: Final = bytes(2 * _BLOCK)


class TarSpool:
    """Files of an archive to be, kept on disk until it is written. `with TarSpool() as spool:`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rootseal-evidence-")
        self._files: dict[str, Path] = {}

    def __enter__(self) -> TarSpool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._folder.cleanup()

    def add(self, name: str, data: bytes) -> None:
        """Put a file in; the first of a name stands."""
        if name not in self._files:
            path = Path(self._folder.name, str(len(self._files)))
            path.write_bytes(data)
            self._files[name] = path

    def read(self, name: str) -> bytes:
        """What was put in. KeyError where nothing was."""
        return self._files[name].read_bytes()

    def write(self, out: Path) -> None:
        """Write the archive, whole or not at all. Raises `InputError` where `out` cannot be written."""
        sums = "".join(f"{_digest(self._files[name])}  {name}\n" for name in sorted(self._files))
        self.add(SUMS, sums.encode())
        part = out.with_name(f".{out.name}.part")
        try:
            with part.open("wb") as file:
                for name in sorted(self._files):
                    size = self._files[name].stat().st_size
                    file.write(_header(name, size))
                    with self._files[name].open("rb") as source:
                        while piece := source.read(_PIECE):
                            file.write(piece)
                    file.write(bytes(-size % _BLOCK))
                file.write(_END)
                file.flush()
                os.fsync(file.fileno())
            part.replace(out)
            sync_directory(out.parent)
        except OSError as error:
            raise InputError("--evidence", f"cannot be written: {error.strerror}", str(out)) from error
        finally:
            part.unlink(missing_ok=True)


class StrictTar:
    """An archive as `TarSpool.write` makes it. Raises `InputError` for any byte that such a one would not have."""

    def __init__(self, path: Path, option: str = "--from") -> None:
        self._option = option
        try:
            self._file: IO[bytes] = path.open("rb")
        except OSError as error:
            raise InputError(option, f"cannot be read: {error.strerror}", str(path)) from error
        self._places: dict[str, tuple[int, int]] = {}
        try:
            sums = dict(self._scan())
            listed = "".join(f"{digest}  {name}\n" for name, digest in sums.items() if name != SUMS)
            if self.read(SUMS) != listed.encode():
                raise self._damaged("SHA256SUMS does not fit the files")
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> StrictTar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    @property
    def names(self) -> tuple[str, ...]:
        """All members, ascending."""
        return tuple(self._places)

    def read(self, name: str) -> bytes | None:
        """The bytes of a member; None where there is none of that name."""
        if name not in self._places:
            return None
        start, size = self._places[name]
        self._file.seek(start)
        return self._file.read(size)

    def _scan(self) -> Iterator[tuple[str, str]]:
        """Every member in order with its SHA-256; the whole file is looked at."""
        before = ""
        while True:
            header = self._file.read(_BLOCK)
            if header == bytes(_BLOCK):
                break
            name, size = self._member(header)
            if name <= before:
                raise self._damaged("its files are not in order")
            before = name
            self._places[name] = (self._file.tell(), size)
            yield name, self._checked(size)
        if self._file.read() != bytes(_BLOCK):
            raise self._damaged("something follows its end")

    def _member(self, header: bytes) -> tuple[str, int]:
        try:
            found = tarfile.TarInfo.frombuf(header, "ascii", "strict")
            if header != _header(found.name, found.size):
                raise self._damaged(f"the entry of {found.name[:80]!r} is not as it was written")
        except (tarfile.TarError, ValueError) as error:
            raise self._damaged("it is no archive of this kind, or was cut off") from error
        return found.name, found.size

    def _checked(self, size: int) -> str:
        digest, rest = sha256(), size
        while rest:
            piece = self._file.read(min(rest, _PIECE))
            if not piece:
                raise self._damaged("it was cut off")
            digest.update(piece)
            rest -= len(piece)
        if self._file.read(-size % _BLOCK) != bytes(-size % _BLOCK):
            raise self._damaged("its padding was altered, or it was cut off")
        return digest.hexdigest()

    def _damaged(self, problem: str) -> InputError:
        return InputError(self._option, f"was damaged or altered, and proves nothing: {problem}")


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while piece := file.read(_PIECE):
            digest.update(piece)
        return digest.hexdigest()
