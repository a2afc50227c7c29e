"""`publish`: put the issuer document that the settings describe in force on the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.governing import cost_json, cost_line, dry_run_option, governed, key_options
from node.cli.terminal import answer, directory_argument, harmless, json_option
from rootseal.instants import format_instant

if TYPE_CHECKING:
    from anchor.calling import Cost
    from node.registering import DocumentState

__all__ = ["publish"]


@click.command()
@directory_argument
@dry_run_option
@key_options
@json_option
def publish(directory: Path, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Put the issuer document in force: name, country, addresses and log key, as node.toml has them now.

    Where public_url changed, the address on the ledger, by which others find the node, is changed with it.

    The ledger keeps the document's hash, with its date, for ever; credentials carry the document. Whoever
    accredited the old document has not accredited the new one. Entries that are sealed must be anchored first.
    Stop 'rootseal node run' before, and start it again after: it keeps the settings that it began with.

    \b
    Examples:
      rootseal node publish mynode --dry-run
      rootseal node publish mynode
      rootseal node publish mynode --key admin-key.json --passphrase-file admin-passphrase.txt

    Exit codes: 0 in force; 2 not the admin's key; 3 anchor first, or the admin must sign: run it again.
    """
    from node.registering import publish as put_in_force
    from node.registering import state
    from node.stopped import node_stopped

    with (
        governed("publish", directory, as_json, options) as governor,
        node_stopped(directory, governor.store, "node publish"),
    ):
        found = state(governor)
        cost = put_in_force(governor, dry_run=dry_run)
        value = {
            "done": not dry_run or found.nothing_to_do,
            "dryRun": dry_run,
            "document": json.loads(found.content),
            "hash": found.digest.hex(),
            "inForce": found.in_force.hex() if any(found.in_force) else None,
            "uri": found.uri or None,
            "uriInForce": found.uri_in_force or None,
            "cost": cost_json(cost),
        }
        answer(as_json, "publish", value, _lines(found, cost, dry_run))


def _lines(found: DocumentState, cost: Cost | None, dry_run: bool) -> list[str]:
    shown = harmless(found.content.decode(), 4000)
    if found.unchanged and not found.nothing_to_do:
        before, after = harmless(found.uri_in_force or "none"), found.uri or "none"
        words = f"The address on the ledger is {before}, and {after} by node.toml."
        return [words, cost_line(cost)] if dry_run else [words, "It is changed."]
    if found.unchanged:
        since = format_instant(found.since)
        return [f"The issuer document {found.digest.hex()} is in force since {since}; nothing to do.", shown]
    before = found.in_force.hex() if any(found.in_force) else "none"
    if dry_run:
        lines = [f"In force now: {before}.", f"Would be put in force: {found.digest.hex()}", shown]
        return [*lines, cost_line(cost)]
    return [
        f"The issuer document {found.digest.hex()} is in force; before it: {before}.",
        shown,
        "Accreditations of the document before it do not cover this one: ask your accreditors to accredit it.",
    ]
