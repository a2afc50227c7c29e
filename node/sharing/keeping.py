"""Ciphertexts on the disk: one file each, named by its id and its end; they are in no backup and no database."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anchor.files import write_atomically

__all__ = ["MAX_ALL", "MAX_DAYS", "MAX_ONE", "MIN_ONE", "Full", "SharedFiles", "weight"]

MAX_ONE: Final = 256 << 10
"""Bytes of one ciphertext: a presentation has 5 to 50 KiB."""
MIN_ONE: Final = 12 + 16
"""Nonce and tag."""
MAX_ALL: Final = 256 << 20
"""Bytes of all together."""
MAX_DAYS: Final = 90

_NAME: Final = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})", re.ASCII)
_DAY: Final = 86_400
_BLOCK: Final = 4 << 10


class Full(Exception):  # noqa: N818 - reads as what happened
    """No more is kept until something ends."""


def weight(size: int) -> int:
    """What a file of so many bytes counts: at least 4 KiB, which a disk gives it, so that millions of small ones do."""
    return max(size, _BLOCK)


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """The folder `directory`, made at the first upload. Processes may share it. Times in UTC seconds."""

    directory: Path

    def keep(self, content: bytes, days: int, now: int) -> tuple[bytes, int]:
        """A new id of 16 bytes, and when it ends. Raises `Full`."""
        self.prune(now)
        if sum(map(weight, self._sizes())) + weight(len(content)) > MAX_ALL:
            raise Full
        name, end = secrets.token_bytes(16), now + days * _DAY
        self.directory.mkdir(mode=0o700, exist_ok=True)
        write_atomically(self.directory / f"{name.hex()}.{end}", content, mode=0o600)
        return name, end

    def get(self, name: bytes, now: int) -> bytes | None:
        """The ciphertext, or None where there never was one or it has ended."""
        for path, found, end in self._kept():
            if found == name and now < end:
                try:
                    return path.read_bytes()
                except FileNotFoundError:  # another process has just taken it away
                    return None
        return None

    def prune(self, now: int) -> int:
        """Delete what has ended; gives how many."""
        ended = [path for path, _, end in self._kept() if end <= now]
        for path in ended:
            path.unlink(missing_ok=True)
        return len(ended)

    def _sizes(self) -> Iterator[int]:
        for path, _, _ in self._kept():
            with contextlib.suppress(FileNotFoundError):  # another process has just taken it away
                yield path.stat().st_size

    def _kept(self) -> Iterator[tuple[Path, bytes, int]]:
        try:
            names = os.listdir(self.directory)  # noqa: PTH208 - names, without a stat for each
        except FileNotFoundError:
            return
        for name in names:
            if (match := _NAME.fullmatch(name)) is not None:
                yield self.directory / name, bytes.fromhex(match[1]), int(match[2])
