"""`rootseal issuer accredit|withdraw`: vouching for an issuer with a keystore and no node.

What was signed is kept in a file beside the keystore before it is sent, so that the same command again
finishes what was interrupted and nothing is sent twice.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rootseal.errors import InputError
from rootseal.ethereum import address_text, checksum_address, parse_address
from rootseal.instants import format_instant, parse_instant
from wallet.console import finish, harmless, line, paragraph, print_json
from wallet.issuer_site import Site, site_options
from wallet.new_key_cli import passphrase_in

if TYPE_CHECKING:
    from anchor.accrediting import SeenDocument
    from anchor.calling import Cost, LedgerCall
    from anchor.keys import Signer

__all__ = ["accredit", "withdraw"]

F = TypeVar("F", bound=Callable[..., Any])
_DEV_MONEY = 10**18


def _key_options(command: F) -> F:
    for option in (
        click.option("--timeout", type=click.FloatRange(1), default=1800.0, show_default=True, help="Seconds to wait."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--dry-run", is_flag=True, help="Show what would be sent and what it costs; send nothing."),
        click.option("--sender", metavar="0x…", help="This address signs elsewhere: print the unsigned call."),
        click.option(
            "--passphrase-file", metavar="F", type=click.Path(path_type=Path), help="First line unlocks the keystore."
        ),
        click.option("--key", metavar="FILE", type=click.Path(path_type=Path), help="Your keystore (v3)."),
    ):
        command = option(command)
    return command


@click.command("accredit")
@click.argument("place", metavar="eip155:CHAIN:0xLEDGER/NUMBER")
@click.option("--document", metavar="FILE", type=click.Path(path_type=Path), help="The issuer document.")
@click.option("--from", "source", metavar="URL", help="Fetch the issuer document from this address.")
@click.option("--scope", default="", help="What you vouch for, in your words; shown to verifiers, judged by nobody.")
@click.option("--until", metavar="DATE", help="First day on which it no longer holds.  [default: open end]")
@_key_options
@site_options
def accredit(
    place: str,
    document: Path | None,
    source: str | None,
    scope: str,
    until: str | None,
    rpc: str | None,
    policy: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Vouch for an issuer. It binds to the issuer document in force, which is held against the ledger and shown.

    Verifiers who trust your address then believe the issuer, for what it issues while this holds. A changed
    document is no longer accredited. FILE.sent.json beside the keystore remembers what was sent.

    \b
    Example:
      rootseal issuer accredit eip155:1:0xLEDGER/7 --rpc https://rpc.example --key agency.json \\
        --passphrase-file secret.txt --from https://registrar.example --scope "EQF 5 to 7" --until 2031-10-01

    Exit codes: 0 done; 1 this is not the document in force; 2 bad input; 3 sign it elsewhere, or not final yet.
    """
    from anchor.accrediting import accredit_call, read_document, seen_document
    from anchor.ledger import Ledger

    site = Site.of(place, rpc, policy)
    seen = seen_document(Ledger(site.chain, site.home.ledger), site.home.issuer, read_document(document, source))
    end = 0 if until is None else _moment(until)
    call = accredit_call(site.home.issuer, seen, scope, end)
    value = {
        "issuer": site.home.issuer,
        "hash": seen.digest.hex(),
        "document": seen.content,
        "scope": scope,
        "until": end or None,
    }
    _carry_out(site, [call], _seen_lines(site, seen, scope, end), value, as_json, options)


@click.command("withdraw")
@click.argument("place", metavar="eip155:CHAIN:0xLEDGER/NUMBER")
@_key_options
@site_options
def withdraw(place: str, rpc: str | None, policy: Path | None, as_json: bool, **options: Any) -> None:
    """Take back every running accreditation that you gave an issuer. What it issued until then stays accredited.

    \b
    Example:
      rootseal issuer withdraw eip155:1:0xLEDGER/7 --rpc https://rpc.example --key agency.json --passphrase-file s.txt

    Exit codes: 0 done; 2 there is none; 3 sign it elsewhere, or not final yet.
    """
    from anchor.accrediting import withdraw_calls
    from anchor.ledger import Ledger

    site = Site.of(place, rpc, policy)
    head = site.chain.block("latest")
    now = int(time.time()) if head is None else head.timestamp
    signer = _signer(options)
    calls = withdraw_calls(Ledger(site.chain, site.home.ledger), site.home.issuer, _sender(signer, options), now)
    lines = [f"{call.what[0].upper()}{call.what[1:]}." for call in calls]
    _carry_out(site, calls, lines, {"issuer": site.home.issuer, "withdrawn": len(calls)}, as_json, options, signer)


