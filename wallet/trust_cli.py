"""`rootseal trust`: say whom you believe. Trust comes from here and never from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from rootseal.errors import InputError
from rootseal.policy import LedgerPolicy, Policy, format_policy, parse_policy
from wallet.console import as_json_option, line, paragraph, print_json
from wallet.settings import default_policy_path, read_policy, write_policy
from wallet.trusting import (
    Place,
    credits_contract,
    described,
    parse_named_accreditor,
    parse_named_issuer,
    parse_place,
    pinned_from_chain,
    removed,
    to_json,
)

__all__ = ["trust"]

_policy_option = click.option(
    "--policy", metavar="F", type=click.Path(path_type=Path), help="The policy file. Default: your own."
)


@click.group("trust")
def trust() -> None:
    """Say which ledgers, issuers and accreditors you believe.

    \b
    Examples:
      rootseal trust list
      rootseal trust add eip155:1:0xLEDGER --issuer "7=University of Example" --rpc https://node.example
      rootseal trust remove eip155:1:0xLEDGER/7

    Exit codes: 0 done; 2 wrong usage, nothing was changed; 3 the chain could not be asked.
    """


@trust.command("list")
@_policy_option
@as_json_option
def list_trust(policy: Path | None, as_json: bool) -> None:
    """Show whom you believe, in words.

    \b
    Example:
      rootseal trust list
    """
    path = policy or default_policy_path()
    _show(path, read_policy(path) if policy is not None or path.exists() else Policy(), as_json)


@trust.command("add")
@click.argument("ledger", metavar="LEDGER")
@click.option(
    "--issuer", "issuers", metavar="N=NAME", multiple=True, help="Trust this issuer, under your own name for it."
)
@click.option("--accreditor", "accreditors", metavar="0x…=NAME", multiple=True, help="Trust whom this body accredits.")
@click.option("--rpc", "rpcs", metavar="URL", multiple=True, help="A node of the chain to ask. May be repeated.")
@click.option("--pin-from", metavar="URL", help="Read genesis and code hash from this node, and ask it later too.")
@click.option("--genesis", metavar="0x…", help="The hash of the chain's first block. Without it verdicts say TEST.")
@click.option("--code", metavar="0x…", help="keccak-256 of the contract's code.")
@click.option("--credits", "credits_address", metavar="0x…", help="The one contract whose credits count.")
@click.option("--credits-code", metavar="0x…", help="keccak-256 of its code; --pin-from reads it.")
@click.option("--finality", metavar="RULE", help="tag (the chain's own), or depth:N blocks. [default: tag]")
@click.option(
    "--max-status-age", metavar="SECONDS", type=int, help="Oldest revocation data you accept. [default: a day]"
)
@click.option("--name", metavar="NAME", help="Your name for the ledger.")
@click.option("--test/--no-test", "test", default=None, help="Mark every verdict on this ledger as TEST.")
@_policy_option
@as_json_option
def add(
    ledger: str,
    issuers: tuple[str, ...],
    accreditors: tuple[str, ...],
    rpcs: tuple[str, ...],
    pin_from: str | None,
    credits_address: str | None,
    credits_code: str | None,
    policy: Path | None,
    as_json: bool,
    **settings: str | int | bool | None,
) -> None:
    """Add or change what you trust on LEDGER (eip155:CHAIN:0xADDRESS, or …/ISSUER, or …/0xACCREDITOR).

    What is there already stays, unless you give it again. Everything is checked before the file is written.

    \b
    Examples:
      rootseal trust add eip155:1:0xLEDGER/7 --pin-from https://node.example
      rootseal trust add eip155:1:0xLEDGER --accreditor "0xADDRESS=Quality Agency" --finality depth:64
      rootseal trust add eip155:1:0xLEDGER --credits 0xADDRESS --pin-from https://node.example
    """
    path = policy or default_policy_path()
    before = read_policy(path) if path.exists() else Policy()
    place = parse_place(ledger)
    changed = _changed(_known(before, place), place, issuers, accreditors, rpcs)
    changed = _with_settings(changed, settings)
    if pin_from is not None:
        changed = pinned_from_chain(changed, pin_from)
    if credits_address is not None:
        code = None if credits_code is None else _hash(credits_code, "--credits-code")
        changed = replace(changed, credits=credits_contract(changed, credits_address, code, pin_from))
    elif credits_code is not None:
        raise click.UsageError("--credits-code needs --credits 0x…")
    after = _with_ledger(before, changed)
    write_policy(path, parse_policy(format_policy(after)))  # parsed again: the same limits as for a hand-written file
    _show(path, after, as_json)


@trust.command("remove")
@click.argument("ledger", metavar="LEDGER[/WHOM]")
@_policy_option
@as_json_option
def remove(ledger: str, policy: Path | None, as_json: bool) -> None:
    """Stop trusting one issuer or accreditor (LEDGER/WHOM), or a whole ledger (LEDGER).

    \b
    Examples:
      rootseal trust remove eip155:1:0xLEDGER/7
      rootseal trust remove eip155:1:0xLEDGER
    """
    path = policy or default_policy_path()
    after = removed(read_policy(path), parse_place(ledger))
    write_policy(path, after)
    _show(path, after, as_json)


def _known(policy: Policy, place: Place) -> LedgerPolicy:
    found = next((p for p in policy.ledgers if (p.chain_id, p.address) == (place.chain_id, place.ledger)), None)
    return found or LedgerPolicy(place.chain_id, place.ledger)


def _changed(
    known: LedgerPolicy,
    place: Place,
    issuers: tuple[str, ...],
    accreditors: tuple[str, ...],
    rpcs: tuple[str, ...],
) -> LedgerPolicy:
    pinned = dict(known.issuers) | dict(map(parse_named_issuer, issuers))
    trusted = dict(known.accreditors) | dict(map(parse_named_accreditor, accreditors))
    if place.issuer is not None:
        pinned.setdefault(place.issuer, f"issuer {place.issuer}")
    if place.accreditor is not None:
        trusted.setdefault(place.accreditor, "0x" + place.accreditor.hex())
    return replace(
        known,
        issuers=tuple(pinned.items()),
        accreditors=tuple(trusted.items()),
        rpcs=tuple(dict.fromkeys((*known.rpcs, *rpcs))),
    )


def _with_settings(ledger: LedgerPolicy, settings: dict[str, str | int | bool | None]) -> LedgerPolicy:
    """The options that were given, each under the name that the policy has for it."""
    names = {"test": "marked_test"}
    given = {names.get(option, option): value for option, value in settings.items() if value is not None}
    for pin in ("genesis", "code"):
        if pin in given:
            given[pin] = _hash(str(given[pin]), f"--{pin}")  # type: ignore[assignment]
    return replace(ledger, **given)  # type: ignore[arg-type]


def _hash(text: str, where: str) -> bytes:
    digits = text.removeprefix("0x")
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise InputError(where, "must be 0x and 64 hexadecimal digits", text)
    return value


def _with_ledger(policy: Policy, changed: LedgerPolicy) -> Policy:
    place = (changed.chain_id, changed.address)
    others = [p for p in policy.ledgers if (p.chain_id, p.address) != place]
    at = next((i for i, p in enumerate(policy.ledgers) if (p.chain_id, p.address) == place), len(others))
    return replace(policy, ledgers=(*others[:at], changed, *others[at:]))


def _show(path: Path, policy: Policy, as_json: bool) -> None:
    if as_json:
        print_json({"format": "rootseal/trust/1", "file": str(path), **to_json(policy)})
        return
    line(f"Your policy: {path}")
    for sentence in described(policy):
        paragraph(sentence, 2, 2)
