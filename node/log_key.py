"""The log's Ed25519 key: it signs the checkpoint that readers of the log follow, and nothing else.

Kept in a file of its own (mode 0600), encrypted with AES-256-GCM under scrypt of the passphrase. It
is not an Ethereum key: losing it costs a new issuer document, not the issuer.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from anchor.failing import why
from anchor.files import write_atomically
from rootseal.canonical import Json
from rootseal.errors import ConfigError, InputError, StoreError
from rootseal.strict import hex_bytes, integer, members

__all__ = ["LogKey", "verify_ed25519"]

_FORMAT = "rootseal/log-key/1"
# OWASP's equal of N = 2^17, p = 1 with a quarter of the memory (32 MiB): 0.3 s on one core.
_N, _R, _P = 1 << 15, 8, 3
_MAX_COST = 1 << 22


@dataclass(frozen=True, slots=True)
class LogKey:
    """The key file, locked: `public` is the 32-byte public key (RFC 8032), for which no passphrase is needed."""

    public: bytes
    _file: dict[str, Json] = field(repr=False, compare=False)

    @classmethod
    def create(cls, path: Path, passphrase: str) -> LogKey:
        """Make a key and store it. A file that is there already is read instead: a second key would orphan the first.

        Raises `StoreError` where the file cannot be written.
        """
        if not path.exists():
            _write(path, json.dumps(_locked(Ed25519PrivateKey.generate(), passphrase), indent=1) + "\n")
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> LogKey:
        """Read the file. Raises `StoreError` where it cannot be read, `InputError` where it is no log key."""
        file = _read(path)
        return cls(hex_bytes(file["publicKey"], "log key.publicKey", 32), file)

    def unlock(self, passphrase: str) -> Callable[[bytes], bytes]:
        """The function that signs: message → 64-byte Ed25519 signature. Takes 0.3 s.

        Raises `ConfigError` for a wrong passphrase, `InputError` for a damaged file.
        """
        return self._private(passphrase).sign

    def relocked(self, old: str, new: str) -> bytes:
        """The file of the same key under another passphrase, proven to open; nothing is written. Raises as `unlock`."""
        file = _locked(self._private(old), new)
        LogKey(self.public, file)._private(new)
        return (json.dumps(file, indent=1) + "\n").encode()

    def _private(self, passphrase: str) -> Ed25519PrivateKey:
        kdf = members(self._file["kdf"], "log key.kdf", ("name", "n", "r", "p", "salt"))
        n, r, p = (integer(kdf[name], f"log key.kdf.{name}", 1, _MAX_COST) for name in ("n", "r", "p"))
        if kdf["name"] != "scrypt" or n * r * p > _MAX_COST or n & (n - 1) or n < 2:
            raise InputError("log key.kdf", "is not one that this program uses", kdf["name"])
        cipher = _cipher(passphrase, hex_bytes(kdf["salt"], "log key.kdf.salt", 16), n, r, p)
        nonce = hex_bytes(self._file["nonce"], "log key.nonce", 12)
        try:
            raw = cipher.decrypt(nonce, hex_bytes(self._file["ciphertext"], "log key.ciphertext", 48), self.public)
        except InvalidTag as error:
            raise ConfigError("passphrase", "does not open the log key, or its file was altered") from error
        return Ed25519PrivateKey.from_private_bytes(raw)


def verify_ed25519(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """True iff `signature` (64 bytes) over `message` is by `public_key` (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _locked(private: Ed25519PrivateKey, passphrase: str) -> dict[str, Json]:
    salt, nonce, public = secrets.token_bytes(16), secrets.token_bytes(12), private.public_key().public_bytes_raw()
    cipher = _cipher(passphrase, salt, _N, _R, _P)
    return {
        "format": _FORMAT,
        "publicKey": public.hex(),
        "kdf": {"name": "scrypt", "n": _N, "r": _R, "p": _P, "salt": salt.hex()},
        "nonce": nonce.hex(),
        # The public key is authenticated with it, so that the two cannot be parted.
        "ciphertext": cipher.encrypt(nonce, private.private_bytes_raw(), public).hex(),
    }


def _cipher(passphrase: str, salt: bytes, n: int, r: int, p: int) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase.encode()))


def _read(path: Path) -> dict[str, Json]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: the log key cannot be read: {why(error)}") from error
    m = members(value, "log key", ("format", "publicKey", "kdf", "nonce", "ciphertext"))
    if m["format"] != _FORMAT:
        raise InputError("log key.format", f"must be {_FORMAT}", m["format"])
    return m


def _write(path: Path, text: str) -> None:
    """All or nothing: a crash leaves no half key behind."""
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise StoreError(f"{path}: the log key cannot be written: {error.strerror}") from error
