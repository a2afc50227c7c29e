"""The secrets of a new node: passphrase, the node's own key, the log's key, and an admin key where none is given."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from anchor.failing import why
from anchor.files import sync_directory, write_atomically
from node.log_key import LogKey
from rootseal.errors import ConfigError

__all__ = ["ADMIN_KEY", "HOT_KEY", "LOG_KEY", "PASSPHRASE", "InitKeys", "make_directory", "make_keys"]

HOT_KEY = "key.json"
ADMIN_KEY = "admin-key.json"
LOG_KEY = "log-key.json"
PASSPHRASE = "passphrase.txt"


@dataclass(frozen=True, slots=True)
class InitKeys:
    """What `make_keys` leaves on disk; all files have mode 0600. `admin_file` is None where the admin is elsewhere."""

    passphrase: str
    passphrase_file: Path
    admin_file: Path | None
    log_key: LogKey


def make_directory(directory: Path) -> None:
    """Make the node's directory, mode 0700. Raises `ConfigError` where it holds something else already."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        ours = {HOT_KEY, ADMIN_KEY, LOG_KEY, PASSPHRASE, "node.toml", "init.json"}
        found = {path.name for path in directory.iterdir() if not path.name.startswith(".")}
    except OSError as error:
        raise ConfigError("DIR", f"cannot be used: {error.strerror}", str(directory)) from error
    if found and not found & ours:
        raise ConfigError("DIR", "holds other files already; name a new directory", str(directory))
    sync_directory(directory.parent)


def make_keys(directory: Path, passphrase_file: Path | None, with_admin: bool) -> InitKeys:
    """Make what is missing; what is there stays. A crash between two keys leaves the first, complete."""
    from anchor.keys import create_keystore

    file = directory / PASSPHRASE if passphrase_file is None else passphrase_file.absolute()
    passphrase = _passphrase(file, make=passphrase_file is None)
    if not (directory / HOT_KEY).exists():
        create_keystore(directory / HOT_KEY, passphrase)
    admin = directory / ADMIN_KEY if with_admin else None
    if admin is not None and not admin.exists():
        create_keystore(admin, passphrase)
    log_key = LogKey.create(directory / LOG_KEY, passphrase)
    return InitKeys(passphrase, file, admin, log_key)


def _passphrase(file: Path, make: bool) -> str:
    if make and not file.exists():
        write_atomically(file, (secrets.token_urlsafe(24) + "\n").encode())
    try:
        first = file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("passphrase_file", f"cannot be read: {why(error)}", str(file)) from error
    if not first:
        raise ConfigError("passphrase_file", "has an empty first line; write the passphrase there", str(file))
    return first
