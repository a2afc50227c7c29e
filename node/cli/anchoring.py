"""`anchor`, `run`: onto the chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from node.cli.shapes import anchor_json, checkpoint_json
from node.cli.terminal import answer, directory_argument, json_option, leave, opened, tell
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.anchoring import AnchorOutcome

__all__ = ["anchor", "run"]


@click.command()
@directory_argument
@click.option("--wait", type=click.Choice(["sent", "mined", "final"]), default="final", show_default=True)
@click.option("--timeout", type=click.FloatRange(0), default=600.0, show_default=True, help="Seconds to wait.")
@json_option
def anchor(directory: Path, wait: Literal["sent", "mined", "final"], timeout: float, as_json: bool) -> None:
    """Put the newest checkpoint (and waiting revocations) on chain, and wait.

    Safe to interrupt and to run again: nothing is anchored twice, and what was sent is followed.
    Where 'node run' runs, that process sends: it is asked to do so now, and this command waits and tells what
    holds it up.

    \b
    Examples:
      rootseal node anchor mynode
      rootseal node anchor mynode --wait sent

    Exit codes: 0 done, or nothing to anchor; 3 not reached in time, another command sends, or the chain
    cannot be asked: run it again.
    """
    from node.asking import anchor_or_ask

    with opened(directory) as services:
        outcome = anchor_or_ask(services, wait, timeout, tell)
    answer(as_json, "anchor", _as_json(outcome), [_sentence(outcome)])
    leave(0 if outcome.reached else 3)


def _as_json(outcome: AnchorOutcome) -> dict[str, Any]:
    point, row = outcome.checkpoint, outcome.anchor
    return {
        "reached": outcome.reached,
        "wait": outcome.until,
        "problem": outcome.problem,
        "checkpoint": None if point is None else checkpoint_json(point),
        "anchor": None if row is None else anchor_json(row),
    }


def _sentence(outcome: AnchorOutcome) -> str:
    if outcome.checkpoint is None:
        nothing = "Nothing is sealed yet, so there is nothing to anchor."
        return nothing if outcome.reached else f"Not yet: {outcome.problem}."
    log, row = f"The log of {counted(outcome.checkpoint.size, 'entry')} is", outcome.anchor
    if not outcome.reached:
        return f"{log} not {outcome.until} yet: {outcome.problem}. Run it again."
    if row is None:
        return f"{log} {outcome.until}."
    return f"{log} final on chain: anchor {row.sequence} in block {row.block.number}."


@click.command()
@directory_argument
@click.option("--host", help="Address to listen on.  [default: http_host of node.toml]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 picks a free one.  [default: http_port of node.toml]"
)
@click.option("--standby", is_flag=True, help="Wait until the 'run' that works here has ended, then take its place.")
def run(directory: Path, host: str | None, port: int | None, standby: bool) -> None:
    """Serve the public pages, seal after the grace time and anchor, until SIGTERM or Ctrl-C.

    The first line printed is the address. Logs are JSON lines on stderr and name no person.
    Put a web server with TLS before it; by itself it listens on 127.0.0.1 only.

    \b
    Examples:
      rootseal node run mynode
      rootseal node run mynode --port 0
      rootseal node run mynode --standby

    Exit codes: 0 stopped; 2 the node cannot be opened, or runs already.
    """
    from node.runner import run_node

    run_node(directory.absolute(), host, port, click.echo, standby=standby)
