"""`revoke`, `suspend`, `reinstate`: what happens to credentials after they were issued, one by one or by a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from node.cli.terminal import answer, directory_argument, harmless, json_option, leave, opened, tell
from rootseal.errors import InputError
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.bulk_status import BulkOutcome
    from node.services import Services
    from node.statuses import StatusOutcome

__all__ = ["reinstate", "revoke", "suspend"]

F = TypeVar("F", bound=Callable[..., Any])

_REASONS = {"none": 0, "superseded": 1}
_SHOWN = 50
_ALREADY = {
    "revoke": "revoke was asked for before",
    "suspend": "suspend was asked for before",
    "reinstate": "it is not suspended, or the end of its suspension was asked for before",
}
_AHEAD = "rootseal.although-ahead"
_AHEAD_SECONDS = 600.0
_reason = click.option(
    "--reason",
    type=click.Choice(list(_REASONS)),
    default="none",
    show_default=True,
    help="What stands on chain for ever. Any other reason stays with you: it would be personal data.",
)

_note = click.option(
    "--note", metavar="TEXT", help="Why, in your words: stays in your database; 'reason' hands it to the holder."
)


def _remember(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.meta[_AHEAD] = value


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
        click.option(
            "--although-ahead",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="The chain is ahead of this store: act on what lies below the last own anchor, send it, and wait.",
        ),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_which
@_reason
@_note
def revoke(
    directory: Path, ids: Sequence[str], file: Path | None, dry_run: bool, as_json: bool, reason: str, note: str | None
) -> None:
    """Revoke credentials for ever, with all their copies. 'anchor' or 'run' sends it.

    Any copy's id means all copies. Those that are sealed and not anchored yet are revoked as soon as they are.

    With --file every row is accounted for; good rows are queued even where others are refused.

    \b
    Examples:
      rootseal node revoke mynode 0b6f… --reason superseded
      rootseal node revoke mynode 0b6f… --note "Examination board, 3 October: thesis withdrawn"
      rootseal node revoke mynode --file withdrawn.csv --dry-run

    Exit codes: 0 queued, or asked before; 1 rows were refused; 2 no such credential; 3 one is not anchored yet.
    """
    _act("revoke", directory, ids, file, dry_run, _REASONS[reason], as_json, note)


@click.command()
@_which
@_note
def suspend(
    directory: Path, ids: Sequence[str], file: Path | None, dry_run: bool, as_json: bool, note: str | None
) -> None:
    """Suspend credentials, with all their copies, until they are reinstated. 'anchor' or 'run' sends it.

    \b
    Examples:
      rootseal node suspend mynode 0b6f…
      rootseal node suspend mynode --file unpaid.csv

    Exit codes: 0 queued, or asked before; 1 rows were refused; 2 no such credential; 3 one is not anchored, or revoked.
    """
    _act("suspend", directory, ids, file, dry_run, 0, as_json, note)


@click.command()
@_which
def reinstate(directory: Path, ids: Sequence[str], file: Path | None, dry_run: bool, as_json: bool) -> None:
    """End the suspension of credentials and of all their copies. 'anchor' or 'run' sends it.

    \b
    Examples:
      rootseal node reinstate mynode 0b6f…
      rootseal node reinstate mynode --file paid.csv

    Exit codes: 0 queued, or asked before; 1 rows were refused; 2 no such credential; 3 one is not anchored, or revoked.
    """
    _act("reinstate", directory, ids, file, dry_run, 0, as_json)


def _act(
    act: str,
    directory: Path,
    ids: Sequence[str],
    file: Path | None,
    dry_run: bool,
    reason: int,
    as_json: bool,
    note: str | None = None,
) -> None:
    from node.reasons import check_note, keep_note, keep_notes

    if note is not None:
        check_note(note)
    if bool(ids) == (file is not None):
        raise click.UsageError("Give credential ids, or --file LIST.csv.")
    if dry_run and file is None:
        raise click.UsageError("--dry-run goes with --file.")
    ahead = bool(click.get_current_context().meta.get(_AHEAD))
    if ahead and file is not None:
        raise click.UsageError("--although-ahead goes with ids, not with --file.")
    with opened(directory) as services:
        if ahead:
            done, final = _although_ahead(services, directory, act, ids, reason)
            if note is not None:
                keep_note(services.store, done, note, services.now)
            _answer(done, as_json, final=final)
            leave(0 if final else 3)
            return
        if file is None:
            one = {"revoke": services.revoke, "suspend": services.suspend, "reinstate": services.reinstate}[act]
            done = one(ids, reason)
            if note is not None:
                keep_note(services.store, done, note, services.now)
            _answer(done, as_json)
            return
        outcome = _by_list(services, act, file, reason, dry_run)
        if note is not None and not dry_run:
            good = [row.id for row in outcome.rows if row.id is not None and row.outcome in ("queued", "already")]
            keep_notes(services.store, good, act, note, services.now)
    answer(as_json, "act-list", _list_json(outcome), _list_lines(outcome))
    leave(1 if outcome.count("refused") else 0)


def _although_ahead(
    services: Services, directory: Path, act: str, ids: Sequence[str], reason: int
) -> tuple[StatusOutcome, bool]:
    """Sent and waited for here, because a node whose chain is ahead sends nothing by itself."""
    import time
    from dataclasses import replace

    from node.although_ahead import act_although_ahead
    from node.statuses import Act
    from node.stopped import node_stopped

    with node_stopped(directory, services.store, f"node {act}"):
        done = act_although_ahead(services, Act(act), ids, reason, _AHEAD_SECONDS, tell, time.time, time.sleep)
    if done.problem is not None:
        tell(f"Not yet: {done.problem}. Run it again.")
    status = done.status
    return replace(status, already=(*done.standing, *status.already)), done.final


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


def _answer(outcome: StatusOutcome, as_json: bool, *, final: bool = False) -> None:
    act = outcome.act.value
    value = {
        "act": act,
        "requested": list(outcome.requested),
        "already": list(outcome.already),
        "intents": list(outcome.intents),
        "following": list(outcome.following),
        "withdrawn": list(outcome.withdrawn),
    }
    lines = [f"{credential_id}: {act} is queued" for credential_id in outcome.requested]
    lines += [f"{credential_id}: {_ALREADY[act]}" for credential_id in outcome.already]
    lines += [
        f"{credential_id}: a copy that is not anchored yet; {act} follows then" for credential_id in outcome.following
    ]
    lines += [
        f"{credential_id}: a copy that was not sealed yet, and is withdrawn" for credential_id in outcome.withdrawn
    ]
    if outcome.requested:
        lines.append("It is final on chain." if final else _takes_effect())
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
        f"{counted(len(outcome.rows), 'row')}: {outcome.count('queued')} {verb} to {act}, {outcome.count('already')} "
        f"asked for before, {outcome.count('twice')} named twice, {outcome.count('refused')} refused."
    ]
    refused = [row for row in outcome.rows if row.outcome == "refused"]
    lines += [f"  line {row.line}: {harmless(row.reason, 300)}" for row in refused[:_SHOWN]]
    if len(refused) > _SHOWN:
        lines.append(f"  … and {len(refused) - _SHOWN} more; --json shows every row")
    if outcome.intents:
        lines += [f"It goes out in {counted(len(outcome.intents), 'transaction')}.", _takes_effect()]
    return lines


def _takes_effect() -> str:
    return "It takes effect when it is on chain: 'rootseal node anchor DIR' sends it, and so does 'run'."
