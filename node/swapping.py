"""Several files replaced together: after a crash at any moment all are old, or the next opening makes all new.

The order is the design. New contents are written beside and synced; then the journal names them, which is the
decision; then each takes its place; then the journal goes. A crash before the journal: the old files stand
untouched. After it: whoever opens the node next goes on, and arrives at the same end.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from anchor.failing import why
from anchor.files import sync_directory, write_atomically
from rootseal.canonical import Json
from rootseal.errors import StoreError
from rootseal.strict import hex_bytes, members, string

__all__ = ["Step", "finish_swap", "swap_files"]

Step = Callable[[str], None]
"""Told before each step what comes: where tests let a process die."""

_JOURNAL: Final = ".swap.json"
_FORMAT: Final = "rootseal/swap/1"


def swap_files(directory: Path, contents: Mapping[Path, bytes], step: Step = lambda _: None) -> None:
    """Replace every file by its new content (mode 0600), all or none; the journal lies in `directory`.

    Raises `StoreError` where one cannot be written: then none was changed.
    """
    finish_swap(directory)
    files = {path.resolve(): data for path, data in contents.items()}
    try:
        for path, data in files.items():
            step(f"write {path.name}")
            write_atomically(_beside(path), data)
        step("decide")
        write_atomically(directory / _JOURNAL, _journal(files))
    except OSError as error:
        for path in files:
            with contextlib.suppress(OSError):
                _beside(path).unlink()
        problem = f"cannot be written: {error.strerror}; nothing was changed"
        raise StoreError(f"{error.filename or directory}: {problem}") from error
    finish_swap(directory, step)


def finish_swap(directory: Path, step: Step = lambda _: None) -> bool:
    """Go on with a replacement that was decided and interrupted; True iff there was one. Two may do it at once.

    Raises `StoreError` where it cannot be finished.
    """
    journal = directory / _JOURNAL
    try:
        value = json.loads(journal.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise StoreError(f"{journal}: cannot be read: {why(error)}") from error
    try:
        for path, digest in _entries(value):
            step(f"replace {path.name}")
            with contextlib.suppress(FileNotFoundError):  # done before the crash, or by another process just now
                _beside(path).replace(path)
            sync_directory(path.parent)
            if sha256(path.read_bytes()).digest() != digest:
                raise StoreError(f"{path}: is not what {journal} says; restore a backup")
        step("forget")
        journal.unlink(missing_ok=True)
        sync_directory(directory)
    except OSError as error:
        raise StoreError(f"{error.filename or directory}: cannot be replaced: {error.strerror}") from error
    return True


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.next")


def _journal(files: Mapping[Path, bytes]) -> bytes:
    listed = [{"path": str(path), "sha256": sha256(data).hexdigest()} for path, data in files.items()]
    return json.dumps({"format": _FORMAT, "files": listed}).encode()


def _entries(value: Json) -> list[tuple[Path, bytes]]:
    m = members(value, _JOURNAL, ("format", "files"))
    if m["format"] != _FORMAT or not isinstance(m["files"], list):
        raise StoreError(f"{_JOURNAL}: was written by another version of rootseal")
    rows = [members(row, f"{_JOURNAL}.files", ("path", "sha256")) for row in m["files"]]
    where = f"{_JOURNAL}.files"
    return [(Path(string(row["path"], where)), hex_bytes(row["sha256"], where, 32)) for row in rows]
