"""Presentations: some claims shown, the rest as the roots of maximal hidden subtrees (DESIGN §4).

Consensus-critical.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from rootseal.anchoring import Proofs, home_json, parse_home, signature
from rootseal.canonical import Json, dumps, loads
from rootseal.claims import MAX_CLAIMS, SALT_BYTES, Claim, Path, encode_claim
from rootseal.commitment import Home, Subject, claims_root, commit
from rootseal.errors import InputError
from rootseal.files import CredentialFile, parse_subject, subject_json
from rootseal.merkle import leaf_hash, node_hash, root_of
from rootseal.opened import CREDITS_PATH, OpenedCredential, always_shown, date_of, missing_claim
from rootseal.paths import check_paths, parse_path
from rootseal.strict import array, hex_bytes, integer, members, nullable, seconds, string
from rootseal.typed_data import presentation_digest

__all__ = ["PRESENTATION_FORMAT", "HolderProof", "Presentation", "PresentedCredential", "ShownClaim", "present"]

PRESENTATION_FORMAT = "rootseal/presentation/1"
PRESENTATION_NOTE = (
    "This shows what its holder chose to show; the rest is hidden and cannot be read from it. "
    "To check it, use your own copy of a Rootseal verifier, never a link that came with the file."
)
MAX_CREDENTIALS = 16
_MAX_TEXT = 1024
_MEMBERS = (
    "home", "issuerDocument", "validFrom", "validUntil", "count", "shown", "hidden", "subject",
    "index", "promise", "anchors",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """A claim with its salt (16 bytes) and its place among the sorted leaves."""

    position: int
    claim: Claim
    salt: bytes

    @property
    def leaf(self) -> bytes:
        """leaf(salt ‖ JCS([path, value]))."""
        return leaf_hash(self.salt + encode_claim(self.claim))


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """One credential of a presentation. `subject` is (subject, salt), or its 32-byte hash where hidden."""

    home: Home
    issuer_document: Json
    valid_from: int
    valid_until: int
    count: int
    shown: tuple[ShownClaim, ...]
    hidden: tuple[bytes, ...]
    subject: tuple[Subject, bytes] | bytes
    proofs: Proofs

    def to_json(self) -> Json:
        """One element of `credentials`."""
        return {
            "home": home_json(self.home),
            "issuerDocument": self.issuer_document,
            "validFrom": self.valid_from,
            "validUntil": self.valid_until or None,
            "count": self.count,
            "shown": [
                {"position": s.position, "path": list(s.claim.path), "value": s.claim.value, "salt": s.salt.hex()}
                for s in self.shown
            ],
            "hidden": [root.hex() for root in self.hidden],
            "subject": self.subject.hex()
            if isinstance(self.subject, bytes)
            else {**subject_json(self.subject[0]), "salt": self.subject[1].hex()},
            **self.proofs.to_json(),
        }

    def open(self) -> OpenedCredential:
        """Compute the commitment; raises `InputError` where `hidden` does not fit the shown positions."""
        tree = _tree_root(self.count, {s.position: s.leaf for s in self.shown}, self.hidden)
        root = claims_root(self.count, self.valid_from, self.valid_until, tree)
        shown = None if isinstance(self.subject, bytes) else self.subject
        subject_hash = self.subject if isinstance(self.subject, bytes) else self.subject[0].hash(self.subject[1])
        return OpenedCredential(
            self.home,
            self.issuer_document,
            tuple(s.claim for s in self.shown),
            False,
            self.count,
            self.valid_from,
            self.valid_until,
            shown and shown[0],
            commit(self.home, root, subject_hash),  # type: ignore[arg-type]
            self.proofs,
        )


@dataclass(frozen=True, slots=True)
class HolderProof:
    """The holder's answer to one verifier: signatures ascending by holder address; times in UTC seconds."""

    audience: str
    nonce: str
    created: int
    expires: int
    signatures: tuple[bytes, ...]

    def to_json(self) -> Json:
        """The member `holder`."""
        return {
            "audience": self.audience,
            "nonce": self.nonce,
            "created": self.created,
            "expires": self.expires,
            "signatures": ["0x" + s.hex() for s in self.signatures],
        }

    def digest(self, presentation: bytes) -> bytes:
        """The EIP-712 digest that each holder signs; `presentation` is `Presentation.digest`."""
        return presentation_digest(presentation, self.audience, self.nonce, self.created, self.expires)


