"""`rootseal snapshot`: what the ledger says of an issuer, in a file that proves itself under one block hash."""

from __future__ import annotations

from pathlib import Path

import click

from rootseal.commitment import parse_chain
from rootseal.errors import InputError
from rootseal.ethereum import parse_address
from rootseal.instants import format_instant
from rootseal.opening import open_file
from rootseal.plurals import counted
from rootseal.policy import LedgerPolicy, Policy
from wallet.console import as_json_option, line, paragraph, print_json
from wallet.disk import read_file, write_atomically
from wallet.settings import load_policy

__all__ = ["snapshot"]


@click.command("snapshot")
@click.option("--rpc", metavar="URL", required=True, help="A node of the chain that serves eth_getProof.")
@click.option("--ledger", metavar="L", required=True, help="The ledger: eip155:1:0xLEDGER.")
@click.option("--issuer", metavar="N", type=click.IntRange(1), required=True, help="The issuer's number in the ledger.")
@click.option("-o", "--out", metavar="FILE", type=click.Path(path_type=Path), required=True, help="Where to write it.")
@click.option(
    "--for",
    "files",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Only the publications that this credential or presentation names. Default: all.",
)
@click.option(
    "--policy", metavar="F", type=click.Path(path_type=Path), help="Whose accreditors to ask about; else yours."
)
@as_json_option
def snapshot(
    rpc: str, ledger: str, issuer: int, out: Path, files: tuple[Path, ...], policy: Path | None, as_json: bool
) -> None:
    """Write what the ledger says of an issuer after the newest final block, with the chain's own proofs.

    Whoever knows that block's hash from a source of their own can verify with the file and no connection. It
    holds the whole status map, so that it does not tell which credential it is for (unless --for narrows the
    publications), and nothing about any learner.

    \b
    Examples:
      rootseal snapshot --rpc https://node.example --ledger eip155:1:0xLEDGER --issuer 7 -o uni.snapshot.json
      rootseal verify diploma.json --status uni.snapshot.json --block-hash eip155:1:0xHASH

    Exit codes: 0 written; 2 wrong usage, or no such issuer; 3 the chain could not be asked, or gives no proofs.
    """
    from anchor.snapshotting import make_snapshot  # brings web3: a second of imports

    asked = _ledger(ledger, load_policy(policy, ()))
    made, block = make_snapshot(rpc, asked, issuer, _roots(files, asked, issuer), _say)
    data = made.to_bytes()
    write_atomically(out, data)
    place = f"eip155:{asked.chain_id}:0x{block.hash.hex()}"
    if as_json:
        print_json({
            "format": "rootseal/snapshot-made/1", "file": str(out), "bytes": len(data), "blockHash": place,
            "block": block.number, "time": block.timestamp, "anchors": len(made.state.anchors),
            "size": made.state.head.size, "accreditors": len(made.state.accreditations),
        })  # fmt: skip
        return
    line(f"{out}: issuer {issuer} as of {format_instant(block.timestamp)} (final block {block.number}).")
    publications, entries = counted(len(made.state.anchors), "publication"), counted(made.state.head.size, "entry")
    accreditors = counted(len(made.state.accreditations), "accreditor")
    paragraph(
        f"It holds {publications}, the status of {entries}, and what {accreditors} gave. Whoever uses it must know "
        f"this block hash from a source of their own: {place}",
        2,
    )


def _ledger(text: str, policy: Policy | None) -> LedgerPolicy:
    """The ledger as the policy pins it, else with nothing pinned."""
    chain, _, address = text.rpartition(":")
    asked = LedgerPolicy(parse_chain(chain, "--ledger"), parse_address(address, "--ledger"))
    known = () if policy is None else policy.ledgers
    return next((p for p in known if (p.chain_id, p.address) == (asked.chain_id, asked.address)), asked)


def _roots(files: tuple[Path, ...], ledger: LedgerPolicy, issuer: int) -> list[bytes]:
    found: dict[bytes, None] = {}
    for path in files:
        for credential in open_file(read_file(path)).credentials:
            home = credential.home
            if (home.chain_id, home.ledger, home.issuer) != (ledger.chain_id, ledger.address, issuer):
                raise InputError("--for", "is of another issuer", str(path))
            found.update((anchor.root, None) for anchor in credential.proofs.at(home))
    return list(found)


def _say(text: str) -> None:
    click.echo(text, err=True)
