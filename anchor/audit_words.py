"""The options that say what is audited and by which standards: the same for an audit and for watching."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from anchor.audit.auditing import AuditRequest
from anchor.audit_options import open_logs, read_standards, read_trusted
from anchor.finality import parse_finality
from anchor.web3_chain import open_chain
from rootseal.errors import InputError
from rootseal.ethereum import parse_address

__all__ = ["read_request", "subject_options"]

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option(
        "--rpc", "rpcs", multiple=True, metavar="URL", help="JSON-RPC address of a node; a second one is cross-checked."
    ),
    click.option("--ledger", metavar="0x…", help="Address of the ledger contract."),
    click.option("--credits", metavar="0x…", help="Address of the credits contract, to audit its tokens too."),
    click.option(
        "--log",
        "logs",
        multiple=True,
        metavar="[N=]PLACE",
        help="A published log: address, directory or archive; copies of one log are compared.",
    ),
    click.option(
        "--issuer",
        "issuers",
        multiple=True,
        type=click.IntRange(1),
        metavar="N",
        help="Audit this issuer only; repeatable.",
    ),
    click.option(
        "--policy", metavar="FILE", type=_FILE, help="Take accreditors, credits contract and finality from it."
    ),
    click.option(
        "--accreditor",
        "accreditors",
        multiple=True,
        metavar="0x…",
        help="Whose accreditations must not lapse; repeatable.",
    ),
    click.option(
        "--silence", multiple=True, metavar="[N=]DAYS", help="The longest time without an anchor; of issuer N, or all."
    ),
    click.option("--finality", metavar="tag|depth:N", help="When a block is final.  [default: the policy's, else tag]"),
)


def subject_options(command: _Command) -> _Command:
    """Give `command` the options; `read_request` takes their values."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_request(
    rpcs: tuple[str, ...],
    ledger: str | None,
    credits: str | None,
    logs: tuple[str, ...],
    issuers: tuple[int, ...],
    policy: Path | None,
    accreditors: tuple[str, ...],
    silence: tuple[str, ...],
    finality: str | None,
    backdating: int = 90,
) -> AuditRequest:
    """The request that the options make; whoever runs it closes its logs. Raises `InputError`, `click.UsageError`."""
    if not rpcs or ledger is None:
        raise click.UsageError("--rpc and --ledger say what is audited; both are needed")
    if len(rpcs) > 2:
        raise InputError("--rpc", "is for one provider, or two to compare", f"{len(rpcs)} times")
    chain, address = open_chain(rpcs[0]), parse_address(ledger, "--ledger")
    trusted = read_trusted(policy, chain, address)
    parse_finality(finality or "tag", "--finality")
    sources, owners = open_logs(logs)
    return AuditRequest(
        chain=chain,
        ledger=address,
        logs=sources,
        issuers=issuers,
        finality=finality or trusted.finality or "tag",
        owners=owners,
        credits=trusted.credits if credits is None else parse_address(credits, "--credits"),
        second=open_chain(rpcs[1]) if len(rpcs) == 2 else None,
        standards=read_standards(accreditors, trusted, silence, backdating),
    )
