"""One session with the mail server, through smtplib, that always knows whether a mail was taken.

The moment that matters is the end of DATA (RFC 5321 §4.2.5): before the final dot went out the server has
nothing; after its answer it has the mail or refused it; in between nobody knows, and that is said as such.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from anchor.failing import why
from node.delivery.message import Posted
from node.delivery.settings import SmtpServer
from rootseal.errors import RootsealError
from rootseal.microcredential import display_text

__all__ = ["Answer", "MailServerDown", "Session", "redacted", "session"]

_TIMEOUT: Final = 30.0
_DATA_TIMEOUT: Final = 300.0
_WORDS: Final = 200
_ADDRESS: Final = re.compile(r"<?[^\s<>@]+@[^\s<>@]*>?")


class MailServerDown(RootsealError):  # noqa: N818 - reads as what happened
    """The server cannot be reached, is not trusted, or takes no mail from us now: nobody's mail is at fault."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one mail, and the server's words without addresses.

    taken: the server has it. refused: it never will (5xx). later: try again (4xx). unknown: the connection
    ended after the whole mail was sent and before the answer.
    """

    outcome: Literal["taken", "refused", "later", "unknown"]
    words: str


class Session:
    """An open, encrypted and logged-in connection."""

    def __init__(self, smtp: smtplib.SMTP, server: SmtpServer) -> None:
        self._smtp = smtp
        self._server = server

    def post(self, mail: Posted) -> Answer:
        """Hand over one mail. Raises `MailServerDown` where the connection is lost before its end."""
        options = []
        if mail.utf8:
            if not self._smtp.has_extn("smtputf8"):
                return Answer("refused", "this mail server cannot send to addresses outside ASCII (no SMTPUTF8)")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            self._begin(self._smtp.mail(mail.sender, options))
            refused = _judged(self._smtp.rcpt(mail.recipient))
            if refused is None:
                refused = _judged(self._smtp.docmd("DATA"), good=3)
            if refused is not None:
                self._smtp.rset()
                return refused
            self._sock().settimeout(_DATA_TIMEOUT)
            self._smtp.send(_stuffed(mail.data))
        except (smtplib.SMTPException, OSError) as error:
            # The final dot is the last thing sent: while sending fails, the server does not have the mail.
            raise MailServerDown(f"mail server {self._server.address}: {_why(error)}") from error
        return self._answered()

    def _answered(self) -> Answer:
        """After the final dot: whatever goes wrong now leaves the outcome open."""
        try:
            reply = self._smtp.getreply()
            self._sock().settimeout(_TIMEOUT)
        except (smtplib.SMTPException, OSError) as error:
            return Answer("unknown", f"the connection ended before the answer: {_why(error)}")
        if reply[0] < 0:
            return Answer("unknown", "the answer could not be read")
        return _judged(reply) or Answer("taken", redacted(reply))

    def _begin(self, reply: tuple[int, bytes]) -> None:
        if reply[0] // 100 != 2:
            problem = "takes no mail just now" if reply[0] // 100 == 4 else "does not take mail from mail_from"
            raise MailServerDown(f"mail server {self._server.address} {problem}: {redacted(reply)}")

    def _sock(self) -> socket.socket:
        sock = self._smtp.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("the connection ended")
        return sock


@contextlib.contextmanager
def session(server: SmtpServer) -> Iterator[Session]:
    """Connect, encrypt, log in; ends politely. Raises `MailServerDown`, or `ConfigError` for the password file.

    Without encryption nothing is said at all unless `server.plain`: neither password nor mail.
    """
    password = server.password() if server.user is not None else None
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _connected(server)
        if server.user is not None and password is not None:
            smtp.login(server.user, password)
    except (smtplib.SMTPException, OSError) as error:
        if smtp is not None:
            smtp.close()
        raise MailServerDown(f"mail server {server.address}: {_why(error)}") from error
    try:
        yield Session(smtp, server)
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        smtp.close()


def _connected(server: SmtpServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.implicit:
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname=server.name, timeout=_TIMEOUT, context=context)
    smtp = smtplib.SMTP(server.host, server.port, local_hostname=server.name, timeout=_TIMEOUT)
    try:
        smtp.ehlo_or_helo_if_needed()
        if not server.plain:
            if not smtp.has_extn("starttls"):
                problem = "it offers no STARTTLS: mail would travel readable for everybody on the way"
                raise smtplib.SMTPNotSupportedError(f"{problem}, so nothing is sent")
            smtp.starttls(context=context)
            smtp.ehlo()
    except BaseException:
        smtp.close()
        raise
    return smtp


def _judged(reply: tuple[int, bytes], good: int = 2) -> Answer | None:
    """None where the server goes along; 421 means that it closes, which is nobody's mail's fault."""
    code = reply[0]
    if code // 100 == good:
        return None
    if code == 421 or code < 0:
        raise smtplib.SMTPServerDisconnected(redacted(reply))
    return Answer("refused" if code // 100 == 5 else "later", redacted(reply))


def redacted(reply: tuple[int, bytes]) -> str:
    """`550 5.1.1 no such user`: one line, printable, at most 200 characters, every address taken out."""
    text = _ADDRESS.sub("[address]", " ".join(reply[1].decode("utf-8", "replace").split()))
    return f"{reply[0]} {display_text(text, _WORDS) or ''}".strip()


def _why(error: Exception) -> str:
    """The reason in words that hold no address."""
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        return redacted((error.smtp_code, raw if isinstance(raw, bytes) else str(raw).encode()))
    text = _ADDRESS.sub("[address]", why(error))
    return display_text(" ".join(text.split()), _WORDS) or type(error).__name__


def _stuffed(data: bytes) -> bytes:
    """Lines that begin with a dot get another (RFC 5321 §4.5.2); ends with the final dot."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", text) + b".\r\n"
