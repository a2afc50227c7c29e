"""What a wallet holds, in a few lines each, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence

from rootseal.canonical import Json
from rootseal.credential import read_document
from rootseal.ethereum import ZERO_ADDRESS, address_text
from rootseal.instants import format_date
from wallet.box import Damaged, Held
from wallet.console import line, paragraph
from wallet.merging import is_anchored

__all__ = ["entry_json", "print_entries"]


def entry_json(entry: Held | Damaged) -> Json:
    """One element of `credentials` of `wallet list --json`."""
    if isinstance(entry, Damaged):
        return {"file": str(entry.path), "state": "damaged", "reason": entry.reason}
    facts, (start, end) = read_document(entry.file.credential), entry.file.dates
    subject = entry.file.subject
    return {
        "id": entry.commitment.hex(),
        "file": str(entry.path),
        "title": facts.title,
        "issuer": facts.issuer_name or facts.issuer_id,
        "validFrom": start or None,
        "validUntil": end or None,
        "credits": subject.credits,
        "grade": facts.grade,
        "holder": None if subject.holder == ZERO_ADDRESS else address_text(subject.holder),
        "state": _state(entry),
        "anchorBy": None if entry.file.proofs.promise is None else entry.file.proofs.promise.anchor_by,
    }


def print_entries(entries: Sequence[Held | Damaged]) -> None:
    """For people; damaged files are named, not passed over."""
    if not entries:
        line("The wallet holds no credentials yet. Put some in with: rootseal wallet receive DIR FILE…")
    for entry in entries:
        if isinstance(entry, Damaged):
            paragraph(f"{entry.path.name}: DAMAGED. {entry.reason}. Receive the credential again.", 0, 2)
        else:
            _print_held(entry)


def _print_held(held: Held) -> None:
    facts, (start, end) = read_document(held.file.credential), held.file.dates
    line(f"{held.short_id}  {facts.title or '(no title)'}")
    line(f"issued by {facts.issuer_name or facts.issuer_id or 'unknown'}", 14)
    dates = f"from {format_date(start)}" if start else "without a date"
    line(f"valid {dates}{f' until {format_date(end)}' if end else ''}", 14)
    if facts.credits is not None:
        counted = "" if held.file.subject.credits else " (this copy does not carry them)"
        line(f"{facts.credits} ECTS credits{counted}", 14)
    line(_STATES[_state(held)].format(date=_promised(held)), 14)


_STATES = {
    "anchored": "published: it carries its proof",
    "promise": "promised: the issuer publishes it by {date}; then run `rootseal wallet update`",
    "unproven": "without its issuer's proof of publication; run `rootseal wallet update`",
}


def _state(held: Held) -> str:
    if is_anchored(held.file):
        return "anchored"
    return "unproven" if held.file.proofs.promise is None else "promise"


def _promised(held: Held) -> str:
    promise = held.file.proofs.promise
    return "" if promise is None else format_date(min(promise.anchor_by, 253_402_300_799))
