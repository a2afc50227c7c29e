"""`waiting`, `approve`, `reject`: the second person between issuing and sealing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from node.cli.terminal import answer, directory_argument, harmless, json_option, opened
from node.principal import acting_as
from rootseal.instants import format_instant
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.approving import Submission
    from node.looking import WaitingRow
    from node.principal import Principal
    from node.services import Services

__all__ = ["acting", "approve", "reject", "token_option", "waiting"]

F = TypeVar("F", bound=Callable[..., Any])

_SHOWN = 25
_submission = click.argument("submission", metavar="SUBMISSION", type=click.IntRange(1))


def token_option(what: str, *, required: bool = False) -> Callable[[F], F]:
    """`--token-file F`; `what` says when it is needed."""
    return click.option(
        "--token-file",
        metavar="F",
        required=required,
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"Its first line is the token of the person who does this; {what}.",
    )


@contextmanager
def acting(services: Services, token_file: Path | None) -> Iterator[Principal | None]:
    """Inside, the person of the token acts; None: the command line does. Raises `AccessDenied`, `ConfigError`."""
    from node.access import Access, read_token_file

    if token_file is None:
        yield None
        return
    principal = read_token_file(Access(services.store, time.time), token_file)
    with acting_as(principal):
        yield principal


@click.command()
@directory_argument
@json_option
def waiting(directory: Path, as_json: bool) -> None:
    """List what was issued and waits for a second person, oldest first, row by row.

    Of each list the first 25 rows are shown, with --json all. 'show' prints one credential's document. Only where
    second_approver is on in node.toml does sealing wait for it.

    \b
    Example:
      rootseal node waiting mynode

    Exit codes: 0 listed.
    """
    from node.approving import Approving
    from node.looking import waiting_rows

    with opened(directory) as services:
        found, on = Approving(services.store, time.time).waiting(), services.config.second_approver
        rows = {item.id: waiting_rows(services.store, item.id) for item in found}
    lines = [line for item in found for line in _lines(item, rows[item.id])]
    if not on and found:
        lines.append("second_approver is off in node.toml: they are sealed without an approval.")
    value = {"secondApprover": on, "submissions": [_json(item, rows[item.id]) for item in found]}
    answer(as_json, "waiting", value, lines or ["Nothing waits for an approval."])


@click.command()
@directory_argument
@_submission
@token_option("a token with the role approve, of another person than issued it", required=True)
@json_option
def approve(directory: Path, submission: int, token_file: Path, as_json: bool) -> None:
    """Let a submission be sealed. 'waiting' shows its rows beforehand, 'show' one credential's document.

    'seal' or 'run' seals it then; the grace time counts from the issuing.

    \b
    Example:
      rootseal node approve mynode 7 --token-file lin.token

    Exit codes: 0 approved, or it was before; 1 this person may not; 2 no such submission; 3 it was rejected or sealed.
    """
    from node.access import Access, read_token_file
    from node.approving import Approving
    from node.looking import waiting_rows

    with opened(directory) as services:
        principal = read_token_file(Access(services.store, time.time), token_file)
        with acting_as(principal):
            done = Approving(services.store, time.time).approve(submission, principal)
        rows = waiting_rows(services.store, submission)
    answer(as_json, "approve", _json(done, rows), _lines(done, rows))


@click.command()
@directory_argument
@_submission
@click.option("--reason", required=True, help="For those who issued it; name no learner.")
@token_option("without it the command line rejects")
@json_option
def reject(directory: Path, submission: int, reason: str, token_file: Path | None, as_json: bool) -> None:
    """Withdraw all that is not sealed of a submission. It never enters the log.

    The list can be corrected and issued again. Who issued it may take it back himself.

    \b
    Example:
      rootseal node reject mynode 7 --reason "Wrong date in all rows" --token-file lin.token

    Exit codes: 0 rejected, or it was before; 1 this person may not; 2 no such submission; 3 it was sealed.
    """
    from node.approving import Approving

    with opened(directory) as services, acting(services, token_file) as principal:
        done = Approving(services.store, time.time).reject(submission, principal, reason)
    answer(as_json, "reject", _json(done, ()), _lines(done, ()))


def _json(item: Submission, rows: Sequence[WaitingRow]) -> dict[str, Any]:
    return {
        "id": item.id,
        "submittedAt": item.submitted_at,
        "person": item.person,
        "token": item.token,
        "state": item.state,
        "decidedAt": item.decided_at,
        "decidedPerson": item.decided_person,
        "decidedToken": item.decided_token,
        "reason": item.reason,
        "accepted": item.accepted,
        "sealed": item.sealed,
        "withdrawn": item.withdrawn,
        "templates": {key: count for key, count in item.templates if count},
        "preview": item.preview,
        "copies": item.copies,
        "rows": [
            {
                "line": row.line,
                "id": row.id,
                "learnerId": row.learner_id,
                "learner": row.learner,
                "microCredential": row.micro_credential,
                "awardedOn": row.awarded_on,
            }
            for row in rows
        ],
    }


def _lines(item: Submission, rows: Sequence[WaitingRow]) -> list[str]:
    who = harmless(item.person) if item.person else "the command line"
    what = ", ".join(f"{count} of {harmless(key)}" for key, count in item.templates if count) or "nothing that waits"
    if item.further:
        what = f"{counted(item.copies, 'further copy', 'further copies')} of {what}"
    elif item.copies > 1:
        what += f", {item.copies} copies of each"
    lines = [f"{item.id}  {what}; issued {format_instant(item.submitted_at)} by {who}: {item.state}"]
    if item.decided_at is not None:
        by = harmless(item.decided_person) if item.decided_person else "the command line"
        lines.append(f"    {item.state} {format_instant(item.decided_at)} by {by}")
    if item.reason:
        lines.append(f"    reason: {harmless(item.reason, 500)}")
    if item.withdrawn:
        lines.append(f"    {item.withdrawn} withdrawn")
    for row in rows[:_SHOWN]:
        learner = f"{harmless(row.learner_id, 60)} {harmless(row.learner, 80)}".strip()
        # Of further copies nobody handed in a list; the line is that of the first copy.
        line = "" if item.further else f"line {row.line}: "
        lines.append(f"    {line}{learner}; {harmless(row.micro_credential)} of {row.awarded_on}  {row.id}")
    if len(rows) > _SHOWN:
        lines.append(f"    … and {len(rows) - _SHOWN} more; --json shows every row")
    if rows and item.state == "waiting":
        lines.append(f"    'rootseal node show DIR {item.preview}' prints one document")
    return lines
