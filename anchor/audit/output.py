"""Writing a report: its files complete, or the earlier ones still there."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Final

from anchor.audit.report import REPORT_FORMAT
from anchor.files import sync_directory
from rootseal.errors import InputError

__all__ = ["check_output", "write_report"]

_JSON: Final = "report.json"
_TEXT: Final = "report.txt"
_PAGE: Final = "report.html"
_PART: Final = ".audit-part."


def check_output(folder: Path) -> None:
    """Refuse, before any work, a folder that holds anything but an earlier report. Raises `InputError`."""
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise InputError("--out", "is not a directory", str(folder))
    foreign = [path.name for path in folder.iterdir() if path.name not in (_JSON, _TEXT, _PAGE) and not _is_part(path)]
    if foreign or not _is_report(folder / _JSON):
        kept = sorted(foreign)[:1] or [_JSON]
        raise InputError("--out", f"must be new, empty or hold an earlier report; {kept[0]} is none", str(folder))


def write_report(folder: Path, data: bytes, text: str, page: str) -> None:
    """Write `report.html`, `report.txt` and `report.json` into `folder`, made where it is missing. Raises `InputError`.

    All are on disk before one gets its name. A crash between the renames leaves a page or a text that
    names another SHA-256 than its JSON has, which running the audit again cures.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if _is_part(path):
                path.unlink()
        contents = ((_PAGE, page.encode()), (_TEXT, text.encode()), (_JSON, data))
        parts = [(_part(folder, content), name) for name, content in contents]
        for part, name in parts:
            part.replace(folder / name)
        sync_directory(folder)
    except OSError as error:
        raise InputError("--out", f"cannot be written: {error.strerror or error}", str(folder)) from error


def _part(folder: Path, content: bytes) -> Path:
    path = folder / f"{_PART}{secrets.token_hex(8)}"
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def _is_part(path: Path) -> bool:
    return path.name.startswith(_PART)


def _is_report(path: Path) -> bool:
    """Absent counts: a folder that holds nothing else is empty, or was left by a crash."""
    if not path.exists():
        return True
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("format") == REPORT_FORMAT
