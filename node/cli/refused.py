"""Refused rows, for a person to correct: on the terminal, and as a list of the same shape with a reason column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from anchor.failing import why
from anchor.files import write_atomically
from node.cli.terminal import harmless
from node.roster.report import RefusedRow
from node.roster.returned import returned_list, returned_suffix
from node.roster.sources import MAX_ROSTER_BYTES
from rootseal.errors import InputError

__all__ = ["check_refused_file", "check_refused_name", "refused_json", "refused_lines", "write_refused"]

_SHOWN: Final = 50
_REASONS: Final = 4096


def refused_lines(refused: Sequence[RefusedRow]) -> Iterator[str]:
    """Line, cell, column and every reason of each, the first fifty."""
    for row in refused[:_SHOWN]:
        column = "".join(f", {part}" for part in (row.cell, row.column) if part is not None)
        value = "" if row.value is None else f" (found {harmless(row.value, 60)!r})"
        yield f"  line {row.line}{column}: {harmless(row.reason, 400)}{value}"
        yield from (f"    and {harmless(further, 400)}" for further in row.also)
    if len(refused) > _SHOWN:
        yield f"  … and {len(refused) - _SHOWN} more; --refused FILE writes them all"


def refused_json(refused: Sequence[RefusedRow]) -> list[dict[str, object]]:
    """The same for programs, all of them."""
    return [
        {
            "line": row.line,
            "cell": row.cell,
            "column": row.column,
            "value": row.value,
            "reason": row.reason,
            "also": list(row.also),
        }
        for row in refused
    ]


def check_refused_file(path: Path, listed: Path) -> None:
    """Raises `InputError` unless the file is new and can be made: its folder is there and has room for such a list.

    `listed` is the list itself, which is there.
    """
    folder = path.absolute().parent
    try:
        if path.exists() and path.samefile(listed):
            raise InputError("--refused", "is the list itself, which is not overwritten; name a new file", str(path))
        if path.exists() or path.is_symlink():
            raise InputError("--refused", "exists already and is not overwritten; name a new file", str(path))
        if not folder.is_dir():
            raise InputError("--refused", "its folder is not there; make it, or name a file in another", str(path))
        with NamedTemporaryFile(dir=folder) as trial:
            trial.write(bytes(min(listed.stat().st_size, MAX_ROSTER_BYTES) + _REASONS))
            trial.flush()
    except OSError as error:
        raise InputError("--refused", f"cannot be written: {why(error)}; name a file elsewhere", str(path)) from error


def write_refused(path: Path, refused: Sequence[RefusedRow], data: bytes, filename: str) -> str | None:
    """A list of the shape of `data` (the one the rows stood in) with a reason column; it can be handed in again.

    Where it cannot be written, what the system said: the good rows are issued by then, and that must be told.
    """
    content = returned_list(refused, data, filename)
    try:
        write_atomically(path.absolute(), content)
    except OSError as error:
        return why(error)
    return None


def check_refused_name(path: Path, data: bytes, filename: str) -> None:
    """Raises `InputError` unless the name of the file to write ends as its format does."""
    suffix = returned_suffix(data, filename)
    if (path.suffix.lower() == ".xlsx") != (suffix == ".xlsx"):
        raise InputError(
            "--refused", f"must end in {suffix}: refused rows come back in the format of the list", str(path)
        )
