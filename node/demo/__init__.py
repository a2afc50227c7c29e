"""`rootseal demo`: the whole story on one machine, told by running the program itself."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

import click

from node.demo.program import Failed, Program
from node.demo.story import Story

__all__ = ["main"]


@click.command("demo")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for everything that is made; each run gets a folder of its own in it.",
)
@click.option("--serve", is_flag=True, help="Leave the node running at the end, until Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the node with --serve; 0 picks one.")
def main(directory: Path, serve: bool, port: int) -> None:
    """Issue, anchor, present, verify and audit on this machine, and say what happens.

    Uses a development chain of its own, 127.0.0.1 only, and ends every process that it started.
    Nothing made here is real: every verdict says TEST.

    \b
    Examples:
      rootseal demo
      rootseal demo --serve --port 8080

    Exit codes: 0 everything did what it should; 1 a step did not, and its output is shown.
    """
    folder = _fresh(directory)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with Program(folder) as program:
            story = Story(program, folder, click.echo)
            story.tell()
            if serve:
                story.serve(port)
    except Failed as failure:
        click.echo(failure.report(), err=True)
        click.get_current_context().exit(1)
    except KeyboardInterrupt:
        if not serve:
            raise
        click.echo("Stopped. Everything that was started has ended.")
    finally:
        signal.signal(signal.SIGTERM, previous)


def _fresh(directory: Path) -> Path:
    """The next `run-N` in `directory`: an earlier run's files are left as they are."""
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        try:
            (directory / f"run-{number}").mkdir()
        except FileExistsError:
            number += 1
            continue
        return directory / f"run-{number}"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
