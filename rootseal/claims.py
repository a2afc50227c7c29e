"""Claims: a document taken apart, salted, and put in an order that says nothing (DESIGN §3).

Consensus-critical. A claim is (path, value), its path a tuple of member names and array indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256, shake_256
from json.encoder import encode_basestring

from rootseal.canonical import MAX_INTEGER, Json, dumps, member_order
from rootseal.errors import InputError
from rootseal.merkle import leaf_hash, root_of

__all__ = [
    "MAX_CLAIMS",
    "SALT_BYTES",
    "Claim",
    "Path",
    "SaltedClaims",
    "encode_claim",
    "encode_claims",
    "encode_document",
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
    return (Claim(path, value) for path, _, value in _walked(document, {}))


def encode_claim(claim: Claim) -> bytes:
    """JCS([path, value]): what a claim's salt is put before."""
    return dumps([list(claim.path), claim.value])


def encode_claims(document: Json) -> tuple[tuple[Claim, ...], list[bytes]]:
    """Every claim in walk order, and JCS([path, value]) of each."""
    walked = _walked(document, {})
    return tuple(Claim(path, value) for path, _, value in walked), [bytes(e) for _, e, _ in walked]  # type: ignore[arg-type]


def encode_document(document: Json, known: Mapping[Path, Sequence[bytes]] | None = None) -> list[bytes]:
    """JCS([path, value]) of every claim in walk order.

    `known` gives the encodings below paths whose subtrees are the same in many documents (a template's
    achievement): they are taken as they are and not walked again. The caller answers for their equality;
    `node fsck` recomputes without them.
    """
    encodings: list[bytes] = []
    for _, encoded, _ in _walked(document, known or {}):
        if isinstance(encoded, bytes):
            encodings.append(encoded)
        else:
            encodings.extend(encoded)
    return encodings


_Known = Mapping[Path, Sequence[bytes]]
_Walked = tuple[Path, bytes | Sequence[bytes], Json]


def _walked(document: Json, known: _Known) -> list[_Walked]:
    """(path, encoding or known encodings, value) of every claim or known part, in walk order."""
    walked: list[_Walked] = []
    _walk(document, (), b"[[", known, walked)
    return walked


def _walk(value: Json, path: Path, prefix: bytes, known: _Known, walked: list[_Walked]) -> None:
    """Append what is at `path` and below; `prefix` is `[[` and the path's JSON so far."""
    if known and path in known:
        walked.append((path, known[path], value))
    elif isinstance(value, dict) and value:
        comma = prefix + b"," if path else prefix
        for name in sorted(value) if all(map(str.isascii, value)) else sorted(value, key=member_order):
            _walk(value[name], (*path, name), comma + _string(name), known, walked)
    elif isinstance(value, list) and value:
        comma = prefix + b"," if path else prefix
        for index, element in enumerate(value):
            _walk(element, (*path, index), comma + b"%d" % index, known, walked)
    else:
        encoded = _string(value) if isinstance(value, str) else _scalar(value)
        walked.append((path, b"%b],%b]" % (prefix, encoded), value))


def _scalar(value: Json) -> bytes:
    """RFC 8785 of a number, a literal or an empty container; a number that no file may carry is refused (DESIGN §4)."""
    encoded = dumps(value)
    if isinstance(value, float) and (b"e" in encoded or (b"." not in encoded and abs(value) > MAX_INTEGER)):
        raise InputError("JSON", "has a number with an exponent or beyond 2^53−1", value)
    return encoded


def _string(text: str) -> bytes:
    """RFC 8785 §3.2.2.2 of a string: json's own escaping with ensure_ascii off is the same, to the byte."""
    try:
        return encode_basestring(text).encode()
    except UnicodeEncodeError as error:
        raise InputError("JSON", "has a lone surrogate", text) from error


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
    decoys = -count % _PAD
    stream = shake_256(_DOMAIN + seed).digest(SALT_BYTES * (1 + count + decoys))
    salts = [stream[at : at + SALT_BYTES] for at in range(0, len(stream), SALT_BYTES)]
    leaves = [sha256(b"\x00" + salt + encoded).digest() for salt, encoded in zip(salts[1:], encodings, strict=False)]
    leaves += [leaf_hash(salt) for salt in salts[count + 1 :]]
    return leaves, salts
