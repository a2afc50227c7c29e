"""`templates add|list|show|department|sample`: the micro-credentials that this institution awards."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anchor.files import write_atomically
from node.cli.terminal import answer, directory_argument, harmless, json_option, opened
from node.roster.report import COLUMNS
from node.roster.workbook import EMPTY_CSV, empty_workbook
from rootseal.errors import InputError, StoreError
from rootseal.microcredential import number_of, templates_from_json

if TYPE_CHECKING:
    from rootseal.microcredential import MicroCredential

__all__ = ["templates"]

_MAX_BYTES = 1 << 20


@click.group()
def templates() -> None:
    """Describe the micro-credentials that are awarded."""


@templates.command()
@directory_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def add(directory: Path, file: Path, as_json: bool) -> None:
    """Store the micro-credentials of a JSON file; a changed one becomes a new version.

    Credentials that were issued keep the version they were issued with.

    \b
    Example:
      rootseal node templates add mynode microcredentials.json
    """
    found = templates_from_json(_read_json(file))
    with opened(directory) as services:
        versions = services.add_templates(found)
    lines = [f"{key}: version {version}" for key, version in versions.items()]
    answer(as_json, "templates-add", {"versions": versions}, lines)


@templates.command("list")
@directory_argument
@json_option
def list_templates(directory: Path, as_json: bool) -> None:
    """List the micro-credentials by key.

    \b
    Example:
      rootseal node templates list mynode
    """
    with opened(directory) as services:
        found = services.templates()
    rows = [{"key": key, "title": item.title, "ects": _ects(item)} for key, item in sorted(found.items())]
    width = max((len(key) for key in found), default=0)
    lines = [f"{row['key']:{width}}  {harmless(row['title'])} ({row['ects'] or 'no'} ECTS credits)" for row in rows]
    answer(as_json, "templates-list", {"templates": rows}, lines or ["There are none: 'rootseal node templates add'."])


@templates.command()
@directory_argument
@click.argument("key")
@json_option
def show(directory: Path, key: str, as_json: bool) -> None:
    """Show one micro-credential with all its elements.

    \b
    Example:
      rootseal node templates show mynode lab-safety
    """
    with opened(directory) as services:
        item = _one(services.templates(), key)
    value = item.to_json()
    lines = [f"{name}: {harmless(json.dumps(part, ensure_ascii=False), 2000)}" for name, part in value.items()]
    answer(as_json, "templates-show", {"template": value}, lines)


@templates.command()
@directory_argument
@click.argument("key")
@click.argument("name", metavar="[DEPARTMENT]", required=False)
@click.option("--none", "no_department", is_flag=True, help="It belongs to no department any more.")
@json_option
def department(directory: Path, key: str, name: str | None, no_department: bool, as_json: bool) -> None:
    """Say which department awards a micro-credential, or show it; capitals do not matter.

    A token with departments issues, approves, revokes and sees only theirs. It holds for all versions of the
    template, and for credentials that were issued before.

    \b
    Examples:
      rootseal node templates department mynode lab-safety chemistry
      rootseal node templates department mynode lab-safety --none

    Exit codes: 0 done; 2 no such key.
    """
    from node.access import Access

    if no_department and name is not None:
        raise click.UsageError("Give a department or --none, not both.")
    with opened(directory) as services:
        _one(services.templates(), key)
        if name is not None or no_department:
            Access(services.store, time.time).set_department(key, name)
        found = services.store.departments.of(key)
    line = f"{key} belongs to {harmless(found)}" if found else f"{key} belongs to no department"
    answer(as_json, "templates-department", {"key": key, "department": found}, [line])


@templates.command()
@directory_argument
@click.argument("key")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to make; .csv or .xlsx says which kind.  [default: KEY.csv]",
)
@json_option
def sample(directory: Path, key: str, out: Path | None, as_json: bool) -> None:
    """Write an empty list to fill in for one micro-credential: CSV, or an Excel workbook (XLSX).

    The workbook's columns are formatted so that nothing that is typed is changed: learner ids keep their zeros.

    \b
    Examples:
      rootseal node templates sample mynode lab-safety -o june.xlsx
      rootseal node templates sample mynode lab-safety -o june.csv
    """
    with opened(directory) as services:
        item = _one(services.templates(), key)
    path = (out or Path(f"{key}.csv")).absolute()
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise InputError("--out", "must end in .csv or .xlsx", str(path))
    if path.exists():
        raise InputError("--out", "exists already and is not overwritten", str(path))
    try:
        write_atomically(path, empty_workbook(item.key) if path.suffix.lower() == ".xlsx" else EMPTY_CSV)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
    lines = [f"{path}: fill it in, one row for each award, with {item.key} in the column micro_credential."]
    answer(as_json, "templates-sample", {"file": str(path), "columns": list(COLUMNS)}, lines)


def _one(found: dict[str, MicroCredential], key: str) -> MicroCredential:
    if key not in found:
        raise InputError("KEY", f"is no micro-credential here; known are: {', '.join(sorted(found)) or 'none'}", key)
    return found[key]


def _ects(item: MicroCredential) -> int | float | None:
    return number_of(item.credits) if item.credits else None


def _read_json(file: Path) -> object:
    try:
        with file.open("rb") as opened_file:
            data = opened_file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise InputError(str(file), f"is larger than {_MAX_BYTES} bytes")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(str(file), f"is not JSON in UTF-8: {error}") from error
