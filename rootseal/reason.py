"""Why a status changed, in the issuer's words and under its signature: `rootseal/reason/1`, for the holder alone.

Nothing of it is on chain. What it says counts as the issuer's word, once `key` is known to be the issuer's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from rootseal.anchoring import home_json, parse_home, signature
from rootseal.canonical import Json, dumps, loads
from rootseal.commitment import Home
from rootseal.errors import InputError
from rootseal.ethereum import recover
from rootseal.strict import hex_bytes, members, seconds, string
from rootseal.typed_data import reason_digest

__all__ = ["ACTS", "MAX_REASON", "REASON_FORMAT", "Reason"]

REASON_FORMAT: Final = "rootseal/reason/1"
ACTS: Final = ("revoke", "suspend", "reinstate")
MAX_REASON: Final = 2000
_MEMBERS: Final = ("format", "home", "commitment", "act", "reason", "actAt", "signedAt", "signature")


@dataclass(frozen=True, slots=True)
class Reason:
    """One act on one entry and why. Times in UTC seconds; `signature` 65 bytes r‖s‖v by a key of the issuer."""

    home: Home
    commitment: bytes
    act: str
    reason: str
    act_at: int
    signed_at: int
    signature: bytes = b""

    def __post_init__(self) -> None:
        if self.act not in ACTS:
            raise InputError("reason.act", f"must be one of {', '.join(ACTS)}", self.act)
        if not 0 < len(self.reason) <= MAX_REASON or not self.reason.isprintable():
            raise InputError("reason", f"must be 1 to {MAX_REASON} printable characters", self.reason)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the issuer's key signs."""
        return reason_digest(self.home, self.commitment, self.act, self.reason, self.act_at, self.signed_at)

    @property
    def key(self) -> bytes | None:
        """The 20-byte address that signed; None for a signature that no key can have made."""
        return recover(self.digest, self.signature)

    def signed(self, signature: bytes) -> Reason:
        """The same with a signature."""
        return replace(self, signature=signature)

    def to_bytes(self) -> bytes:
        """The file: RFC 8785 bytes."""
        value: dict[str, Json] = {
            "format": REASON_FORMAT,
            "home": home_json(self.home),
            "commitment": self.commitment.hex(),
            "act": self.act,
            "reason": self.reason,
            "actAt": self.act_at,
            "signedAt": self.signed_at,
            "signature": "0x" + self.signature.hex(),
        }
        return dumps(value)

    @classmethod
    def from_bytes(cls, data: bytes) -> Reason:
        """Read strictly. Raises `InputError` naming the member."""
        m = members(loads(data), "reason", _MEMBERS)
        if m["format"] != REASON_FORMAT:
            raise InputError("reason.format", f"must be {REASON_FORMAT}", m["format"])
        return cls(
            parse_home(m["home"], "reason.home"),
            hex_bytes(m["commitment"], "reason.commitment", 32),
            string(m["act"], "reason.act", 16),
            string(m["reason"], "reason.reason", MAX_REASON),
            seconds(m["actAt"], "reason.actAt"),
            seconds(m["signedAt"], "reason.signedAt"),
            signature(m["signature"], "reason.signature"),
        )