@dataclass(frozen=True, slots=True)
class Presentation:
    """1 to 16 presented credentials, and the holder's answer to a challenge where one was given."""

    credentials: tuple[PresentedCredential, ...]
    holder: HolderProof | None = None
    note: str = PRESENTATION_NOTE

    @classmethod
    def from_bytes(cls, data: bytes) -> Presentation:
        """Read a file strictly. Raises `InputError` naming the member."""
        return cls.from_json(loads(data))

    @classmethod
    def from_json(cls, value: Json) -> Presentation:
        """From the parsed value of a file."""
        m = members(value, "file", ("format", "note", "credentials"), ("holder",))
        if m["format"] != PRESENTATION_FORMAT:
            raise InputError("file.format", f"must be {PRESENTATION_FORMAT}", m["format"])
        return cls(
            array(m["credentials"], "file.credentials", _presented, 1, MAX_CREDENTIALS),
            _holder(m["holder"], "file.holder") if "holder" in m else None,
            string(m["note"], "file.note"),
        )

    def to_bytes(self) -> bytes:
        """The file: RFC 8785 bytes."""
        holder: dict[str, Json] = {} if self.holder is None else {"holder": self.holder.to_json()}
        return dumps({**self._bound(), **holder})

    @property
    def digest(self) -> bytes:
        """H of the file's RFC 8785 bytes without `holder`."""
        return sha256(dumps(self._bound())).digest()

    def _bound(self) -> dict[str, Json]:
        return {
            "format": PRESENTATION_FORMAT,
            "note": self.note,
            "credentials": [credential.to_json() for credential in self.credentials],
        }


def present(file: CredentialFile, show: Callable[[Path], bool], show_subject: bool = False) -> PresentedCredential:
    """Hide every claim for which `show(path)` is false; those that are always shown stay.

    With `show_subject` the holder's address and credits are shown, and so is the claim that holds the credits.
    """
    claims, salted = file.salted()
    show_credits = show_subject and file.subject.credits != 0
    chosen = sorted(
        (ShownClaim(position, claim, salt)
         for claim, salt, position in zip(claims, salted.salts, salted.positions, strict=True)
         if show(claim.path) or always_shown(claim.path) or (show_credits and claim.path == CREDITS_PATH)),
        key=lambda shown: shown.position,
    )  # fmt: skip
    start, end = file.dates
    subject = (file.subject, salted.subject_salt)
    presented = PresentedCredential(
        file.home,
        file.issuer_document,
        start,
        end,
        salted.count,
        tuple(chosen),
        tuple(_hidden_roots(salted.leaves, [s.position for s in chosen])),
        subject if show_subject else file.subject.hash(salted.subject_salt),
        file.proofs,
    )
    _check_shown(presented, "credential")
    return presented


def _hidden_roots(leaves: Sequence[bytes], positions: Sequence[int]) -> list[bytes]:
    """Roots of the maximal subtrees without a shown leaf, left to right."""
    hidden: list[bytes] = []

    def visit(low: int, count: int) -> None:
        if not _any_in(positions, low, count):
            hidden.append(root_of(leaves[low : low + count]))
        elif count > 1:
            split = 1 << (count - 1).bit_length() - 1
            visit(low, split)
            visit(low + split, count - split)

    visit(0, len(leaves))
    return hidden


def _tree_root(count: int, shown: dict[int, bytes], hidden: Sequence[bytes]) -> bytes:
    """root(0, count) of DESIGN §4; every hidden root is consumed, else `InputError`."""
    positions = sorted(shown)
    rest = iter(hidden)

    def root(low: int, size: int) -> bytes:
        if not _any_in(positions, low, size):
            taken = next(rest, None)
            if taken is None:
                raise InputError("hidden", "has too few roots for what is not shown", len(hidden))
            return taken
        if size == 1:
            return shown[low]
        split = 1 << (size - 1).bit_length() - 1
        left = root(low, split)
        return node_hash(left, root(low + split, size - split))

    whole = root(0, count)
    if next(rest, None) is not None:
        raise InputError("hidden", "has more roots than there are hidden parts", len(hidden))
    return whole


