"""`node backup`: everything that a node must not lose, in one archive, made while it works.

The archive is a tar of the settings, the keystores (locked, as they lie there) and a consistent copy of the
database. The passphrase is not in it: who finds the archive must not have the keys, too.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import tarfile
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final

from anchor.files import sync_directory
from node.backup_record import record_backup
from node.config import CONFIG_NAME, NodeConfig
from node.init_policy import POLICY_NAME
from node.services import Services
from node.store import STORE_NAME
from node.store.copying import copy_file
from rootseal.errors import InputError, StoreError

__all__ = ["BACKUP_FORMAT", "MANIFEST", "BackupOutcome", "backup_node"]

BACKUP_FORMAT: Final = "rootseal/backup/1"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class BackupOutcome:
    """Where, when (UTC seconds), how many bytes; what is in it, and what node.toml names but lies elsewhere."""

    path: Path
    made_at: int
    size: int
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    log_size: int


def backup_node(services: Services, out: Path) -> BackupOutcome:
    """Write the archive `out`, mode 0600, complete or not at all. Never overwrites.

    Raises `InputError` where `out` exists or cannot be written, `StoreError` where the copy is damaged,
    `ConfigError` while registration is unfinished.
    """
    home, now, out = services.home, services.now, out.absolute()
    if out.exists() or out.is_symlink():
        raise InputError("FILE", "exists already and is not overwritten; name a new file", str(out))
    token = secrets.token_hex(8)
    copy, half = out.with_name(f".{out.name}.{token}.sqlite"), out.with_name(f".{out.name}.{token}")
    names, left_out = _names(services.directory, services.config)
    try:
        log_size = copy_file(services.store.path, copy)
        files = {name: services.directory / name for name in names} | {STORE_NAME: copy}
        _write(half, files, {"format": BACKUP_FORMAT, "madeAt": now, "home": str(home), "logSize": log_size})
        # A crash before this: an unfinished file with a dot before its name. After it: the whole archive.
        half.rename(out)
        sync_directory(out.parent)
    except OSError as error:
        raise InputError("FILE", f"cannot be written: {error.strerror}", str(out)) from error
    finally:
        for rest in (copy, half):
            with contextlib.suppress(OSError):
                rest.unlink()
    record_backup(services.store, now)
    return BackupOutcome(out, now, out.stat().st_size, tuple(files), left_out, log_size)


def _names(directory: Path, config: NodeConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files of the directory that belong into the archive, and those that are needed but lie elsewhere.

    Every JSON file there is a key or the journal of a making: also keys that were retired or are not in use yet.
    """
    keys = (config.key_file, config.log_key_file)
    for name in keys:
        if not (directory / name).is_file():
            raise StoreError(f"{directory / name} is missing: a backup without it would be worth little")
    found = sorted(path.name for path in directory.glob("[!.]*.json") if path.is_file())
    names = dict.fromkeys((CONFIG_NAME, *found, *(name for name in (POLICY_NAME,) if (directory / name).is_file())))
    return tuple(names), tuple(name for name in keys if name not in names)


def _write(path: Path, files: dict[str, Path], manifest: dict[str, object]) -> None:
    """The manifest first, so that a reader knows what must follow."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        content = {name: _described(source) for name, source in files.items()}
        _add(archive, MANIFEST, json.dumps({**manifest, "files": content}, indent=1).encode())
        for name, source in files.items():
            with source.open("rb") as data:
                info = _info(name, source.stat().st_size)
                archive.addfile(info, data)
        archive.close()
        file.flush()
        os.fsync(file.fileno())


def _described(source: Path) -> dict[str, object]:
    with source.open("rb") as file:
        return {"size": source.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    archive.addfile(_info(name, len(data)), io.BytesIO(data))


def _info(name: str, size: int) -> tarfile.TarInfo:
    """No owner, no time: they would say something about the computer and help nobody."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info
