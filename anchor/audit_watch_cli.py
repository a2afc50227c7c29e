"""`rootseal audit watch`: look at a ledger again and again, and raise an alarm for what is new."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path
from typing import Any

import click

from anchor.audit.report_text import plain_text, time_text
from anchor.audit.telling import Metrics, Webhook
from anchor.audit.watching import Look, Tell, Watch
from anchor.audit_words import read_request, subject_options
from anchor.webhook_signing import read_secret
from rootseal.errors import UndeterminedError

__all__ = ["watch"]


@click.command("watch")
@subject_options
@click.option(
    "--state", required=True, metavar="DIR", type=click.Path(path_type=Path), help="What was seen before is kept here."
)
@click.option("--webhook", metavar="URL", help="POST each alarm there as JSON (rootseal/audit-alarm/1).")
@click.option(
    "--webhook-secret",
    "secret_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign the alarms (Standard Webhooks) with the secret in its first line: whsec_ and base64.",
)
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), metavar="P", help="Serve numbers at 127.0.0.1:P/metrics."
)
@click.option(
    "--every", type=click.IntRange(1, 86_400), default=60, show_default=True, metavar="S", help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="Look once and leave with a code: for cron.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a look (rootseal/audit-watch/1).")
def watch(
    state: Path,
    webhook: str | None,
    secret_file: Path | None,
    metrics_port: int | None,
    every: int,
    once: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Follow a ledger and its logs, and raise an alarm for every finding that was not there before.

    Each look is an audit up to the newest final block; its report lies in DIR/report. DIR also keeps the last
    signed summary of each log: a log that is rewritten between two looks is found, whether it was anchored or not.
    A known finding is not alarmed again, unless it goes away and comes back. Alarms that nobody took are told again.

    \b
    Examples:
      rootseal audit watch --rpc https://rpc.example --ledger 0x5fbd… \\
        --log https://node.example --state watch --webhook https://alarm.example/hook --webhook-secret hook.secret
      rootseal audit watch --rpc https://rpc.example --ledger 0x5fbd… --state watch --once

    Exit codes: 0 nothing new, or ended by a signal; 1 a new finding (--once); 2 usage or bad input; 3 the chain, or
    something else, could not be checked, or an alarm not be told (--once).
    """
    request = read_request(**options)
    tell = _told(webhook, secret_file)
    stop = threading.Event()
    try:
        with contextlib.ExitStack() as stack:
            metrics = Metrics(0 if metrics_port is None else metrics_port)
            if metrics_port is not None:
                stack.enter_context(metrics)
                click.echo(f"watch: metrics at http://127.0.0.1:{metrics.port}/metrics", err=True)
            watching = stack.enter_context(Watch(request, state))
            if not once:
                for number in (signal.SIGTERM, signal.SIGINT):
                    before = signal.signal(number, lambda *_: stop.set())
                    stack.callback(signal.signal, number, before)
            while not stop.is_set():
                code = _look(watching, tell, metrics, as_json)
                if once:
                    click.get_current_context().exit(code)
                stop.wait(every)
    finally:
        for source in request.logs:
            source.close()


def _told(webhook: str | None, secret_file: Path | None) -> list[Tell]:
    if webhook is None:
        if secret_file is not None:
            raise click.UsageError("--webhook-secret needs --webhook.")
        return []
    return [Webhook(webhook, None if secret_file is None else read_secret(secret_file, "--webhook-secret"))]


def _look(watching: Watch, tell: list[Tell], metrics: Metrics, as_json: bool) -> int:
    """One look, told; a chain that cannot be asked now may answer at the next."""
    try:
        look = watching.look(lambda sentence: None, tell)
    except UndeterminedError as error:
        metrics.failed()
        click.echo(f"watch: could not look: {plain_text(error.reason)}", err=True)
        return 3
    metrics.looked(look)
    _say(look, as_json)
    return look.exit_code


def _say(look: Look, as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps(look.to_json(), separators=(",", ":")))
    elif look.report is not None:
        told = f"{len(look.report.findings)} findings, {len(look.report.unchecked)} not checked"
        click.echo(f"watch: block {look.block.number} ({time_text(look.block.timestamp)}): {told}")
    if look.replaced:
        click.echo("watch: ALARM: a block that was final is not on the chain any more", err=True)
    for found in look.new:
        click.echo(f"watch: ALARM: {found.severity}: {plain_text(found.sentence)} [{found.code}]", err=True)
    for key in look.gone:
        click.echo(f"watch: no longer found: {key.split('/')[0]}", err=True)
    if look.waiting:
        click.echo(f"watch: {look.waiting} alarms could not be handed on and will be tried again", err=True)
