"""A new passphrase for the node's keys: every key file that the old one opens, and the file that holds it, together.

Whoever copied the old files and knew the old passphrase still has the keys: then they must be replaced
(`keys rotate`), and old backups destroyed. Changing the passphrase helps where only the passphrase got about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anchor.failing import why
from node.config import NodeConfig
from node.log_key import LogKey
from node.swapping import Step, swap_files
from rootseal.errors import ConfigError, RootsealError

__all__ = ["PassphraseChange", "change_passphrase", "new_passphrase", "read_first_line"]

_LEAST: Final = 12
_MOST: Final = 1024


@dataclass(frozen=True, slots=True)
class PassphraseChange:
    """Files that the new passphrase opens now, and keys that the old one did not open and that stay as they were."""

    changed: tuple[Path, ...]
    left: tuple[Path, ...]


def change_passphrase(
    directory: Path, config: NodeConfig, old: str, new: str, step: Step = lambda _: None
) -> PassphraseChange:
    """Lock every key of the directory anew; takes about three seconds a key. The node must be stopped.

    The node's key and the log's key must open with `old`; another one (the admin's may have a passphrase of
    its own) is left as it is where it does not. Raises `ConfigError` where `old` is wrong, `StoreError` where a
    file cannot be written: nothing was changed then.
    """
    new = new_passphrase(new)
    if new == old:
        raise ConfigError("passphrase", "is the old one; choose another")
    required = [directory / config.key_file, directory / config.log_key_file]
    contents: dict[Path, bytes] = {}
    left: list[Path] = []
    for path in dict.fromkeys((*required, *_others(directory))):
        try:
            contents[path] = _relocked(path, old, new)
        except RootsealError:
            if path in required:
                raise
            left.append(path)
    if config.passphrase_file is not None:
        contents[directory / config.passphrase_file] = f"{new}\n".encode()
    swap_files(directory, contents, step)
    return PassphraseChange(tuple(contents), tuple(left))


def new_passphrase(text: str) -> str:
    """The text, if it will do. Raises `ConfigError`; the text itself is not shown."""
    if not text.isprintable() or not _LEAST <= len(text) <= _MOST or text != text.strip():
        problem = f"must be one line of {_LEAST} to {_MOST} printable characters, without spaces at its ends"
        raise ConfigError("new passphrase", problem)
    return text


def read_first_line(path: Path, option: str) -> str:
    """The first line of a file, where a passphrase stands. Raises `ConfigError`."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(_MOST + 2).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(option, f"cannot be read: {why(error)}", str(path)) from error


def _others(directory: Path) -> list[Path]:
    """Every other key in the directory: the admin's, spare ones, retired ones."""
    return [path for path in sorted(directory.glob("[!.]*.json")) if _is_keystore(path)]


def _is_keystore(path: Path) -> bool:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(value, dict) and value.get("version") == 3 and "crypto" in {name.lower() for name in value}


def _relocked(path: Path, old: str, new: str) -> bytes:
    from anchor.keys import relock_keystore

    if _is_keystore(path):
        return relock_keystore(path, old, new)
    return LogKey.load(path).relocked(old, new)
