"""`rootseal audit`: replay everything that a ledger and its logs say, and report what does not hold.

Errors are not caught here: the program `rootseal` turns every foreseen one into a sentence and its code.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import click

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.collecting import Progress
from anchor.audit.output import check_output, write_report
from anchor.audit.report_text import report_text, summary_text
from anchor.audit_options import given_files, open_logs, read_standards, read_trusted
from anchor.finality import parse_finality
from anchor.web3_chain import open_chain
from rootseal.errors import InputError
from rootseal.ethereum import parse_address

__all__ = ["main"]

_QUIET_SECONDS: Final = 1.0
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("audit")
@click.option(
    "--rpc",
    "rpcs",
    required=True,
    multiple=True,
    metavar="URL",
    help="JSON-RPC address of a node; a second one is cross-checked.",
)
@click.option("--ledger", required=True, metavar="0x…", help="Address of the ledger contract.")
@click.option("--credits", metavar="0x…", help="Address of the credits contract, to audit its tokens too.")
@click.option(
    "--log",
    "logs",
    multiple=True,
    metavar="[N=]PLACE",
    help="A published log: address, directory or archive; copies of one log are compared.",
)
@click.option(
    "--issuer",
    "issuers",
    multiple=True,
    type=click.IntRange(1),
    metavar="N",
    help="Audit this issuer only; repeatable.",
)
@click.option(
    "--promise",
    "promises",
    multiple=True,
    metavar="FILE",
    type=_FILE,
    help="A credential, presentation or proof file whose promise to check; repeatable.",
)
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="FILE",
    type=_FILE,
    help="A credential or presentation to look for in the log, and whose date and promise to check; repeatable.",
)
@click.option("--policy", metavar="FILE", type=_FILE, help="Take accreditors, credits contract and finality from it.")
@click.option(
    "--accreditor", "accreditors", multiple=True, metavar="0x…", help="Whose accreditations must not lapse; repeatable."
)
@click.option(
    "--silence", multiple=True, metavar="[N=]DAYS", help="The longest time without an anchor; of issuer N, or all."
)
@click.option(
    "--backdating",
    default=90,
    show_default=True,
    type=click.IntRange(0, 100_000),
    metavar="DAYS",
    help="How much earlier than its anchor a given file may be dated.",
)
@click.option("--finality", metavar="tag|depth:N", help="When a block is final.  [default: the policy's, else tag]")
@click.option("--from-block", type=click.IntRange(0), metavar="N", help="Read events from here; default: deployment.")
@click.option(
    "--database",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep what was read here, and go on from it next time.",
)
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the report goes.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (rootseal/audit/1).")
def main(
    rpcs: tuple[str, ...],
    ledger: str,
    credits: str | None,
    logs: tuple[str, ...],
    issuers: tuple[int, ...],
    promises: tuple[Path, ...],
    files: tuple[Path, ...],
    policy: Path | None,
    accreditors: tuple[str, ...],
    silence: tuple[str, ...],
    backdating: int,
    finality: str | None,
    from_block: int | None,
    database: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Replay every event of a ledger and hold the published logs against it.

    Checks every rule of the ledger again, recomputes every anchored root from the published entries,
    and compares the result with the ledger's own answers. No account, no key, no personal data. Writes
    report.json and report.txt to DIR, which must be new, empty or hold an earlier report.

    \b
    A log is a node's public address, the address of its /log, a directory that
    `rootseal node export-log` wrote, or that directory as .zip or .tar. An issuer
    with anchors whose log is not given counts as "could not check"; one whose log
    is given as N=PLACE and is not there does not publish it.

    \b
    With --database an audit that was broken off goes on where it was, and the next
    one reads only what is new.

    \b
    Examples:
      rootseal audit --rpc http://127.0.0.1:8545 --ledger 0x5fbd… --log ./log --out report
      rootseal audit --rpc https://rpc.example --ledger 0x5fbd… --issuer 3 \\
        --log 3=https://node.example --file ada.credential.json --out report
      rootseal audit --rpc https://one.example --rpc https://two.example --ledger 0x5fbd… \\
        --credits 0xe7f1… --policy policy.toml --silence 120 --database audit.db --out report
      rootseal audit --rpc http://besu:8545 --ledger 0x5fbd… --finality depth:12 --out report

    Exit codes: 0 clean; 1 findings; 2 usage or bad input; 3 something that was asked could not be checked.
    """
    check_output(out)
    if len(rpcs) > 2:
        raise InputError("--rpc", "is for one provider, or two to compare", f"{len(rpcs)} times")
    chain, address = open_chain(rpcs[0]), parse_address(ledger, "--ledger")
    trusted = read_trusted(policy, chain, address)
    parse_finality(finality or "tag", "--finality")
    sources, owners = open_logs(logs)
    kept, given = given_files(promises, files)
    request = AuditRequest(
        chain=chain,
        ledger=address,
        logs=sources,
        issuers=issuers,
        promises=kept,
        finality=finality or trusted.finality or "tag",
        from_block=from_block,
        files=given,
        owners=owners,
        credits=trusted.credits if credits is None else parse_address(credits, "--credits"),
        second=open_chain(rpcs[1]) if len(rpcs) == 2 else None,
        standards=read_standards(accreditors, trusted, silence, backdating),
        database=database,
    )
    try:
        report = audit(request, _progress())
    finally:
        for source in sources:
            source.close()
    write_report(out, report.to_bytes(), report_text(report))
    if as_json:
        click.echo(report.to_bytes(), nl=False)
    else:
        click.echo(summary_text(report))
        click.echo(f"\nReport: {out / 'report.txt'} and {out / 'report.json'}")
    click.get_current_context().exit(report.exit_code)


def _progress() -> Progress:
    """To stderr, at most once a second, so that a long audit shows that it lives and a short one stays quiet."""
    last = time.monotonic()

    def show(sentence: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _QUIET_SECONDS:
            last = time.monotonic()
            click.echo(f"audit: {sentence}", err=True)

    return show


if __name__ == "__main__":
    sys.exit(main())
