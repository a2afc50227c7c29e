"""The log as C2SP tiles and a signed checkpoint: served over HTTP, or written to a directory for any web server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.files import write_atomically
from node.log_key import verify_ed25519
from rootseal.errors import StoreError, UndeterminedError
from rootseal.plurals import counted
from rootseal.tlog import (
    LogCheckpoint,
    NoteKey,
    Tile,
    bundle_bytes,
    open_note,
    origin,
    sign_note,
    tile_bytes,
    tiles_of,
)

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["LogPublisher", "Published"]


@dataclass(frozen=True, slots=True)
class Published:
    """What `LogPublisher.write` did: the log's size now and before, and how many files were written."""

    size: int
    before: int
    files: int


class LogPublisher:
    """The resources of one node's log. Threads may share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._sign: Callable[[bytes], bytes] | None = None
        self._note: tuple[int, str] = (-1, "")

    @property
    def key(self) -> NoteKey:
        """The key that signs the checkpoint, as readers configure it (`key.vkey`)."""
        return NoteKey(origin(self._services.home), self._services.log_key.public)

    def size(self) -> int:
        """Entries under the newest checkpoint; 0 before the first seal."""
        newest = self._services.newest_checkpoint()
        return 0 if newest is None else newest.size

    def checkpoint(self) -> tuple[int, str]:
        """Size and signed note of the newest checkpoint. Raises `UndeterminedError` before the first seal."""
        newest = self._services.newest_checkpoint()
        if newest is None:
            raise UndeterminedError("nothing is sealed yet, so the log has no checkpoint", "log.empty")
        with self._lock:
            if self._note[0] != newest.size:
                text = LogCheckpoint(self.key.name, newest.size, newest.root).text
                self._note = (newest.size, sign_note(text, self.key, self._unlocked()))
            return self._note

    def resource(self, tile: Tile) -> bytes | None:
        """The bytes of a tile or an entry bundle; None where the log has none of that size."""
        size = self.size()
        return self._bytes(tile, size) if tile.within(size) else None

    def write(self, out: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Published:
        """Bring the copy of the log in `out` up to date.

        The checkpoint is replaced last: a crash leaves the old checkpoint with all its tiles, and the
        next run writes the rest. Raises `StoreError` where `out` holds another log.
        """
        size, note = self.checkpoint()
        before = self._written(out)
        if before > size:
            held = counted(before, "entry")
            raise StoreError(f"{out} holds a log of {held}, more than this node's {size}: restored a backup?")
        tiles = list(tiles_of(size, before))
        for done, tile in enumerate(tiles, 1):
            path = out / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, self._bytes(tile, size), mode=0o644)
            progress(done, len(tiles))
        write_atomically(out / "issuer.json", self._services.issuer_document(), mode=0o644)
        write_atomically(out / "checkpoint", note.encode(), mode=0o644)
        return Published(size, before, len(tiles) + 2)

    def _written(self, out: Path) -> int:
        try:
            note = (out / "checkpoint").read_bytes()
        except FileNotFoundError:
            return 0
        return LogCheckpoint.from_text(open_note(note, self.key, verify_ed25519)).size

    def _bytes(self, tile: Tile, size: int) -> bytes:
        if tile.level is None:
            first = tile.index * 256
            return bundle_bytes(self._services.entries(first, first + tile.width))
        # A reader asks for one tile; the tree in memory answers without hashing the log again.
        return tile_bytes(tile, self._services.log.at(size).node)

    def _unlocked(self) -> Callable[[bytes], bytes]:
        if self._sign is None:
            self._sign = self._services.log_key.unlock(self._services.connection.passphrase())
        return self._sign
