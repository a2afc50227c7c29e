"""`ledgers`: other ledgers that witness the same log."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.governing import handing_out, key_of_options, key_options
from node.cli.terminal import answer, directory_argument, harmless, json_option, leave, opened, tell
from rootseal.ethereum import address_text, parse_address

if TYPE_CHECKING:
    from node.services import Services
    from node.store import Witness

__all__ = ["ledgers"]

_HOUR = 3600


@click.group()
def ledgers() -> None:
    """Anchor the same log on other chains, too.

    Each is a witness that entries existed by then. It changes no verdict: what counts is the home ledger. 'run' serves
    them in a thread of their own; one that is down never holds up the home ledger.

    \b
    Examples:
      rootseal node ledgers add mynode --chain-url https://other.example --ledger 0x5fbd… --register
      rootseal node ledgers list mynode
    """


@ledgers.command()
@directory_argument
@click.option("--chain-url", "urls", metavar="URL", required=True, multiple=True, help="JSON-RPC endpoint; repeatable.")
@click.option("--ledger", metavar="0x…", required=True, help="The ledger contract there.")
@click.option("--issuer", type=click.IntRange(1), help="This institution's number there.")
@click.option("--register", "registering", is_flag=True, help="Register the institution there with the admin's key.")
@click.option("--finality", default="tag", show_default=True, help="`tag`, or depth:N.")
@click.option(
    "--interval", type=click.IntRange(0), default=24 * _HOUR, show_default=True, help="Seconds between two anchors."
)
@click.option(
    "--max-fee", type=click.IntRange(0, 1 << 62), default=500 * 10**9, show_default=True, help="Wei per gas at most."
)
@key_options
@json_option
def add(
    directory: Path,
    urls: tuple[str, ...],
    ledger: str,
    issuer: int | None,
    registering: bool,
    finality: str,
    interval: int,
    max_fee: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Take another ledger into use: chain, genesis and code are pinned, and the node's key gets the right to anchor.

    It must be on a chain with another id than every one in use. Typed again, it finishes what was begun, changes the
    settings, or gives the right to a key that has replaced the old one. A running node goes on with it by itself.

    \b
    Examples:
      rootseal node ledgers add mynode --chain-url https://rpc.example --ledger 0x… --register
      rootseal node ledgers add mynode --chain-url https://rpc.example --ledger 0x… --issuer 7 --interval 604800

    Exit codes: 0 in use; 2 the wrong chain, contract or key; 3 the admin must sign, or not final yet: run it again.
    """
    from anchor.finality import parse_finality
    from node.leasing import ADMIN_LEASE, Lease
    from node.witness_adding import NewLedger, add_ledger, governed_there

    if (issuer is None) != registering:
        raise click.UsageError("Give --issuer NUMBER, or --register.")
    parse_finality(finality, "--finality")
    new = NewLedger(urls, parse_address(ledger, "--ledger"), issuer, finality, interval, max_fee)
    key, timeout = key_of_options(options), options["timeout"]
    with (
        opened(directory) as services,
        governed_there(services.connection, new, key, tell, timeout, services.now) as (governor, seen),
        Lease(governor.store, "node ledgers add", fact=ADMIN_LEASE).kept(),
        handing_out("ledgers-add", governor, as_json),
    ):
        stored = add_ledger(governor, seen)
        name = _name(stored)
        line = f"{name} is in use as ledger {stored.number}; 'rootseal node ledgers anchor' anchors there at once."
        answer(as_json, "ledgers-add", {**_json(services, stored), "done": True}, [line])


@ledgers.command(name="list")
@directory_argument
@json_option
def list_(directory: Path, as_json: bool) -> None:
    """Show every other ledger, how much of the log is final there, and what is wrong with it. Asks no chain.

    \b
    Example:
      rootseal node ledgers list mynode

    Exit codes: 0 all well, or there is none; 3 one had a problem when it was last asked.
    """
    with opened(directory) as services:
        found = services.store.witnesses.all()
        shown = [_json(services, witness) for witness in found]
    lines = [line for witness, value in zip(found, shown, strict=True) for line in _lines(witness, value)]
    answer(as_json, "ledgers-list", {"ledgers": shown}, lines or ["No other ledger is in use."])
    leave(3 if any(witness.problem for witness in found) else 0)


@ledgers.command()
@directory_argument
@click.argument("number", type=click.IntRange(1))
@json_option
def remove(directory: Path, number: int, as_json: bool) -> None:
    """Anchor there no more. What stands there stays, also in files; 'add' takes it into use again.

    \b
    Example:
      rootseal node ledgers remove mynode 1

    Exit codes: 0 removed; 2 no such ledger.
    """
    with opened(directory) as services:
        witness = services.store.witnesses.get(number)
        with services.store.writing():
            services.store.witnesses.remove(number, services.now)
            services.store.acts.add(services.now, "ledger.remove", f"ledger/{number}", {})
        answer(as_json, "ledgers-remove", _json(services, witness), [f"{_name(witness)} is not anchored on any more."])


@ledgers.command(name="anchor")
@directory_argument
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--timeout", type=click.FloatRange(0), default=600.0, show_default=True, help="Seconds for each ledger.")
@json_option
def anchor_there(directory: Path, number: int | None, timeout: float, as_json: bool) -> None:
    """Put the newest checkpoint on ledger NUMBER, or on all of them, and wait until that is final.

    \b
    Examples:
      rootseal node ledgers anchor mynode
      rootseal node ledgers anchor mynode 1 --timeout 60

    Exit codes: 0 final on each; 2 no such ledger; 3 not yet, or one cannot be asked: run it again.
    """
    from node.leasing import Lease
    from node.witnessing import Witnessing

    with opened(directory) as services, Lease(services.store, "node ledgers anchor").kept():
        asked = services.store.witnesses.all() if number is None else (services.store.witnesses.get(number),)
        witnessing = Witnessing(services.store, services.connection)
        rounds = [witnessing.wait(w, timeout, tell, time.time, time.sleep) for w in asked]
        shown = [{**_json(services, done.witness), "problem": done.problem} for done in rounds]
    lines = [line for done, value in zip(rounds, shown, strict=True) for line in _lines(done.witness, value)]
    answer(as_json, "ledgers-anchor", {"ledgers": shown}, lines or ["No other ledger is in use."])
    leave(3 if any(done.problem for done in rounds) else 0)


def _json(services: Services, witness: Witness) -> dict[str, Any]:
    newest = services.store.witnesses.anchors(witness.number).newest_anchor()
    return {
        "number": witness.number,
        "chain": witness.chain_id,
        "ledger": address_text(witness.ledger),
        "issuer": witness.issuer,
        "sequence": 0 if newest is None else newest.sequence,
        "anchored": 0 if newest is None else newest.size,
        "problem": witness.problem,
    }


def _name(witness: Witness) -> str:
    return f"eip155:{witness.chain_id}:{address_text(witness.ledger)}"


def _lines(witness: Witness, value: dict[str, Any]) -> list[str]:
    lines = [
        f"{witness.number}: {_name(witness)}, issuer {witness.issuer}: {value['anchored']} entries are final there "
        f"in {value['sequence']} anchors."
    ]
    return lines if value["problem"] is None else [*lines, f"    {harmless(value['problem'], 400)}"]
