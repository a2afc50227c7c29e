"""`issue`, `withdraw`, `seal`: from a list of awards to promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.approving import acting, token_option
from node.cli.previewing import anchor_cost, cost_json, cost_line, in_words
from node.cli.refused import check_refused_file, check_refused_name, refused_json, refused_lines, write_refused
from node.cli.shapes import checkpoint_json
from node.cli.terminal import answer, directory_argument, harmless, json_option, leave, opened, progress, tell
from node.roster.sources import MAX_ROSTER_BYTES
from rootseal.errors import InputError
from rootseal.instants import format_instant
from rootseal.plurals import agreeing, counted

if TYPE_CHECKING:
    from node.issuance import IssuedRow, IssueOutcome
    from node.store import Store

__all__ = ["issue", "seal", "withdraw"]

_NAMED = 20


@click.command()
@directory_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the list, show one credential and the cost; store nothing.")
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write refused rows, if there are any, to this new file, in the format of the list with a reason column.",
)
@click.option("--supersedes", metavar="ID", help="The list's one row takes the place of this credential.")
@click.option(
    "--copies",
    type=click.IntRange(1, 16),
    default=1,
    metavar="K",
    show_default=True,
    help="Issue so many copies of each that two employers cannot link by place or hash; you can. Needs as many "
    "anchors, one after another.",
)
@token_option("needed where second_approver is on")
@json_option
def issue(
    directory: Path,
    file: Path,
    dry_run: bool,
    refused: Path | None,
    supersedes: str | None,
    copies: int,
    token_file: Path | None,
    as_json: bool,
) -> None:
    """Issue the awards of a list: CSV, Excel workbook (XLSX), or JSON lines.

    Every row is accounted for: issued, issued before, refused (with line, column and reason) or blank.
    Good rows are issued even where others are refused. Running the same list again issues nothing twice.
    The file of refused rows can be corrected and issued as it is: its column 'reason' is read over.

    In a workbook, format the column learner_id as Text, or leading zeros are lost; such numbers are refused,
    and so are formulas, merged cells and hidden rows. 'templates sample' makes a workbook that is right.

    With --supersedes the old credential stays valid until the anchor of the new one is final; then it is
    revoked as superseded, by 'anchor' or 'run'. Credits keep their identity.

    With --copies K each learner gets K credentials that say the same, and shows each employer a part of another one.
    The holder cell then holds K addresses with spaces between them, or none. One copy carries the credits. Each is
    sealed only when the one before it is final on chain, and all are handed out together.

    Where second_approver is on in node.toml, name who issues with --token-file; another person approves
    ('waiting', 'approve') before anything is sealed.

    \b
    Examples:
      rootseal node issue mynode june.xlsx --dry-run
      rootseal node issue mynode june.csv --refused to-correct.csv
      rootseal node issue mynode june.csv --copies 4
      rootseal node issue mynode corrected.csv --supersedes 0b6f…

    Exit codes: 0 every row is issued; 1 rows were refused, or this person may not; 2 the list as a whole cannot be
    read, or the file for refused rows is there already or cannot be made: nothing was issued; 3 the credential to
    supersede was corrected otherwise, or withdrawn.
    """
    if refused is not None:
        check_refused_file(refused, file)
    data = _read(file)
    if refused is not None:
        check_refused_name(refused, data, file.name)
    with opened(directory) as services, acting(services, token_file):
        second = services.config.second_approver
        with progress("Working through the list") as move:
            outcome = services.issue(
                data, file.name, dry_run=dry_run, supersedes=supersedes, progress=move, copies=copies
            )
        cost = anchor_cost(services) if dry_run else None
        others = sum(services.store.copies.published(row.id)[1] != copies for row in outcome.already)
    unwritten = write_refused(refused, outcome.refused, data, file.name) if refused and outcome.refused else None
    lines = _issue_lines(outcome, refused if unwritten is None else None, second)
    if others:
        lines.append(
            f"{others} of those issued before {agreeing(others, 'has', 'have')} another number of copies than "
            f"{copies}, and that stays: 'rootseal node copies DIR ID --add N' makes more of one."
        )
    if cost is not None:
        lines.append(cost_line(cost))
    if supersedes is not None and outcome.issued and not dry_run:
        lines.append("The old credential is revoked, with all its copies, when the anchor of the new one is final.")
    answer(as_json, "issue", {**_issue_json(outcome), "cost": cost and cost_json(cost)}, lines)
    if unwritten is not None:
        tell(
            f"{refused}: the refused rows cannot be written: {unwritten}. Give the same command again with another "
            "file for --refused: nothing is issued twice."
        )
    leave(1 if outcome.refused else 0)


def _read(file: Path) -> bytes:
    """The list; of a file that is far too large no more than shows it."""
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(MAX_ROSTER_BYTES + 1)
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}") from error


def _issue_json(outcome: IssueOutcome) -> dict[str, Any]:
    return {
        "dryRun": outcome.dry_run,
        "rows": outcome.total,
        "copies": outcome.copies,
        "issued": [_row(row) for row in outcome.issued],
        "already": [_row(row) for row in outcome.already],
        "refused": refused_json(outcome.refused),
        "blank": list(outcome.blank),
        "sample": outcome.sample if outcome.dry_run else None,
    }


def _row(row: IssuedRow) -> dict[str, object]:
    return {"line": row.line, "id": row.id, "learnerId": row.learner, "microCredential": row.micro_credential}


def _issue_lines(outcome: IssueOutcome, refused: Path | None, second: bool) -> list[str]:
    verb = "would be issued" if outcome.dry_run else "issued"
    lines = [f"{counted(outcome.total, 'row')}: {len(outcome.issued)} {verb}, {len(outcome.refused)} refused"]
    if outcome.already:
        lines[0] += f", {len(outcome.already)} issued before"
    if outcome.blank:
        lines[0] += f", and {counted(len(outcome.blank), 'blank line')}"
    they = agreeing(len(outcome.issued), "It waits", "They wait")
    if outcome.refused:
        lines += ["Refused:", *refused_lines(outcome.refused)]
        where = "" if refused is None else f"; written to {refused}"
        lines += [f"Correct {agreeing(len(outcome.refused), 'it', 'them')} and issue the list again{where}."]
    if outcome.dry_run and outcome.sample is not None:
        lines += ["One of the credentials, in plain words (--json shows the document):", *in_words(outcome.sample)]
    elif outcome.issued and second:
        lines.append(f"{they} for another person: 'rootseal node waiting DIR', then 'approve' or 'reject'.")
    if outcome.copies > 1 and outcome.issued:
        lines.append(
            f"{outcome.copies} copies of each: they take {outcome.copies} anchors, one after another, and are handed "
            "out when all are final."
        )
    if outcome.issued and not second and not outcome.dry_run:
        lines += [
            f"{they} to be sealed: 'rootseal node seal DIR' does it now.",
            "Until then 'rootseal node withdraw DIR ID' takes one back, or --learner with a learner id in "
            "place of ID; 'rootseal node waiting DIR' names the ids.",
        ]
    return lines


@click.command()
@directory_argument
@click.argument("credential_id", metavar="[ID]", required=False)
@click.option("--learner", metavar="LEARNER", help="In place of ID: the learner id of who has one that is not sealed.")
@json_option
def withdraw(directory: Path, credential_id: str | None, learner: str | None, as_json: bool) -> None:
    """Take back a credential before it is sealed, with all its copies. It never enters the log.

    With --learner in place of ID, the one credential of this learner that is not sealed; where there are several,
    their ids are named and nothing is withdrawn. 'waiting' names the ids of all that is not sealed.

    Once the first copy is sealed this is refused; 'copies --withdraw' takes back copies that still wait.

    \b
    Examples:
      rootseal node withdraw mynode urn:uuid:0b6f…
      rootseal node withdraw mynode --learner 00784483

    Exit codes: 0 withdrawn; 2 no such credential, or the learner has several; 3 it is sealed already (revoke it
    instead).
    """
    if (credential_id is None) == (learner is None):
        raise click.UsageError("Say which credential: its ID, or --learner, one of the two.")
    with opened(directory) as services:
        entry = services.withdraw(credential_id or _only_one(services.store, learner or ""))
    answer(as_json, "withdraw", {"id": entry.id, "state": entry.state.value}, [f"{entry.id} is withdrawn"])


def _only_one(store: Store, learner: str) -> str:
    """The id of the one credential of this learner that is not sealed. Raises `InputError` for none, or several."""
    from node.store.finding import Standing, Wanted

    found = store.finding.page(Wanted(Standing.ACCEPTED, learner=learner.strip()), 0, _NAMED + 1)
    if not found:
        problem = "has no credential that is not sealed; 'rootseal node waiting DIR' lists what is not"
        raise InputError("--learner", problem, learner)
    if found[1:]:
        named = ", ".join(f"{one.id} ({harmless(one.micro_credential)} of {one.awarded_on})" for one in found[:_NAMED])
        more = ", and more that 'rootseal node waiting DIR' names" if found[_NAMED:] else ""
        raise InputError("--learner", f"has several that are not sealed; name the id of one: {named}{more}", learner)
    return found[0].id


@click.command()
@directory_argument
@click.option(
    "--timeout", type=click.FloatRange(1), default=120.0, show_default=True, help="Seconds to wait for a running node."
)
@json_option
def seal(directory: Path, timeout: float, as_json: bool) -> None:
    """Seal all accepted credentials into the log now, and sign the promise to anchor them.

    'rootseal node run' does this by itself after the grace time; where it runs, it is asked to do it now. What is
    sealed can no longer be withdrawn.

    \b
    Example:
      rootseal node seal mynode

    Exit codes: 0 sealed, or nothing waits; 3 the registration is not final, the chain cannot be asked, or another
    command works here.
    """
    from node.asking import seal_or_ask
    from node.settings_seen import note_settings

    with opened(directory) as services:
        note_settings(services.store, services.config, services.now)
        before = services.newest_checkpoint()
        checkpoint, asked = seal_or_ask(services, timeout)
        if asked:
            tell("'rootseal node run' works here and was asked to seal.")
        unapproved = len(services.store.submissions.waiting()) if services.config.second_approver else 0
        count = 0 if checkpoint is None else checkpoint.size - (0 if before is None else before.size)
        copies = services.store.copies.waiting()
    value: dict[str, Any] = {"sealed": count, "copiesWaiting": copies, "checkpoint": None}
    lines = ["Nothing waits to be sealed."] if not unapproved else []
    if checkpoint is not None:
        value["checkpoint"] = checkpoint_json(checkpoint)
        lines = [
            f"Sealed {count}: the log has {counted(checkpoint.size, 'entry')}, its root is {checkpoint.root.hex()}.",
            f"Promised on chain by {format_instant(checkpoint.anchor_by)}.",
        ]
    if copies:
        lines.append(f"Further copies that wait until those before them are final on chain: {copies}.")
    if unapproved:
        lists = counted(unapproved, "list")
        lines.append(f"{lists} not sealed: a second person must approve first ('rootseal node waiting DIR').")
    answer(as_json, "seal", value, lines)
