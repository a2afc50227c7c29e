"""One mail as bytes. Names and titles come from lists that anybody may have written: none reaches a header raw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

from node.delivery.settings import MailSettings
from node.store import Entry
from node.store.delivery import Mail
from rootseal.credential import read_document
from rootseal.errors import InputError
from rootseal.microcredential import display_text

__all__ = ["Posted", "compose", "envelope_address", "marked", "recipient", "values_of", "with_note"]

_LINE: Final = 200
_SPECIAL: Final = frozenset(' ()<>[]:;@\\,"')


@dataclass(frozen=True, slots=True)
class Posted:
    """What the server gets: envelope addresses, bytes with CRLF, and whether they need SMTPUTF8 (RFC 6531)."""

    sender: str
    recipient: str
    data: bytes
    utf8: bool


def recipient(text: str) -> str:
    """The address as the envelope takes it: one mailbox, its domain in ASCII (IDNA).

    Raises `InputError` where it is none; the address is not in the message.
    """
    local, _, domain = text.rpartition("@")
    problem = InputError("email", "is no address that mail can be sent to")
    if not local or not domain or not text.isprintable() or any(c in _SPECIAL for c in text[: len(local)]):
        raise problem
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        # The library's own parser judges the ASCII form; it knows no letters beyond that.
        Address(addr_spec=f"{'x' if not local.isascii() else local}@{ascii_domain}")
    except (ValueError, HeaderParseError, IndexError):
        raise problem from None
    return f"{local}@{ascii_domain}"


def envelope_address(settings: MailSettings, token: str) -> str:
    """Where the mail system reports what it could not deliver; it names the mail by its token alone."""
    if settings.bounces is None:
        return settings.sender
    local, _, domain = settings.bounces.rpartition("@")
    return f"{local}+{token}@{domain}"


def values_of(entry: Entry, document: object, institution: str, link: tuple[str, str] | None) -> Mapping[str, str]:
    """What the placeholders stand for; `link` is the address and its last day."""
    facts = read_document(document)
    values = {
        "name": _line(facts.title),
        "learner": _line(facts.learner_name),
        "institution": _line(institution),
        "awarded_on": entry.awarded_on,
    }
    if link is not None:
        values["link"], values["claim_expires"] = link
    return values


def marked(subject: str, *, test: bool) -> str:
    """The subject as it is sent: from a rehearsal it says TEST."""
    return f"TEST: {subject}" if test else subject


def with_note(body: str, note: str) -> str:
    """The text of a mail with a paragraph below it, where there is one."""
    return f"{body.rstrip()}\n\n{note}\n" if note else body


def compose(
    settings: MailSettings,
    mail: Mail,
    to: str,
    values: Mapping[str, str],
    attached: Sequence[tuple[str, bytes]],
    *,
    now: int,
    test: bool,
    note: str = "",
) -> Posted:
    """The whole mail; `attached` are names and contents of what it carries. `test` marks the subject.

    `note` is a paragraph to stand below the text.
    """
    subject, body = settings.wording.written(values)
    body = with_note(body, note)
    utf8 = not to.isascii()
    message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    message["From"] = settings.sender
    message["To"] = to
    if settings.reply_to is not None:
        message["Reply-To"] = settings.reply_to
    message["Subject"] = marked(subject, test=test)
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Message-ID"] = mail.message_id
    # Out-of-office notices have nobody to read them (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, cte="quoted-printable")
    for name, content in attached:
        message.add_attachment(content, maintype="application", subtype="json", filename=name)
    return Posted(envelope_address(settings, mail.token), to, message.as_bytes(), utf8)


def _line(text: str | None) -> str:
    """One line without anything invisible."""
    return display_text(" ".join((text or "").split()), _LINE) or "–"
