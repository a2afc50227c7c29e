"""Claims: a document taken apart, salted, and put in an order that says nothing (DESIGN §3).

Consensus-critical. A claim is (path, value), its path a tuple of member names and array indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256, shake_256
from json.encoder import encode_basestring

from rootseal.canonical import MAX_INTEGER, Json, dumps, member_order
from rootseal.errors import InputError
from rootseal.merkle import root_of

__all__ = [
    "MAX_CLAIMS",
    "SALT_BYTES",
    "Claim",
    "Path",
    "SaltedClaims",
    "encode_claim",
    "encode_claims",
    "encode_document",
    "encode_string",
    "salt_claims",
    "walk",
]

Path = tuple[str | int, ...]

MAX_CLAIMS = 4096
SALT_BYTES = 16
_DOMAIN = b"rootseal/salts/1"
_PAD = 8


@dataclass(frozen=True, slots=True)
class Claim:
    """One scalar or empty container of a document, and where it stands."""

    path: Path
    value: Json


def walk(document: Json) -> Iterator[Claim]:
    """Every claim depth-first: members in RFC 8785 order, elements in index order.

    Scalars and empty containers are claims; containers with content are not.
    """
    return (Claim(path, value) for path, _, value in _walked(document))


def encode_claim(claim: Claim) -> bytes:
    """JCS([path, value]): what a claim's salt is put before."""
    return dumps([list(claim.path), claim.value])


def encode_claims(document: Json) -> tuple[tuple[Claim, ...], list[bytes]]:
    """Every claim in walk order, and JCS([path, value]) of each."""
    walked = _walked(document)
    return tuple(Claim(path, value) for path, _, value in walked), [encoded for _, encoded, _ in walked]


def encode_document(document: Json) -> list[bytes]:
    """JCS([path, value]) of every claim in walk order."""
    return [encoded for _, encoded, _ in _walked(document)]


def encode_string(text: str) -> bytes:
    """RFC 8785 §3.2.2.2 of a string: json's own escaping with ensure_ascii off is the same, to the byte."""
    try:
        return encode_basestring(text).encode()
    except UnicodeEncodeError as error:
        raise InputError("JSON", "has a lone surrogate", text) from error


_Walked = list[tuple[Path, bytes, Json]]


def _walked(document: Json) -> _Walked:
    """(path, encoding, value) of every claim, in walk order."""
    walked: _Walked = []
    _walk(document, (), b"[[", walked)
    return walked


def _walk(value: Json, path: Path, prefix: bytes, walked: _Walked) -> None:
    """Append what is at `path` and below; `prefix` is `[[` and the path's JSON so far."""
    if isinstance(value, dict) and value:
        comma = prefix + b"," if path else prefix
        for name in sorted(value) if all(map(str.isascii, value)) else sorted(value, key=member_order):
            _walk(value[name], (*path, name), comma + encode_string(name), walked)
    elif isinstance(value, list) and value:
        comma = prefix + b"," if path else prefix
        for index, element in enumerate(value):
            _walk(element, (*path, index), comma + b"%d" % index, walked)
    else:
        encoded = encode_string(value) if isinstance(value, str) else _scalar(value)
        walked.append((path, b"%b],%b]" % (prefix, encoded), value))


def _scalar(value: Json) -> bytes:
    """RFC 8785 of a number, a literal or an empty container; a number that no file may carry is refused (DESIGN §4)."""
    encoded = dumps(value)
    if isinstance(value, float) and (b"e" in encoded or (b"." not in encoded and abs(value) > MAX_INTEGER)):
        raise InputError("JSON", "has a number with an exponent or beyond 2^53−1", value)
    return encoded


@dataclass(frozen=True, slots=True)
class SaltedClaims:
    """The tree over a document's claims.

    `salts[i]` and `positions[i]` belong to claim i in walk order; `leaves` are sorted ascending and hold
    the decoys too; `subject_salt` is for the subject hash.
    """

    subject_salt: bytes
    salts: tuple[bytes, ...]
    leaves: tuple[bytes, ...]
    positions: tuple[int, ...]

    @property
    def count(self) -> int:
        """Leaves including decoys: a multiple of 8."""
        return len(self.leaves)

    @property
    def root(self) -> bytes:
        """The RFC 9162 root over the sorted leaves."""
        return root_of(self.leaves)


def salt_claims(encodings: Sequence[bytes], seed: bytes) -> SaltedClaims:
    """Salt encoded claims (walk order) with SHAKE256("rootseal/salts/1" ‖ seed), pad, sort.

    Raises `InputError` for a seed that is not 32 bytes, no claims, more than 4,096 of them, or equal leaves.
    """
    leaves, salts = salted_leaves(encodings, seed)
    ordered = sorted(leaves)
    place = {leaf: position for position, leaf in enumerate(ordered)}
    if len(place) != len(ordered):
        raise InputError("seed", "gives two equal claim leaves")
    count = len(encodings)
    return SaltedClaims(
        salts[0], tuple(salts[1 : count + 1]), tuple(ordered), tuple(place[leaf] for leaf in leaves[:count])
    )


def salted_leaves(encodings: Sequence[bytes], seed: bytes) -> tuple[list[bytes], list[bytes]]:
    """Claim leaves then decoys, unsorted; and the salts: the subject's, the claims', the decoys'."""
    count = len(encodings)
    if len(seed) != 32:
        raise InputError("seed", "must be 32 bytes", f"{len(seed)} bytes")
    if not 1 <= count <= MAX_CLAIMS:
        raise InputError("credential", f"must have 1 to {MAX_CLAIMS} claims", count)
    salted = [*encodings, *[b""] * (-count % _PAD)]  # a decoy is a salt before nothing
    stream = shake_256(_DOMAIN + seed).digest(SALT_BYTES * (1 + len(salted)))
    salts = [stream[at : at + SALT_BYTES] for at in range(0, len(stream), SALT_BYTES)]
    hashed, leaf = sha256, b"\x00"
    leaves = [hashed(leaf + salt + encoded).digest() for salt, encoded in zip(salts[1:], salted, strict=True)]
    return leaves, salts
