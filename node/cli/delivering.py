"""`deliver`, `bounces`, `claim-link`, `delivered`, `deliveries`: handing out, and knowing what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.terminal import answer, directory_argument, json_option, leave, opened, progress
from rootseal.errors import InputError
from rootseal.instants import format_instant
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.delivery.ledger import Ledger, ListAccount
    from node.delivery.mailing import MailOutcome

__all__ = ["bounces", "claim_link", "deliver", "delivered", "deliveries"]


@click.command()
@directory_argument
@click.option("--limit", type=click.IntRange(1), help="Send at most so many mails.  [default: all]")
@click.option("--only", metavar="ID", help="Mail this one credential only.")
@click.option("--again", is_flag=True, help="With --only: although it was mailed before.")
@click.option("--before-final", is_flag=True, help="Also mail what is sealed but not final on chain yet.")
@click.option("--resend-uncertain", is_flag=True, help="Send those once more that may have arrived.")
@click.option("--dry-run", is_flag=True, help="Check settings and text, show one mail and the counts; send nothing.")
@json_option
def deliver(
    directory: Path,
    limit: int | None,
    only: str | None,
    again: bool,
    before_final: bool,
    resend_uncertain: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Mail every credential that is final on chain, with all its copies, and that nobody was handed yet.

    Safe to interrupt and to run again: no mail is sent twice by itself. Where the connection broke between a
    mail and the server's answer, the mail may have arrived; it is sent again only with --resend-uncertain, under
    the same Message-ID, so that mail programs can tell that it is the same one.

    \b
    Examples:
      rootseal node deliver mynode --dry-run
      rootseal node deliver mynode --limit 50
      rootseal node deliver mynode --only 0b6f… --again

    Exit codes: 0 all handed to the mail server; 1 some were refused for good; 2 a setting or the text is wrong;
    3 some wait or may have arrived, or the mail server cannot be reached: run it again.
    """
    from node.delivery.mailing import Mailer, MailRequest

    if again and only is None:
        raise click.UsageError("--again needs --only ID.")
    request = MailRequest(limit, before_final, only, again, resend_uncertain)
    with opened(directory) as services:
        mailer = Mailer(directory, services.config, services.store, services.exporter, lambda: services.now)
        if dry_run:
            outcome = mailer.rehearse(request)
        else:
            with progress("Sending mail") as move:
                outcome = mailer.deliver(request, move)
    answer(as_json, "deliver", _deliver_json(outcome), _deliver_lines(outcome))
    leave(0 if dry_run else outcome.exit_code)


def _deliver_json(outcome: MailOutcome) -> dict[str, Any]:
    sample = None if outcome.sample is None else {"subject": outcome.sample[0], "text": outcome.sample[1]}
    return {
        "dryRun": outcome.dry_run,
        "handedOver": outcome.handed_over,
        "refused": outcome.refused,
        "failed": outcome.failed,
        "later": outcome.later,
        "waiting": outcome.waiting,
        "uncertain": outcome.uncertain,
        "problem": outcome.problem,
        "sample": sample,
    }


def _deliver_lines(outcome: MailOutcome) -> list[str]:
    if outcome.dry_run:
        lines = [f"{counted(outcome.waiting, 'mail')} would be sent. Nothing was."]
        if outcome.sample is not None:
            lines += ["", f"Subject: {outcome.sample[0]}", "", outcome.sample[1]]
        return lines
    lines = [f"{counted(outcome.handed_over, 'mail')} handed to the mail server."]
    if outcome.refused or outcome.failed:
        lines.append(
            f"{outcome.refused} refused, {outcome.failed} given up: see 'rootseal node deliveries DIR --csv FILE'."
        )
    if outcome.waiting:
        lines.append(f"{outcome.waiting} wait: run it again later.")
    if outcome.uncertain:
        lines.append(f"{outcome.uncertain} may have arrived: ask there, or send again with --resend-uncertain.")
    return lines if outcome.problem is None else [*lines, outcome.problem]


