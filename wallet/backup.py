"""One encrypted file with the whole box: key, credentials, and whatever else the folder holds.

    {"cipher":"AES-256-GCM","data":"<base64>","format":"rootseal/backup/1",
     "kdf":{"n":131072,"name":"scrypt","p":1,"r":8,"salt":"<32 hex>"},"made":s,"nonce":"<24 hex>"}

The key is scrypt (RFC 7914) of the passphrase in UTF-8; `data` is the AES-256-GCM ciphertext and tag
(NIST SP 800-38D) of zlib-compressed RFC 8785 bytes `{"files":{"<name>":"<base64>"…}}`; all other members,
as RFC 8785 bytes without `data`, are authenticated with it. Specified in docs/spec/backup.md.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rootseal.canonical import Json, dumps
from rootseal.errors import InputError
from rootseal.instants import LAST_INSTANT
from wallet.box import Box
from wallet.disk import PRIVATE_FILE, make_private_folder, read_file, write_atomically
from wallet.locking import CIPHER, COST, is_hex, is_kdf, key_of, new_kdf
from wallet.phrases import Phrase

__all__ = ["FORMAT", "MAX_BACKUP_BYTES", "Backup", "make_backup", "read_backup", "restore_box"]

FORMAT: Final = "rootseal/backup/1"
MAX_BACKUP_BYTES: Final = 256 * 1024 * 1024
_MAX_CONTENT: Final = 4 * MAX_BACKUP_BYTES
_KEYSTORE: Final = "keystore.json"
_COST = COST
_NAME: Final = re.compile(r"(?:[a-z0-9][a-z0-9._-]{0,99}/){0,2}[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup held: files by name relative to the box, and when it was made (UTC seconds)."""

    made: int
    files: Mapping[str, bytes]

    @property
    def credentials(self) -> int:
        """How many credential files there are."""
        return sum(name.startswith("credentials/") for name in self.files)

    @property
    def has_key(self) -> bool:
        """Whether the wallet had a key of its own."""
        return _KEYSTORE in self.files


def make_backup(box: Box, out: Path, passphrase: str, now: int) -> Backup:
    """Write `out` in one step, read it back and open it, and return what it holds.

    Raises `InputError` where `out` exists already (an older backup is never lost to a newer one), lies in
    the box, or the box has a file that no wallet writes.
    """
    if out.exists():
        raise InputError(str(out), Phrase("is there already; give the backup a new name"))
    if out.resolve().is_relative_to(box.directory.resolve()):
        raise InputError(str(out), Phrase("lies in the wallet itself; keep a backup in another place"))
    files = _files(box)
    write_atomically(out, _sealed(files, passphrase, now), PRIVATE_FILE)
    made = read_backup(out, passphrase)
    if made.files != files:
        said = "was not written as it should be; the disk may be faulty: choose another one"
        raise InputError(str(out), Phrase(said))
    return made


def read_backup(path: Path, passphrase: str) -> Backup:
    """Open a backup. Raises `InputError`: not one, half-written, altered, or another passphrase."""
    data = read_file(path, MAX_BACKUP_BYTES)
    if len(data) > MAX_BACKUP_BYTES:
        said = "is larger than {size} MiB: it is no backup of a wallet"
        raise InputError(str(path), Phrase(said, size=MAX_BACKUP_BYTES >> 20))
    header, sealed = _header(data, str(path))
    key = key_of(passphrase, header["kdf"])
    try:
        content = AESGCM(key).decrypt(bytes.fromhex(header["nonce"]), sealed, dumps(header))
    except InvalidTag:
        raise InputError(
            str(path),
            Phrase("does not open: the passphrase is another one, or the file was altered or is not complete"),
        ) from None
    return Backup(header["made"], _unpacked(content, str(path)))


