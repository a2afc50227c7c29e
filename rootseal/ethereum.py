"""Ethereum's primitives as the formats need them: keccak, addresses, signatures.

Sources: EIP-55 (checksum), EIP-2 (low s), SEC 1 §4.1.6 (recovery). Values are bytes inside; text
only at the edges. Consensus-critical.
"""

from __future__ import annotations

import re

import sha3
from coincurve import PublicKey

from rootseal.errors import InputError

__all__ = [
    "ZERO_ADDRESS",
    "address_text",
    "checksum_address",
    "keccak256",
    "parse_address",
    "recover",
    "signature_problem",
]

ZERO_ADDRESS = bytes(20)
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it (not FIPS 202 SHA3-256)."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


def address_text(address: bytes) -> str:
    """`0x` and 40 lower-case hex digits: the form of the files."""
    return "0x" + address.hex()


def checksum_address(address: bytes) -> str:
    """The EIP-55 mixed-case form: for people."""
    digits = address.hex()
    mask = keccak256(digits.encode()).hex()
    return "0x" + "".join(d.upper() if int(m, 16) > 7 else d for d, m in zip(digits, mask, strict=False))


def parse_address(text: object, where: str = "address") -> bytes:
    """20 bytes of `0x…`; all-lower or all-upper digits, or a correct EIP-55 checksum.

    Raises `InputError` naming `where` and the value.
    """
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise InputError(where, "must be an address: 0x and 40 hexadecimal digits", text)
    digits = text[2:]
    address = bytes.fromhex(digits)
    if digits not in (digits.lower(), digits.upper()) and checksum_address(address) != text:
        raise InputError(where, "has a wrong checksum (EIP-55): a digit was mistyped", text)
    return address


def signature_problem(signature: bytes) -> str | None:
    """Why a signature is refused, or None: 65 bytes r‖s‖v, v 27 or 28, low s (EIP-2), r and s in range."""
    if len(signature) != 65:
        return "a signature has 65 bytes"
    if signature[64] not in (27, 28):
        return "the last byte of a signature is 27 or 28"
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    if not 0 < r < _ORDER or not 0 < s < _ORDER:
        return "r and s of a signature lie between 1 and the curve's order"
    if s > _ORDER // 2:
        return "s of a signature must be the low one (EIP-2)"
    return None


def recover(digest: bytes, signature: bytes) -> bytes | None:
    """The 20-byte address that signed the 32-byte `digest`, or None where the signature is none."""
    if signature_problem(signature) is not None:
        return None
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([signature[64] - 27]), digest, hasher=None)
    except ValueError:
        return None
    except Exception as error:  # coincurve signals an impossible point as a bare Exception
        if type(error) is not Exception:
            raise
        return None
    return keccak256(key.format(compressed=False)[1:])[12:]
