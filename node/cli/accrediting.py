"""`accredit`: vouch for another issuer on the node's own ledger, or take that back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.governing import confirm, cost_json, cost_line, dry_run_option, governed, key_options, moment, yes_option
from node.cli.terminal import answer, directory_argument, harmless, json_option
from rootseal.ethereum import address_text, checksum_address
from rootseal.instants import format_instant

if TYPE_CHECKING:
    from anchor.accrediting import SeenDocument
    from node.governing import Governor

__all__ = ["accredit"]


@click.command()
@directory_argument
@click.argument("issuer", metavar="ISSUER", type=click.IntRange(1))
@click.option("--scope", default="", help="What you vouch for, in your words; shown to verifiers, judged by nobody.")
@click.option("--until", metavar="DATE", help="First day on which it no longer holds.  [default: open end]")
@click.option(
    "--document", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="The issuer document."
)
@click.option("--from", "source", metavar="URL", help="Fetch the issuer document from this address.")
@click.option("--withdraw", "ending", is_flag=True, help="Take every running accreditation of ISSUER back.")
@dry_run_option
@yes_option
@key_options
@json_option
def accredit(
    directory: Path,
    issuer: int,
    scope: str,
    until: str | None,
    document: Path | None,
    source: str | None,
    ending: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Vouch for issuer number ISSUER of the node's ledger, signed by the admin's key (or --key, any keystore).

    It binds to the issuer document in force: you give the document, it is held against the ledger and shown, and
    a changed document is no longer accredited. Without a node: 'rootseal issuer accredit'.

    \b
    Examples:
      rootseal node accredit mynode 8 --from https://node.example --scope "EQF 5 to 7" --until 2031-10-01 --yes
      rootseal node accredit mynode 8 --withdraw --yes

    Exit codes: 0 done; 1 this is not the document in force; 2 nothing to withdraw; 3 somebody must sign, or not final.
    """
    with governed("accredit", directory, as_json, options) as governor:
        if ending:
            _withdraw(governor, issuer, dry_run, yes, as_json)
            return
        from anchor.accrediting import accredit_call, read_document, seen_document

        seen = seen_document(governor.ledger, issuer, read_document(document, source))
        end = 0 if until is None else moment(until, "--until")
        call = accredit_call(issuer, seen, scope, end)
        cost = governor.cost(call)
        lines = _seen_lines(issuer, seen, scope, end)
        if not dry_run:
            if cost is not None:
                confirm(lines, yes)
            governor.send(call)
        value = {
            "done": not dry_run,
            "dryRun": dry_run,
            "issuer": issuer,
            "accreditor": address_text(governor.sender()),
            "hash": seen.digest.hex(),
            "document": seen.content,
            "scope": scope,
            "until": end or None,
            "cost": cost_json(cost),
        }
        done = f"Issuer {issuer} is accredited by {checksum_address(governor.sender())}."
        answer(as_json, "accredit", value, [*lines, cost_line(cost)] if dry_run else [done])


def _withdraw(governor: Governor, issuer: int, dry_run: bool, yes: bool, as_json: bool) -> None:
    from anchor.accrediting import withdraw_calls

    calls = withdraw_calls(governor.ledger, issuer, governor.sender(), governor.connection.latest().timestamp)
    if not dry_run:
        confirm([f"{call.what[0].upper()}{call.what[1:]}." for call in calls], yes)
        for call in calls:
            governor.send(call)
    value = {"done": not dry_run, "dryRun": dry_run, "issuer": issuer, "withdrawn": len(calls)}
    answer(as_json, "accredit-withdraw", value, [f"{'Would ' if dry_run else 'Done: '}{call.what}." for call in calls])


def _seen_lines(issuer: int, seen: SeenDocument, scope: str, until: int) -> list[str]:
    end = f"until {format_instant(until)}" if until else "with an open end"
    return [
        f"Issuer {issuer} calls itself “{harmless(seen.name)}” on the ledger. Its document, in force since "
        f"{format_instant(seen.since)}:",
        harmless(json.dumps(seen.content, ensure_ascii=False, sort_keys=True), 4000),
        f"Its hash {seen.digest.hex()} is accredited {end}"
        + (f", for: {harmless(scope, 300)}." if scope else ", without a scope."),
    ]