def restore_box(directory: Path, backup: Backup) -> Box:
    """Make the box anew in `directory`, which must be new, empty, or left behind by the same command.

    The key is written last: after a crash the same command finishes the work. Raises `InputError`.
    """
    keystore = directory / _KEYSTORE
    if keystore.exists() or keystore.is_symlink():
        raise InputError(str(directory), Phrase("holds a wallet already; nothing was changed"))
    for path in sorted(directory.rglob("*")) if directory.is_dir() else ():
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not _is_left_over(path) and backup.files.get(name) != path.read_bytes():
            said = "holds {file}, which is not of this backup; choose a new folder"
            raise InputError(str(directory), Phrase(said, file=name))
    make_private_folder(directory)
    make_private_folder(directory / "credentials")
    for name, content in sorted(backup.files.items(), key=lambda item: item[0] == _KEYSTORE):
        path = directory / name
        for folder in reversed(path.relative_to(directory).parents[:-1]):
            make_private_folder(directory / folder)
        write_atomically(path, content, PRIVATE_FILE)
    return Box.open(directory)


def _files(box: Box) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in sorted(box.directory.rglob("*")):
        if path.is_dir() or _is_left_over(path):
            continue
        name = path.relative_to(box.directory).as_posix()
        if _NAME.fullmatch(name) is None or path.is_symlink():
            said = "is no file of a wallet; move it to another place, then make the backup"
            raise InputError(str(path), Phrase(said))
        found[name] = read_file(path, _MAX_CONTENT)
    return found


def _is_left_over(path: Path) -> bool:
    """What a crash left of a file that was being written: its name begins with a dot, as no wallet's does."""
    return path.name.startswith(".")


def _sealed(files: Mapping[str, bytes], passphrase: str, now: int) -> bytes:
    nonce = secrets.token_bytes(12)
    kdf = new_kdf(_COST)
    header: dict[str, Json] = {
        "format": FORMAT,
        "cipher": CIPHER,
        "kdf": kdf,
        "made": now,
        "nonce": nonce.hex(),
    }
    # Not the core's writer: its limits are those of a credential file.
    names = {name: base64.b64encode(content).decode() for name, content in sorted(files.items())}
    content = zlib.compress(json.dumps({"files": names}, separators=(",", ":")).encode(), 6)
    sealed = AESGCM(key_of(passphrase, kdf)).encrypt(nonce, content, dumps(header))
    if len(sealed) * 4 // 3 > MAX_BACKUP_BYTES - 4096:
        said = "holds more than the {size} MiB of one backup; copy the folder"
        raise InputError("DIR", Phrase(said, size=MAX_BACKUP_BYTES >> 20))
    return json.dumps({**header, "data": base64.b64encode(sealed).decode()}, sort_keys=True).encode() + b"\n"


def _header(data: bytes, where: str) -> tuple[dict[str, Any], bytes]:
    """The members without `data`, checked, and the bytes that `data` stands for."""
    try:
        found = json.loads(data)
        sealed = base64.b64decode(found.pop("data"), validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise InputError(where, Phrase("is no backup of a wallet, or only a part of one")) from None
    if not _is_header(found):
        said = "is no backup of format {format}; a newer version of rootseal may have made it"
        raise InputError(where, Phrase(said, format=FORMAT))
    return found, sealed


def _is_header(found: dict[str, Any]) -> bool:
    made = found.get("made")
    return (
        set(found) == {"format", "cipher", "kdf", "made", "nonce"}
        and (found["format"], found["cipher"]) == (FORMAT, CIPHER)
        and type(made) is int
        and 0 <= made <= LAST_INSTANT
        and is_hex(found["nonce"], 12)
        and is_kdf(found["kdf"])
    )


def _unpacked(content: bytes, where: str) -> dict[str, bytes]:
    """What is inside is as its maker wrote it (the tag says so); a maker may still be hostile."""
    try:
        unpacking = zlib.decompressobj()
        plain = unpacking.decompress(content, _MAX_CONTENT)
        if unpacking.unconsumed_tail or not unpacking.eof:
            raise ValueError
        names = json.loads(plain)["files"]
        files = {name: base64.b64decode(text, validate=True) for name, text in names.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error):
        raise InputError(where, Phrase("opens, but does not hold the files of a wallet")) from None
    for name in files:
        if _NAME.fullmatch(name) is None:
            raise InputError(where, Phrase("holds a file whose name no wallet writes"), name[:100])
    return files
