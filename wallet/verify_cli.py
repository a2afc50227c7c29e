"""`rootseal verify` and `rootseal update`: for employers, and for whoever holds a file.

Imports are kept light: without an RPC and a block hash, verifying needs neither web3 nor eth-account.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import click

from anchor.collecting import Sources, collect_facts, parse_block_hash
from rootseal.checks import Expected
from rootseal.errors import InputError
from rootseal.instants import parse_instant
from rootseal.policy import Policy
from rootseal.verdict import Verdict, worst
from rootseal.verification import verify as verify_bytes
from wallet.console import as_json_option, finish, line, print_json
from wallet.disk import read_file
from wallet.gathering import is_many
from wallet.report import print_report
from wallet.settings import load_policy
from wallet.speaking import chosen_language, language_option
from wallet.unwrapping import read_wrapped

__all__ = ["update", "verify"]

MAX_SNAPSHOT = 64 << 20
_EXIT = {"verified": 0, "rejected": 1, "undetermined": 3}


@click.command("verify")
@click.argument("files", metavar="FILE|DIR|ZIP…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--policy", metavar="F", type=click.Path(path_type=Path), help="Whom you trust; else your own policy.")
@click.option("--trust", metavar="T", multiple=True, help="Trust one more: eip155:1:0xLEDGER/ISSUER or …/0xACCREDITOR.")
@click.option("--rpc", metavar="URL", help="Ask this node of the chain instead of those in the policy.")
@click.option("--offline", is_flag=True, help="Ask nobody; what only the chain can tell stays open.")
@click.option("--block-hash", metavar="H", multiple=True, help="A block that you know to be real: eip155:1:0x….")
@click.option(
    "--status",
    "snapshots",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A snapshot of the ledger, instead of asking a chain. Needs --block-hash for its block.",
)
@click.option("--at", metavar="DATE", help="Judge dates as of this day (YYYY-MM-DD); also tell what held then.")
@click.option("--audience", metavar="A", help="What you asked the holder to sign: your name. Needs --nonce.")
@click.option("--nonce", metavar="N", help="What you asked the holder to sign: your random word.")
@click.option(
    "--csv", "table", metavar="FILE", type=click.Path(path_type=Path), help="Also write a table for a spreadsheet."
)
@language_option
@as_json_option
def verify(
    files: tuple[Path, ...],
    policy: Path | None,
    trust: tuple[str, ...],
    rpc: str | None,
    offline: bool,
    block_hash: tuple[str, ...],
    snapshots: tuple[Path, ...],
    at: str | None,
    audience: str | None,
    nonce: str | None,
    table: Path | None,
    language: str | None,
    as_json: bool,
) -> None:
    """Check credentials and presentations. Nothing is uploaded anywhere.

    Of a folder or a ZIP archive every file is checked, one line each; nothing is unpacked to the disk, and each
    issuer's ledger is asked once for all.

    Whom to believe is said by your own policy (see: rootseal trust), never by the file; no address that
    stands in a file is ever asked.

    \b
    Examples:
      rootseal verify diploma.presentation.json
      rootseal verify *.json --json
      rootseal verify f.json --trust eip155:1:0xLEDGER/7 --rpc https://node.example
      rootseal verify f.json --block-hash eip155:1:0xHASH --offline
      rootseal verify f.json --status snapshot.json --block-hash eip155:1:0xHASH
      rootseal verify f.json --audience "Example Ltd" --nonce 8c1f02
      rootseal verify f.json --at 2026-10-01 --language sl
      rootseal verify applications/ --csv applications.csv
      rootseal verify applications.zip --json

    Exit codes (several files: the worst): 0 verified; 1 rejected, or in a folder or archive not to be read;
    2 wrong usage, for example a file that is not there; 3 could not be decided.
    """
    expected = _expected(audience, nonce)
    chosen = _asking(load_policy(policy, trust), expected)
    moment = None if at is None else _moment(at)
    known = tuple(read_file(path, MAX_SNAPSHOT) for path in snapshots)
    sources = Sources(rpc, frozenset(map(parse_block_hash, block_hash)), offline, known, moment is not None)
    spoken = chosen_language(language)
    if table is not None or any(map(is_many, files)):
        from wallet.bulk_verify import Terms, verify_many

        finish(verify_many(files, Terms(chosen, sources, moment, expected, spoken), table, as_json))
        return
    contents = [(path, read_wrapped(path)) for path in files]  # all of them before the first answer
    verdicts = []
    for path, data in contents:
        facts, now = collect_facts(data, chosen, sources), int(time.time())
        verdict = verify_bytes(data, chosen, facts, now=now, at=moment, expected=expected)
        verdicts.append(verdict)
        _print(path, data, verdict, now, spoken, as_json)
    finish(_EXIT[worst(verdict.overall for verdict in verdicts)])


@click.command("update")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--from", "node_url", metavar="URL", help="The issuer's node, such as https://registrar.example.")
@click.option("--rpc", metavar="URL", help="Ask this node of the chain instead of those in the policy.")
@click.option("--policy", metavar="F", type=click.Path(path_type=Path), help="Whose chains to ask; else your own.")
@as_json_option
def update(file: Path, node_url: str | None, rpc: str | None, policy: Path | None, as_json: bool) -> None:
    """Replace the issuer's promise in a credential file by the proof that it was kept.

    Asks the issuer's node that you name, never an address from the file, and writes only what a chain
    confirms: the one behind --rpc, or the one in your policy. A false answer changes nothing, and what the
    chain refutes in the file gives way to what it confirms. The file is rewritten in one step.

    \b
    Examples:
      rootseal update diploma.credential.json --from https://registrar.example --rpc https://node.example
      rootseal update diploma.credential.json --rpc https://node.example

    Exit codes: 0 it holds its proof, and the chain agrees; 1 the issuer has revoked or suspended it, or the
    answer or the file is false, and then nothing was changed; 2 wrong usage; 3 not published yet, or there was
    no chain to ask.
    """
    from wallet.updating import Updater, exit_code_of

    updater = Updater.of(node_url, rpc, load_policy(policy, ()), int(time.time()))
    outcome = updater.update_file(file)
    if as_json:
        print_json({"format": "rootseal/update/1", "file": str(file), **outcome.to_json()})
    else:
        line(f"{file}: {outcome.sentence}")
    finish(exit_code_of(outcome))


def _print(path: Path, data: bytes, verdict: Verdict, now: int, language: str, as_json: bool) -> None:
    if as_json:
        print_json(verdict.to_json(language))
        return
    print_report(str(path), data, verdict, now, language)
    line()


def _expected(audience: str | None, nonce: str | None) -> Expected | None:
    if (audience is None) != (nonce is None):
        raise click.UsageError("--audience and --nonce belong together: give both")
    return None if audience is None or nonce is None else Expected(audience, nonce)


def _asking(policy: Policy | None, expected: Expected | None) -> Policy | None:
    """Who asked a question wants the answer: a file without one must not pass."""
    return replace(policy, holder_required=True) if policy is not None and expected is not None else policy


def _moment(text: str) -> int:
    try:
        return parse_instant(text if "T" in text else f"{text}T00:00:00Z", "--at")
    except InputError as error:
        raise InputError("--at", "must be a day (2026-10-01) or a time (2026-10-01T12:00:00Z)", text) from error
