"""`revoke`, `suspend`, `reinstate`: what happens to credentials after they were issued."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.terminal import answer, directory_argument, json_option, opened

if TYPE_CHECKING:
    from node.statuses import StatusOutcome

__all__ = ["reinstate", "revoke", "suspend"]

_REASONS = {"none": 0, "superseded": 1}
_ids = click.argument("ids", metavar="ID…", nargs=-1, required=True)
_reason = click.option(
    "--reason",
    type=click.Choice(list(_REASONS)),
    default="none",
    show_default=True,
    help="What stands on chain for ever. Any other reason stays with you: it would be personal data.",
)


@click.command()
@directory_argument
@_ids
@_reason
@json_option
def revoke(directory: Path, ids: Sequence[str], reason: str, as_json: bool) -> None:
    """Revoke credentials for ever. 'anchor' or 'run' sends it.

    \b
    Example:
      rootseal node revoke mynode 0b6f… --reason superseded

    Exit codes: 0 queued, or asked before; 2 no such credential; 3 one is not anchored yet.
    """
    with opened(directory) as services:
        _answer(services.revoke(ids, _REASONS[reason]), as_json)


@click.command()
@directory_argument
@_ids
@_reason
@json_option
def suspend(directory: Path, ids: Sequence[str], reason: str, as_json: bool) -> None:
    """Suspend credentials until they are reinstated. 'anchor' or 'run' sends it.

    \b
    Example:
      rootseal node suspend mynode 0b6f…

    Exit codes: 0 queued, or asked before; 2 no such credential; 3 one is not anchored yet, or revoked.
    """
    with opened(directory) as services:
        _answer(services.suspend(ids, _REASONS[reason]), as_json)


@click.command()
@directory_argument
@_ids
@json_option
def reinstate(directory: Path, ids: Sequence[str], as_json: bool) -> None:
    """End the suspension of credentials. 'anchor' or 'run' sends it.

    \b
    Example:
      rootseal node reinstate mynode 0b6f…

    Exit codes: 0 queued, or asked before; 2 no such credential; 3 one is not anchored yet, or revoked.
    """
    with opened(directory) as services:
        _answer(services.reinstate(ids), as_json)


def _answer(outcome: StatusOutcome, as_json: bool) -> None:
    act = outcome.act.value
    value = {
        "act": act,
        "requested": list(outcome.requested),
        "already": list(outcome.already),
        "intents": list(outcome.intents),
    }
    lines = [f"{credential_id}: {act} is queued" for credential_id in outcome.requested]
    lines += [f"{credential_id}: {act} was asked for before" for credential_id in outcome.already]
    if outcome.requested:
        lines.append("It takes effect when it is on chain: 'rootseal node anchor DIR' sends it, and so does 'run'.")
    answer(as_json, "act", value, lines)
