"""What a passphrase locks: AES-256-GCM under scrypt of it. Used by backups and by the file of the words' seed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from rootseal.canonical import Json

__all__ = ["CIPHER", "COST", "is_hex", "is_kdf", "key_of", "new_kdf"]

CIPHER: Final = "AES-256-GCM"
COST: Final = {"n": 1 << 17, "r": 8, "p": 1}
"""128 MiB of memory for about 0.4 s: what a thief of the file pays for each guess."""

_MAX_N: Final = 1 << 20


def new_kdf(cost: Mapping[str, int]) -> dict[str, Json]:
    """The member `kdf` with a fresh salt."""
    return {"name": "scrypt", **cost, "salt": secrets.token_hex(16)}


def key_of(passphrase: str, kdf: Mapping[str, Any]) -> bytes:
    """32 bytes: scrypt (RFC 7914) of the passphrase in UTF-8."""
    derive = Scrypt(salt=bytes.fromhex(kdf["salt"]), length=32, n=kdf["n"], r=kdf["r"], p=kdf["p"])
    return derive.derive(passphrase.encode())


def is_kdf(kdf: object) -> bool:
    """True iff it is one that this program makes: bounds on what a file may make this machine do."""
    return (
        isinstance(kdf, dict)
        and set(kdf) == {"name", "n", "r", "p", "salt"}
        and kdf["name"] == "scrypt"
        and is_hex(kdf["salt"], 16)
        and type(kdf["n"]) is int
        and kdf["n"] in [1 << bits for bits in range(14, _MAX_N.bit_length())]
        and (kdf["r"], kdf["p"]) == (8, 1)
    )


def is_hex(value: object, size: int) -> bool:
    """True iff `value` is `size` bytes in lower-case hex."""
    return isinstance(value, str) and re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", value, re.ASCII) is not None
