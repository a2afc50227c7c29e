"""A real mail server on 127.0.0.1 (aiosmtpd) that can be told to misbehave at each point of a session."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Taken:
    """A mail as the server took it."""

    sender: str
    recipients: list[str]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        """Parsed."""
        found = message_from_bytes(self.data, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """`replies` answers RCPT by recipient, `data_replies` the mail by recipient, instead of 250.

    `drop_at` counts mails down: at 1 the connection is cut after the whole mail, before the answer.
    `taken` holds what was taken, also what was taken and never answered; `on_taken` is called in between.
    """

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    data_replies: dict[str, str] = field(default_factory=dict)
    sender_reply: str | None = None
    drop_at: int = 0
    close_at: int = 0
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    on_taken: Callable[[], None] | None = None

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.encrypted.append(session.ssl is not None)
        if self.close_at:
            self.close_at -= 1
            if not self.close_at:
                return "421 4.3.2 closing now"
        if self.sender_reply is not None:
            return self.sender_reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        reply = self.data_replies.get(envelope.rcpt_tos[0])
        if reply is not None:
            return reply
        self.taken.append(Taken(envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content))
        if self.on_taken is not None:
            self.on_taken()
        if self.drop_at:
            self.drop_at -= 1
            if not self.drop_at:
                assert server.transport is not None
                server.transport.abort()
                await asyncio.sleep(0)
        return "250 2.0.0 queued"


@contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, password: str | None = None) -> Iterator[MailServer]:
    """One on a free port; with `tls` it offers STARTTLS, with `password` it wants a login."""
    made = MailServer()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        made.logins.append(data.login.decode())
        return AuthResult(success=data.password.decode() == password, handled=False)

    options: dict[str, Any] = {"tls_context": tls, "require_starttls": tls is not None} if tls else {}
    if password is not None:
        options |= {
            "authenticator": authenticate,
            "auth_require_tls": tls is not None,
            "auth_required": tls is not None,
        }
    controller = Controller(made, hostname="127.0.0.1", port=0, enable_SMTPUTF8=True, **options)
    # Port 0 is ours to find: the controller's own look at the server needs a real one.
    loop_port = _free_port()
    controller.port = loop_port
    controller.start()
    made.port = loop_port
    try:
        yield made
    finally:
        controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
