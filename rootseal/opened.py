"""A credential as a file opens it: whole, or with parts hidden. What `verify` looks at.

Consensus-critical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rootseal.anchoring import Proofs
from rootseal.canonical import Json
from rootseal.claims import Claim, Path
from rootseal.commitment import Commitment, Home, Subject
from rootseal.errors import InputError
from rootseal.instants import parse_instant

__all__ = [
    "CREDITS_PATH",
    "OpenedCredential",
    "always_shown",
    "credits_of",
    "date_of",
    "disclosed",
    "missing_claim",
]

CREDITS_PATH: Path = ("credentialSubject", "creditsEarned")
NAME_PATH: Path = ("credentialSubject", "achievement", "name")


@dataclass(frozen=True, slots=True)
class OpenedCredential:
    """One credential with its commitment computed from what the file holds.

    `claims` are those shown, in walk order for a complete file, by position for a presentation.
    `valid_from` and `valid_until` are UTC seconds, 0 where absent. `subject` is None where hidden.
    `count` is the number of claim leaves, decoys included.
    """

    home: Home
    issuer_document: Json
    claims: tuple[Claim, ...]
    complete: bool
    count: int
    valid_from: int
    valid_until: int
    subject: Subject | None
    commitment: Commitment
    proofs: Proofs

    def claim(self, path: Path) -> Claim | None:
        """The shown claim at exactly `path`."""
        return next((claim for claim in self.claims if claim.path == path), None)

    @property
    def issuer_id(self) -> str | None:
        """The document's issuer `id` (or the issuer itself where it is a plain string), if shown."""
        claim = self.claim(("issuer", "id")) or self.claim(("issuer",))
        return claim.value if claim and isinstance(claim.value, str) else None

    @property
    def document(self) -> Json:
        """The shown part of the document; of an array with hidden elements, the shown ones in order."""
        return disclosed(self.claims)


def always_shown(path: Path) -> bool:
    """True for claims that no presentation may hide: @context, type, the issuer's id, the achievement's name."""
    return path[:1] in (("@context",), ("type",)) or path in (("issuer",), ("issuer", "id"), NAME_PATH)


def missing_claim(claims: Sequence[Claim]) -> str | None:
    """Which of the claims that are always shown is missing, in words, or None.

    The issuer's id and the achievement's name must be strings. Arrays must be shown without a gap from their
    first element on.
    """
    values = {claim.path: claim.value for claim in claims}
    paths = values.keys()
    for top in ("@context", "type"):
        indexes = sorted(path[1] for path in paths if len(path) >= 2 and path[0] == top and isinstance(path[1], int))
        unbroken = [index for at, index in enumerate(sorted(set(indexes))) if index == at]
        if (top,) not in paths and (not indexes or len(unbroken) != len(set(indexes))):
            return top
    if not isinstance(values.get(("issuer", "id"), values.get(("issuer",))), str):
        return "issuer.id"
    return None if isinstance(values.get(NAME_PATH), str) else ".".join(map(str, NAME_PATH))


def date_of(value: Json, where: str) -> int:
    """UTC seconds of a document's date; an end in 1970's first second would hash as none and is refused."""
    seconds = parse_instant(value, where)
    if seconds == 0 and where.endswith("validUntil"):
        raise InputError(where, "must lie after 1970-01-01T00:00:00Z", value)
    return seconds


def credits_of(earned: Json) -> int | None:
    """Exactly 100 × `creditsEarned` as a whole number, or None where that is none."""
    if isinstance(earned, bool) or not isinstance(earned, int | float):
        return None
    hundredfold = Decimal(repr(earned)) * 100
    return int(hundredfold) if hundredfold == hundredfold.to_integral_value() and hundredfold > 0 else None


def disclosed(claims: Sequence[Claim]) -> Json:
    """The document that the claims' paths span. Expects paths without conflict, as the strict reader leaves them."""
    root: dict[str | int, object] = {}
    for claim in claims:
        if not claim.path:
            return claim.value
        place = root
        for step in claim.path[:-1]:
            child = place.setdefault(step, {})
            if not isinstance(child, dict):
                raise InputError("shown", "has a path below a value", list(claim.path))
            place = child
        place[claim.path[-1]] = _Value(claim.value)
    return _unfold(root)


@dataclass(frozen=True, slots=True)
class _Value:
    """Tells a claim's empty container from a container with content."""

    value: Json


def _unfold(node: object) -> Json:
    if isinstance(node, _Value):
        return node.value
    if not isinstance(node, dict):
        raise TypeError(node)
    if all(isinstance(key, int) for key in node):
        return [_unfold(node[key]) for key in sorted(node)]
    return {str(key): _unfold(child) for key, child in node.items()}
