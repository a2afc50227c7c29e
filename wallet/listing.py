"""What a wallet holds, in a few lines each, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rootseal.canonical import Json
from rootseal.commitment import Commitment
from rootseal.credential import read_document
from rootseal.ethereum import ZERO_ADDRESS, address_text
from rootseal.instants import format_date
from rootseal.policy import Policy, is_test
from wallet.box import Damaged, Held
from wallet.console import line, paragraph
from wallet.copies import Copies
from wallet.merging import is_anchored
from wallet.shown import Record
from wallet.standing import Standing, told_json, warning, worst_of

__all__ = ["group_json", "print_groups", "test_sentence"]


_NOTHING: Mapping[Commitment, Standing] = {}


def group_json(
    group: Copies | Damaged,
    record: Record | None,
    policy: Policy | None = None,
    known: Mapping[Commitment, Standing] = _NOTHING,
) -> Json:
    """One element of `credentials` of `wallet list --json`. Without a record nobody knows who saw a copy."""
    if isinstance(group, Damaged):
        return {"file": str(group.path), "state": "damaged", "reason": group.reason}
    first = group.members[0]
    facts, (start, end) = read_document(first.file.credential), first.file.dates
    standing = worst_of(known, [held.commitment for held in group.members])
    return {
        **_held_json(first),
        **told_json(standing),
        "shortId": first.short_id,
        "test": is_test(first.file.home, policy),
        "title": facts.title,
        "issuer": facts.issuer_name or facts.issuer_id,
        "validFrom": start or None,
        "validUntil": end or None,
        "credits": max(held.file.subject.credits for held in group.members),
        "grade": facts.grade,
        "copies": [{**_held_json(held), "number": group.number(held), "index": held.file.proofs.index,
                    "credits": held.file.subject.credits, "shown": _shown_json(held, record)}
                   for held in group.members],
    }  # fmt: skip


def print_groups(
    groups: Sequence[Copies | Damaged],
    record: Record | None,
    policy: Policy | None = None,
    known: Mapping[Commitment, Standing] = _NOTHING,
    *,
    every_copy: bool,
) -> None:
    """For people; damaged files are named, not passed over."""
    if not groups:
        line("The wallet holds no credentials yet. Put some in with: rootseal wallet receive DIR FILE…")
    for group in groups:
        if isinstance(group, Damaged):
            way_out = "Receive the credential again." if group.path.parent.name == "credentials" else ""
            paragraph(f"{group.path.name}: DAMAGED. {group.reason}. {way_out}".strip(), 0, 2)
        else:
            _print_group(group, record, policy, known, every_copy)


def _held_json(held: Held) -> dict[str, Json]:
    subject, promise = held.file.subject, held.file.proofs.promise
    return {
        "id": held.commitment.hex(),
        "file": str(held.path),
        "holder": None if subject.holder == ZERO_ADDRESS else address_text(subject.holder),
        "state": _state(held),
        "anchorBy": None if promise is None else promise.anchor_by,
    }


def _shown_json(held: Held, record: Record | None) -> Json:
    return None if record is None else [{"who": one.who, "at": one.at} for one in record.of(held.commitment)]


def _print_group(
    group: Copies,
    record: Record | None,
    policy: Policy | None,
    known: Mapping[Commitment, Standing],
    every_copy: bool,
) -> None:
    first = group.members[0]
    facts, (start, end) = read_document(first.file.credential), first.file.dates
    test = is_test(first.file.home, policy)
    line(f"{first.short_id}  {'TEST: ' if test else ''}{facts.title or '(no title)'}")
    if test:
        line(test_sentence(first.file.home.chain_id), 14)
    bad = warning(worst_of(known, [held.commitment for held in group.members]))
    if bad:
        paragraph(bad, 14, 0)
    line(f"issued by {facts.issuer_name or facts.issuer_id or 'unknown'}", 14)
    dates = f"from {format_date(start)}" if start else "without a date"
    line(f"valid {dates}{f' until {format_date(end)}' if end else ''}", 14)
    if facts.credits is not None:
        counted = "" if group.carrier else f" ({_UNCARRIED[group.several]})"
        line(f"{facts.credits} ECTS credits{counted}", 14)
    for sentence in dict.fromkeys(_sentence(held) for held in group.members):
        line(sentence, 14)
    if group.several:
        line(_counted(group, record), 14)
    if every_copy:
        for held in group.members:
            paragraph(_copy_sentence(group, held, record), 14, 2)


def _counted(group: Copies, record: Record | None) -> str:
    total = f"{len(group.members)} copies"
    if record is None:
        return f"{total}; who saw them is not known"
    return f"{total}, {sum(bool(record.of(held.commitment)) for held in group.members)} shown"


def _copy_sentence(group: Copies, held: Held, record: Record | None) -> str:
    carries = ", carries the credits" if group.several and held.file.subject.credits else ""
    seen = () if record is None else record.of(held.commitment)
    shown = "; ".join(f"shown to {one.who} on {format_date(one.at)}" for one in seen) or "shown to nobody"
    return f"copy {group.number(held)}{carries}: {'not known' if record is None else shown}. {held.commitment.hex()}"


def test_sentence(chain_id: int) -> str:
    """What a credential of a rehearsal is worth."""
    return f"made on a test ledger (chain {chain_id}), on which anybody can issue anything: worth nothing"


_UNCARRIED = {True: "no copy that is here carries them", False: "this copy does not carry them"}
_STATES = {
    "anchored": "published: it carries its proof",
    "promise": "promised: the issuer publishes it by {date}; then run `rootseal wallet update`",
    "unproven": "without its issuer's proof of publication; run `rootseal wallet update`",
}


def _sentence(held: Held) -> str:
    return _STATES[_state(held)].format(date=_promised(held))


def _state(held: Held) -> str:
    if is_anchored(held.file):
        return "anchored"
    return "unproven" if held.file.proofs.promise is None else "promise"


def _promised(held: Held) -> str:
    promise = held.file.proofs.promise
    return "" if promise is None else format_date(min(promise.anchor_by, 253_402_300_799))
