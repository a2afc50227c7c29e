"""What the store hands out: one frozen record per kind of row. Times are UTC seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rootseal.anchoring import BlockRef, Evidence
from rootseal.commitment import Subject

__all__ = ["Act", "AnchorRow", "Checkpoint", "Entry", "EntryState", "NewEntry", "RecordedAct", "StatusAct"]


class EntryState(Enum):
    """Where a credential stands. accepted → sealed, or accepted → withdrawn; nothing goes back."""

    ACCEPTED = "accepted"
    SEALED = "sealed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A credential about to be stored; `document` is JSON, `line` that of the roster (from 1).

    `copy_of` is the id of the first copy, None for that one itself; `copy` counts from 1.
    """

    id: str
    template: int
    document: bytes
    seed: bytes
    subject: Subject
    commitment: bytes
    learner: str
    micro_credential: str
    awarded_on: str
    row_digest: bytes
    email: str
    line: int
    supersedes: str | None = None
    copy_of: str | None = None
    copy: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored credential. `number` is the order of acceptance; `index` its place in the log once sealed.

    `live` is False once it was withdrawn or superseded, or its revocation was requested. `supersedes` is
    the id of the credential that this one corrects. `email` is delivery data. `copy_of` is the id of the first
    copy, None for that one itself; `copy` counts from 1.
    """

    number: int
    id: str
    template: int
    document: bytes
    seed: bytes
    subject: Subject
    commitment: bytes
    state: EntryState
    index: int | None
    learner: str
    micro_credential: str
    awarded_on: str
    live: bool
    row_digest: bytes
    email: str
    line: int
    accepted_at: int
    supersedes: str | None
    copy_of: str | None = None
    copy: int = 1

    @property
    def first_id(self) -> str:
        """The id of the first copy: what the award as a whole goes by."""
        return self.copy_of or self.id

    @property
    def uuid(self) -> str:
        """The UUID alone, for file names."""
        return self.id.removeprefix("urn:uuid:")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A promise: the signed size and root; `key` is the signer's 20-byte address, `signature` 65 bytes.

    `acts_head` is the audit log's head when it was sealed; None from before the log was a chain.
    """

    size: int
    root: bytes
    signed_at: int
    anchor_by: int
    key: bytes
    signature: bytes
    acts_head: bytes | None = None


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """One final anchor of this log at home.

    `document_hash` is the issuer document in force at the end of its block, None where unknown.
    """

    sequence: int
    size: int
    previous_size: int
    root: bytes
    key: bytes
    transaction: bytes
    block: BlockRef
    evidence: Evidence | None
    document_hash: bytes | None


class Act(Enum):
    """What can be done to the status of an anchored entry. The values are the ledger's function names."""

    REVOKE = "revoke"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"


@dataclass(frozen=True, slots=True)
class StatusAct:
    """One requested act on one entry, and the outbox intent that carries it."""

    entry: str
    act: Act
    reason: int
    intent: str
    requested_at: int


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """One line of the audit log; `detail` is JSON, `hash` that of this line on top of all before (32 bytes)."""

    at: int
    act: str
    subject: str
    detail: str
    hash: bytes
