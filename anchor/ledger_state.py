"""One issuer's whole state of the ledger, read from its storage: what a snapshot holds.

Consensus-critical. The same code reads while a snapshot is built and while it is verified; only the storage differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from anchor import ledger_slots as slots
from anchor.ledger import AnchorRecord, Head
from anchor.ledger_slots import bits
from anchor.storage_proof import NotProven, Storage
from rootseal.facts import AccreditationFact, DocumentFact, KeyFact

__all__ = ["LedgerState", "read_state"]

MAX_WORDS: Final = 1 << 16
"""Of one status map: sixteen million entries."""
_MAX_LIST: Final = 1 << 16
_MAX_SCOPE: Final = 256


@dataclass(frozen=True, slots=True)
class LedgerState:
    """`anchors` by root in the order asked; `accreditations` by accreditor in the order asked, oldest first."""

    head: Head
    anchors: tuple[tuple[bytes, AnchorRecord], ...]
    keys: tuple[KeyFact, ...]
    documents: tuple[DocumentFact, ...]
    accreditations: tuple[tuple[bytes, tuple[AccreditationFact, ...]], ...]
    revoked: tuple[int, ...]
    suspended: tuple[int, ...]


def read_state(storage: Storage, issuer: int, roots: Sequence[bytes], accreditors: Sequence[bytes]) -> LedgerState:
    """Everything about `issuer`, its anchors with these roots, and what these accreditors gave it.

    Raises what `storage` raises, and `NotProven` for a root that was never anchored or a state too large.
    """
    (word,) = storage.words([slots.head(issuer)])
    head = Head(bits(word, 208, 40), bits(word, 160, 48))
    revoked, suspended = (_status(storage, issuer, purpose, head.size) for purpose in (0, 1))
    return LedgerState(
        head,
        tuple(zip(roots, _anchors(storage, issuer, roots), strict=True)),
        _keys(storage, issuer),
        _documents(storage, issuer),
        tuple((accreditor, _accreditations(storage, issuer, accreditor)) for accreditor in accreditors),
        revoked,
        suspended,
    )


def _status(storage: Storage, issuer: int, purpose: int, size: int) -> tuple[int, ...]:
    count = -(-size // 256)
    if count > MAX_WORDS:
        raise NotProven(f"the status map has more than {MAX_WORDS} words")
    return storage.words([slots.status(issuer, purpose, word) for word in range(count)])


def _anchors(storage: Storage, issuer: int, roots: Sequence[bytes]) -> list[AnchorRecord]:
    words = storage.words([slots.anchor(issuer, root) for root in roots])
    if not all(words):
        raise NotProven("a root was never anchored")
    return [
        AnchorRecord(
            bits(w, 0, 48), bits(w, 48, 48), bits(w, 96, 48), bits(w, 144, 48), bits(w, 192, 48), bits(w, 240, 16)
        )
        for w in words
    ]


def _keys(storage: Storage, issuer: int) -> tuple[KeyFact, ...]:
    elements = _array(storage, slots.key_list(issuer), 1)
    addresses = [element[0].to_bytes(32)[12:] for element in elements]
    words = storage.words([slots.key(issuer, address) for address in addresses])
    return tuple(
        KeyFact(address, bits(w, 16, 8), bits(w, 24, 48), bits(w, 72, 48), bits(w, 120, 48))
        for address, w in zip(addresses, words, strict=True)
    )


def _documents(storage: Storage, issuer: int) -> tuple[DocumentFact, ...]:
    rows = _array(storage, slots.documents(issuer), slots.DOCUMENT_WORDS)
    return tuple(DocumentFact(row[0].to_bytes(32), bits(row[1], 0, 48), bits(row[1], 48, 48)) for row in rows)


def _accreditations(storage: Storage, issuer: int, accreditor: bytes) -> tuple[AccreditationFact, ...]:
    slot, width = slots.accreditations(issuer, accreditor), slots.ACCREDITATION_WORDS
    start = slots.array_start(slot)
    return tuple(
        AccreditationFact(
            accreditor,
            row[0].to_bytes(32),
            bits(row[1], 0, 48),
            bits(row[1], 48, 64),
            bits(row[1], 112, 48),
            bool(bits(row[1], 160, 8)),
            _text(storage, start + number * width + 2, row[2]),
        )
        for number, row in enumerate(_array(storage, slot, width))
    )


def _array(storage: Storage, slot: int, width: int) -> list[tuple[int, ...]]:
    """The elements, `width` words each, of the array whose length is at `slot`."""
    (length,) = storage.words([slot])
    if length > _MAX_LIST:
        raise NotProven(f"a list has more than {_MAX_LIST} elements")
    start = slots.array_start(slot)
    words = storage.words([(start + at) % (1 << 256) for at in range(length * width)])
    return [words[at : at + width] for at in range(0, len(words), width)]


def _text(storage: Storage, slot: int, word: int) -> str:
    """A string: up to 31 bytes lie in its own word, a longer one from keccak(slot) on."""
    if not word & 1:
        data = word.to_bytes(32)[: bits(word, 1, 7)]
    else:
        length = word >> 1
        if length > _MAX_SCOPE:
            raise NotProven(f"a text has more than {_MAX_SCOPE} bytes")
        start = slots.array_start(slot)
        words = storage.words([(start + at) % (1 << 256) for at in range(-(-length // 32))])
        data = b"".join(w.to_bytes(32) for w in words)[:length]
    return data.decode("utf-8", "replace")
