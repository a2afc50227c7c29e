"""The doctor's look at mail and webhooks: the mail server is greeted and logged in to, and no mail is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node.config import NodeConfig
from node.delivery.posting import MailServerDown, session
from node.delivery.settings import mail_settings
from node.doctor_result import Result, ok, problem
from node.store import Store
from rootseal.errors import ConfigError

__all__ = ["delivery_checks"]

_LATE_SECONDS: Final = 3600


def delivery_checks(directory: Path, config: NodeConfig, store: Store, now: int) -> Iterator[Result]:
    """`mail` (settings, server, encryption, login, what is stuck) and `webhooks` (what waits for long)."""
    yield _mail(directory, config, store)
    yield _webhooks(store, now)


def _mail(directory: Path, config: NodeConfig, store: Store) -> Result:
    if config.smtp_url is None:
        if config.mail_on_final:
            return problem("mail", "mail_on_final is true, but smtp_url is not set", "set smtp_url and mail_from")
        return ok("mail", "smtp_url is not set, so no mail is sent from here")
    try:
        settings = mail_settings(directory, config)
        with session(settings.server):
            pass
    except ConfigError as error:
        return problem("mail", str(error), "correct it in node.toml; `rootseal node deliver DIR --dry-run` checks it")
    except MailServerDown as error:
        return problem("mail", str(error), "check smtp_url, smtp_user and the password, and ask who runs the server")
    counts = store.mails.counts()
    if counts["sending"]:
        found = f"{counts['sending']} mails may have arrived"
        return problem("mail", found, "ask there, or run `rootseal node deliver DIR --resend-uncertain`")
    words = "login accepted" if settings.server.user is not None else "no login is set"
    way = "unencrypted, as for this machine itself" if settings.server.plain else "encrypted"
    return ok("mail", f"{settings.server.address} answers ({way}, {words}); {counts['waiting']} mails wait")


def _webhooks(store: Store, now: int) -> Result:
    hooks, oldest = store.announcements.webhooks(), store.announcements.oldest_waiting()
    if not hooks:
        return ok("webhooks", "there are none")
    if oldest is not None and now - oldest > _LATE_SECONDS:
        waiting = store.announcements.counts()["waiting"]
        found = f"{waiting} deliveries wait, the oldest for {(now - oldest) // 3600} hours"
        way = "`rootseal node webhook log DIR` says why; `rootseal node run` must run to send them"
        return problem("webhooks", found, way)
    return ok("webhooks", f"{len(hooks)} are told, and nothing waits for long")
