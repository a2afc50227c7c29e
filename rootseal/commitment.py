"""The commitment: 32 bytes that stand for one credential in its home log (DESIGN §3).

Consensus-critical. Integers are hashed big-endian with the width that the design states.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NewType

from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, address_text, parse_address
from rootseal.merkle import leaf_hash

__all__ = [
    "ClaimsRoot",
    "Commitment",
    "Home",
    "Subject",
    "SubjectHash",
    "claims_root",
    "commit",
    "parse_chain",
]

ClaimsRoot = NewType("ClaimsRoot", bytes)
SubjectHash = NewType("SubjectHash", bytes)
Commitment = NewType("Commitment", bytes)

_U64 = 1 << 64
_CHAIN = re.compile(r"eip155:([1-9][0-9]{0,19})", re.ASCII)


def parse_chain(text: object, where: str = "chain") -> int:
    """The chain id of a CAIP-2 name `eip155:N`, 1 ≤ N < 2^64. Raises `InputError`."""
    match = _CHAIN.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) >= _U64:
        raise InputError(where, "must be a chain such as eip155:1", text)
    return int(match[1])


@dataclass(frozen=True)
class Home:
    """The chain, ledger (20 bytes) and issuer number that a log belongs to; a log has exactly one."""

    chain_id: int
    ledger: bytes
    issuer: int

    @property
    def chain(self) -> str:
        """The CAIP-2 name, `eip155:N`."""
        return f"eip155:{self.chain_id}"

    @cached_property
    def log_id(self) -> bytes:
        """H("rootseal/log/1" ‖ chainId u64 ‖ ledger ‖ issuer u64)."""
        return sha256(b"rootseal/log/1" + self.chain_id.to_bytes(8) + self.ledger + self.issuer.to_bytes(8)).digest()

    @property
    def key(self) -> tuple[int, bytes, int]:
        """(chain id, ledger, issuer): how `Facts` are looked up."""
        return self.chain_id, self.ledger, self.issuer

    def __str__(self) -> str:
        return f"{self.chain} ledger {address_text(self.ledger)} issuer {self.issuer}"

    @classmethod
    def of(cls, chain: str, ledger: str, issuer: int) -> Home:
        """From the forms of the files: `eip155:N`, `0x…`, number."""
        return cls(parse_chain(chain), parse_address(ledger), issuer)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who holds a credential and what it counts for.

    `holder` is 20 bytes, zero where there is none; `credits` are hundredths of an ECTS credit;
    `credit_id` is 16 bytes, zero iff credits are.
    """

    holder: bytes = ZERO_ADDRESS
    credits: int = 0
    credit_id: bytes = bytes(16)

    def __post_init__(self) -> None:
        if not 0 <= self.credits < _U64:
            raise InputError("subject.credits", "must be 0 to 2^64−1", self.credits)
        if (self.credits == 0) != (self.credit_id == bytes(16)):
            raise InputError("subject.creditId", "is given exactly where there are credits", self.credit_id.hex())

    def hash(self, salt: bytes) -> SubjectHash:
        """leaf(salt ‖ holder 20 ‖ credits u64 ‖ creditId 16)."""
        return SubjectHash(leaf_hash(salt + self.holder + self.credits.to_bytes(8) + self.credit_id))


def claims_root(count: int, valid_from: int, valid_until: int, tree_root: bytes) -> ClaimsRoot:
    """H(0x02 ‖ count u32 ‖ validFrom u64 ‖ validUntil u64 (0 = none) ‖ treeRoot); dates in UTC seconds."""
    return ClaimsRoot(
        sha256(b"\x02" + count.to_bytes(4) + valid_from.to_bytes(8) + valid_until.to_bytes(8) + tree_root).digest()
    )


def commit(home: Home, claims: ClaimsRoot, subject: SubjectHash) -> Commitment:
    """H(0x03 ‖ logId ‖ claimsRoot ‖ subjectHash)."""
    return Commitment(sha256(b"\x03" + home.log_id + claims + subject).digest())
