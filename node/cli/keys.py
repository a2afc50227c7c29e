"""`keys list|add|retire|rotate`: which keys may anchor and write status, since when, and until when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.governing import confirm, cost_json, cost_line, dry_run_option, governed, key_options, moment, yes_option
from node.cli.terminal import answer, directory_argument, json_option, opened, tell
from rootseal.ethereum import address_text, checksum_address, parse_address
from rootseal.instants import format_instant
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.ledger_keys import Consequences
    from node.rotating import Rotation
    from rootseal.facts import KeyFact

__all__ = ["EitherOrder", "keys"]

_ROLES = {1: "anchors", 2: "writes status", 3: "anchors and writes status"}


class EitherOrder(click.Group):
    """DIR may stand before the word too: `keys DIR list` is `keys list DIR`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if len(args) > 1 and args[0] not in self.commands and args[1] in self.commands:
            args[:2] = [args[1], args[0]]
        return super().parse_args(ctx, args)


@click.group(cls=EitherOrder)
def keys() -> None:
    """List, add, retire and replace the keys that anchor and write status.

    They are the ledger's, and the admin's key governs them; the admin's own key is another one. A key is added
    once, and retired for ever.

    \b
    Examples:
      rootseal node keys list mynode
      rootseal node keys rotate mynode
      rootseal node keys retire mynode 0x… --compromised-since 2026-10-01
    """


@keys.command("list")
@directory_argument
@json_option
def list_keys(directory: Path, as_json: bool) -> None:
    """List every key that the issuer ever had, with dates.

    \b
    Example:
      rootseal node keys list mynode

    Exit codes: 0 listed; 3 the chain cannot be asked.
    """
    from node.ledger_keys import keystore_address

    with opened(directory) as services:
        home, connection = services.home, services.connection
        found = connection.ledger.keys(home.issuer)
        path = services.directory / services.config.key_file
        own = keystore_address(path) if path.exists() else None
    value = {"keys": [_key_json(number, key, own) for number, key in enumerate(found)]}
    lines = [_key_line(number, key, own) for number, key in enumerate(found)]
    answer(as_json, "keys-list", value, lines or ["There are none: 'rootseal node keys add'."])


