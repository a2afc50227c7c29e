"""`webhook …`, `errands`: telling the institution's own programs what happened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.terminal import answer, directory_argument, json_option, leave, opened
from rootseal.instants import format_instant

if TYPE_CHECKING:
    from node.services import Services
    from node.store.announcements import Webhook, WebhookDelivery
    from node.webhooks import Webhooks

__all__ = ["errands", "webhook"]


@click.group()
def webhook() -> None:
    """Tell programs of the institution what is sealed, final or revoked, what gets late, and when money runs low.

    Signed after Standard Webhooks; repeated for three days until the receiver answers 2xx. Nothing in them is
    about a learner.

    \b
    Examples:
      rootseal node webhook add mynode https://sis.example.edu/rootseal --kinds final,revoked
      rootseal node webhook log mynode
    """


@webhook.command()
@directory_argument
@click.argument("url")
@click.option(
    "--kinds",
    metavar="KIND,…",
    help="Any of sealed, final, revoked, near, overdue, low_balance.  [default: all, also new ones]",
)
@click.option("--allow-private", is_flag=True, help="URL may lead to a machine inside your network, or to this one.")
@json_option
def add(directory: Path, url: str, kinds: str | None, allow_private: bool, as_json: bool) -> None:
    """Add a webhook and show its secret, once: the receiver needs it to check signatures.

    The node keeps the secret in its database, readable by the node's own account alone; backups hold it too.

    \b
    Examples:
      rootseal node webhook add mynode https://sis.example/rootseal
      rootseal node webhook add mynode http://127.0.0.1:9000/ --kinds final,revoked --allow-private

    Exit codes: 0 added; 2 the address or a kind cannot be.
    """
    with opened(directory) as services:
        chosen = [part.strip() for part in (kinds or "").split(",") if part.strip()]
        made, secret = _webhooks(services).add(url, chosen, allow_private=allow_private)
    value = {**_webhook_json(made), "secret": secret}
    lines = [f"{made.id} tells {made.url}: {_kinds(made)}.", f"Secret, shown this once: {secret}"]
    answer(as_json, "webhook-add", value, lines)


@webhook.command("list")
@directory_argument
@json_option
def list_webhooks(directory: Path, as_json: bool) -> None:
    """List the webhooks; their secrets are not shown.

    \b
    Example:
      rootseal node webhook list mynode

    Exit codes: 0 listed.
    """
    with opened(directory) as services:
        found = services.store.announcements.webhooks()
    lines = [f"{one.id}  {one.url}  {_kinds(one)}" for one in found] or ["There are no webhooks."]
    answer(as_json, "webhook-list", {"webhooks": [_webhook_json(one) for one in found]}, lines)


@webhook.command()
@directory_argument
@click.argument("webhook_id", metavar="ID")
@json_option
def remove(directory: Path, webhook_id: str, as_json: bool) -> None:
    """Remove a webhook: what waits for it is not sent any more, and its secret is forgotten.

    \b
    Example:
      rootseal node webhook remove mynode wh_1f0c…

    Exit codes: 0 removed, or it was; 2 no such webhook.
    """
    with opened(directory) as services:
        removed = _webhooks(services).remove(webhook_id)
    words = "is removed" if removed else "was removed before"
    answer(as_json, "webhook-remove", {"id": webhook_id, "already": not removed}, [f"{webhook_id} {words}."])


@webhook.command("test")
@directory_argument
@click.argument("webhook_id", metavar="ID")
@json_option
def try_webhook(directory: Path, webhook_id: str, as_json: bool) -> None:
    """Send one signed event of type 'test' now and say what the receiver answered; it is not repeated.

    \b
    Example:
      rootseal node webhook test mynode wh_1f0c…

    Exit codes: 0 it answered 2xx; 1 it answered otherwise; 2 no such webhook; 3 it did not answer.
    """
    with opened(directory) as services:
        posted = _webhooks(services).try_one(webhook_id)
    value = {"id": webhook_id, "ok": posted.ok, "status": posted.status, "outcome": posted.words}
    answer(as_json, "webhook-test", value, [f"{webhook_id}: {posted.words}."])
    leave(0 if posted.ok else 3 if posted.status is None else 1)


@webhook.command("log")
@directory_argument
@click.argument("webhook_id", metavar="[ID]", required=False)
@click.option("--count", type=click.IntRange(1, 1000), default=50, show_default=True, help="The newest so many.")
@json_option
def show_log(directory: Path, webhook_id: str | None, count: int, as_json: bool) -> None:
    """Show what was sent, to whom, how often, and what came of it, the newest first.

    \b
    Examples:
      rootseal node webhook log mynode
      rootseal node webhook log mynode wh_1f0c… --count 10

    Exit codes: 0 shown; 2 no such webhook.
    """
    with opened(directory) as services:
        if webhook_id is not None:
            services.store.announcements.webhook(webhook_id)
        found = services.store.announcements.deliveries(webhook_id, count)
    lines = [_log_line(one) for one in found] or ["Nothing was announced to a webhook yet."]
    answer(as_json, "webhook-log", {"deliveries": [_delivery_json(one) for one in found]}, lines)


@click.command()
@directory_argument
@click.option("--once", is_flag=True, help="Needed: one round. 'run' does them all the time.")
@json_option
def errands(directory: Path, once: bool, as_json: bool) -> None:
    """Do one round of what 'run' does beside its work: webhooks that are due, and mail.

    Mail goes out that a program asked for over HTTP, and where mail_on_final is true whatever is final. For nodes
    without 'run', from a timer. It does not seal or anchor.

    \b
    Example:
      rootseal node errands mynode --once

    Exit codes: 0 done; 1 a mail was refused for good; 3 a webhook or a mail waits for another try.
    """
    from node.errands import Errands

    if not once:
        raise click.UsageError("Say --once.")
    with opened(directory) as services:
        outcome = Errands(services).round()
    carried, mail = outcome.webhooks, outcome.mail
    value = {
        "webhooks": {"delivered": carried.delivered, "failed": carried.failed, "givenUp": carried.given_up},
        "mail": None if mail is None else {"handedOver": mail.handed_over, "refused": mail.refused,
                                           "failed": mail.failed, "waiting": mail.waiting, "problem": mail.problem},
    }  # fmt: skip
    lines = [
        f"Webhooks: {carried.delivered} delivered, {carried.failed} to be tried again, {carried.given_up} given up."
    ]
    if mail is not None:
        lines.append(
            f"Mail: {mail.handed_over} handed over, {mail.refused + mail.failed} refused, {mail.waiting} wait."
        )
        lines += [mail.problem] if mail.problem is not None else []
    answer(as_json, "errands", value, lines)
    leave((0 if mail is None else mail.exit_code) or (3 if carried.failed else 0))


def _webhooks(services: Services) -> Webhooks:
    from node.webhooks import Webhooks

    return Webhooks(services.store, services.home, test=services.config.test, clock=lambda: services.now)


def _kinds(one: Webhook) -> str:
    from node.webhooks import kinds_told

    return ("" if one.kinds else "all that there are: ") + ", ".join(kinds_told(one))


def _webhook_json(one: Webhook) -> dict[str, Any]:
    from node.webhooks import kinds_told

    return {
        "id": one.id,
        "url": one.url,
        "kinds": list(kinds_told(one)),
        "allKinds": not one.kinds,
        "allowPrivate": one.private,
        "addedAt": one.added_at,
    }


def _delivery_json(one: WebhookDelivery) -> dict[str, Any]:
    told = one.announcement
    return {
        "webhook": one.webhook,
        "id": told.id,
        "type": told.kind,
        "subject": told.subject,
        "at": told.at,
        "state": one.state,
        "attempts": one.attempts,
        "changedAt": one.changed_at,
        "nextAt": one.next_at if one.state == "waiting" else None,
        "outcome": one.outcome,
    }


def _log_line(one: WebhookDelivery) -> str:
    told = one.announcement
    tries = f"{one.attempts} attempts" if one.attempts != 1 else "1 attempt"
    came = f": {one.outcome}" if one.outcome else ""
    return f"{format_instant(told.at)}  {one.webhook}  {told.kind} {told.subject}  {one.state}, {tries}{came}"
