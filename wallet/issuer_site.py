"""Which issuer on which ledger a command is about, and how to ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rootseal.commitment import Home
from rootseal.errors import InputError
from rootseal.policy import LedgerPolicy
from wallet.console import as_json_option
from wallet.settings import load_policy
from wallet.trusting import parse_place

if TYPE_CHECKING:
    from anchor.chain import Chain
    from anchor.pins import Pins

__all__ = ["Site", "site_options"]


@dataclass(frozen=True, slots=True)
class Site:
    """One issuer on one ledger, and how to ask for it: the chain, what is pinned of it, and the user's own policy."""

    home: Home
    policy: LedgerPolicy | None
    chain: Chain
    pins: Pins
    finality: str

    @classmethod
    def of(cls, text: str, rpc: str | None, policy: Path | None) -> Site:
        """From `eip155:1:0xLEDGER/NUMBER`. Raises `InputError`; `WrongChain` where the endpoint is another's."""
        from anchor.pins import Pins
        from anchor.web3_chain import open_chain

        place = parse_place(text)
        if place.issuer is None:
            raise InputError("ISSUER", "must be eip155:CHAIN:0xLEDGER/NUMBER", text)
        home = Home(place.chain_id, place.ledger, place.issuer)
        trusted = load_policy(policy, ())
        listed = None if trusted is None else trusted.ledger(home)
        urls = (rpc,) if rpc is not None else () if listed is None else listed.rpcs
        if not urls:
            raise InputError("--rpc", "is needed: the address of a node of the chain, for your policy names none")
        genesis, code = (None, None) if listed is None else (listed.genesis, listed.code)
        pins = Pins(home.chain_id, genesis, home.ledger, code)
        chain = open_chain(urls[0])
        pins.check(chain)
        return cls(home, listed, chain, pins, "tag" if listed is None else listed.finality)


def site_options(command: Any) -> Any:
    """`--rpc`, `--policy`, `--json`."""
    for option in (
        as_json_option,
        click.option("--policy", metavar="F", type=click.Path(path_type=Path), help="Whom you trust; else your own."),
        click.option("--rpc", metavar="URL", help="A node of the chain to ask.  [default: that of the policy]"),
    ):
        command = option(command)
    return command
