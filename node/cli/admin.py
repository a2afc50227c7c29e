"""`admin transfer|accept`, `annul`: who governs the issuer, and what only the admin may take back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from node.cli.governing import confirm, cost_json, cost_line, dry_run_option, governed, key_options, yes_option
from node.cli.keys import EitherOrder
from node.cli.terminal import answer, directory_argument, json_option
from rootseal.errors import ConflictError, InputError
from rootseal.ethereum import ZERO_ADDRESS, address_text, checksum_address, parse_address
from rootseal.plurals import counted

__all__ = ["admin", "annul"]


@click.group(cls=EitherOrder)
def admin() -> None:
    """Hand the issuer over to another admin key, in two steps: the old one invites, the new one accepts.

    \b
    Examples:
      rootseal node admin transfer mynode 0x…
      rootseal node admin accept mynode --key new-admin.json --passphrase-file new-passphrase.txt
    """


@admin.command()
@directory_argument
@click.argument("address", metavar="0x…|none")
@dry_run_option
@key_options
@json_option
def transfer(directory: Path, address: str, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Invite an address to become admin. Nothing changes until it accepts; 'none' takes an invitation back.

    \b
    Examples:
      rootseal node admin transfer mynode 0x…
      rootseal node admin transfer mynode none

    Exit codes: 0 invited; 2 not the admin's key; 3 the admin must sign, or it is not final yet: run it again.
    """
    from anchor.calling import LedgerCall

    new = ZERO_ADDRESS if address == "none" else parse_address(address, "ADDRESS")
    with governed("admin-transfer", directory, as_json, options) as governor:
        governor.require_admin()
        name = checksum_address(new)
        if new == governor.record().admin:
            raise InputError("ADDRESS", "is the admin already", name)
        what = f"invite {name} to become admin" if any(new) else "take the invitation back"
        call = LedgerCall(what, "transferAdmin", (governor.issuer, new))
        cost = governor.cost(call)
        if not dry_run:
            governor.send(call)
        value = {"done": not dry_run, "dryRun": dry_run, "invited": address_text(new) if any(new) else None}
        done = f"{name} is invited; it becomes admin when it accepts: 'rootseal node admin accept'."
        lines = [cost_line(cost)] if dry_run else [done if any(new) else "Nobody is invited any more."]
        answer(as_json, "admin-transfer", {**value, "cost": cost_json(cost)}, lines)


@admin.command()
@directory_argument
@dry_run_option
@key_options
@json_option
def accept(directory: Path, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Become admin, signed by the invited key. The old admin's key can do nothing for this issuer from then on.

    \b
    Example:
      rootseal node admin accept mynode --key new-admin.json --passphrase-file new-passphrase.txt

    Exit codes: 0 it is admin; 2 not invited; 3 it must sign elsewhere, or it is not final yet: run it again.
    """
    from anchor.calling import LedgerCall

    with governed("admin-accept", directory, as_json, options) as governor:
        record, ours = governor.record(), governor.sender()
        if ours not in (record.pending_admin, record.admin):
            raise ConflictError(
                f"{checksum_address(ours)} was not invited; the admin {checksum_address(record.admin)} must run "
                "'rootseal node admin transfer' first"
            )
        call = LedgerCall(f"become admin of issuer {governor.issuer}", "acceptAdmin", (governor.issuer,))
        cost = governor.cost(call)
        if not dry_run:
            governor.send(call)
        value = {"done": not dry_run, "dryRun": dry_run, "admin": address_text(ours), "cost": cost_json(cost)}
        name = checksum_address(ours)
        done = f"{name} is admin of issuer {governor.issuer}. Commands take its keystore with --key."
        answer(as_json, "admin-accept", value, [cost_line(cost)] if dry_run else [done])


@click.command()
@directory_argument
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@dry_run_option
@yes_option
@key_options
@json_option
def annul(directory: Path, ids: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool, **options: Any) -> None:
    """Take back revocations that a thief made, after the stolen key was retired as compromised.

    Annulments stand on the ledger for ever, and auditors report them.

    \b
    Examples:
      rootseal node annul mynode 0b6f… --dry-run
      rootseal node annul mynode 0b6f… 7c1e… --yes

    Exit codes: 0 annulled, or not revoked; 2 no such credential; 3 no key was retired as compromised, or
    the admin must sign.
    """
    from node.annulling import annul as take_back
    from node.annulling import plan

    with governed("annul", directory, as_json, options) as governor:
        governor.require_admin()
        planned = plan(governor, ids)
        cost = None if planned.call is None else governor.cost(planned.call)
        if not dry_run and planned.call is not None:
            told = f"This annuls {counted(len(planned.entries), 'revocation')}, which stands on the ledger for ever."
            confirm([told], yes)
            take_back(governor, planned)
        value = {
            "done": not dry_run,
            "dryRun": dry_run,
            "annulled": list(planned.entries),
            "unaffected": list(planned.unaffected),
            "cost": cost_json(cost),
        }
        verb = "would be annulled" if dry_run else "its revocation is annulled"
        lines = [f"{entry_id}: {verb}" for entry_id in planned.entries]
        lines += [f"{entry_id}: is not revoked" for entry_id in planned.unaffected]
        answer(as_json, "annul", value, [*lines, cost_line(cost)] if dry_run and cost else lines)
