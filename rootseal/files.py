"""The holder's complete file, `*.credential.json` (DESIGN §4).

Consensus-critical: a file of format 1 verifies for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rootseal.anchoring import Proofs, home_json, parse_home
from rootseal.canonical import Json, dumps, loads
from rootseal.claims import Claim, SaltedClaims, encode_claims, salt_claims
from rootseal.commitment import Commitment, Home, Subject, claims_root, commit
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, address_text
from rootseal.opened import OpenedCredential, date_of
from rootseal.strict import ethereum_hex, hex_bytes, integer, members, nullable, string

__all__ = ["CREDENTIAL_FORMAT", "CREDENTIAL_NOTE", "CredentialFile", "parse_subject", "subject_json"]

CREDENTIAL_FORMAT = "rootseal/credential/1"
CREDENTIAL_NOTE = (
    "This is the complete credential of its holder. It shows everything and holds the secret that hides parts: "
    "keep it, and give employers a presentation made from it. "
    "To check it, use your own copy of a Rootseal verifier, never a link that came with the file."
)
_MEMBERS = ("format", "note", "home", "issuerDocument", "credential", "seed", "subject", "index", "promise", "anchors")
_MAX_DOCUMENT_DEPTH = 15


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """A complete credential: document, seed of its salts (32 bytes), subject, and where it is anchored.

    `issuer_document` is the registered document itself, or None until it is known.
    """

    home: Home
    issuer_document: Json
    credential: dict[str, Json]
    seed: bytes
    subject: Subject
    proofs: Proofs
    note: str = CREDENTIAL_NOTE

    @classmethod
    def from_bytes(cls, data: bytes) -> CredentialFile:
        """Read a file strictly. Raises `InputError` naming the member."""
        return cls.from_json(loads(data))

    @classmethod
    def from_json(cls, value: Json) -> CredentialFile:
        """From the parsed value of a file."""
        m = members(value, "file", _MEMBERS)
        if m["format"] != CREDENTIAL_FORMAT:
            raise InputError("file.format", f"must be {CREDENTIAL_FORMAT}", m["format"])
        credential = m["credential"]
        if not isinstance(credential, dict) or not credential:
            raise InputError("file.credential", "must be an object with members", credential)
        return cls(
            parse_home(m["home"], "file.home"),
            nullable(m["issuerDocument"], "file.issuerDocument", _object),
            credential,
            hex_bytes(m["seed"], "file.seed", 32),
            parse_subject(members(m["subject"], "file.subject", ("holder", "credits", "creditId")), "file.subject"),
            Proofs.from_json(m, "file"),
            string(m["note"], "file.note"),
        )

    def to_bytes(self) -> bytes:
        """The file: RFC 8785 bytes."""
        return dumps(
            {
                "format": CREDENTIAL_FORMAT,
                "note": self.note,
                "home": home_json(self.home),
                "issuerDocument": self.issuer_document,
                "credential": self.credential,
                "seed": self.seed.hex(),
                "subject": subject_json(self.subject),
                **self.proofs.to_json(),
            }
        )

    def salted(self) -> tuple[tuple[Claim, ...], SaltedClaims]:
        """The claims in walk order, and the tree over them."""
        claims, encodings = encode_claims(self.credential)
        return claims, salt_claims(encodings, self.seed)

    @property
    def dates(self) -> tuple[int, int]:
        """validFrom and validUntil of the document as UTC seconds, 0 where absent. Raises `InputError`."""
        start, end = (
            date_of(self.credential[name], f"file.credential.{name}") if name in self.credential else 0
            for name in ("validFrom", "validUntil")
        )
        return start, end

    def open(self) -> OpenedCredential:
        """Compute the commitment. Raises `InputError` for dates or claims that the format refuses."""
        claims, salted = self.salted()
        start, end = self.dates
        claims_hash = claims_root(salted.count, start, end, salted.root)
        return OpenedCredential(
            self.home,
            self.issuer_document,
            claims,
            True,
            salted.count,
            start,
            end,
            self.subject,
            commit(self.home, claims_hash, self.subject.hash(salted.subject_salt)),
            self.proofs,
        )

    @property
    def commitment(self) -> Commitment:
        """The entry in the home log."""
        return self.open().commitment

    def with_proofs(self, proofs: Proofs, issuer_document: Json) -> CredentialFile:
        """The same credential with newer proofs and the registered document."""
        return replace(self, proofs=proofs, issuer_document=issuer_document)


def parse_subject(m: dict[str, Json], where: str) -> Subject:
    """Holder, credits and creditId; null (never zeros) stands for none. Raises `InputError`."""
    holder = nullable(m["holder"], f"{where}.holder", lambda v, w: ethereum_hex(v, w, 20))
    credit_id = nullable(m["creditId"], f"{where}.creditId", lambda v, w: hex_bytes(v, w, 16))
    if holder == ZERO_ADDRESS:
        raise InputError(f"{where}.holder", "is null where there is no holder", m["holder"])
    if credit_id == bytes(16):
        raise InputError(f"{where}.creditId", "is null where there are no credits", m["creditId"])
    return Subject(holder or ZERO_ADDRESS, integer(m["credits"], f"{where}.credits"), credit_id or bytes(16))


def subject_json(subject: Subject) -> dict[str, Json]:
    """`{"holder","credits","creditId"}`."""
    return {
        "holder": None if subject.holder == ZERO_ADDRESS else address_text(subject.holder),
        "credits": subject.credits,
        "creditId": None if subject.credits == 0 else subject.credit_id.hex(),
    }


def _object(value: Json, where: str) -> Json:
    if not isinstance(value, dict):
        raise InputError(where, "must be an object or null", value)
    return value
