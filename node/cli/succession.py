"""`succeed`, `accept-succession`: one issuer ends, another takes over. Final, and trust does not follow by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.governing import confirm, cost_json, cost_line, dry_run_option, governed, key_options, yes_option
from node.cli.terminal import answer, directory_argument, harmless, json_option
from rootseal.errors import ConflictError

if TYPE_CHECKING:
    from node.governing import Governor

__all__ = ["accept_succession", "succeed"]


@click.command()
@directory_argument
@click.argument("successor", metavar="SUCCESSOR", type=click.IntRange(0))
@dry_run_option
@yes_option
@key_options
@json_option
def succeed(directory: Path, successor: int, dry_run: bool, yes: bool, as_json: bool, **options: Any) -> None:
    """End this issuer in favour of issuer number SUCCESSOR, which must accept. 0 takes an invitation back.

    When it accepts, this issuer can never anchor again. What it anchored stays as good as it is, and its status
    stays writable. Whoever trusts this issuer does not trust the successor by that.

    \b
    Examples:
      rootseal node succeed mynode 8 --dry-run
      rootseal node succeed mynode 8 --yes

    Exit codes: 0 invited; 2 not the admin's key; 3 refused, the admin must sign, or not final yet: run it again.
    """
    from anchor.calling import LedgerCall

    with governed("succeed", directory, as_json, options) as governor:
        governor.require_admin()
        call = LedgerCall(
            f"invite issuer {successor} to succeed" if successor else "take the invitation back",
            "succeed",
            (governor.issuer, successor),
        )
        cost = governor.cost(call)
        warnings = _warnings(governor, successor) if successor else []
        if not dry_run:
            if cost is not None and successor:
                confirm(warnings, yes)
            governor.send(call)
        value = {"done": not dry_run, "dryRun": dry_run, "successor": successor or None, "cost": cost_json(cost)}
        there = f"'rootseal node accept-succession ITS-DIR {governor.issuer}', with the directory of that node"
        done = f"Issuer {successor} is invited. There: {there}."
        lines = (
            [*warnings, cost_line(cost)] if dry_run else [done if successor else "No successor is invited any more."]
        )
        answer(as_json, "succeed", value, lines)


@click.command("accept-succession")
@directory_argument
@click.argument("issuer", metavar="ISSUER", type=click.IntRange(1))
@dry_run_option
@yes_option
@key_options
@json_option
def accept_succession(directory: Path, issuer: int, dry_run: bool, yes: bool, as_json: bool, **options: Any) -> None:
    """Take over from issuer number ISSUER, which invited this one. Final.

    \b
    Example:
      rootseal node accept-succession newnode 7 --yes

    Exit codes: 0 taken over; 2 not the admin's key; 3 not invited, the admin must sign, or not final yet: run it again.
    """
    from anchor.calling import LedgerCall

    with governed("accept-succession", directory, as_json, options) as governor:
        governor.require_admin()
        old = governor.record(issuer)
        if governor.issuer not in (old.proposed_successor, old.successor):
            raise ConflictError(f"issuer {issuer} has not invited issuer {governor.issuer} to succeed it")
        call = LedgerCall(f"take over from issuer {issuer}", "acceptSuccession", (issuer,))
        cost = governor.cost(call)
        name = harmless(old.name)
        warnings = [
            f"Issuer {issuer} (“{name}”) ends and can never anchor again. This cannot be undone.",
            "Its credentials stay as good as they are; revoking them stays with its own keys and admin.",
        ]
        if not dry_run:
            if cost is not None:
                confirm(warnings, yes)
            governor.send(call)
        value = {"done": not dry_run, "dryRun": dry_run, "succeeded": issuer, "cost": cost_json(cost)}
        lines = (
            [*warnings, cost_line(cost)] if dry_run else [f"Issuer {issuer} is succeeded by issuer {governor.issuer}."]
        )
        answer(as_json, "accept-succession", value, lines)


def _warnings(governor: Governor, successor: int) -> list[str]:
    from node.store import EntryState

    name = harmless(governor.record(successor).name)
    lines = [
        f"Issuer {governor.issuer} ends when issuer {successor} (“{name}”, its own words) accepts. It can never anchor "
        "again then, and nothing undoes it.",
        "Verifiers who trust this issuer do not trust the successor by that: tell them.",
    ]
    accepted = governor.store.entries.counts()[EntryState.ACCEPTED]
    if accepted:
        lines.append(f"{accepted} accepted credentials are not sealed, and then never will be: issue them there.")
    for point in governor.store.log.unanchored()[-1:]:
        lines.append(
            f"PROMISES WILL BE BROKEN: the log up to entry {point.size} is sealed and not anchored. Run "
            "'rootseal node anchor' first, unless somebody else has anchored over this log."
        )
    return lines
