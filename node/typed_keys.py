"""Locked key files on paper: numbered lines with a check on each, to be typed or scanned back.

What is printed is the encrypted file: without its passphrase it opens nothing. The check finds a slip of the
hand and the line it is in; that the whole is right is proven by opening it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from anchor.failing import why
from anchor.files import write_atomically
from node.config import NodeConfig
from node.log_key import LogKey
from node.swapping import swap_files
from rootseal.errors import ConfigError, InputError, StoreError
from rootseal.ethereum import address_text

__all__ = ["RestoredKey", "compact", "printed_lines", "restore_key", "typed"]

_WIDTH: Final = 48
_LINE: Final = re.compile(r"\s*(\d{1,3})\s+(\S+)\s+#([0-9a-f]{4})\s*", re.ASCII)
_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class RestoredKey:
    """The file, whose key it is (an address, or the log's public key in hex), and whether it was there already."""

    path: Path
    key: str
    already: bool


def compact(path: Path) -> str:
    """A key file as one line of JSON without spaces: what a QR code holds. Raises `StoreError`."""
    try:
        return json.dumps(json.loads(path.read_bytes()), separators=(",", ":"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: the key cannot be read: {why(error)}") from error


def printed_lines(text: str) -> list[str]:
    """`NN text #check` lines of a text without spaces; the check is 16 bits of SHA-256 over number and text."""
    parts = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return [f"{number:02} {part} #{_check(number, part)}" for number, part in enumerate(parts, 1)]


def typed(text: str) -> str:
    """The JSON of printed lines, or of a scanned QR code. Raises `InputError` naming a line that is not as printed."""
    lines = [line for line in text.splitlines() if line.strip()]
    matches = [_LINE.fullmatch(line) for line in lines]
    if not any(matches):
        return "".join(text.split())
    parts: list[str] = []
    for number, (line, match) in enumerate(zip(lines, matches, strict=True), 1):
        if match is None or int(match[1]) != number or _check(number, match[2]) != match[3]:
            raise InputError(f"line {number:02}", "is not as it is printed; compare it letter by letter", line[:80])
        parts.append(match[2])
    return "".join(parts)


def restore_key(directory: Path, config: NodeConfig, file: Path, passphrase: str, name: str | None) -> RestoredKey:
    """Write a typed or scanned key back, after it opened under `passphrase`. Never overwrites.

    `name` is the file in `directory`; None: the one that the settings name for a key of its kind. Raises
    `InputError` for a slip of the hand or a file that is there, `ConfigError` for a wrong passphrase.
    """
    data = _json(file)
    is_log_key = b"rootseal/log-key/" in data
    target = directory / (name or (config.log_key_file if is_log_key else config.key_file))
    if target.parent != directory and name is not None:
        raise InputError("--to", "must be the name of a file in DIR, without a path", name)
    beside = target.with_name(f".{target.name}.typed")
    try:
        write_atomically(beside, data)
        key = _opened(beside, passphrase, is_log_key)
        if target.exists():
            if _opened(target, passphrase, is_log_key) != key:
                raise InputError(
                    "--to", "another key lies there and is not overwritten; name another file", str(target)
                )
            return RestoredKey(target, key, already=True)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    swap_files(directory, {target: data})
    return RestoredKey(target, key, already=False)


def _opened(path: Path, passphrase: str, is_log_key: bool) -> str:
    from anchor.keys import load_keystore

    if not is_log_key:
        return address_text(load_keystore(path, passphrase).address)
    key = LogKey.load(path)
    key.unlock(passphrase)
    return key.public.hex()


def _json(file: Path) -> bytes:
    try:
        with file.open(encoding="utf-8") as opened:
            text = typed(opened.read(_MAX))
        return (json.dumps(json.loads(text), indent=1) + "\n").encode()
    except UnicodeDecodeError as error:
        raise InputError("--from", "is no text", str(file)) from error
    except OSError as error:
        raise ConfigError("--from", f"cannot be read: {error.strerror}", str(file)) from error
    except json.JSONDecodeError as error:
        raise InputError("--from", f"is not a printed key: {error.msg} at character {error.pos}", str(file)) from error


def _check(number: int, part: str) -> str:
    return sha256(f"{number} {part}".encode()).hexdigest()[:4]
