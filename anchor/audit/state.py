"""What a history adds up to: the ledger's state as the auditor rebuilds it.

These objects change while the replay runs, and only then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rootseal.ethereum import ZERO_ADDRESS
from rootseal.facts import AccreditationFact, DocumentFact, KeyFact

__all__ = [
    "REVOKED",
    "ROLE_ANCHOR",
    "ROLE_STATUS",
    "SUSPENDED",
    "AnchorEntry",
    "IssuerState",
    "LedgerState",
    "StatusWrite",
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
    def document(self) -> bytes:
        """SHA-256 of the document in force; zero where there is none."""
        return self.documents[-1].document_hash if self.documents else bytes(32)

    def key_index(self, address: bytes) -> int:
        """Position of a key, -1 where it was never added."""
        return next((index for index, key in enumerate(self.keys) if key.address == address), -1)

    def status_map(self, purpose: int) -> tuple[int, ...]:
        """The whole map: ⌈size/256⌉ words."""
        return tuple(self.words.get((purpose, word), 0) for word in range(-(-self.size // 256)))

    def count(self, purpose: int) -> int:
        """How many entries are revoked or suspended."""
        return sum(value.bit_count() for (kind, _), value in self.words.items() if kind == purpose)


@dataclass(slots=True)
class LedgerState:
    """All issuers by number."""

    issuers: dict[int, IssuerState] = field(default_factory=dict)

    def ended(self, issuer: int) -> bool:
        """True iff the issuer was succeeded."""
        return issuer in self.issuers and self.issuers[issuer].successor != 0
