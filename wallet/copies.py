"""Which credentials of a box are copies of each other: one award, issued several times so that nobody can link them.

Copies have one home, and one document but for its `id`; everything else (seed, place in the log, address) is their
own, and one alone carries credits. A second credential that carries the same creditId is no copy: it was issued anew
in place of the first, with copies of its own behind it in the log. Specified in docs/spec/wallet-copies.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rootseal.canonical import dumps
from rootseal.commitment import Home
from rootseal.errors import InputError
from wallet.box import Box, Held, not_one
from wallet.phrases import Phrase

__all__ = ["Copies", "Pick", "carrier_named", "copies_of", "everything_named", "pick"]


@dataclass(frozen=True, slots=True)
class Copies:
    """All copies of one credential that the box holds, by their place in the log: at least one."""

    members: tuple[Held, ...]

    @property
    def several(self) -> bool:
        """False of a credential that has no other copy here."""
        return len(self.members) > 1

    @property
    def carrier(self) -> Held | None:
        """The copy that carries the credits; None where none does."""
        return next((held for held in self.members if held.file.subject.credits), None)

    def number(self, held: Held) -> int:
        """Its number for people, from 1."""
        return 1 + next(at for at, one in enumerate(self.members) if one.commitment == held.commitment)


@dataclass(frozen=True, slots=True)
class Pick:
    """What a person's word names: `named` and its copies. With `exact` that copy alone is meant."""

    copies: Copies
    named: Held
    exact: bool


def copies_of(held: Iterable[Held]) -> tuple[Copies, ...]:
    """Every credential once, with its copies, in the order in which the first of each comes."""
    alike: dict[tuple[Home, bytes], list[Held]] = {}
    for one in held:
        alike.setdefault(_what(one), []).append(one)
    return tuple(copies for members in alike.values() for copies in _issues(members))


def pick(box: Box, wishes: Sequence[str]) -> tuple[Pick, ...]:
    """What each wish names, each credential once, in order; without wishes, all.

    A whole id, or the `id` of a document, names one copy; a shorter one the credential, whichever copy it is.
    Raises `InputError` for what names none or several, and for two copies of one credential.
    """
    known = copies_of(box.credentials())
    if not wishes:
        return tuple(Pick(copies, copies.members[0], False) for copies in known)
    found: dict[bytes, Pick] = {}
    for wish in wishes:
        chosen = _named(known, wish)
        key = chosen.copies.members[0].commitment
        found[key] = _one_of(found[key], chosen, wish) if key in found else chosen
    return tuple(found.values())


def everything_named(box: Box, wishes: Sequence[str]) -> tuple[Held, ...]:
    """What the wishes name, with all copies where no single one is meant; without wishes, the whole box."""
    if not wishes:
        return box.credentials()
    known = copies_of(box.credentials())
    found = [_named(known, wish) for wish in wishes]
    held = [one for chosen in found for one in ((chosen.named,) if chosen.exact else chosen.copies.members)]
    return tuple({one.commitment: one for one in held}.values())


def carrier_named(box: Box, wish: str) -> Held:
    """The copy that carries the credits, where `wish` names a credential and no single copy. Raises `InputError`."""
    (found,) = pick(box, (wish,))
    return found.named if found.exact else found.copies.carrier or found.named


def _what(held: Held) -> tuple[Home, bytes]:
    """What all copies have in common."""
    document = {name: value for name, value in held.file.credential.items() if name != "id"}
    return held.file.home, dumps(document)


def _issues(members: list[Held]) -> list[Copies]:
    """Split where a creditId comes again: what was issued anew stands behind what it replaces."""
    issues: list[list[Held]] = [[]]
    carried: set[bytes] = set()
    for held in sorted(members, key=lambda one: (one.file.proofs.index, one.commitment)):
        subject = held.file.subject
        if subject.credits and subject.credit_id in carried:
            issues.append([])
        if subject.credits:
            carried.add(subject.credit_id)
        issues[-1].append(held)
    return [Copies(tuple(issue)) for issue in issues]


def _named(known: Sequence[Copies], wish: str) -> Pick:
    found = [(copies, held) for copies in known for held in copies.members if held.is_meant(wish)]
    if len({copies.members[0].commitment for copies, _ in found}) != 1:
        raise not_one(wish, several=bool(found))
    copies, held = found[0]
    return Pick(copies, held, len(found) == 1 and held.is_named(wish))


def _one_of(first: Pick, second: Pick, wish: str) -> Pick:
    """Two words for one credential: the one that means a single copy counts."""
    if first.exact and second.exact and first.named.commitment != second.named.commitment:
        said = "names a second copy of one credential: one file would link the two for ever"
        raise InputError("ID", Phrase(said), wish)
    return first if first.exact else second
