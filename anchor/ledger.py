"""The ledger contract as an object: each view of `ICredentialLedger`, with checked results.

Every view takes `at`, a block number or tag. Zeros mean "not there" and come back as None or empty.
A revert is `Reverted` with its name and a plain sentence. Calls that change something are sent by
`anchor.sender`; `call_data` encodes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from anchor.chain import BlockTag, Chain, Reverted, WrongChain
from anchor.ledger_abi import ContractAbi, load_contract
from anchor.ledger_errors import explained
from rootseal.facts import AccreditationFact, DocumentFact, KeyFact

__all__ = ["AnchorRecord", "Head", "IssuerRecord", "Ledger", "call_data", "ledger_abi"]

REVOKED: Final = 0
SUSPENDED: Final = 1
_PAGE: Final = 256
_WORDS: Final = 1024


@dataclass(frozen=True, slots=True)
class Head:
    """The last anchor of an issuer; both 0 before the first."""

    sequence: int
    size: int


@dataclass(frozen=True, slots=True)
class AnchorRecord:
    """`anchorOf`: `time` in UTC seconds, `block_number` as the contract saw it."""

    sequence: int
    size: int
    previous_size: int
    time: int
    block_number: int
    key_index: int


@dataclass(frozen=True, slots=True)
class IssuerRecord:
    """`issuerOf`: self-asserted name and URI, admin addresses, succession; zeros where there is none."""

    name: str
    uri: str
    admin: bytes
    pending_admin: bytes
    successor: int
    proposed_successor: int
    registered_at: int
    succeeded_at: int


def ledger_abi() -> ContractAbi:
    """The committed artifact of the ledger contract."""
    return load_contract("CredentialLedger")


def call_data(function: str, *arguments: object) -> bytes:
    """Call data for a function of the ledger. Raises `InputError` where an argument does not fit."""
    return ledger_abi().encode_call(function, *arguments)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger contract at `address` on `chain`. Every method raises `ChainUnavailable` or `WrongChain`."""

    chain: Chain
    address: bytes

    def head(self, issuer: int, at: BlockTag = "latest") -> Head:
        """Sequence and size of the last anchor."""
        return Head(*self._call("head", issuer, at=at))

    def anchor_of(self, issuer: int, root: bytes, at: BlockTag = "latest") -> AnchorRecord | None:
        """The anchor with this root, if the issuer has one."""
        found = AnchorRecord(*self._call("anchorOf", issuer, root, at=at))
        return found if found.sequence else None

    def issuer_count(self, at: BlockTag = "latest") -> int:
        """How many issuers are registered; their numbers run from 1."""
        return int(self._call("issuerCount", at=at)[0])

    def issuer(self, issuer: int, at: BlockTag = "latest") -> IssuerRecord | None:
        """What the issuer says about itself."""
        found = IssuerRecord(*self._call("issuerOf", issuer, at=at)[0])
        return found if found.registered_at else None

    def documents(self, issuer: int, at: BlockTag = "latest") -> tuple[DocumentFact, ...]:
        """The whole document history, oldest first."""
        count = self._call("documentCount", issuer, at=at)[0]
        rows = self._paged(lambda first, size: self._call("documents", issuer, first, size, at=at)[0], count)
        return tuple(DocumentFact(*row) for row in rows)

    def keys(self, issuer: int, at: BlockTag = "latest") -> tuple[KeyFact, ...]:
        """All keys ever added, by index."""
        count = self._call("keyCount", issuer, at=at)[0]
        return tuple(self.key_at(issuer, index, at) for index in range(count))

    def key_at(self, issuer: int, index: int, at: BlockTag = "latest") -> KeyFact:
        """The key at an index below the key count."""
        return KeyFact(*self._call("keyAt", issuer, index, at=at))

    def key_of(self, issuer: int, key: bytes, at: BlockTag = "latest") -> KeyFact | None:
        """The key with this address, if it was ever added."""
        _, *rest = self._call("keyOf", issuer, key, at=at)
        found = KeyFact(key, *rest)
        return found if found.added_at else None

    def accreditations(self, issuer: int, accreditor: bytes, at: BlockTag = "latest") -> tuple[AccreditationFact, ...]:
        """All that this accreditor ever gave this issuer, oldest first."""
        count = self._call("accreditationCount", issuer, accreditor, at=at)[0]
        rows = self._paged(
            lambda first, size: self._call("accreditations", issuer, accreditor, first, size, at=at)[0], count
        )
        return tuple(_accreditation(accreditor, row) for row in rows)

    def status_words(self, issuer: int, purpose: int, size: int, at: BlockTag = "latest") -> tuple[int, ...]:
        """The whole map for a log of `size` entries: ⌈size/256⌉ words. Never one index (privacy)."""
        rows = self._paged(
            lambda first, count: self._call("statusWords", issuer, purpose, first, count, at=at)[0],
            -(-size // 256),
            _WORDS,
        )
        return tuple(int(row) for row in rows)

    def _paged(self, page: Callable[[int, int], Any], count: int, size: int = _PAGE) -> list[Any]:
        rows: list[Any] = []
        while len(rows) < count:
            wanted = min(size, count - len(rows))
            found = page(len(rows), wanted)
            if len(found) != wanted:
                raise WrongChain("the length of a page of the ledger", wanted, len(found))
            rows.extend(found)
        return rows

    def _call(self, function: str, *arguments: object, at: BlockTag) -> tuple[Any, ...]:
        abi = ledger_abi()
        try:
            data = self.chain.call(self.address, abi.encode_call(function, *arguments), at)
        except Reverted as error:
            raise explained(error) from error
        if not data:
            raise WrongChain("the ledger", self.address, "an address that does not answer")
        return abi.decode_result(function, data)


def _accreditation(accreditor: bytes, row: tuple[Any, ...]) -> AccreditationFact:
    document, since, valid_until, ended_at, renewed, _block, scope = row
    return AccreditationFact(accreditor, document, since, valid_until, ended_at, renewed, scope)
