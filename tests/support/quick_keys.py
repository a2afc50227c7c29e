"""A log key that opens at once: the same file as the node writes, with scrypt's smallest cost instead of 0.3 s."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

__all__ = ["quick_log_key"]


def quick_log_key(path: Path, passphrase: str) -> None:
    """Make one; `LogKey.create` takes a file that is there already."""
    private, salt, nonce = Ed25519PrivateKey.generate(), bytes(16), bytes(12)
    public = private.public_key().public_bytes_raw()
    cipher = AESGCM(Scrypt(salt=salt, length=32, n=2, r=1, p=1).derive(passphrase.encode()))
    value = {
        "format": "rootseal/log-key/1",
        "publicKey": public.hex(),
        "kdf": {"name": "scrypt", "n": 2, "r": 1, "p": 1, "salt": salt.hex()},
        "nonce": nonce.hex(),
        "ciphertext": cipher.encrypt(nonce, private.private_bytes_raw(), public).hex(),
    }
    path.write_text(json.dumps(value))
