"""What a learner is told about a copy before and after it is shown: how many are left, and what could link it."""

from __future__ import annotations

from wallet.spending import Choice, Plan

__all__ = ["copy_sentences"]


def copy_sentences(planned: Plan, choice: Choice, address_shown: bool) -> list[str]:
    """Sentences for people. None where nothing of the presentation has copies."""
    if not planned.several:
        return []
    return [*_which(planned, choice), *_links(choice, address_shown)]


def _which(planned: Plan, choice: Choice) -> list[str]:
    count = len(choice.copies.members)
    if not choice.copies.several:
        return []
    left = "1 of {} copies is left." if choice.left == 1 else f"{choice.left} of {{}} copies are left."
    more = "" if choice.left else " Ask the issuer for more (rootseal node copies DIR ID --add N)."
    return [f"Copy {choice.number} of {count}, for {planned.wish.who}. {left.format(count)}{more}"]


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
