"""The unlocked accounts: the same ten that every Ethereum development node offers.

They come from the published mnemonic that Anvil and Hardhat use too, so that addresses in docs
and scripts hold with either engine, and nobody mistakes such a key for a secret.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from coincurve import PrivateKey
from eth_hash.auto import keccak

MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS = 10
BALANCE = 10_000 * 10**18  # wei
_HARDENED = 0x80000000
_PARENT_PATH = (44 + _HARDENED, 60 + _HARDENED, _HARDENED, 0)  # BIP-44: m/44'/60'/0'/0


@dataclass(frozen=True, slots=True)
class DevAccount:
    """A funded account whose key everyone knows."""

    address: bytes
    key: bytes


def dev_accounts() -> tuple[DevAccount, ...]:
    """The ten accounts, always the same, in order (BIP-39 seed, BIP-32 m/44'/60'/0'/0/i)."""
    seed = hashlib.pbkdf2_hmac("sha512", MNEMONIC.encode(), b"mnemonic", 2048)
    node = hmac.digest(b"Bitcoin seed", seed, "sha512")
    for index in _PARENT_PATH:
        node = _child(node, index)
    keys = (_child(node, index)[:32] for index in range(ACCOUNTS))
    return tuple(DevAccount(_address(key), key) for key in keys)


def _child(node: bytes, index: int) -> bytes:
    """BIP-32 CKDpriv; a node is key ‖ chain code."""
    key, code = node[:32], node[32:]
    public = PrivateKey(key).public_key.format(compressed=True)
    data = (b"\x00" + key if index >= _HARDENED else public) + index.to_bytes(4, "big")
    digest = hmac.digest(code, data, "sha512")
    return PrivateKey(key).add(digest[:32]).secret + digest[32:]


def _address(key: bytes) -> bytes:
    return bytes(keccak(PrivateKey(key).public_key.format(compressed=False)[1:])[12:])