@keys.command()
@directory_argument
@click.option("--roles", type=click.Choice(["both", "anchor", "status"]), default="both", show_default=True)
@click.option("--address", metavar="0x…", help="A key that is kept elsewhere.  [default: make a new one in DIR]")
@dry_run_option
@key_options
@json_option
def add(directory: Path, roles: str, address: str | None, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make a new key in DIR and add it to the ledger, signed by the admin's key.

    The node uses it after 'keys rotate', or for signing elsewhere. Run again after an interruption it goes on.

    \b
    Examples:
      rootseal node keys add mynode
      rootseal node keys add mynode --roles status --address 0x…

    Exit codes: 0 added; 2 not the admin's key, or added before; 3 the admin must sign, or it is not final yet.
    """
    from node.ledger_keys import ROLES, add_call, keystore_address, make_keystore

    with governed("keys-add", directory, as_json, options) as governor:
        governor.require_admin()
        if address is None and dry_run:
            placeholder = bytes(19) + b"\1"
            cost = governor.cost(add_call(governor, placeholder, ROLES[roles]))
            none = {"done": False, "dryRun": True, "address": None, "file": None, "cost": cost_json(cost)}
            answer(as_json, "keys-add", none, ["A new key would be made and added.", cost_line(cost)])
            return
        file = make_keystore(governor) if address is None else None
        new = parse_address(address, "--address") if file is None else keystore_address(file)
        call = add_call(governor, new, ROLES[roles])
        cost = governor.cost(call)
        if not dry_run:
            governor.send(call)
        value = {
            "done": not dry_run,
            "dryRun": dry_run,
            "address": address_text(new),
            "file": None if file is None else file.name,
            "cost": cost_json(cost),
        }
        where = "" if file is None else f" It lies in {file}; back it up."
        done = f"{checksum_address(new)} {_ROLES[ROLES[roles]]} from now on.{where}"
        answer(as_json, "keys-add", value, [cost_line(cost)] if dry_run else [done])


@keys.command()
@directory_argument
@click.argument("which", metavar="KEY")
@click.option("--compromised-since", metavar="DATE", help="What it anchored from then on is not to be believed.")
@dry_run_option
@yes_option
@key_options
@json_option
def retire(
    directory: Path,
    which: str,
    compromised_since: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Retire KEY (its address, or its number in 'keys list') for ever; signed by the admin's key.

    --key FILE is the admin's keystore. With --compromised-since, every credential that the key anchored from
    that date on is rejected by every verifier; good ones must be issued again. The date can be given later, for a
    retired key too; once given it can only be lowered. Without it, what the key anchored stays good.

    \b
    Examples:
      rootseal node keys retire mynode 0x… --dry-run
      rootseal node keys retire mynode 0 --compromised-since 2026-10-01T08:00:00Z --yes

    Exit codes: 0 retired; 2 no such key, or not the admin's key; 3 refused, not final yet, or the admin must sign.
    """
    from node.ledger_keys import consequences, named_key, retire_call

    since = 0 if compromised_since is None else moment(compromised_since, "--compromised-since")
    with governed("keys-retire", directory, as_json, options) as governor:
        governor.require_admin()
        _, fact = named_key(governor, which)
        call = retire_call(governor, fact, since)
        found = consequences(governor, fact, since)
        cost = governor.cost(call)
        value = {
            "done": not dry_run,
            "dryRun": dry_run,
            "address": address_text(fact.address),
            "compromisedSince": since or None,
            "anchors": found.anchors,
            "lostAnchors": list(found.lost),
            "lostCredentials": found.credentials,
            "cost": cost_json(cost),
        }
        if dry_run:
            answer(as_json, "keys-retire", value, [*_consequence_lines(found, since), cost_line(cost)])
            return
        if cost is not None:
            confirm(_consequence_lines(found, since), yes)
        governor.send(call)
        name = checksum_address(fact.address)
        lines = [
            f"{name} is retired." if not since else f"{name} is retired, compromised since {format_instant(since)}."
        ]
        if since and fact.roles & 2:
            lines.append("Revocations that a thief made with it can be taken back: 'rootseal node annul'.")
        answer(as_json, "keys-retire", value, lines)


@keys.command()
@directory_argument
@click.option("--old", metavar="KEY", help="The key to replace.  [default: the node's own]")
@click.option("--compromised-since", metavar="DATE", help="As for 'retire': the old key was stolen.")
@yes_option
@key_options
@json_option
def rotate(
    directory: Path, old: str | None, compromised_since: str | None, yes: bool, as_json: bool, **options: Any
) -> None:
    """Replace the node's own key: make and add a new one, retire the old one, use the new one.

    Also where the old one is lost. What it had queued is sent by the new one. Interrupted, the same command goes on;
    stop 'rootseal node run' before, and start it again after.

    \b
    Examples:
      rootseal node keys rotate mynode --yes
      rootseal node keys rotate mynode --old 0x… --compromised-since 2026-10-01 --yes

    Exit codes: 0 the new key is in use; 2 not the admin's key; 3 the admin must sign, or not final yet: run it again.
    """
    from node.ledger_keys import consequences
    from node.rotating import old_key
    from node.rotating import rotate as replace_key
    from node.stopped import node_stopped

    since = 0 if compromised_since is None else moment(compromised_since, "--compromised-since")
    with (
        governed("keys-rotate", directory, as_json, options) as governor,
        node_stopped(directory, governor.store, "node keys rotate"),
    ):
        governor.require_admin()
        fact = old_key(governor, old)
        if not fact.retired_at:
            confirm(_consequence_lines(consequences(governor, fact, since), since, replaced=True), yes)
        done = replace_key(governor, fact, since, tell)
    answer(as_json, "keys-rotate", {"done": True, **_rotation_json(done)}, _rotation_lines(done))


def _consequence_lines(found: Consequences, since: int, replaced: bool = False) -> list[str]:
    name = checksum_address(found.key.address)
    lines = [f"{name} is retired for ever; it made {counted(found.anchors, 'anchor')}."]
    if since:
        lines.append(
            f"From {format_instant(since)} on it counts as compromised: {len(found.lost)} of its anchors stop counting"
            + (f" ({', '.join(map(str, found.lost[:20]))})" if found.lost else "")
            + f", and with them {counted(found.credentials, 'entry')} of the log. Every verifier rejects those, good "
            "ones too."
        )
        lines.append("Its promises prove nothing, unless a home anchor before that date agrees with them.")
        lines.append("The date can be lowered later, and never raised or taken back.")
    else:
        lines.append("What it anchored stays good.")
    if not replaced and found.key.roles & 1 and not found.others_anchor:
        lines.append("No other key may anchor: the node seals and anchors nothing until there is one ('keys rotate').")
    if not replaced and found.key.roles & 2 and not found.others_status:
        lines.append("No other key may write status: nothing can be revoked until there is one.")
    return lines


def _key_json(number: int, key: KeyFact, own: bytes | None) -> dict[str, Any]:
    return {
        "number": number,
        "address": address_text(key.address),
        "anchors": bool(key.roles & 1),
        "writesStatus": bool(key.roles & 2),
        "addedAt": key.added_at,
        "retiredAt": key.retired_at or None,
        "compromisedSince": key.compromised_since or None,
        "own": key.address == own,
    }


def _key_line(number: int, key: KeyFact, own: bytes | None) -> str:
    parts = [f"{number}  {checksum_address(key.address)} {_ROLES.get(key.roles, 'has unknown roles')}"]
    parts.append(f"added {format_instant(key.added_at)}")
    if key.retired_at:
        parts.append(f"retired {format_instant(key.retired_at)}")
    if key.compromised_since:
        parts.append(f"COMPROMISED since {format_instant(key.compromised_since)}")
    if key.address == own:
        parts.append("the node's own")
    return ", ".join(parts)


def _rotation_json(done: Rotation) -> dict[str, Any]:
    return {
        "old": address_text(done.old),
        "address": address_text(done.new),
        "file": done.key_file.name,
        "moved": done.moved,
        "balanceWei": str(done.balance),
    }


def _rotation_lines(done: Rotation) -> list[str]:
    lines = [
        f"{checksum_address(done.new)} is the node's key now; it lies in {done.key_file}. Back it up.",
        f"{checksum_address(done.old)} is retired.",
    ]
    if done.moved:
        left = counted(done.moved, "transaction")
        lines.append(f"What it had not finished is the new key's: {left}. 'rootseal node anchor' sends them.")
    if not done.balance:
        lines.append("The new key has no money: send some of the chain's coin to it before the node anchors again.")
    return lines
