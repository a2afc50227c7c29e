"""What the commands of the admin share: where the key is, asking before what cannot be undone, unsigned calls."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from node.cli.terminal import answer, harmless, leave, tell
from rootseal.errors import InputError
from rootseal.ethereum import address_text, checksum_address, parse_address
from rootseal.instants import parse_instant

if TYPE_CHECKING:
    from anchor.calling import Cost
    from node.governing import AdminKey, Governor, UnsignedCall

__all__ = [
    "calls_json",
    "confirm",
    "cost_json",
    "cost_line",
    "dry_run_option",
    "governed",
    "handing_out",
    "key_of_options",
    "key_options",
    "moment",
    "yes_option",
]

F = TypeVar("F", bound=Callable[..., Any])

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would happen and what it costs; send nothing.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask: this cannot be undone, and you know it.")
_ETHER = 10**18


def key_options(command: F) -> F:
    """`--key`, `--passphrase-file`, `--admin`, `--timeout`: whose key signs."""
    options = (
        click.option(
            "--key",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Keystore that signs.  [default: admin-key.json in DIR]",
        ),
        click.option(
            "--passphrase-file",
            metavar="F",
            type=click.Path(dir_okay=False, path_type=Path),
            help="First line unlocks it.  [default: that of the node]",
        ),
        click.option("--admin", metavar="0x…", help="This address signs elsewhere: print the unsigned call."),
        click.option(
            "--timeout",
            type=click.FloatRange(1),
            default=1800.0,
            show_default=True,
            help="Seconds to wait for finality.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def key_of_options(options: dict[str, Any]) -> AdminKey:
    """Whose key signs, by what `key_options` took."""
    from node.governing import AdminKey

    address = None if options["admin"] is None else parse_address(options["admin"], "--admin")
    if address is not None and options["key"] is not None:
        raise click.UsageError("Give --key or --admin, not both.")
    return AdminKey(options["key"], options["passphrase_file"], address)


@contextmanager
def governed(command: str, directory: Path, as_json: bool, options: dict[str, Any]) -> Iterator[Governor]:
    """The node's issuer, with the key of the options. Where somebody signs elsewhere, the calls are printed: exit 3."""
    from node.governing import Governor
    from node.leasing import ADMIN_LEASE, Lease

    key = key_of_options(options)
    with (
        Governor(directory, key, tell, timeout=options["timeout"]) as governor,
        Lease(governor.store, f"node {command}", fact=ADMIN_LEASE).kept(),
        handing_out(command, governor, as_json),
    ):
        yield governor


@contextmanager
def handing_out(command: str, governor: Governor, as_json: bool) -> Iterator[None]:
    """Where somebody must sign elsewhere, print the calls and leave with 3."""
    from node.governing import Waiting

    try:
        yield
    except Waiting as waiting:
        value = {"done": False, "waiting": str(waiting), "calls": calls_json(governor, waiting.calls)}
        answer(as_json, command, value, _call_lines(str(waiting), governor, waiting.calls))
        leave(3)


def calls_json(governor: Governor, calls: Iterable[UnsignedCall]) -> list[dict[str, Any]]:
    """Unsigned calls as wallets take them, the same as `node init` gives."""
    return [
        {
            "what": call.what,
            "chainId": governor.config.chain_id,
            "from": address_text(governor.sender()),
            "to": None if call.to is None else address_text(call.to),
            "value": "0x0",
            "data": "0x" + call.data.hex(),
        }
        for call in calls
    ]


def _call_lines(sentence: str, governor: Governor, calls: Iterable[UnsignedCall]) -> list[str]:
    lines = [f"Not done yet: {sentence}."]
    for call in calls:
        target = "(creates a contract)" if call.to is None else checksum_address(call.to)
        lines += [
            f"    chain {governor.config.chain_id}",
            f"    from  {checksum_address(governor.sender())}",
            f"    to    {target}",
            "    value 0",
            f"    data  0x{call.data.hex()}",
        ]
    return [*lines, "Sign and send it, then run the same command again: it finds on chain that it was done."]


def confirm(sentences: Iterable[str], yes: bool) -> None:
    """Say on stderr what will happen, and go on only after a yes: from `--yes`, or from a person at a terminal."""
    for sentence in sentences:
        tell(harmless(sentence, 1000))
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("This cannot be undone. Run it again with --yes if that is what you want.")
    click.confirm("Go on?", abort=True, err=True)


def cost_line(cost: Cost | None) -> str:
    """Gas and money, in words."""
    if cost is None:
        return "It is on chain already: nothing would be sent."
    return f"It needs {cost.gas} gas: at most {cost.wei / _ETHER:.6g} of the chain's coin ({cost.wei} wei) now."


def cost_json(cost: Cost | None) -> dict[str, Any] | None:
    """`{"gas","wei"}`; wei as a string, because it may not fit a number of JSON."""
    return None if cost is None else {"gas": cost.gas, "wei": str(cost.wei)}


def moment(text: str, option: str) -> int:
    """UTC seconds of YYYY-MM-DD (its first second) or of a date-time with a zone. Raises `InputError`."""
    try:
        return parse_instant(f"{text}T00:00:00Z" if len(text) == 10 else text, option)
    except InputError:
        raise InputError(option, "must be a day such as 2026-10-01, or 2026-10-01T12:00:00Z", text) from None
