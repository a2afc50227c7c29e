"""The mail settings of `node.toml`, complete and fit to be used, or an error that names the missing one."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from anchor.failing import why
from node.config import NodeConfig
from node.delivery.wording import Wording, built_in, read_wording, rehearsal_notice
from node.store.delivery import Carries
from rootseal.errors import ConfigError

__all__ = ["MailSettings", "SmtpServer", "mail_settings", "smtp_server"]

_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. `implicit` is TLS from the first byte; `plain` is none at all; `name` is said in EHLO."""

    host: str
    port: int
    implicit: bool
    plain: bool
    user: str | None
    password_file: Path | None
    name: str

    def password(self) -> str:
        """The first line of the password file. Raises `ConfigError`."""
        if self.password_file is None:
            raise ConfigError("smtp_password_file", "is needed beside smtp_user")
        try:
            with self.password_file.open(encoding="utf-8") as file:
                line = file.readline(1024).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("smtp_password_file", f"cannot be read: {why(error)}", str(self.password_file)) from error
        if not line:
            raise ConfigError("smtp_password_file", "is empty", str(self.password_file))
        return line

    @property
    def address(self) -> str:
        """`host:port`, for sentences."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """`bounces` is the mailbox whose local part takes a token, or None; `base` the public address, or None."""

    server: SmtpServer
    sender: str
    reply_to: str | None
    bounces: str | None
    wording: Wording
    carries: Carries
    base: str | None
    claim_days: int


def smtp_server(directory: Path, config: NodeConfig) -> SmtpServer:
    """The server alone. Raises `ConfigError` where `smtp_url` or `mail_from` is not set."""
    if config.smtp_url is None:
        raise ConfigError("smtp_url", "is not set in node.toml: there is no server to hand mail to")
    if config.mail_from is None:
        raise ConfigError("mail_from", "is not set in node.toml: mail must come from somewhere")
    parts = urlsplit(config.smtp_url)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        raise ConfigError("smtp_url", "names a port that there is not", config.smtp_url) from None
    host = parts.hostname or ""
    file = None if config.smtp_password_file is None else directory / config.smtp_password_file
    plain = config.smtp_plain or _is_loopback(host)
    name = config.mail_from.rpartition("@")[2]
    return SmtpServer(host, port, parts.scheme == "smtps", plain, config.smtp_user, file, name)


def mail_settings(directory: Path, config: NodeConfig) -> MailSettings:
    """Everything that mailing needs. Raises `ConfigError` naming what is missing or wrong, before the first mail."""
    server = smtp_server(directory, config)
    carries: Carries = "link" if config.mail_carries == "link" else "file"
    if carries == "link" and config.public_url is None:
        raise ConfigError("public_url", "is not set: a claim link needs an address that learners reach")
    if config.mail_template is None:
        wording = built_in(config.mail_language, carries, config.public_url)
    else:
        wording = read_wording(directory / config.mail_template, carries)
    if config.test:
        wording = replace(wording, notice=rehearsal_notice(config.mail_language))
    sender = config.mail_from or ""
    return MailSettings(
        server,
        sender,
        config.mail_reply_to,
        config.mail_bounce_address,
        wording,
        carries,
        config.public_url,
        config.claim_days,
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
