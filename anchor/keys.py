"""Ethereum keys: keystore files (Web3 Secret Storage v3), transactions and EIP-712 digests signed.

The only importer of eth-account. With coincurve and pysha3 it signs in a third of a millisecond;
without them it takes twenty times as long, so the hash backend is named before the import. A
secret key never leaves this module but into its keystore file; nothing logs or prints it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Any, Final, Literal

os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from eth_account import Account
from eth_account.hdaccount import key_from_seed

from anchor.chain import SignedTransaction, TransactionRequest
from anchor.files import sync_directory
from anchor.recursion import restore_limit
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import checksum_address

__all__ = [
    "Kdf",
    "Signer",
    "WrongPassphrase",
    "create_keystore",
    "load_keystore",
    "relock_keystore",
    "signer_from_secret",
    "signer_from_seed",
    "write_keystore",
]

restore_limit()

Kdf = Literal["scrypt", "pbkdf2"]
_MAX_KEYSTORE: Final = 64 * 1024


class WrongPassphrase(ConfigError):  # noqa: N818 - reads as what happened
    """The passphrase does not open the keystore, or the keystore was altered: the two cannot be told apart."""


class Signer:
    """One secp256k1 key in memory. Implements `anchor.sender.TransactionSigner`."""

    __slots__ = ("_account", "address")

    def __init__(self, secret: bytes) -> None:
        self._account = Account.from_key(secret)
        self.address = bytes.fromhex(self._account.address[2:])

    def __repr__(self) -> str:
        return f"Signer(0x{self.address.hex()})"

    def sign_transaction(self, request: TransactionRequest) -> SignedTransaction:
        """EIP-1559 (type 2), or legacy with EIP-155 where `fees.legacy`."""
        signed = self._account.sign_transaction(_fields(request))
        return SignedTransaction(bytes(signed.raw_transaction), bytes(signed.hash))

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes r‖s‖v over a 32-byte digest, as it is (EIP-712); v 27 or 28, low s (EIP-2)."""
        if len(digest) != 32:
            raise InputError("digest", "must be 32 bytes", digest)
        signed = Account.unsafe_sign_hash(digest, self._account.key)
        r, s, v = int(signed.r), int(signed.s), int(signed.v)
        return r.to_bytes(32) + s.to_bytes(32) + bytes([v])


def signer_from_secret(secret: bytes) -> Signer:
    """A signer for a 32-byte secret. Raises `InputError` where it is no secp256k1 secret."""
    try:
        return Signer(secret)
    except Exception:  # noqa: BLE001
        # eth-keys, coincurve and eth-utils each raise their own kinds. Neither the value nor their
        # message may be shown: it may be a mistyped secret.
        raise InputError("secret key", "is not a secp256k1 secret key of 32 bytes") from None


def create_keystore(path: Path, passphrase: str, kdf: Kdf = "scrypt", iterations: int | None = None) -> Signer:
    """Make a key and write it to `path` (mode 0600, complete or not at all). Never overwrites.

    `iterations` is scrypt's n (a power of two) or pbkdf2's count; the default takes about a second.
    Raises `ConfigError` where the file exists or cannot be written.
    """
    signer = signer_from_secret(secrets.token_bytes(32))
    write_keystore(path, signer, passphrase, kdf, iterations)
    return signer


def write_keystore(
    path: Path, signer: Signer, passphrase: str, kdf: Kdf = "scrypt", iterations: int | None = None
) -> None:
    """As `create_keystore`, with a key that there is already."""
    if path.exists() or path.is_symlink():
        raise ConfigError("keystore", "exists already and is not overwritten", str(path))
    keystore = Account.encrypt(signer._account.key, passphrase, kdf=kdf, iterations=iterations)
    _write(path, json.dumps(keystore).encode())


def signer_from_seed(seed: bytes, index: int) -> Signer:
    """The key at m/44'/60'/0'/0/`index` of a BIP-39 seed of 64 bytes (BIP-32, BIP-44; SLIP-44 coin 60).

    Raises `InputError` for another length, or an index outside 0 … 2^31 − 1.
    """
    if len(seed) != 64:
        raise InputError("seed", "must be 64 bytes", len(seed))
    if not 0 <= index < 1 << 31:
        raise InputError("index", "must be 0 to 2147483647", index)
    return signer_from_secret(key_from_seed(seed, f"m/44'/60'/0'/0/{index}"))


def load_keystore(path: Path, passphrase: str) -> Signer:
    """The key in a keystore v3 file. Raises `ConfigError` naming the file: missing, damaged; or `WrongPassphrase`."""
    keystore = _read(path)
    try:
        secret = bytes(Account.decrypt(keystore, passphrase))
    except ValueError as error:
        if "MAC" in str(error):
            raise WrongPassphrase("keystore", "the passphrase is wrong, or the file was altered", str(path)) from None
        raise ConfigError("keystore", f"is damaged: {error}", str(path)) from error
    except (KeyError, TypeError, AttributeError, NotImplementedError, MemoryError) as error:
        raise ConfigError("keystore", f"is damaged ({type(error).__name__})", str(path)) from error
    return signer_from_secret(secret)


def relock_keystore(path: Path, old: str, new: str) -> bytes:
    """The bytes of a keystore v3 that holds the key of `path` under another passphrase; proven to open.

    Nothing is written. Raises as `load_keystore`. Takes about three seconds.
    """
    keystore = _read(path)
    load_keystore(path, old)  # for its sentences
    secret = bytes(Account.decrypt(keystore, old))
    relocked = Account.encrypt(secret, new)
    if bytes(Account.decrypt(relocked, new)) != secret:
        raise ConfigError("keystore", "did not open again under the new passphrase; nothing was changed", str(path))
    return json.dumps(relocked).encode()


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MAX_KEYSTORE))
    except FileNotFoundError:
        raise ConfigError("keystore", "there is no such file", str(path)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError("keystore", f"cannot be read: {type(error).__name__}", str(path)) from error
    if not isinstance(found, dict) or found.get("version") != 3:
        raise ConfigError("keystore", "is not a keystore of version 3", str(path))
    return found


def _write(path: Path, content: bytes) -> None:
    """Write beside, fsync, link: a crash leaves no half key, and a file made meanwhile is not replaced."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
        sync_directory(path.parent)
    except FileExistsError:
        raise ConfigError("keystore", "exists already and is not overwritten", str(path)) from None
    except OSError as error:
        raise ConfigError("keystore", f"cannot be written: {error.strerror}", str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def _fields(request: TransactionRequest) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "chainId": request.chain_id,
        "nonce": request.nonce,
        "value": request.value,
        "gas": request.gas,
        "data": request.data,
    }
    if request.to is not None:
        fields["to"] = checksum_address(request.to)
    if request.fees.legacy:
        return fields | {"gasPrice": request.fees.max_fee}
    return fields | {"type": 2, "maxFeePerGas": request.fees.max_fee, "maxPriorityFeePerGas": request.fees.tip}
