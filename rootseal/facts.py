"""What the chain says, as data: the arguments of `rootseal.verify`, never read by the core itself.

`anchor.reader` fills these from JSON-RPC; a snapshot or a test fills them from elsewhere.
Times are UTC seconds, block numbers are absolute, hashes are 32 bytes, addresses 20 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "AccreditationFact",
    "AnchorFact",
    "BlockFact",
    "DocumentFact",
    "EvidenceFact",
    "Facts",
    "KeyFact",
    "LedgerFacts",
    "StatusEvent",
    "StatusFact",
]


@dataclass(frozen=True, slots=True)
class BlockFact:
    """A block of the home chain. `timestamp` in UTC seconds; `hash` is empty where nobody told it (a snapshot
    knows number and time of a publication's block only).
    """

    number: int
    hash: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class AnchorFact:
    """`anchorOf(issuer, root)`, read at the final head, and the block that holds it."""

    sequence: int
    size: int
    previous_size: int
    key_index: int
    block: BlockFact


@dataclass(frozen=True, slots=True)
class KeyFact:
    """`keyAt(issuer, index)`. `retired_at` and `compromised_since` are 0 where that never happened."""

    address: bytes
    roles: int
    added_at: int
    retired_at: int
    compromised_since: int

    def compromised_at(self, time: int) -> bool:
        """True iff an act of this key at `time` is worthless (DESIGN §5: time ≥ compromisedSince)."""
        return self.compromised_since != 0 and time >= self.compromised_since


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """One entry of the issuer's document history: in force from the end of `block_number` on."""

    document_hash: bytes
    time: int
    block_number: int


@dataclass(frozen=True, slots=True)
class AccreditationFact:
    """One accreditation by one accreditor. `valid_until` and `ended_at` are 0 where open."""

    accreditor: bytes
    document_hash: bytes
    since: int
    valid_until: int
    ended_at: int
    renewed: bool
    scope: str

    def valid_at(self, time: int) -> bool:
        """True iff it ran at `time`: since ≤ time < every end that is set."""
        return (
            self.since <= time
            and (self.valid_until == 0 or time < self.valid_until)
            and (self.ended_at == 0 or time < self.ended_at)
        )


@dataclass(frozen=True, slots=True)
class StatusFact:
    """The whole status map at `block`: one int of 256 bits a word, bit i of word w = index 256·w + i."""

    block: BlockFact
    revoked: tuple[int, ...]
    suspended: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """`StatusChanged`: from `time` on, word `word` of a purpose (0 revoked, 1 suspended) is `value`."""

    time: int
    purpose: int
    word: int
    value: int


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """All that one verification asks of one issuer on one home ledger.

    `anchors` maps a root to its anchor, or to None where the ledger at `final` has none.
    `contract_wallets` maps a holder address that was asked about to the answers of its ERC-1271
    `isValidSignature`, keyed by (digest, signature), or to None where it has no code on the home chain;
    an address that is not in it was not asked about. `status_events` are all changes of the issuer's status
    up to the block of `status`, in order; None where they are not at hand.
    """

    chain_id: int
    ledger: bytes
    issuer: int
    final: BlockFact
    head_size: int
    anchors: Mapping[bytes, AnchorFact | None]
    keys: tuple[KeyFact, ...]
    documents: tuple[DocumentFact, ...]
    accreditations: tuple[AccreditationFact, ...]
    status: StatusFact | None
    contract_wallets: Mapping[bytes, Mapping[tuple[bytes, bytes], bool] | None] = field(default_factory=dict)
    status_events: tuple[StatusEvent, ...] | None = None


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """The outcome of checking one anchor's evidence (header and receipt proof) against the anchor.

    `problem` is None where header, receipt and event agree with every field of the anchor; `key`
    is then the address that the event names. `trusted_hash` is True where the verifier supplied
    this very block hash from a source of its own.
    """

    problem: str | None
    key: bytes | None = None
    trusted_hash: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything from outside that a verification may use.

    `ledgers` is keyed by (chain id, ledger, issuer); `problems`, keyed alike, says in a sentence why
    facts are missing; `evidence` is keyed by
    (chain id, ledger, issuer, root) of the anchor.
    """

    ledgers: Mapping[tuple[int, bytes, int], LedgerFacts] = field(default_factory=dict)
    problems: Mapping[tuple[int, bytes, int], str] = field(default_factory=dict)
    evidence: Mapping[tuple[int, bytes, int, bytes], EvidenceFact] = field(default_factory=dict)
