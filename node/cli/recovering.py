"""`recover`: an old copy of the node catches up with its published log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.terminal import answer, directory_argument, json_option, opened, progress
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.recovering import Recovery

__all__ = ["recover"]

_SHOWN = 20


@click.command()
@directory_argument
@click.option("--log", "source", metavar="URL|DIR", required=True, help="Where the log was published.")
@click.option(
    "--take-status",
    is_flag=True,
    help="Take revocations and suspensions on the ledger for this node's own, made after the backup.",
)
@click.option("--dry-run", is_flag=True, help="Read and check everything; write nothing.")
@json_option
def recover(directory: Path, source: str, take_status: bool, dry_run: bool, as_json: bool) -> None:
    """Let a node that was restored from an old backup catch up with its published log, and go on.

    The log's checkpoint must be signed by this node's log key, and its entries must give the root of every anchor on
    chain. Entries that the backup held get their place back. Of the others only the commitment is known: they can be
    revoked and suspended, but their files cannot be written again; issue them anew, and revoke the old ones.
    Without --take-status no status is taken over, because a thief of the key may have set it; 'annul' takes that back.
    Stop 'rootseal node run' before. The original must never run again.

    \b
    Examples:
      rootseal node recover mynode --log https://node.example --dry-run
      rootseal node recover mynode --log ./published --take-status

    Exit codes: 0 the log is whole again; 1 the published log is not the anchored one; 2 the directory or address is
    wrong; 3 the published log is too old or contradicts this store, another process works here, or the chain cannot
    be asked.
    """
    from anchor.audit.sources import open_source
    from node.recovering import recover as catch_up
    from node.stopped import node_stopped

    with (
        opened(directory) as services,
        node_stopped(directory, services.store, "node recover"),
        progress("Reading the log") as move,
    ):
        done = catch_up(services, open_source(source), dry_run=dry_run, take_status=take_status, progress=move)
    value = {
        "dryRun": done.dry_run,
        "size": done.size,
        "before": done.before,
        "found": done.found,
        "byCommitment": done.by_commitment,
        "checkpoints": list(done.checkpoints),
        "anchors": done.anchors,
        "statusDiffers": list(done.status_differs),
        "statusTaken": done.status_taken,
    }
    answer(as_json, "recover", value, _lines(done))


def _lines(done: Recovery) -> list[str]:
    verb = "to be " if done.dry_run else ""
    if done.size == done.before and not done.checkpoints:
        lines = [f"This store has the whole published log already: {counted(done.size, 'entry')}."]
    else:
        lines = [
            f"The published log has {counted(done.size, 'entry')}, this store had {done.before}.",
            f"Found again among the accepted ones: {done.found}; known by the commitment alone: {done.by_commitment}.",
            f"Promises {verb}signed anew: {len(done.checkpoints)}.",
        ]
    if done.dry_run:
        return lines
    lines.append(f"Final anchors written down: {done.anchors}.")
    if done.status_taken:
        lines.append(f"Changes of status taken over from the ledger: {done.status_taken}.")
    if done.status_differs:
        lines.append(
            f"With a status on the ledger that this store did not ask for: {len(done.status_differs)}. "
            "Yours, from after the backup? Run it again with --take-status. Not yours? See docs/drills.md."
        )
        lines += [f"  {entry_id}" for entry_id in done.status_differs[:_SHOWN]]
    return [*lines, "Next: rootseal node fsck DIR, then a new backup."]
