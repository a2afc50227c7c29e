"""`revoke`, `suspend`, `reinstate`: what happens to credentials after they were issued, one by one or by a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from node.cli.terminal import answer, directory_argument, harmless, json_option, leave, opened
from rootseal.errors import InputError

if TYPE_CHECKING:
    from node.bulk_status import BulkOutcome
    from node.services import Services
    from node.statuses import StatusOutcome

__all__ = ["reinstate", "revoke", "suspend"]

F = TypeVar("F", bound=Callable[..., Any])

_REASONS = {"none": 0, "superseded": 1}
_SHOWN = 50
_reason = click.option(
    "--reason",
    type=click.Choice(list(_REASONS)),
    default="none",
    show_default=True,
    help="What stands on chain for ever. Any other reason stays with you: it would be personal data.",
)


def _which(command: F) -> F:
    """Ids, or a list with one in each row."""
    options = (
        directory_argument,
        click.argument("ids", metavar="[ID]…", nargs=-1),
        click.option(
            "--file",
            "file",
            metavar="LIST.csv",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A CSV with a column id, or learner_id, micro_credential and awarded_on.",
        ),
        click.option("--dry-run", is_flag=True, help="With --file: say what would become of every row; queue nothing."),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_which
@_reason
def revoke(directory: Path, ids: Sequence[str], file: Path | None, dry_run: bool, as_json: bool, reason: str) -> None:
    """Revoke credentials for ever. 'anchor' or 'run' sends it.

    With --file every row is accounted for; good rows are queued even where others are refused.

    \b
    Examples:
      rootseal node revoke mynode 0b6f… --reason superseded
      rootseal node revoke mynode --file withdrawn.csv --dry-run

    Exit codes: 0 queued, or asked before; 1 rows were refused; 2 no such credential; 3 one is not anchored yet.
    """
    _act("revoke", directory, ids, file, dry_run, _REASONS[reason], as_json)


@click.command()
@_which
def suspend(directory: Path, ids: Sequence[str], file: Path | None, dry_run: bool, as_json: bool) -> None:
    """Suspend credentials until they are reinstated. 'anchor' or 'run' sends it.

    \b
    Examples:
      rootseal node suspend mynode 0b6f…
      rootseal node suspend mynode --file unpaid.csv

    Exit codes: 0 queued, or asked before; 1 rows were refused; 2 no such credential; 3 one is not anchored, or revoked.
    """
    _act("suspend", directory, ids, file, dry_run, 0, as_json)


@click.command()
@_which
def reinstate(directory: Path, ids: Sequence[str], file: Path | None, dry_run: bool, as_json: bool) -> None:
    """End the suspension of credentials. 'anchor' or 'run' sends it.

    \b
    Examples:
      rootseal node reinstate mynode 0b6f…
      rootseal node reinstate mynode --file paid.csv

    Exit codes: 0 queued, or asked before; 1 rows were refused; 2 no such credential; 3 one is not anchored, or revoked.
    """
    _act("reinstate", directory, ids, file, dry_run, 0, as_json)


def _act(
    act: str, directory: Path, ids: Sequence[str], file: Path | None, dry_run: bool, reason: int, as_json: bool
) -> None:
    if bool(ids) == (file is not None):
        raise click.UsageError("Give credential ids, or --file LIST.csv.")
    if dry_run and file is None:
        raise click.UsageError("--dry-run goes with --file.")
    with opened(directory) as services:
        if file is None:
            one = {"revoke": services.revoke, "suspend": services.suspend, "reinstate": services.reinstate}[act]
            _answer(one(ids, reason), as_json)
            return
        outcome = _by_list(services, act, file, reason, dry_run)
    answer(as_json, "act-list", _list_json(outcome), _list_lines(outcome))
    leave(1 if outcome.count("refused") else 0)


def _by_list(services: Services, act: str, file: Path, reason: int, dry_run: bool) -> BulkOutcome:
    from node.bulk_status import change_by_list
    from node.statuses import Act

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}") from error
    return change_by_list(
        services.store, services.statuses, Act(act), data, file.name, reason, services.now, dry_run=dry_run
    )


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
        lines.append(_takes_effect())
    answer(as_json, "act", value, lines)


def _list_json(outcome: BulkOutcome) -> dict[str, Any]:
    return {
        "act": outcome.act.value,
        "dryRun": outcome.dry_run,
        "counts": {name: outcome.count(name) for name in ("queued", "already", "twice", "refused")},
        "rows": [
            {"line": row.line, "id": row.id, "outcome": row.outcome, "reason": row.reason} for row in outcome.rows
        ],
        "intents": list(outcome.intents),
    }


def _list_lines(outcome: BulkOutcome) -> list[str]:
    act, verb = outcome.act.value, "would be queued" if outcome.dry_run else "queued"
    lines = [
        f"{len(outcome.rows)} rows: {outcome.count('queued')} {verb} to {act}, {outcome.count('already')} asked for "
        f"before, {outcome.count('twice')} named twice, {outcome.count('refused')} refused."
    ]
    refused = [row for row in outcome.rows if row.outcome == "refused"]
    lines += [f"  line {row.line}: {harmless(row.reason, 300)}" for row in refused[:_SHOWN]]
    if len(refused) > _SHOWN:
        lines.append(f"  … and {len(refused) - _SHOWN} more; --json shows every row")
    if outcome.intents:
        lines += [f"{len(outcome.intents)} transactions carry it.", _takes_effect()]
    return lines


def _takes_effect() -> str:
    return "It takes effect when it is on chain: 'rootseal node anchor DIR' sends it, and so does 'run'."
