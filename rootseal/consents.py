"""What a learner signs about credits and hands over: `rootseal/claim/1` and `rootseal/redemption/1`.

Consensus-critical: the values here are those that the credits contract hashes (DESIGN §5). No title and no
name is in a claim; a redemption carries the award in clear for its receiver, and its salted hash goes on chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from rootseal.anchoring import MAX_INDEX, home_json, parse_home
from rootseal.canonical import Json, dumps, loads
from rootseal.commitment import ClaimsRoot, Commitment, Home, Subject, claims_root, commit
from rootseal.errors import InputError, UndeterminedError
from rootseal.ethereum import ZERO_ADDRESS, address_text
from rootseal.files import CredentialFile
from rootseal.strict import array, ethereum_hex, hex_bytes, integer, members, seconds, string
from rootseal.typed_data import claim_digest, redeem_digest

__all__ = ["CLAIM_FORMAT", "REDEMPTION_FORMAT", "Claim", "Redemption", "award_hash", "claim_of"]

CLAIM_FORMAT: Final = "rootseal/claim/1"
REDEMPTION_FORMAT: Final = "rootseal/redemption/1"
_MAX_PATH: Final = 48
_MAX_SIGNATURE: Final = 4096
_MAX_AWARD: Final = 2000
_CLAIM_MEMBERS: Final = (
    "format", "home", "contract", "index", "root", "claimsRoot", "salt", "holder", "credits", "creditId", "path",
    "deadline", "signature",
)  # fmt: skip
_REDEMPTION_MEMBERS: Final = (
    "format", "home", "contract", "commitment", "holder", "receiver", "award", "salt", "deadline", "signature",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """Consent to turn one log entry into a token of its holder.

    `contract` is the credits contract (20 bytes), `salt` the subject's (16), `root` that of the introducing
    anchor, `deadline` UTC seconds. `signature` is 65 bytes r‖s‖v, or what the holder's contract takes (ERC-1271).
    """

    home: Home
    contract: bytes
    index: int
    root: bytes
    claims_root: bytes
    salt: bytes
    subject: Subject
    path: tuple[bytes, ...]
    deadline: int
    signature: bytes = b""

    @property
    def commitment(self) -> Commitment:
        """The entry, whose number as an integer is the token's."""
        return commit(self.home, ClaimsRoot(self.claims_root), self.subject.hash(self.salt))

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the holder signs."""
        return claim_digest(self.home.chain_id, self.contract, self.commitment, self.deadline)

    def signed(self, signature: bytes) -> Claim:
        """The same with the holder's signature."""
        return replace(self, signature=signature)

    def to_bytes(self) -> bytes:
        """The file: RFC 8785 bytes."""
        return dumps(
            {
                "format": CLAIM_FORMAT,
                "home": home_json(self.home),
                "contract": address_text(self.contract),
                "index": self.index,
                "root": self.root.hex(),
                "claimsRoot": self.claims_root.hex(),
                "salt": self.salt.hex(),
                "holder": address_text(self.subject.holder),
                "credits": self.subject.credits,
                "creditId": self.subject.credit_id.hex(),
                "path": [node.hex() for node in self.path],
                "deadline": self.deadline,
                "signature": "0x" + self.signature.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Claim:
        """Read strictly. Raises `InputError` naming the member."""
        m = _members(loads(data), "claim", _CLAIM_MEMBERS, CLAIM_FORMAT)
        holder = ethereum_hex(m["holder"], "claim.holder", 20)
        if holder == ZERO_ADDRESS:
            raise InputError("claim.holder", "is the zero address, which holds nothing", m["holder"])
        subject = Subject(
            holder, integer(m["credits"], "claim.credits", 1), hex_bytes(m["creditId"], "claim.creditId", 16)
        )
        return cls(
            parse_home(m["home"], "claim.home"),
            ethereum_hex(m["contract"], "claim.contract", 20),
            integer(m["index"], "claim.index", 0, MAX_INDEX),
            hex_bytes(m["root"], "claim.root", 32),
            hex_bytes(m["claimsRoot"], "claim.claimsRoot", 32),
            hex_bytes(m["salt"], "claim.salt", 16),
            subject,
            array(m["path"], "claim.path", lambda v, w: hex_bytes(v, w, 32), 0, _MAX_PATH),
            seconds(m["deadline"], "claim.deadline"),
            _signature(m["signature"], "claim.signature"),
        )


@dataclass(frozen=True, slots=True)
class Redemption:
    """Consent that one institution recognises the credits of a token: for what, and until when.

    `home` is that of the entry, `receiver` the recognising institution's number in the same ledger, `award` what it
    gives for them, in words; `salt` 32 random bytes, `deadline` UTC seconds, `signature` as in `Claim`.
    """

    home: Home
    contract: bytes
    commitment: bytes
    holder: bytes
    receiver: int
    award: str
    salt: bytes
    deadline: int
    signature: bytes = b""

    def __post_init__(self) -> None:
        if not 0 < len(self.award) <= _MAX_AWARD or not self.award.isprintable():
            raise InputError("award", f"must be 1 to {_MAX_AWARD} printable characters", self.award)

    @property
    def award_hash(self) -> bytes:
        """What stands on chain of the award."""
        return award_hash(self.award, self.salt)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the holder signs."""
        return redeem_digest(
            self.home.chain_id, self.contract, self.commitment, self.receiver, self.award_hash, self.deadline
        )

    def signed(self, signature: bytes) -> Redemption:
        """The same with the holder's signature."""
        return replace(self, signature=signature)

    def to_bytes(self) -> bytes:
        """The file: RFC 8785 bytes."""
        return dumps(
            {
                "format": REDEMPTION_FORMAT,
                "home": home_json(self.home),
                "contract": address_text(self.contract),
                "commitment": self.commitment.hex(),
                "holder": address_text(self.holder),
                "receiver": self.receiver,
                "award": self.award,
                "salt": self.salt.hex(),
                "deadline": self.deadline,
                "signature": "0x" + self.signature.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Redemption:
        """Read strictly. Raises `InputError` naming the member."""
        m = _members(loads(data), "redemption", _REDEMPTION_MEMBERS, REDEMPTION_FORMAT)
        return cls(
            parse_home(m["home"], "redemption.home"),
            ethereum_hex(m["contract"], "redemption.contract", 20),
            hex_bytes(m["commitment"], "redemption.commitment", 32),
            ethereum_hex(m["holder"], "redemption.holder", 20),
            integer(m["receiver"], "redemption.receiver", 1),
            string(m["award"], "redemption.award", _MAX_AWARD),
            hex_bytes(m["salt"], "redemption.salt", 32),
            seconds(m["deadline"], "redemption.deadline"),
            _signature(m["signature"], "redemption.signature"),
        )


def award_hash(award: str, salt: bytes) -> bytes:
    """H("rootseal/award/1" ‖ salt 32 ‖ UTF-8): tells nothing to who has not the salt."""
    return sha256(b"rootseal/award/1" + salt + award.encode()).digest()


def claim_of(file: CredentialFile, contract: bytes, deadline: int) -> Claim:
    """The unsigned claim of a credential's credits.

    Raises `InputError` where it has no holder or no credits, `UndeterminedError` while the file does not carry
    the anchor that introduced it.
    """
    if file.subject.holder == ZERO_ADDRESS:
        raise InputError("holder", "this credential was issued to no key, and credits can only be a key's")
    if not file.subject.credits:
        raise InputError("credits", "this credential carries no credits")
    anchor, index = file.proofs.introducing(file.home), file.proofs.index
    if anchor is None:
        raise UndeterminedError(
            "this credential does not carry its proof of publication yet; run `rootseal wallet update` first",
            "anchor.pending",
        )
    _, salted = file.salted()
    return Claim(
        file.home,
        contract,
        index,
        anchor.root,
        claims_root(salted.count, *file.dates, salted.root),
        salted.subject_salt,
        file.subject,
        anchor.path,
        deadline,
    )


def _members(value: Json, where: str, names: tuple[str, ...], form: str) -> dict[str, Json]:
    found = members(value, where, names)
    if found["format"] != form:
        raise InputError(f"{where}.format", f"must be {form}", found["format"])
    return found


def _signature(value: Json, where: str) -> bytes:
    found = ethereum_hex(value, where)
    if not 0 < len(found) <= _MAX_SIGNATURE:
        raise InputError(where, f"must be 1 to {_MAX_SIGNATURE} bytes", f"{len(found)} bytes")
    return found
