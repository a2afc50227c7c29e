"""What a learner is told about copies: when they are received, and before and after one is shown.

How many are left, and what could link it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rootseal.plurals import agreeing
from wallet.box import Box, Held
from wallet.copies import copies_of
from wallet.spending import Choice, Plan

__all__ = ["copy_sentences", "received_sentences"]


def copy_sentences(planned: Plan, choice: Choice, address_shown: bool) -> list[str]:
    """Sentences for people. None where nothing of the presentation has copies."""
    if not planned.several:
        return []
    return [*_which(planned, choice), *_links(choice, address_shown)]


def received_sentences(box: Box, received: Sequence[Held]) -> list[str]:
    """How many copies the wallet has of each credential that was just received; none of one that has no other."""
    new = {held.commitment for held in received}
    several = [one for one in copies_of(box.credentials()) if one.several]
    groups = [one for one in several if any(held.commitment in new for held in one.members)]
    # Where there are several such credentials, each by the id of its first copy.
    names = [f"{one.members[0].short_id}: " if groups[1:] else "" for one in groups]
    return [f"{name}{len(one.members)} copies of one credential." for name, one in zip(names, groups, strict=True)]


def _which(planned: Plan, choice: Choice) -> list[str]:
    if not choice.copies.several:
        return []
    said = f"Copy {choice.number} of {len(choice.copies.members)}, for “{planned.wish.who}”"
    if choice.left:
        return [f"{said}; {choice.left} {agreeing(choice.left, 'is', 'are')} left."]
    if choice.again:
        return [f"{said}, who saw this one before."]
    return [f"{said}. No other is left. Ask the issuer for more (there: rootseal node copies DIR ID --add N)."]


def _links(choice: Choice, address_shown: bool) -> list[str]:
    said = []
    if choice.others:
        which = "This copy was" if choice.copies.several else "This credential has one copy alone, and it was"
        names = ", ".join(dict.fromkeys(one.who for one in choice.others))
        said.append(f"{which} shown to {names} too: if they compare, they can tell that both saw the same learner.")
    if choice.carries:
        said.append(
            "This is the copy that carries the credits: what you claim on the chain names this copy and its address, "
            "for everybody to see."
        )
    if address_shown and choice.same_address:
        said.append("Other copies were issued to the same address, which is shown here: it links them.")
    return said
