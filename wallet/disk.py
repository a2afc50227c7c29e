"""Reading files of unknown size, and writing files that must never be half there."""

from __future__ import annotations

import stat
from pathlib import Path

from anchor import files
from anchor.failing import known_why
from rootseal.canonical import MAX_BYTES
from rootseal.errors import InputError
from wallet.phrases import Phrase, Remark

__all__ = ["PRIVATE_FILE", "PRIVATE_FOLDER", "make_private_folder", "read_file", "remark", "write_atomically"]

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def read_file(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of `path`, at most one more than `limit`, so that the reader can say "too large".

    Raises `InputError` naming the path where it is missing, a folder or unreadable.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(str(path), Phrase("is not a file"))
        with path.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise InputError(str(path), Phrase("cannot be read: {why}", why=remark(error))) from error


def write_atomically(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace `path` in one step: a reader or a crash sees all of the old bytes or all of the new.

    `mode` is that of the file written; None keeps the mode of the file replaced, or is private where there
    is none. A symbolic link stays one. Raises `InputError` naming the path where the disk refuses.
    """
    target = path.resolve()
    try:
        files.write_atomically(target, data, _mode_of(target) if mode is None else mode)
    except OSError as error:
        raise InputError(str(path), Phrase("cannot be written: {why}", why=remark(error))) from error


def make_private_folder(path: Path) -> None:
    """Make `path` for the owner's eyes alone. Raises `InputError` naming it."""
    try:
        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        path.chmod(PRIVATE_FOLDER)  # an existing folder, or a generous umask
    except OSError as error:
        raise InputError(str(path), Phrase("cannot be made: {why}", why=remark(error))) from error


def remark(error: OSError) -> Remark:
    """What the operating system says."""
    return Remark(error.strerror or str(error), known_why(error))


def _mode_of(target: Path) -> int:
    return stat.S_IMODE(target.stat().st_mode) if target.exists() else PRIVATE_FILE
