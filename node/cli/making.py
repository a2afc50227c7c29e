"""`rootseal node init`: make a node, or go on making it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.terminal import answer, directory_argument, json_option, leave, tell
from rootseal.ethereum import address_text, checksum_address, parse_address

if TYPE_CHECKING:
    from node.init import InitOutcome

__all__ = ["init"]

_ETHER = 10**18


@click.command()
@directory_argument
@click.option("--chain-url", metavar="URL", help="JSON-RPC address of the chain.")
@click.option("--ledger", metavar="0x…", help="Use the ledger contract at this address.")
@click.option("--deploy", is_flag=True, help="Put a new ledger contract on the chain.")
@click.option("--name", help="Name of the institution, as credentials will carry it.")
@click.option("--country", metavar="CODE", help="Country of the institution, for example IE.")
@click.option("--url", help="Web address of the institution (https).")
@click.option("--public-url", metavar="URL", help="Where this node's public pages will be reached (https).")
@click.option("--admin", metavar="0x…", help="The admin keeps the key elsewhere: print the calls to sign.")
@click.option(
    "--passphrase-file",
    metavar="F",
    type=click.Path(dir_okay=False, path_type=Path),
    help="First line unlocks the keys; made where not given.",
)
@click.option("--preset", metavar="NAME", help="Settings that fit a chain: sepolia, polygon, base, gnosis or besu.")
@click.option("--finality", metavar="tag|depth:N", help="When a block counts as final.  [default: tag]")
@click.option("--test", is_flag=True, help="A rehearsal on a test network: everything made says TEST.")
@click.option(
    "--timeout", type=click.FloatRange(1), default=1800.0, show_default=True, help="Seconds to wait for finality."
)
@json_option
def init(
    directory: Path,
    chain_url: str | None,
    ledger: str | None,
    deploy: bool,
    name: str | None,
    country: str | None,
    url: str | None,
    public_url: str | None,
    admin: str | None,
    passphrase_file: Path | None,
    preset: str | None,
    finality: str | None,
    test: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Make a node in DIR: keys, ledger, registration, settings.

    Every step can be interrupted; the same command (or just 'rootseal node init DIR') goes on. On a
    development chain the keys get test money by themselves. Elsewhere the command says which
    address needs how much, ends with 3, and goes on when it is run again.

    DIR then holds admin-key.json, which governs the issuer. Daily work does not need it: move it, and
    the passphrase, to a safe place.

    \b
    Examples:
      rootseal node init mynode --chain-url http://127.0.0.1:8545 --deploy --name "Coast College" --country IE
      rootseal node init mynode --chain-url https://rpc.example --ledger 0x… --name "Coast College" --admin 0x…
      rootseal node init mynode --chain-url https://rpc.example --preset sepolia --deploy --name "Coast College"

    Exit codes: 0 the node is ready; 2 bad choice; 3 money, a signature or finality is missing: run it again.
    """
    from node.init import InitRequest, initialise

    request = InitRequest(
        chain_url=chain_url,
        name=name,
        country=country,
        url=url,
        public_url=public_url,
        finality=finality,
        ledger=None if ledger is None else parse_address(ledger, "--ledger"),
        deploy=deploy,
        admin=None if admin is None else parse_address(admin, "--admin"),
        passphrase_file=passphrase_file,
        test=test,
        preset=preset,
    )
    if preset is not None:
        from node.presets import read_preset

        for note in read_preset(preset).notes:
            tell(f"note: {note}")
    outcome = initialise(directory, request, tell, timeout=timeout)
    answer(as_json, "init", _as_json(directory, outcome), _lines(directory, outcome))
    leave(0 if outcome.waiting is None else 3)


def _as_json(directory: Path, outcome: InitOutcome) -> dict[str, Any]:
    config = outcome.config
    return {
        "directory": str(directory),
        "ready": outcome.waiting is None,
        "waiting": outcome.waiting,
        "chain": f"eip155:{config.chain_id}",
        "ledger": None if config.ledger is None else address_text(config.ledger),
        "issuer": config.issuer,
        "key": address_text(outcome.key),
        "test": config.test,
        "calls": [
            {
                "what": call.what,
                "chainId": config.chain_id,
                "to": None if call.to is None else address_text(call.to),
                "value": "0x0",
                "data": "0x" + call.data.hex(),
            }
            for call in outcome.calls
        ],
        "funds": [
            {"address": address_text(funds.address), "wei": str(funds.wei), "purpose": funds.purpose}
            for funds in outcome.funds
        ],
    }


def _lines(directory: Path, outcome: InitOutcome) -> list[str]:
    config = outcome.config
    if outcome.waiting is None:
        return [
            f"The node in {directory} is ready{' (TEST chain: nothing made here is real)' if config.test else ''}.",
            f"{config.name} is issuer {config.issuer} on {config.home.chain}, "
            f"ledger {checksum_address(config.home.ledger)}.",
            f"Its key {checksum_address(outcome.key)} pays for anchoring: keep some of the chain's coin on it.",
            "Next: 'rootseal node templates add', then 'rootseal node issue'.",
        ]
    lines = [f"Not ready yet: {outcome.waiting}."]
    for funds in outcome.funds:
        amount = (
            f"at least {-(-funds.wei * 1000 // _ETHER) / 1000:g} (in the chain's coin; {funds.wei} wei)"
            if funds.wei
            else "some"
        )
        lines.append(f"  {checksum_address(funds.address)} needs {amount}: it {funds.purpose}")
    for call in outcome.calls:
        target = "(creates a contract)" if call.to is None else checksum_address(call.to)
        lines += [f"  {call.what}", f"    to    {target}", "    value 0", f"    data  0x{call.data.hex()}"]
    lines.append("Then run: rootseal node init DIR")
    return lines
