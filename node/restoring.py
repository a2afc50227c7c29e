"""`node restore`: from an archive to a directory, everything checked before the directory appears.

What a backup cannot know: what the original did after it. The node itself notices that the chain is ahead and then
refuses to seal; a promise that was signed after the backup and never anchored is known to nobody but its readers.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sqlite3
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from anchor.files import sync_directory
from node.backup import BACKUP_FORMAT, MANIFEST
from node.config import CONFIG_NAME
from node.fsck import FsckReport
from node.holding_up import keep_held_up
from node.leasing import forget_leases
from node.services import Services
from node.store import STORE_NAME
from rootseal.canonical import Json
from rootseal.errors import ConfigError, InputError
from rootseal.strict import hex_bytes, integer, members, string

__all__ = ["RestoreOutcome", "restore_node"]

_MAX_MANIFEST: Final = 64 * 1024
_PIECE: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RestoreOutcome:
    """`made_at` is when the backup was made (UTC seconds), `report` what fsck found offline.

    `passphrase_file` is where the passphrase must be put; None where it is there.
    """

    directory: Path
    made_at: int
    home: str
    log_size: int
    report: FsckReport
    passphrase_file: Path | None


def restore_node(archive: Path, directory: Path, now: int) -> RestoreOutcome:
    """Unpack `archive` to `directory`, which must be new or empty; all of it, or nothing.

    Raises `InputError` for an archive that is damaged or none, `ConfigError` where `directory` is in use,
    `StoreError` for a database of a newer version.
    """
    directory = directory.absolute()
    _check_target(directory)
    staging = directory.with_name(f".{directory.name}.{secrets.token_hex(8)}")
    try:
        staging.mkdir(mode=0o700, parents=True)
        manifest = _unpack(archive, staging)
        report, passphrase = _checked(staging, directory, manifest, now)
        # A crash before this: a directory with a dot before its name, to be deleted. After it: the node.
        staging.rename(directory)
        sync_directory(directory.parent)
    except OSError as error:
        raise InputError("DIR", f"cannot be restored: {error.strerror or error}", str(directory)) from error
    finally:
        if staging.exists():
            shutil.rmtree(staging, ignore_errors=True)
    return RestoreOutcome(
        directory,
        integer(manifest["madeAt"], "manifest.madeAt"),
        string(manifest["home"], "manifest.home", 200),
        integer(manifest["logSize"], "manifest.logSize"),
        report,
        passphrase,
    )


def _check_target(directory: Path) -> None:
    if directory.is_symlink() or (directory.exists() and (not directory.is_dir() or any(directory.iterdir()))):
        raise ConfigError("DIR", "is not empty; a restored node needs a new directory", str(directory))


def _checked(staging: Path, directory: Path, manifest: Mapping[str, Json], now: int) -> tuple[FsckReport, Path | None]:
    """Upgrade, prove, and write down that it was restored, all before anybody can use it."""
    with contextlib.closing(sqlite3.connect(staging / STORE_NAME)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with Services.open(staging) as services:
        report = services.fsck(offline=True)
        forget_leases(services.store)
        keep_held_up(services.store, None, now)  # what held the original up need not hold up the copy
        services.store.acts.add(now, "restore", "node", {"madeAt": manifest["madeAt"]})
        name = services.config.passphrase_file
    missing = None if name is None or (staging / name).exists() else directory / name
    return report, missing


def _unpack(archive: Path, staging: Path) -> dict[str, Json]:
    try:
        with tarfile.open(archive, "r:") as tar:
            manifest, expected = _manifest(tar)
            while (member := tar.next()) is not None:
                _take(tar, member, expected, staging)
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise InputError("FILE", f"is no backup, or is damaged ({type(error).__name__})", str(archive)) from error
    except FileNotFoundError:
        raise InputError("FILE", "there is no such file", str(archive)) from None
    if expected:
        raise InputError("FILE", f"is cut off: {', '.join(sorted(expected))} is missing", str(archive))
    return manifest


def _manifest(tar: tarfile.TarFile) -> tuple[dict[str, Json], dict[str, tuple[int, bytes]]]:
    """What the archive says it holds: name → (size, SHA-256)."""
    import json

    first = tar.next()
    file = None if first is None or not first.isreg() or first.name != MANIFEST else tar.extractfile(first)
    if file is None:
        raise InputError("FILE", "is no backup of a Rootseal node")
    try:
        m = members(json.loads(file.read(_MAX_MANIFEST)), "manifest", ("format", "madeAt", "home", "logSize", "files"))
    except ValueError as error:
        raise InputError("FILE", f"has a manifest that cannot be read ({type(error).__name__})") from error
    if m["format"] != BACKUP_FORMAT:
        raise InputError("manifest.format", f"must be {BACKUP_FORMAT}; another version made this backup", m["format"])
    files = m["files"]
    if not isinstance(files, dict) or not {CONFIG_NAME, STORE_NAME} <= files.keys():
        raise InputError("manifest.files", "must name the settings and the database")
    return m, {name: _expected(name, value) for name, value in files.items()}


def _expected(name: str, value: Json) -> tuple[int, bytes]:
    # A name from an archive becomes a path: nothing but a plain file of the directory itself.
    if not _NAME.fullmatch(name):
        raise InputError("manifest.files", "has a name that is no plain file name", name)
    m = members(value, f"manifest.files.{name}", ("size", "sha256"))
    return integer(m["size"], f"{name}.size"), hex_bytes(m["sha256"], f"{name}.sha256", 32)


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, expected: dict[str, tuple[int, bytes]], to: Path) -> None:
    found: tuple[int, bytes] | None = expected.pop(member.name, None)
    source = tar.extractfile(member) if member.isreg() else None
    if found is None or source is None or member.size != found[0]:
        raise InputError("FILE", "holds something that its manifest does not name", member.name)
    handle = os.open(to / member.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        digest = _copied(source, target)
        target.flush()
        os.fsync(target.fileno())
    if digest != found[1]:
        raise InputError("FILE", "is damaged: a file in it is not what was backed up", member.name)


def _copied(source: IO[bytes], target: IO[bytes]) -> bytes:
    digest: Any = sha256()
    while piece := source.read(_PIECE):
        digest.update(piece)
        target.write(piece)
    result: bytes = digest.digest()
    return result
