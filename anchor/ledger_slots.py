"""Where the ledger contract keeps what: storage slots and packed words, as the compiler laid them out.

Consensus-critical: a storage proof is read by these places. The numbers are those of `storageLayout` in the committed
artifact, and a test holds them equal; the rules are Solidity's ("Layout of State Variables in Storage"): a mapping's
value lies at keccak(key ‖ slot), an array's elements from keccak(slot) on, and the first member of a packed word
is the lowest. The two words packed by hand are those of contracts/Slots.sol.
"""

from __future__ import annotations

from typing import Final

from rootseal.ethereum import keccak256

__all__ = ["ACCREDITATION_WORDS", "DOCUMENT_WORDS", "accreditations", "anchor", "array_start", "bits", "documents"]
__all__ += ["head", "key", "key_list", "status"]

HEADS: Final = 2
ANCHORS: Final = 3
STATUS: Final = 4
KEYS: Final = 5
KEY_LIST: Final = 6
DOCUMENTS: Final = 7
ACCREDITATIONS: Final = 8

DOCUMENT_WORDS: Final = 2
ACCREDITATION_WORDS: Final = 3


def head(issuer: int) -> int:
    """statusKey 160 bits, size 48, sequence 40, ended 8."""
    return _at(HEADS, issuer)


def anchor(issuer: int, root: bytes) -> int:
    """sequence, size, previousSize, time, blockNumber 48 bits each, keyIndex 16."""
    return _at(_at(ANCHORS, issuer), int.from_bytes(root))


def status(issuer: int, purpose: int, word: int) -> int:
    """One word of a bitmap."""
    return _at(_at(_at(STATUS, issuer), purpose), word)


def key(issuer: int, address: bytes) -> int:
    """keyIndex 16 bits, roles 8, addedAt, retiredAt, compromisedSince 48 each."""
    return _at(_at(KEYS, issuer), int.from_bytes(address))


def key_list(issuer: int) -> int:
    """An array of addresses, a word each."""
    return _at(KEY_LIST, issuer)


def documents(issuer: int) -> int:
    """An array of two words: the hash; time 48 bits, blockNumber 48."""
    return _at(DOCUMENTS, issuer)


def accreditations(issuer: int, accreditor: bytes) -> int:
    """An array of three words: the hash; since 48 bits, validUntil 64, endedAt 48, renewed 8, sinceBlock 48; scope."""
    return _at(_at(ACCREDITATIONS, issuer), int.from_bytes(accreditor))


def array_start(slot: int) -> int:
    """The slot of the first element of the array (or of the bytes of a long string) whose length is at `slot`."""
    return int.from_bytes(keccak256(slot.to_bytes(32)))


def bits(word: int, offset: int, width: int) -> int:
    """The `width` bits from bit `offset` on."""
    return word >> offset & (1 << width) - 1


def _at(slot: int, key: int) -> int:
    return int.from_bytes(keccak256(key.to_bytes(32) + slot.to_bytes(32)))
