"""What the page says about copies: how many there are, who saw which, and what a presentation would do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import g

from rootseal.errors import RootsealError
from rootseal.instants import format_date
from wallet.accounts import Account
from wallet.box import Box
from wallet.console import harmless
from wallet.copies import Copies
from wallet.page.reading import card
from wallet.page.refusing import why
from wallet.page.speaking import Speaker
from wallet.shown import Record, read_record
from wallet.spending import Choice, CopiesSpentError, Plan

__all__ = ["CopyRow", "copies_text", "copy_rows", "copy_sentences", "readable_record", "spent_problem", "who_text"]


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One copy of a credential, and who saw it."""

    number: int
    id: str
    carries: bool
    shown: str
    holder: str


def readable_record(box: Box) -> tuple[Record | None, str]:
    """The record, or None and why it cannot be read: what the wallet holds can be looked at all the same."""
    try:
        return read_record(box), ""
    except RootsealError as error:
        return None, harmless(why(error, g.speaker), 1000)


def copies_text(copies: Copies, record: Record | None, speak: Speaker) -> str:
    """How many there are and how many were shown; empty for a credential without copies."""
    if not copies.several:
        return ""
    if record is None:
        return speak("{count} copies", count=len(copies.members))
    shown = sum(bool(record.of(held.commitment)) for held in copies.members)
    return speak("{count} copies, {shown} shown", count=len(copies.members), shown=shown)


def copy_rows(copies: Copies, record: Record | None, accounts: Sequence[Account], speak: Speaker) -> list[CopyRow]:
    """Every copy, by its number; none where the record cannot be read."""
    if record is None:
        return []
    return [
        CopyRow(
            copies.number(held),
            held.commitment.hex(),
            copies.several and held.file.subject.credits > 0,
            "; ".join(who_text(one.who, one.at) for one in record.of(held.commitment)) or speak("shown to nobody"),
            card(held, accounts, speak).holder,
        )
        for held in copies.members
    ]


def who_text(who: str, at: int) -> str:
    """Whom something was shown to, and on which day."""
    return f"{harmless(who, 200)} ({format_date(at)})"


def copy_sentences(planned: Plan, choice: Choice, address_shown: bool) -> dict[str, Any]:
    """`which` copy goes to whom, `left` how many nobody saw then, and `warnings` of what could link it."""
    if not planned.several:
        return {"which": "", "left": "", "warnings": []}
    return {"which": _which(planned, choice), "left": _left(choice), "warnings": _warnings(choice, address_shown)}


def spent_problem(error: CopiesSpentError) -> tuple[str, list[str]]:
    """A sentence, and who saw which copy."""
    sentences = {
        "copies.none_left": g.speaker(
            "Somebody saw each copy of this credential, and nobody else should see the same."
        ),
        "copies.seen": g.speaker("Somebody else saw this copy."),
        "copies.credits_seen": g.speaker("Somebody else saw the copy that carries the credits."),
    }
    rows = [
        g.speaker("Copy {number}: {who}", number=number, who=who_text(one.who, one.at)) for number, one in error.seen
    ]
    return sentences[error.code], rows


def _which(planned: Plan, choice: Choice) -> str:
    if not choice.copies.several:
        return ""
    who, count = harmless(planned.wish.who or "", 200), len(choice.copies.members)
    return str(g.speaker("Copy {number} of {count}, for {who}.", number=choice.number, count=count, who=who))


def _left(choice: Choice) -> str:
    if not choice.copies.several:
        return ""
    if choice.left == 0 and choice.again:
        return ""
    if choice.left == 0:
        return str(g.speaker("No copy is left then that nobody saw: ask the institution for more."))
    return str(
        g.speaker(
            "Copies left then that nobody saw: {left} of {count}.", left=choice.left, count=len(choice.copies.members)
        )
    )


def _warnings(choice: Choice, address_shown: bool) -> list[str]:
    said = []
    if choice.others:
        names = ", ".join(dict.fromkeys(harmless(one.who, 200) for one in choice.others))
        said.append(
            g.speaker(
                "Shown to {names} too: if they compare, they can tell that both saw the same learner.", names=names
            )
        )
    if choice.carries:
        said.append(
            g.speaker(
                "This is the copy that carries the credits: what you claim on the chain names it and its address, for "
                "everybody to see."
            )
        )
    if address_shown and choice.same_address:
        said.append(g.speaker("Other copies were issued to the same address, which is shown here: it links them."))
    return said
