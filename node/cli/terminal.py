"""What all node commands share towards a person's terminal: arguments, answers in words or JSON, progress.

Answers go to stdout, everything on the way to stderr, so that `--json` output can be piped. Errors are
not caught here: the program `rootseal` turns every foreseen one into a sentence and its exit code.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.typeable import remember_directory, typeable
from rootseal.errors import StoreError
from rootseal.microcredential import display_text
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["answer", "directory_argument", "harmless", "json_option", "leave", "opened", "progress", "tell"]

directory_argument = click.argument(
    "directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path), callback=remember_directory
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs, one object per line.")


def answer(as_json: bool, command: str, value: dict[str, Any], lines: Iterable[str]) -> None:
    """Print `value` as one line of JSON of format `rootseal/node-<command>/1`, or `lines` for a person."""
    if as_json:
        # ASCII only: no terminal and no pipe can be upset by a name in another alphabet.
        click.echo(json.dumps({"format": f"rootseal/node-{command}/1", **value}, separators=(",", ":")))
        return
    for line in lines:
        click.echo(_encodable(typeable(line)))


def tell(line: str) -> None:
    """Say on stderr what is going on."""
    click.echo(_encodable(typeable(line)), err=True)


def leave(code: int) -> None:
    """End the command with `code` where it is not 0."""
    if code:
        click.get_current_context().exit(code)


def harmless(value: object, limit: int = 200) -> str:
    """Text from a list or a chain, without control characters and line ends, cut to `limit` characters."""
    return display_text(" ".join(str(value)[: 4 * limit].splitlines()), limit) or ""


@contextlib.contextmanager
def opened(directory: Path, *, anyway: bool = False) -> Iterator[Services]:
    """The node in `directory`. Imported here: `--help` must not wait for a second of imports.

    With `anyway` also where the store cannot be written; what it keeps waiting is told.
    """
    from node.services import Services

    with Services.open(directory, settle=not anyway) as services:
        if anyway:
            try:
                services.settle()
            except StoreError as error:
                awards = counted(services.store.accepts.waiting(), "acknowledged award")
                tell(f"Kept, and still to be made into credentials: {awards}. {error}")
        yield services


@contextlib.contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal; call the result with (done, of how many)."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def move(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield move


def _encodable(line: str) -> str:
    # A name in Greek must not crash the report in a terminal of another alphabet.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)
