"""Which copy goes to whom: everything that leaves the wallet as a presentation goes through `plan` and `hand_out`.

One rule: the same person gets the same copy again, a new one the next that nobody saw; the one that carries credits
goes last, or where credits are to be shown. The order of durable writes is the design: the record first, the
presentation after it, so that nothing is ever handed out that is not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from rootseal.credential import read_document
from rootseal.errors import ConflictError, InputError, VerificationError
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.instants import format_date
from rootseal.microcredential import display_text
from rootseal.presentation import Presentation
from wallet.accounts import accounts_of
from wallet.box import Box, Held
from wallet.copies import Copies, Pick
from wallet.merging import is_anchored
from wallet.phrases import Phrase
from wallet.presenting import require_sound
from wallet.shown import UNNAMED, Record, Showing, read_record, recording, write_record

__all__ = ["Choice", "CopiesSpentError", "NobodyNamedError", "Plan", "Wish", "hand_out", "plan"]

T = TypeVar("T")
Spent = Literal["copies.none_left", "copies.seen", "copies.credits_seen"]

_WAYS_OUT = (
    "Ask the issuer for more copies (on their side: rootseal node copies DIR ID --add N), or use --reuse to show one a "
    "second time: whoever compares can then tell that both saw the same learner"
)
_SPENT: dict[Spent, str] = {
    "copies.none_left": "no copy of {title} is left that nobody saw",
    "copies.seen": "this copy of {title} was shown to somebody else",
    "copies.credits_seen": "the copy of {title} that carries the credits was shown to somebody else",
}
_OTHER = "; without --subject another copy may do"


class NobodyNamedError(InputError):
    """A credential has copies, and nobody said for whom one is."""

    def __init__(self, copies: Copies) -> None:
        count = len(copies.members)
        problem = (
            f"is needed: {_title(copies)} has {count} copies, and each shall be seen by one person alone. Name whom "
            "this is for, in your own words: the name stays in your wallet"
        )
        super().__init__("--for", problem)


class CopiesSpentError(VerificationError):
    """No copy may go to this person. `seen` says which was shown to whom: (number of the copy, showing).

    `other`: a copy without the credits may go to them.
    """

    def __init__(self, code: Spent, copies: Copies, seen: Sequence[tuple[int, Showing]], other: bool = False) -> None:
        self.copies = copies
        self.seen = tuple(seen)
        told = "; ".join(f"copy {number}: {one.who}, {format_date(one.at)}" for number, one in self.seen)
        problem = _SPENT[code].format(title=_title(copies)) + (_OTHER if other else "")
        super().__init__(code, f"{problem} ({told}). {_WAYS_OUT}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to show: to `who`, with the copy that carries the credits where `credits` are wanted.

    With `signing` a copy of one of the wallet's own addresses is preferred. `reuse` allows a copy that others saw.
    """

    who: str | None
    credits: bool = False
    signing: bool = False
    reuse: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The copy `held` of one credential. `left` copies will then have been seen by nobody; `others` saw this one.

    `again`: the person saw this very copy before.
    """

    copies: Copies
    held: Held
    left: int
    others: tuple[Showing, ...]
    again: bool = False

    @property
    def number(self) -> int:
        """The copy's number for people, from 1."""
        return self.copies.number(self.held)

    @property
    def carries(self) -> bool:
        """True iff other copies do not carry credits and this one does."""
        return self.copies.several and self.held.file.subject.credits > 0

    @property
    def same_address(self) -> bool:
        """True iff another copy was issued to the same address, which links the two wherever it is shown."""
        mine = self.held.file.subject.holder
        return mine != ZERO_ADDRESS and sum(one.file.subject.holder == mine for one in self.copies.members) > 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Which copies would go to `wish.who`; nothing is recorded yet."""

    box: Box
    picks: tuple[Pick, ...]
    wish: Wish
    choices: tuple[Choice, ...]

    @property
    def held(self) -> tuple[Held, ...]:
        """The chosen copies, in order."""
        return tuple(choice.held for choice in self.choices)

    @property
    def several(self) -> bool:
        """True iff one of them has copies, so that somebody must be named."""
        return any(choice.copies.several for choice in self.choices)


def plan(box: Box, picks: Sequence[Pick], wish: Wish) -> Plan:
    """Choose a copy of each credential.

    Raises `NobodyNamedError`, `CopiesSpentError` where none may go to that person, `ConfigError` for a damaged
    record.
    """
    needed = wish.who is not None or any(one.copies.several for one in picks)
    return _plan(box, tuple(picks), wish, read_record(box) if needed else Record())


def hand_out(planned: Plan, made: Presentation, now: int, deliver: Callable[[bytes], T]) -> T:
    """Write down who sees what, then deliver the presentation's bytes; `now` is in UTC seconds.

    Raises `VerificationError` where `made` does not prove itself, `ConflictError` where another program took a
    planned copy meanwhile: nothing is recorded then, and nothing delivered.
    """
    data = made.to_bytes()
    require_sound(data, now)
    if [one.open().commitment for one in made.credentials] != [held.commitment for held in planned.held]:
        raise ValueError("only the planned copies may be handed out")
    # Also where nobody is named: the credential may get copies later, and this one has been seen.
    with recording(planned.box):
        _record(planned, planned.wish.who or UNNAMED, now)
    # A crash here: the copies count as shown, and the same person gets the same ones again.
    return deliver(data)


def _record(planned: Plan, who: str, now: int) -> None:
    before = read_record(planned.box)
    if _plan(planned.box, planned.picks, planned.wish, before).held != planned.held:
        said = "another program showed one of these copies to somebody meanwhile; do it once more"
        raise ConflictError(Phrase(said))
    after = before
    for held in planned.held:
        after = after.plus(held.commitment, who, now)
    if after != before:
        write_record(planned.box, after)


def _plan(box: Box, picks: tuple[Pick, ...], wish: Wish, record: Record) -> Plan:
    own = _own_addresses(box) if wish.signing else frozenset()
    return Plan(box, picks, wish, tuple(_choice(one, wish, record, own) for one in picks))


def _own_addresses(box: Box) -> frozenset[bytes]:
    return frozenset(account.address for account in accounts_of(box)) if box.keystore.exists() else frozenset()


def _choice(picked: Pick, wish: Wish, record: Record, own: frozenset[bytes]) -> Choice:
    copies = picked.copies
    if copies.several and wish.who is None:
        raise NobodyNamedError(copies)
    held = _chosen(picked, wish, record, own) if copies.several else picked.named
    unseen = [one for one in copies.members if one is not held and not record.of(one.commitment)]
    others, again = record.others(held.commitment, wish.who), record.seen_by(held.commitment, wish.who)
    return Choice(copies, held, len(unseen), others, again)


def _chosen(picked: Pick, wish: Wish, record: Record, own: frozenset[bytes]) -> Held:
    copies, carrier = picked.copies, picked.copies.carrier
    if picked.exact:
        return _only(picked.named, "copies.seen", copies, wish, record)
    if wish.credits and carrier is not None:
        return _only(carrier, "copies.credits_seen", copies, wish, record)
    for showing in record.to(wish.who):
        for held in copies.members:
            if held.commitment == showing.copy:
                return held
    fresh = [held for held in copies.members if not record.of(held.commitment)]
    if not fresh and not wish.reuse:
        raise CopiesSpentError("copies.none_left", copies, _seen(copies, record))
    return min(fresh or copies.members, key=lambda held: (len(record.of(held.commitment)), *_rank(held, own)))


def _only(held: Held, code: Spent, copies: Copies, wish: Wish, record: Record) -> Held:
    """That copy, unless only others saw it."""
    if record.of(held.commitment) and not record.seen_by(held.commitment, wish.who) and not wish.reuse:
        seen = [(copies.number(held), one) for one in record.of(held.commitment)]
        other = code == "copies.credits_seen" and any(
            not record.of(one.commitment) or record.seen_by(one.commitment, wish.who) for one in copies.members
        )
        raise CopiesSpentError(code, copies, seen, other)
    return held


def _rank(held: Held, own: frozenset[bytes]) -> tuple[bool, bool, bool, int]:
    """Lowest first: what the wallet can sign for, what carries no credits, what is published, what is newest.

    Newest, because of an old issue and a new one the new one is valid, where nothing else tells them apart.
    """
    strange = bool(own) and held.file.subject.holder not in own
    return strange, held.file.subject.credits > 0, not is_anchored(held.file), -held.file.proofs.index


def _seen(copies: Copies, record: Record) -> list[tuple[int, Showing]]:
    return [(copies.number(held), one) for held in copies.members for one in record.of(held.commitment)]


def _title(copies: Copies) -> str:
    title = display_text(read_document(copies.members[0].file.credential).title, 120)
    return f"“{title}”" if title else "the credential"
