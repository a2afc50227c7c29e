"""Repeated commitments among any number of entries, in memory that does not grow.

Commitments are hashes, so their first byte spreads them evenly over 256 files on disk; each file is
looked through alone. A log made to fall into one file costs its own auditor 40 bytes an entry.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

__all__ = ["DuplicateSearch", "Duplicates"]

_RECORD: Final = 40
_BUFFER: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Duplicates:
    """How many entries repeat an earlier one, and the first such pair of indexes by the later one."""

    count: int
    first: int
    second: int


class DuplicateSearch:
    """`with DuplicateSearch() as search:` add every entry, then ask once."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rootseal-audit-")
        self._buffers = [bytearray() for _ in range(256)]

    def __enter__(self) -> DuplicateSearch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._folder.cleanup()

    def add(self, start: int, entries: Sequence[bytes]) -> None:
        """The entries from index `start` on, 32 bytes each."""
        for index, entry in enumerate(entries, start):
            buffer = self._buffers[entry[0]]
            buffer += entry + index.to_bytes(8)
            if len(buffer) >= _BUFFER:
                with self._file(entry[0]).open("ab") as file:
                    file.write(buffer)
                buffer.clear()

    def result(self) -> Duplicates | None:
        """What is repeated, or None."""
        pairs = [pair for bucket in range(256) for pair in self._repeated(bucket)]
        if not pairs:
            return None
        second, first = min(pairs)
        return Duplicates(len(pairs), first, second)

    def _repeated(self, bucket: int) -> Iterator[tuple[int, int]]:
        path = self._file(bucket)
        data = (path.read_bytes() if path.exists() else b"") + self._buffers[bucket]
        if len({data[at : at + 32] for at in range(0, len(data), _RECORD)}) * _RECORD == len(data):
            return
        seen: dict[bytes, int] = {}
        for at in range(0, len(data), _RECORD):
            entry, index = data[at : at + 32], int.from_bytes(data[at + 32 : at + _RECORD])
            if entry in seen:
                yield index, seen[entry]
            else:
                seen[entry] = index

    def _file(self, bucket: int) -> Path:
        return Path(self._folder.name) / f"{bucket:02x}"