def _any_in(positions: Sequence[int], low: int, count: int) -> bool:
    at = bisect_left(positions, low)
    return at < len(positions) and positions[at] < low + count


def _presented(value: Json, where: str) -> PresentedCredential:
    m = members(value, where, _MEMBERS)
    count = integer(m["count"], f"{where}.count", 8, MAX_CLAIMS)
    if count % 8:
        raise InputError(f"{where}.count", "must be a multiple of 8", count)
    issuer_document = m["issuerDocument"]
    if issuer_document is not None and not isinstance(issuer_document, dict):
        raise InputError(f"{where}.issuerDocument", "must be an object or null", issuer_document)
    presented = PresentedCredential(
        parse_home(m["home"], f"{where}.home"),
        issuer_document,
        seconds(m["validFrom"], f"{where}.validFrom"),
        nullable(m["validUntil"], f"{where}.validUntil", lambda v, w: seconds(v, w, 1)) or 0,
        count,
        array(m["shown"], f"{where}.shown", lambda v, w: _shown(v, w, count), 1, count),
        array(m["hidden"], f"{where}.hidden", lambda v, w: hex_bytes(v, w, 32), 0, count),
        _subject(m["subject"], f"{where}.subject"),
        Proofs.from_json(m, where),
    )
    _check_shown(presented, where)
    return presented


def _shown(value: Json, where: str, count: int) -> ShownClaim:
    m = members(value, where, ("position", "path", "value", "salt"))
    if isinstance(m["value"], dict | list) and m["value"]:
        raise InputError(f"{where}.value", "must be a scalar or an empty container", m["value"])
    return ShownClaim(
        integer(m["position"], f"{where}.position", 0, count - 1),
        Claim(parse_path(m["path"], f"{where}.path"), m["value"]),
        hex_bytes(m["salt"], f"{where}.salt", SALT_BYTES),
    )


def _subject(value: Json, where: str) -> tuple[Subject, bytes] | bytes:
    if isinstance(value, str):
        return hex_bytes(value, where, 32)
    m = members(value, where, ("holder", "credits", "creditId", "salt"))
    return parse_subject(m, where), hex_bytes(m["salt"], f"{where}.salt", SALT_BYTES)


def _holder(value: Json, where: str) -> HolderProof:
    m = members(value, where, ("audience", "nonce", "created", "expires", "signatures"))
    return HolderProof(
        string(m["audience"], f"{where}.audience", _MAX_TEXT),
        string(m["nonce"], f"{where}.nonce", _MAX_TEXT),
        seconds(m["created"], f"{where}.created"),
        seconds(m["expires"], f"{where}.expires"),
        array(m["signatures"], f"{where}.signatures", signature, 1, MAX_CREDENTIALS),
    )


def _check_shown(presented: PresentedCredential, where: str) -> None:
    """The rules of DESIGN §4 that concern several shown claims together."""
    positions = [shown.position for shown in presented.shown]
    if any(left >= right for left, right in pairwise(positions)):
        raise InputError(f"{where}.shown", "must ascend strictly by position")
    claims = [shown.claim for shown in presented.shown]
    check_paths([claim.path for claim in claims], f"{where}.shown")
    missing = missing_claim(claims)
    if missing is not None:
        raise InputError(f"{where}.shown", "must show what may not be hidden", missing)
    credited = not isinstance(presented.subject, bytes) and presented.subject[0].credits != 0
    if credited and all(claim.path != CREDITS_PATH for claim in claims):
        raise InputError(f"{where}.shown", "must show creditsEarned where the subject shows credits")
    for claim in claims:
        if claim.path[0] in ("validFrom", "validUntil"):
            # A path below a date means that the document has no date there, as a complete file is told too.
            date_of(claim.value if len(claim.path) == 1 else {}, f"{where}.shown.{claim.path[0]}")
