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
from anchor.audit.promise_files import PromiseFile, read_promises
from anchor.audit.report_text import report_text, summary_text
from anchor.audit.sources import open_source
from anchor.finality import parse_finality
from anchor.web3_chain import open_chain
from rootseal.canonical import MAX_BYTES
from rootseal.errors import InputError
from rootseal.ethereum import parse_address

__all__ = ["main"]

_QUIET_SECONDS: Final = 1.0


@click.command("audit")
@click.option("--rpc", required=True, metavar="URL", help="JSON-RPC address of a node of the chain.")
@click.option("--ledger", required=True, metavar="0x…", help="Address of the ledger contract.")
@click.option("--log", "logs", multiple=True, metavar="URL|DIR", help="A published log; may be given once an issuer.")
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
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A credential, presentation or proof file whose promise to check; repeatable.",
)
@click.option("--finality", default="tag", show_default=True, metavar="tag|depth:N", help="When a block is final.")
@click.option("--from-block", type=click.IntRange(0), metavar="N", help="Read events from here; default: deployment.")
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the report goes.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (rootseal/audit/1).")
def main(
    rpc: str,
    ledger: str,
    logs: tuple[str, ...],
    issuers: tuple[int, ...],
    promises: tuple[Path, ...],
    finality: str,
    from_block: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Replay every event of a ledger and hold the published logs against it.

    Checks every rule of the ledger again, recomputes every anchored root from the published entries,
    and compares the result with the ledger's own answers. No account, no key, no personal data. Writes
    report.json and report.txt to DIR, which must be new, empty or hold an earlier report.

    \b
    A log is a node's public address, the address of its /log, or a directory that
    `rootseal node export-log` wrote. An issuer with anchors whose log is not given
    counts as "could not check".

    \b
    Examples:
      rootseal audit --rpc http://127.0.0.1:8545 --ledger 0x5fbd… --log ./log --out report
      rootseal audit --rpc https://rpc.example --ledger 0x5fbd… --issuer 3 \\
        --log https://node.example --promise ada.credential.json --out report
      rootseal audit --rpc http://besu:8545 --ledger 0x5fbd… --finality depth:12 --out report

    Exit codes: 0 clean; 1 findings; 2 usage or bad input; 3 something that was asked could not be checked.
    """
    check_output(out)
    parse_finality(finality, "--finality")
    request = AuditRequest(
        chain=open_chain(rpc),
        ledger=parse_address(ledger, "--ledger"),
        logs=tuple(open_source(log) for log in logs),
        issuers=issuers,
        promises=tuple(promise for path in promises for promise in _promises(path)),
        finality=finality,
        from_block=from_block,
    )
    report = audit(request, _progress())
    write_report(out, report.to_bytes(), report_text(report))
    if as_json:
        click.echo(report.to_bytes(), nl=False)
    else:
        click.echo(summary_text(report))
        click.echo(f"\nReport: {out / 'report.txt'} and {out / 'report.json'}")
    click.get_current_context().exit(report.exit_code)


def _promises(path: Path) -> tuple[PromiseFile, ...]:
    try:
        with path.open("rb") as file:
            return read_promises(path.name, file.read(MAX_BYTES + 1))
    except OSError as error:
        raise InputError("--promise", f"cannot be read: {error.strerror}", str(path)) from error


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
