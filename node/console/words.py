"""How the console says things: dates, amounts, states. Everything that came from a list goes through `plain`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from node.delivery.ledger import FATES
from node.policy import Decision
from node.ways_out import on_pages
from rootseal.instants import format_instant
from rootseal.microcredential import display_text

__all__ = ["FILTERS", "STANDINGS", "coins", "counted", "day", "moment", "plain"]

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_DAY: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d{2}", re.ASCII)

STANDINGS: Final[Mapping[str, str]] = {
    "accepted": "Accepted, not sealed yet",
    "sealed": "Sealed, not anchored yet",
    "anchored": "Anchored",
    "withdrawn": "Withdrawn",
}
"""How far a credential has come."""

_STATUSES: Final[Mapping[str, str]] = {"valid": "Valid", "suspended": "Suspended", "revoked": "Revoked"}

_TRANSACTIONS: Final[Mapping[str, str]] = {
    "planned": "queued, not sent yet",
    "signed": "signed, not sent yet",
    "sent": "sent, not yet in a block",
    "mined": "in a block, not final yet",
    "final": "final on chain",
}
_EVENTS: Final[Mapping[str, str]] = {
    "accepted": "Accepted",
    "sealed": "Sealed: the anchor is promised",
    "anchored": "Anchored: final on chain",
    "withdrawn": "Withdrawn before it was sealed",
    "revoke": "Revocation asked for",
    "suspend": "Suspension asked for",
    "reinstate": "End of the suspension asked for",
}
_NEXT_ANCHOR: Final[Mapping[str, str]] = {
    "nothing": "None needed",
    "price": "Held back",
    "ahead": "Held up",
    "held": "Held up",
}
_ACTS: Final[Mapping[str, str]] = {
    "revoke": "Revoke, for ever",
    "suspend": "Suspend, until it is ended",
    "reinstate": "End the suspension",
}
_MAILS: Final[Mapping[str, str]] = {
    "waiting": "waits for the mail server",
    "sending": "may have arrived",
    "handed_over": "taken by the mail server",
    "refused": "refused by the mail server",
    "failed": "given up",
}


def anchor_word(decision: Decision) -> str:
    """When the next anchor comes, in a word or two."""
    return "Due now" if decision.due else _NEXT_ANCHOR.get(decision.reason, "Not due yet")


def day(value: int | str | None) -> str:
    """`22 November 2026`, from UTC seconds or `2026-11-22`; a dash for what is not known."""
    text = format_instant(value)[:10] if isinstance(value, int) else value
    if not text:
        return "–"
    year, month, number = text.split("-")
    return f"{int(number)} {_MONTHS[int(month) - 1]} {year}"


def dated(value: str) -> str:
    """A fact of a document: a day is written out, anything else stays."""
    return day(value) if _DAY.fullmatch(value) else value


def moment(seconds: int | None) -> str:
    """`22 November 2026, 05:12 UTC`; a dash for what is not known."""
    return "–" if seconds is None else f"{day(seconds)}, {format_instant(seconds)[11:16]} UTC"


def instant(seconds: int) -> str:
    """For machines: RFC 3339."""
    return format_instant(seconds)


def plain(value: object, limit: int = 300) -> str:
    """Text that people or programs wrote, on one line and without control characters; a dash for nothing."""
    return display_text(" ".join(str("" if value is None else value)[: 4 * limit].split()), limit) or "–"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def coins(wei: int | None) -> str:
    """An amount of the chain's coin with up to nine places; a dash for what is not known."""
    if wei is None:
        return "–"
    text = f"{wei / 10**18:,.9f}".rstrip("0").rstrip(".")
    return "less than 0.000000001" if wei and text == "0" else text


def short(identifier: str) -> str:
    """The UUID of a credential without `urn:uuid:`."""
    return identifier.removeprefix("urn:uuid:")


def _of(words: Mapping[str, str]) -> Callable[[object], str]:
    return lambda value: words.get(str(value), plain(value))


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "day": day,
    "dated": dated,
    "moment": moment,
    "instant": instant,
    "plain": plain,
    "on_pages": on_pages,
    "counted": counted,
    "coins": coins,
    "anchor_word": anchor_word,
    "short": short,
    "standing": _of(STANDINGS),
    "status_word": _of(_STATUSES),
    "act_word": _of(_ACTS),
    "transaction_word": _of(_TRANSACTIONS),
    "event_word": _of(_EVENTS),
    "mail_word": _of(_MAILS),
    "fate_word": _of({code: words for code, (_, words) in FATES.items()}),
}
"""By their names in the templates."""
