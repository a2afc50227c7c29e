"""What a history adds up to: the ledger's state as the auditor rebuilds it.

These objects change while the replay runs, and only then.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from rootseal.ethereum import ZERO_ADDRESS
from rootseal.facts import AccreditationFact, DocumentFact, KeyFact

__all__ = [
    "REVOKED",
    "ROLE_ANCHOR",
    "ROLE_STATUS",
    "SUSPENDED",
    "AnchorEntry",
    "CreditsState",
    "IssuerState",
    "LedgerState",
    "StatusWrite",
    "Token",
    "Worth",
]

ROLE_ANCHOR: Final = 1
ROLE_STATUS: Final = 2
REVOKED: Final = 0
SUSPENDED: Final = 1


@dataclass(frozen=True, slots=True)
class AnchorEntry:
    """One `Anchored` event. `key_index` is -1 where the key was never added; `time` in UTC seconds."""

    sequence: int
    size: int
    previous_size: int
    root: bytes
    key: bytes
    key_index: int
    block: int
    time: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class StatusWrite:
    """Who changed statuses when; kept to judge keys that are declared compromised later."""

    key: bytes
    time: int
    block: int
    transaction: bytes


@dataclass(slots=True)
class IssuerState:
    """One issuer. Times in UTC seconds, 0 for never; `words` maps (purpose, word) to 256 bits, zeros left out."""

    number: int
    name: str = ""
    uri: str = ""
    admin: bytes = ZERO_ADDRESS
    pending_admin: bytes = ZERO_ADDRESS
    successor: int = 0
    proposed_successor: int = 0
    registered_at: int = 0
    succeeded_at: int = 0
    keys: list[KeyFact] = field(default_factory=list)
    documents: list[DocumentFact] = field(default_factory=list)
    accreditations: dict[bytes, list[AccreditationFact]] = field(default_factory=dict)
    anchors: list[AnchorEntry] = field(default_factory=list)
    roots: set[bytes] = field(default_factory=set)
    words: dict[tuple[int, int], int] = field(default_factory=dict)
    status_writes: list[StatusWrite] = field(default_factory=list)
    status_key_compromised: bool = False

    @property
    def sequence(self) -> int:
        """Number of the last anchor, 0 before the first."""
        return self.anchors[-1].sequence if self.anchors else 0

    @property
    def size(self) -> int:
        """Anchored entries."""
        return self.anchors[-1].size if self.anchors else 0

    @property
    def unbroken(self) -> bool:
        """True iff every anchor names as previous size the size of the one before, from 0 on."""
        sizes = [0, *(anchor.size for anchor in self.anchors)]
        return all(anchor.previous_size == before for anchor, before in zip(self.anchors, sizes, strict=False))

    @property
    def document(self) -> bytes:
        """SHA-256 of the document in force; zero where there is none."""
        return self.documents[-1].document_hash if self.documents else bytes(32)

    def key_index(self, address: bytes) -> int:
        """Position of a key, -1 where it was never added."""
        return next((index for index, key in enumerate(self.keys) if key.address == address), -1)

    def introducing(self, index: int) -> AnchorEntry | None:
        """The anchor that introduced the entry at `index`; None where it is not anchored."""
        at = bisect_right(self.anchors, index, key=lambda anchor: anchor.size)
        return self.anchors[at] if at < len(self.anchors) else None

    def is_set(self, purpose: int, index: int) -> bool:
        """True iff the entry is revoked (or suspended)."""
        return bool(self.words.get((purpose, index >> 8), 0) >> (index & 255) & 1)

    def status_map(self, purpose: int) -> tuple[int, ...]:
        """The whole map: ⌈size/256⌉ words."""
        return tuple(self.words.get((purpose, word), 0) for word in range(-(-self.size // 256)))

    def count(self, purpose: int) -> int:
        """How many entries are revoked or suspended."""
        return sum(value.bit_count() for (kind, _), value in self.words.items() if kind == purpose)


class Worth(IntEnum):
    """What a token is worth, numbered as `State` of `IEctxCredits`; of several reasons the first in this order."""

    NONE = 0
    COUNTED = 1
    BURNED = 2
    VOIDED = 3
    COMPROMISED = 4
    REVOKED = 5
    SUSPENDED = 6


@dataclass(slots=True)
class Token:
    """One `Claimed` event and what became of it. `anchored_at` and `key_index` are its introducing anchor's."""

    number: int
    issuer: int
    holder: bytes
    index: int
    credits: int
    credit_id: bytes
    anchored_at: int
    key_index: int
    block: int
    transaction: bytes
    receiver: int = 0
    redeemed_at: int = 0
    burned: bool = False
    voided: bool = False


@dataclass(slots=True)
class CreditsState:
    """The credits contract: all tokens by number, the last token of each (issuer, creditId), each holder's in order.

    `minted` are tokens whose `Transfer` was seen and whose `Claimed` must follow in the same transaction.
    """

    tokens: dict[int, Token] = field(default_factory=dict)
    last: dict[tuple[int, bytes], int] = field(default_factory=dict)
    received: dict[tuple[bytes, int], list[int]] = field(default_factory=dict)
    minted: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class LedgerState:
    """All issuers by number, and the credits where their contract is audited."""

    issuers: dict[int, IssuerState] = field(default_factory=dict)
    credits: CreditsState = field(default_factory=CreditsState)

    def worth(self, token: Token) -> Worth:
        """What the token is worth by the state as it is now."""
        if token.issuer not in self.issuers:
            return Worth.NONE
        if token.burned:
            return Worth.BURNED
        if token.voided:
            return Worth.VOIDED
        issuer = self.issuers[token.issuer]
        key = issuer.keys[token.key_index] if 0 <= token.key_index < len(issuer.keys) else None
        if key is not None and key.compromised_at(token.anchored_at):
            return Worth.COMPROMISED
        if issuer.is_set(REVOKED, token.index):
            return Worth.REVOKED
        return Worth.SUSPENDED if issuer.is_set(SUSPENDED, token.index) else Worth.COUNTED

    def ended(self, issuer: int) -> bool:
        """True iff the issuer was succeeded."""
        return issuer in self.issuers and self.issuers[issuer].successor != 0