def _carry_out(
    site: Site,
    calls: Sequence[LedgerCall],
    lines: Sequence[str],
    value: dict[str, Any],
    as_json: bool,
    options: dict[str, Any],
    signer: Signer | None = None,
) -> None:
    """Show, ask, send, and wait until it is final; or print what has to be signed elsewhere."""
    from anchor.calling import is_done

    signer = signer or _signer(options)
    sender = _sender(signer, options)
    open_calls = [call for call in calls if not is_done(site.chain, site.home.ledger, sender, call)]
    costs = [_cost(site, sender, call) for call in open_calls]
    answer = {
        "format": f"rootseal/issuer-{'withdraw' if 'withdrawn' in value else 'accredit'}/1",
        "accreditor": address_text(sender),
        "dryRun": options["dry_run"],
        "gas": sum(cost.gas for cost in costs),
        "wei": str(sum(cost.wei for cost in costs)),
        **value,
    }
    unsigned = open_calls if signer is None else []
    if not options["dry_run"] and signer is not None:
        if open_calls:
            _confirm(lines, options["yes"])
        _send(site, calls, signer, options)
    done = not options["dry_run"] and not unsigned
    if as_json:
        print_json({**answer, "done": done, "calls": [_call_json(site, sender, call) for call in unsigned]})
    else:
        for sentence in lines:
            paragraph(sentence, 0, 2)
        line("Done." if done else f"It needs {answer['gas']} gas: at most {answer['wei']} wei now.")
        _print_unsigned(site, sender, unsigned)
    finish(0 if done or options["dry_run"] else 3)


def _send(site: Site, calls: Sequence[LedgerCall], signer: Signer, options: dict[str, Any]) -> None:
    from anchor.calling import Caller
    from anchor.deploying import fund, is_development_chain
    from anchor.file_outbox import FileOutbox
    from anchor.sender import SendPolicy

    if site.chain.balance(signer.address) == 0 and is_development_chain(site.chain):
        fund(site.chain, signer.address, _DEV_MONEY)
    key: Path = options["key"]
    outbox = FileOutbox(key.with_name(key.name + ".sent.json"))
    policy = SendPolicy(finality=site.finality)
    ledger = site.home.ledger
    caller = Caller(site.chain, outbox, signer, site.pins, ledger, policy, _tell, options["timeout"])
    for call in calls:
        caller.send(call)


def _cost(site: Site, sender: bytes, call: LedgerCall) -> Cost:
    from anchor.calling import rehearse
    from anchor.fees import DEFAULT_CEILING

    return rehearse(site.chain, site.home.ledger, sender, call, DEFAULT_CEILING)


def _signer(options: dict[str, Any]) -> Signer | None:
    if (options["key"] is None) == (options["sender"] is None):
        raise click.UsageError("Give --key FILE, or --sender 0x… where the key is elsewhere.")
    if options["key"] is None:
        return None
    if options["passphrase_file"] is None:
        raise click.UsageError("--key needs --passphrase-file.")
    from anchor.keys import load_keystore

    return load_keystore(options["key"], passphrase_in(options["passphrase_file"]))


def _sender(signer: Signer | None, options: dict[str, Any]) -> bytes:
    return parse_address(options["sender"], "--sender") if signer is None else signer.address


def _moment(text: str) -> int:
    try:
        return parse_instant(f"{text}T00:00:00Z" if len(text) == 10 else text, "--until")
    except InputError:
        raise InputError("--until", "must be a day such as 2031-10-01", text) from None


def _confirm(lines: Sequence[str], yes: bool) -> None:
    for sentence in lines:
        _tell(sentence)
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("This stands on the ledger for ever. Run it again with --yes if that is what you want.")
    click.confirm("Go on?", abort=True, err=True)


def _tell(sentence: str) -> None:
    click.echo(harmless(sentence, 5000), err=True)


def _seen_lines(site: Site, seen: SeenDocument, scope: str, until: int) -> list[str]:
    end = f"until {format_instant(until)}" if until else "with an open end"
    what = f", for: “{scope}”" if scope else ", without a scope"
    return [
        f"Issuer {site.home.issuer} calls itself “{seen.name}” on the ledger. Its document, in force since "
        f"{format_instant(seen.since)}:",
        json.dumps(seen.content, ensure_ascii=False, sort_keys=True),
        f"Its hash {seen.digest.hex()} is accredited {end}{what}.",
    ]


def _call_json(site: Site, sender: bytes, call: LedgerCall) -> dict[str, Any]:
    return {
        "what": call.what,
        "chainId": site.home.chain_id,
        "from": address_text(sender),
        "to": address_text(site.home.ledger),
        "value": "0x0",
        "data": "0x" + call.data.hex(),
    }


def _print_unsigned(site: Site, sender: bytes, calls: Sequence[LedgerCall]) -> None:
    for call in calls:
        line(f"Not done yet: {checksum_address(sender)} must {call.what}. Sign and send, then run this again:")
        line(f"chain {site.home.chain_id}", 4)
        line(f"to    {checksum_address(site.home.ledger)}", 4)
        line("value 0", 4)
        line(f"data  0x{call.data.hex()}", 4)
