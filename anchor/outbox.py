"""What has to be sent, what was signed for it, and the pure decision what to do next (DESIGN §6).

planned → signed → sent → mined → final, and mined → sent when a reorganisation takes the block
away. `final` is terminal. An attempt (one signed transaction) is stored *before* it is broadcast and
never deleted: any of them may be the one that a miner picked. At most one intent per key is
unmined and signed, so that a foreign transaction can never reorder two of ours.

`Outbox` is where this lives; the node keeps it in its database, the tests in memory, and one
contract test holds both. Nothing here reads a clock or a chain: `now` and what was seen are arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from anchor.chain import Fees

__all__ = [
    "Attempt",
    "Bump",
    "GasPolicy",
    "Intent",
    "Outbox",
    "Patience",
    "Place",
    "Resend",
    "Sign",
    "State",
    "Step",
    "Wait",
    "newest_attempt",
    "next_step",
    "observed",
]


class State(Enum):
    """Where an intent stands. The names are what the store holds."""

    PLANNED = "planned"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an effect stands on the canonical chain.

    `transaction` is ours, or None where the effect is there without any attempt that we know
    (a restored store, or somebody else's doing).
    """

    number: int
    hash: bytes
    transaction: bytes | None


@dataclass(frozen=True, slots=True)
class GasPolicy:
    """Gas limit: `limit` if given, else the node's estimate plus `margin` percent, at most `maximum`."""

    limit: int | None = None
    margin: int = 30
    maximum: int = 30_000_000


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to achieve on chain, by one call from one key.

    `name` is the caller's own key for it ("anchor/3"): adding it twice is adding it once. `order`
    is the place in the key's queue; the store gives it. `version` grows with every change
    (compare-and-swap). `nonce` is that of the newest attempt, `sent_at` (UTC seconds) the time at
    which a node last accepted an attempt for the first time. `data` may be replaced by `amended`.
    """

    name: str
    key: bytes
    to: bytes
    data: bytes
    value: int = 0
    gas: GasPolicy = GasPolicy()
    order: int = 0
    version: int = 0
    state: State = State.PLANNED
    nonce: int | None = None
    place: Place | None = None
    sent_at: float | None = None

    def amended(self, data: bytes) -> Intent:
        """The same intent with newer content (the newest checkpoint): the next attempt carries it.

        Earlier attempts stay valid: `Attempt.data` of the mined one says what was achieved.
        """
        return replace(self, data=data)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction. `hash` is keccak256(raw); `signed_at` UTC seconds; `data` its call data."""

    hash: bytes
    intent: str
    nonce: int
    raw: bytes
    fees: Fees
    gas: int
    data: bytes
    signed_at: float


class Outbox(Protocol):
    """Durable intents and attempts. Every method is one transaction; a return means it is on disk."""

    def add(self, intent: Intent) -> Intent:
        """Queue it behind the others of its key; returns what is stored.

        A name that is there already is returned as stored. Raises `ConflictError` where the stored
        one has another key or target: then the name is not unique.
        """

    def get(self, name: str) -> Intent | None:
        """The stored intent."""

    def unfinished(self, key: bytes) -> tuple[Intent, ...]:
        """All that are not final, in queue order."""

    def attempts(self, name: str) -> tuple[Attempt, ...]:
        """All attempts of an intent, oldest first."""

    def update(self, intent: Intent) -> Intent:
        """Store a changed intent; returns it with the next version.

        Raises `ConflictError` unless the stored version equals `intent.version`.
        """

    def record(self, intent: Intent, attempt: Attempt) -> Intent:
        """`update` and a new attempt in one durable commit.

        A crash before it: nothing was signed as far as anybody can know. After it: the next run
        sends these same bytes. An attempt that is there already stays as it is.
        """


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: before a replacement, before a used nonce is believed lost, before a gap is filled."""

    bump: float = 48.0
    doubt: float = 12.0
    gap: float = 60.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing yet: the nonce is gone, but one of our own attempts may still turn out to have used it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign afresh at `nonce`; `lost` is the nonce that can no longer be used, if there was one."""

    nonce: int
    lost: int | None = None


@dataclass(frozen=True, slots=True)
class Resend:
    """Broadcast the stored bytes again."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Bump:
    """Sign a replacement of `attempt` with higher fees; where that cannot be, resend it."""

    attempt: Attempt


Step = Wait | Sign | Resend | Bump


def observed(intent: Intent, seen: Place | None, final: int | None) -> Intent:
    """The intent after looking at the chain: `seen` is where its effect canonically stands, if it does.

    `final` is the number of the newest final block. A final intent never changes.
    """
    if intent.state is State.FINAL:
        return intent
    if seen is not None:
        state = State.FINAL if final is not None and seen.number <= final else State.MINED
        return replace(intent, state=state, place=seen)
    if intent.state is State.MINED:
        # The block is gone. The stored attempts are still valid as long as their nonce is free.
        back = State.PLANNED if intent.nonce is None else State.SENT
        return replace(intent, state=back, place=None)
    return intent


def newest_attempt(intent: Intent, attempts: Sequence[Attempt]) -> Attempt | None:
    """The last attempt at the intent's nonce: the one to send again or to replace."""
    return next((attempt for attempt in reversed(attempts) if attempt.nonce == intent.nonce), None)


def next_step(
    intent: Intent,
    newest: Attempt | None,
    chain_nonce: int,
    now: float,
    patience: Patience,
    *,
    doubted: float = 0.0,
    underpriced: bool = False,
) -> Step:
    """What to do for the lowest unmined intent of a key; the caller has just found none of its attempts mined.

    `chain_nonce` is the number of mined transactions of the key at latest; `doubted` how many
    seconds it has been another than the intent's; `underpriced`: a node refused `newest` for its fees.
    """
    if newest is None:
        return Sign(chain_nonce)
    if chain_nonce > newest.nonce:
        # A foreign transaction used it, or an attempt of ours that reverted, or one of ours whose
        # receipt this node does not show yet: the last until it has had the time to.
        return Sign(chain_nonce, lost=newest.nonce) if doubted >= patience.doubt else Wait()
    if chain_nonce < newest.nonce:
        # A reorganisation took transactions below ours. If they do not return, nothing else fills the gap.
        # The attempt above the gap may still be mined after the new one: the ledger refuses or ignores
        # every repetition but that of `register`, which the node lets become final before it goes on.
        return Sign(chain_nonce, lost=newest.nonce) if doubted >= patience.gap else Resend(newest)
    waited = now - newest.signed_at
    # A clock that jumped back must not freeze the intent: an attempt from the future counts as old.
    stale = waited < 0 or waited >= patience.bump
    return Bump(newest) if stale or underpriced else Resend(newest)