@click.command()
@directory_argument
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@json_option
def bounces(directory: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Read mail that came back (one .eml, or a mailbox in mbox format) and write it down in the delivery ledger.

    Set mail_bounce_address to a mailbox that takes name+anything@, and save what arrives there. Delivery status
    notifications (RFC 3464) are understood; other messages are counted and left alone.

    \b
    Example:
      rootseal node bounces mynode bounces.mbox

    Exit codes: 0 read; 1 mail came back; 2 a file cannot be read.
    """
    from node.delivery.bounces import read_bounces, record_bounces

    with opened(directory) as services:
        messages = [message for path in files for message in read_bounces(path)]
        outcome = record_bounces(services.store, messages, services.now)
    value = {
        "bounced": list(outcome.bounced),
        "known": list(outcome.known),
        "delayed": outcome.delayed,
        "foreign": outcome.foreign,
    }
    came = counted(len(outcome.bounced), "mail")
    lines = [f"{came} came back, {len(outcome.known)} known before, {outcome.foreign} not ours."]
    answer(as_json, "bounces", value, [*lines, *outcome.bounced])
    leave(1 if outcome.bounced else 0)


@click.command("claim-link")
@directory_argument
@click.argument("entry_id", metavar="ID")
@click.option("--expires", type=click.IntRange(1, 366), metavar="DAYS", help="[default: claim_days of node.toml]")
@click.option("--before-final", is_flag=True, help="Although not all copies of it are final on chain yet.")
@json_option
def claim_link(directory: Path, entry_id: str, expires: int | None, before_final: bool, as_json: bool) -> None:
    """Make a one-time link to one credential, with all its copies, for its learner.

    Older links to it that nobody opened end.

    It is shown once: only a hash of its secret is kept. Whoever opens it first gets the whole credential.

    \b
    Example:
      rootseal node claim-link mynode 0b6f… --expires 7

    Exit codes: 0 made; 2 no such credential, or public_url is not set; 3 it is not sealed yet, not all of its
    copies are final, or it is revoked.
    """
    from node.delivery.links import ClaimLinkService

    with opened(directory) as services:
        exporter = services.exporter
        service = ClaimLinkService(
            services.store, services.config.public_url, lambda entry: exporter.credential_file(entry).to_bytes()
        )
        days = expires or services.config.claim_days
        link = service.make(entry_id, services.now, days, before_final=before_final)
    value = {"id": link.entry, "link": link.url, "expiresAt": link.expires_at, "ended": link.ended}
    lines = [link.url, f"It works once, until {format_instant(link.expires_at)}."]
    if link.ended:
        lines.append(f"Older links to this credential that no longer work: {link.ended}.")
    answer(as_json, "claim-link", value, lines)


@click.command()
@directory_argument
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@click.option("--by-hand", is_flag=True, help="Needed: says that each was given to its learner.")
@json_option
def delivered(directory: Path, ids: tuple[str, ...], by_hand: bool, as_json: bool) -> None:
    """Count credentials as delivered that were handed over in person. An export alone never counts as that.

    \b
    Example:
      rootseal node delivered mynode 0b6f… 91c2… --by-hand

    Exit codes: 0 counted; 2 no such credential, or it is not sealed.
    """
    from node.delivery.ledger import hand_over

    if not by_hand:
        raise click.UsageError("Say --by-hand: mail and claim links are counted by themselves.")
    with opened(directory) as services:
        new, known = hand_over(services.store, ids, services.now)
    value = {"counted": list(new), "already": list(known)}
    answer(as_json, "delivered", value, [f"{len(new)} counted as handed over, {len(known)} were already."])


@click.command()
@directory_argument
@click.option("--csv", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write a line per credential.")
@json_option
def deliveries(directory: Path, out: Path | None, as_json: bool) -> None:
    """Show what became of every row of every list, and whether it adds up.

    rows = issued + refused + withdrawn + issued before by another list; issued = delivered + waiting + failed.
    The file of --csv names learner ids: treat it like the list itself. It is not overwritten.

    \b
    Examples:
      rootseal node deliveries mynode
      rootseal node deliveries mynode --csv june.csv

    Exit codes: 0 it adds up; 1 it does not: run 'rootseal node fsck'; 2 the file exists or cannot be written.
    """
    from node.delivery.ledger import delivery_csv, delivery_ledger

    with opened(directory) as services:
        ledger = delivery_ledger(services.store, services.now)
        if out is not None:
            _write(out, delivery_csv(services.store, services.now))
    value = {
        "addsUp": ledger.adds_up,
        "total": ledger.total.to_json(),
        "lists": [account.to_json() for account in ledger.lists],
    }
    answer(as_json, "deliveries", value, _ledger_lines(ledger))
    leave(0 if ledger.adds_up else 1)


def _write(out: Path, data: bytes) -> None:
    from anchor.files import write_atomically

    if out.exists() or out.is_symlink():
        raise InputError("--csv", "exists already and is not overwritten; name a new file", str(out))
    try:
        write_atomically(out, data)
    except OSError as error:
        raise InputError("--csv", f"cannot be written: {error.strerror}", str(out)) from error


def _ledger_lines(ledger: Ledger) -> list[str]:
    from node.delivery.ledger import FATES

    lines = [line for account in ledger.lists for line in _account_lines(account, _title(account))]
    lines += _account_lines(ledger.total, "All lists")
    lines += [
        f"  {ledger.total.fates[code]:>7} {words}" for code, (_, words) in FATES.items() if ledger.total.fates[code]
    ]
    verdict = "It adds up." if ledger.adds_up else "It does NOT add up: run 'rootseal node fsck'."
    return [*lines, verdict]


def _title(account: ListAccount) -> str:
    if account.number is None or account.at is None:
        return "Without a list"
    return f"List {account.number} of {format_instant(account.at)}"


def _account_lines(account: ListAccount, title: str) -> list[str]:
    repeated = f" + {account.repeated} issued before" if account.repeated else ""
    rows = f"{account.issued} issued + {account.refused} refused + {account.of('withdrawn')} withdrawn{repeated}"
    parts = f"{account.of('delivered')} delivered + {account.of('waiting')} waiting + {account.of('failed')} failed"
    return [f"{title}: {counted(account.rows, 'row')} = {rows}", f"  {account.issued} issued = {parts}"]
