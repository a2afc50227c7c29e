"""Mail that came back: delivery status notifications (RFC 3464) are matched with the mails that they are about.

Anybody can send such a notice. So one counts only where it names a mail of ours by its random token or its
Message-ID, and all that it changes is what the delivery ledger says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from pathlib import Path
from typing import Final

from node.delivery.posting import redacted
from node.store import Store
from rootseal.errors import InputError

__all__ = ["BounceOutcome", "messages_of", "read_bounces", "record_bounces"]

_MAX_BYTES: Final = 64 << 20
_NEXT: Final = re.compile(rb"^From [^\n]*\n", re.MULTILINE)
_TOKEN: Final = re.compile(r"\+([0-9a-f]{24})@|<([0-9a-f]{24})@")
_MESSAGE_ID: Final = re.compile(r"<[0-9a-f]{24}@[A-Za-z0-9.-]{1,255}>", re.ASCII)
_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_WHERE_TO: Final = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Original-Recipient")


@dataclass(frozen=True, slots=True)
class BounceOutcome:
    """`bounced` mails were new, `known` were recorded before; `delayed` notices say only that it takes long.

    `foreign` messages name none of this node's mails, or are no delivery status at all.
    """

    bounced: tuple[str, ...]
    known: tuple[str, ...]
    delayed: int
    foreign: int


def record_bounces(store: Store, messages: Iterable[Message], now: int) -> BounceOutcome:
    """Write down what came back, each in a transaction of its own; reading the same file again changes nothing."""
    bounced: list[str] = []
    known: list[str] = []
    delayed = foreign = 0
    for message in messages:
        found = store.mails.find(*_names(message))
        report = _report(message)
        if found is None or report is None:
            foreign += 1
        elif report[0] == "delayed":
            delayed += 1
        elif store.mails.bounced(found.number, now, report[1]):
            bounced.append(found.entry)
        else:
            known.append(found.entry)
    if bounced:
        store.acts.add(now, "bounces", f"{len(bounced)} mails", {"entries": bounced})
    return BounceOutcome(tuple(bounced), tuple(known), delayed, foreign)


def read_bounces(path: Path) -> Iterator[Message]:
    """The messages of a file, as `messages_of`. Raises `InputError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError("FILE", f"cannot be read: {error.strerror}", str(path)) from error
    if len(data) > _MAX_BYTES:
        raise InputError("FILE", f"is larger than {_MAX_BYTES >> 20} MiB; split the mailbox", str(path))
    yield from messages_of(data)


def messages_of(data: bytes) -> Iterator[Message]:
    """One mail (RFC 5322), or the mails of a mailbox (mbox): there a line that begins with "From " begins the next."""
    parts = _NEXT.split(data)[1:] if data.startswith(b"From ") else [data]
    for part in parts:
        yield message_from_bytes(part, policy=compat32)


def _names(message: Message) -> tuple[list[str], list[str]]:
    """Tokens and Message-IDs of ours that the notice holds, in the places where mail systems put them."""
    texts = [str(value) for name in _WHERE_TO for value in message.get_all(name, [])]
    ids: list[str] = []
    for part in message.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            ids += _MESSAGE_ID.findall(_text(part))
    tokens = [match[0] or match[1] for text in texts for match in _TOKEN.findall(text)]
    return tokens, ids


def _report(message: Message) -> tuple[str, str] | None:
    """(`failed` or `delayed`, status and reason in words) of the first recipient; None where there is none."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in _blocks(part):
            action = str(block.get("Action", "")).strip().lower()
            if action in ("failed", "delayed"):
                return action, _words(block)
    return None


def _words(block: Message) -> str:
    status = _STATUS.search(str(block.get("Status", "")))
    reason = str(block.get("Diagnostic-Code", "")).partition(";")[2]
    code, _, rest = redacted((0, reason.encode("utf-8", "replace"))).partition(" ")
    return f"{status[0] if status else 'no status'} {rest if code == '0' else ''}".strip()


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _text(part: Message) -> str:
    """The headers of the mail that came back: what its first lines hold, whatever follows."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return " ".join(str(inner.get("Message-ID", "")) for inner in payload if isinstance(inner, Message))
    return str(payload)[:65_536]
