"""`rootseal audit`: replay everything that a ledger and its logs say, and report what does not hold.

Errors are not caught here: the program `rootseal` turns every foreseen one into a sentence and its code.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.collecting import Progress
from anchor.audit.costs import ChainGas
from anchor.audit.html_report import report_html
from anchor.audit.json_rpc import JsonRpc
from anchor.audit.output import check_output, write_report
from anchor.audit.package import Packing, reproduce
from anchor.audit.reexecution import Replaying
from anchor.audit.report import AuditReport
from anchor.audit.report_text import report_text, summary_text
from anchor.audit.sampling import parse_sample
from anchor.audit.tarball import TarSpool
from anchor.audit.transactions import ChainCalls
from anchor.audit_options import given_files
from anchor.audit_watch_cli import watch
from anchor.audit_words import read_request, subject_options
from anchor.web3_chain import open_chain
from rootseal.errors import InputError

__all__ = ["main"]

_QUIET_SECONDS: Final = 1.0
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW: Final = click.Path(dir_okay=False, path_type=Path)


@click.group("audit", invoke_without_command=True, subcommand_metavar="[watch …]")
@subject_options
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
@click.option("--sample", metavar="SEED:N", help="Look at N of the given --file only, drawn by this public seed.")
@click.option(
    "--backdating",
    default=90,
    show_default=True,
    type=click.IntRange(0, 100_000),
    metavar="DAYS",
    help="How much earlier than its anchor a given file may be dated.",
)
@click.option("--from-block", type=click.IntRange(0), metavar="N", help="Read events from here; default: deployment.")
@click.option("--database", metavar="FILE", type=_NEW, help="Keep what was read here, and go on from it next time.")
@click.option("--gas", is_flag=True, help="Add up what every transaction cost; one question more for each.")
@click.option(
    "--replay-rpc", metavar="URL", help="A fresh Anvil or Ganache of the same chain id, to play the history again on."
)
@click.option("--evidence", metavar="FILE", type=_NEW, help="Write everything that was looked at to this .tar too.")
@click.option("--from", "archive", metavar="FILE", type=_FILE, help="Audit such a .tar again, with no network.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Where the report goes.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (rootseal/audit/1).")
def main(archive: Path | None, out: Path | None, as_json: bool, **options: Any) -> None:
    """Replay every event of a ledger and hold the published logs against it.

    Checks every rule of the ledger again, recomputes every anchored root from the published entries,
    and compares the result with the ledger's own answers. No account, no key, no personal data. Writes
    report.html, report.txt and report.json to DIR, which must be new, empty or hold an earlier report.

    \b
    A log is a node's public address, the address of its /log, a directory that
    `rootseal node export-log` wrote, or that directory as .zip or .tar. An issuer
    with anchors whose log is not given counts as "could not check"; one whose log
    is given as N=PLACE and is not there does not publish it.

    \b
    With --database an audit that was broken off goes on where it was, and the next
    one reads only what is new. With --evidence, given files are named in report
    and archive by the first 16 digits of their SHA-256, for names may be personal.

    \b
    Examples:
      rootseal audit --rpc http://127.0.0.1:8545 --ledger 0x5fbd… --log ./log --out report
      rootseal audit --rpc https://rpc.example --ledger 0x5fbd… --issuer 3 \\
        --log 3=https://node.example --file ada.credential.json --out report
      rootseal audit --rpc https://one.example --rpc https://two.example --ledger 0x5fbd… \\
        --credits 0xe7f1… --policy policy.toml --silence 120 --database audit.db --out report
      rootseal audit --rpc http://besu:8545 --ledger 0x5fbd… --finality depth:12 --out report
      rootseal audit --rpc https://rpc.example --ledger 0x5fbd… --log ./log \\
        --replay-rpc http://127.0.0.1:8545 --evidence evidence.tar --out report
      rootseal audit --from evidence.tar --out report

    Exit codes: 0 clean; 1 findings; 2 usage or bad input; 3 something that was asked could not be checked.
    """
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is not None:
        return
    if out is None:
        raise click.UsageError("--out says where the report goes; it is needed")
    check_output(out)
    report = _again(archive, options, out, as_json) if archive is not None else _new(options, out)
    if as_json:
        click.echo(report.to_bytes(), nl=False)
    else:
        click.echo(summary_text(report))
        click.echo(f"\nReport: {out / 'report.html'}, {out / 'report.txt'} and {out / 'report.json'}")
    ctx.exit(report.exit_code)


main.add_command(watch)


def _new(options: dict[str, Any], out: Path) -> AuditReport:
    """Audit what the options name, and write what they want."""
    own = {"promises", "files", "sample", "from_block", "database", "gas", "replay_rpc", "evidence"}
    mine = {name: value for name, value in options.items() if name in own}
    request = read_request(**{name: value for name, value in options.items() if name not in own})
    try:
        request = _extended(request, options["rpcs"][0], mine)
        evidence = mine["evidence"]
        return _packed(request, evidence, out) if evidence is not None else _written(audit(request, _progress()), out)
    finally:
        for source in request.logs:
            source.close()


def _extended(request: AuditRequest, rpc: str, mine: dict[str, Any]) -> AuditRequest:
    sample = None if mine["sample"] is None else parse_sample(mine["sample"])
    kept, given, sample = given_files(mine["promises"], mine["files"], sample, nameless=mine["evidence"] is not None)
    fresh = mine["replay_rpc"]
    replayer = None
    if fresh is not None:
        calls = ChainCalls(JsonRpc(rpc))
        replayer = Replaying(calls, JsonRpc(fresh, "--replay-rpc"), open_chain(fresh), request.chain)
    return replace(
        request,
        promises=kept,
        files=given,
        sample=sample,
        from_block=mine["from_block"],
        database=mine["database"],
        replayer=replayer,
        gas=ChainGas(request.chain) if mine["gas"] or mine["evidence"] is not None else None,
    )


def _packed(request: AuditRequest, evidence: Path, out: Path) -> AuditReport:
    progress = _progress()
    with TarSpool() as spool:
        packing = Packing(request, spool)
        report = _written(audit(packing.request, progress), out)
        packing.finish(report, evidence, progress)
    click.echo(f"Evidence: {evidence}", err=True)
    return report


def _again(archive: Path, options: dict[str, Any], out: Path, as_json: bool) -> AuditReport:
    given = [name for name, value in options.items() if value and name != "backdating"]
    if given:
        raise InputError("--from", "brings everything that was asked; leave the other options out", given[0])
    found = reproduce(archive, _progress())
    if not as_json:
        total = found.proven + found.unproven
        click.echo(f"Evidence whole: {found.proven} of {total} blocks proven by header and receipts.", err=True)
    return _written(found.report, out)


def _written(report: AuditReport, out: Path) -> AuditReport:
    write_report(out, report.to_bytes(), report_text(report), report_html(report))
    return report


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
