"""`export`, `update`, `export-log`: files for learners, the log for everybody."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.terminal import answer, directory_argument, json_option, leave, opened, progress
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.exporting import ExportOutcome

__all__ = ["export", "export_log", "update"]

_out = click.option(
    "-o", "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to."
)


@click.command()
@directory_argument
@click.argument("ids", metavar="[ID]…", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every credential that is sealed.")
@_out
@json_option
def export(directory: Path, ids: tuple[str, ...], everything: bool, out: Path, as_json: bool) -> None:
    """Write one file per credential, named by its id, and manifest.csv for delivery.

    The files are complete: whoever has one can show everything in it. Hand each to its learner only.
    Before the anchor is final a file holds the promise alone; 'update' then brings it up to date.

    \b
    Examples:
      rootseal node export mynode --all -o june
      rootseal node export mynode 0b6f… -o one

    Exit codes: 0 written; 2 no such credential; 3 one is not sealed yet.
    """
    if bool(ids) == everything:
        raise click.UsageError("Give credential ids, or --all.")
    with opened(directory) as services:
        total = len(ids) or services.store.log.size()
        with progress("Writing files") as move:
            outcome = services.export(ids or None, out, lambda done: move(done, total))
    answer(as_json, "export", _as_json(outcome), _lines(outcome))


@click.command()
@directory_argument
@_out
@json_option
def update(directory: Path, out: Path, as_json: bool) -> None:
    """Give the exported files in a folder the newer proofs that there are by now.

    \b
    Example:
      rootseal node update mynode -o june

    Exit codes: 0 up to date; 1 a file is of no credential of this node.
    """
    with opened(directory) as services, progress("Updating files") as move:
        outcome = services.update(out, lambda done: move(done, done))
    answer(as_json, "update", _as_json(outcome), _lines(outcome))
    leave(1 if outcome.unknown else 0)


@click.command("export-log")
@directory_argument
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@json_option
def export_log(directory: Path, out: Path, as_json: bool) -> None:
    """Write the public log (C2SP tiles, checkpoint, issuer document) to a folder for any web server.

    Run again it writes what is new. It holds commitments only: nothing about anybody.

    \b
    Example:
      rootseal node export-log mynode /srv/www/log

    Exit codes: 0 written; 2 the folder holds another log; 3 nothing is sealed yet.
    """
    from node.publishing import LogPublisher

    with opened(directory) as services, progress("Writing tiles") as move:
        done = LogPublisher(services).write(out, move)
    value = {"out": str(out), "size": done.size, "before": done.before, "files": done.files}
    told = f"{out} holds the log of {counted(done.size, 'entry')} ({done.before} before)."
    answer(as_json, "export-log", value, [told])


def _as_json(outcome: ExportOutcome) -> dict[str, Any]:
    return {
        "out": str(outcome.directory),
        "written": outcome.written,
        "unchanged": outcome.unchanged,
        "anchored": outcome.anchored,
        "waiting": outcome.waiting,
        "unknown": list(outcome.unknown),
    }


def _lines(outcome: ExportOutcome) -> list[str]:
    total = outcome.written + outcome.unchanged
    written = counted(outcome.written, "file")
    lines = [f"{outcome.directory}: {written} written, {outcome.unchanged} up to date already."]
    if outcome.anchored < total:
        out = shlex.quote(str(outcome.directory))
        lines.append(
            f"With a promise only: {total - outcome.anchored}; anchor, then `rootseal node update DIR -o {out}`."
        )
    if outcome.waiting:
        lines.append(f"Accepted and not sealed, so without a file yet: {outcome.waiting}.")
    lines += [f"not of this node, left alone: {name}" for name in outcome.unknown]
    return lines
