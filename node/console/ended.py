"""Sessions that were signed out: a cookie cannot be taken back, so its id is known here until it would have ended.

In memory for every request, and in one fact of the store, so that a restart does not bring a signed-out cookie back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from node.store import Store

__all__ = ["EndedSessions"]

_FACT: Final = "console-ended"
_ID_BYTES: Final = 16
_TIME_BYTES: Final = 8
_RECORD: Final = _ID_BYTES + _TIME_BYTES
_MOST: Final = 10_000


class EndedSessions:
    """Ids of 16 bytes as hexadecimal text, each kept for `seconds` after its end. Threads share it."""

    def __init__(self, store: Store, seconds: int) -> None:
        self._store = store
        self._seconds = seconds
        self._lock = threading.Lock()
        self._ended: dict[str, int] | None = None

    def add(self, session_id: str, now: int) -> None:
        """It ended at `now` (UTC seconds). Of more than ten thousand the oldest are forgotten.

        A crash before the COMMIT: signed out here, and not after the restart; whoever signed out got no answer.
        """
        with self._lock:
            found = self._read()
            found[session_id] = now
            kept = [(name, at) for name, at in found.items() if abs(now - at) <= self._seconds][-_MOST:]
            self._ended = dict(kept)
            content = b"".join(bytes.fromhex(name) + at.to_bytes(_TIME_BYTES) for name, at in kept)
            self._store.facts.put(_FACT, content)

    def __contains__(self, session_id: object) -> bool:
        with self._lock:
            return session_id in self._read()

    def _read(self) -> dict[str, int]:
        """One process serves a node at a time: what it read first is all there is."""
        if self._ended is None:
            self._ended = dict(_records(self._store.facts.get(_FACT) or b""))
        return self._ended


def _records(content: bytes) -> Iterator[tuple[str, int]]:
    for at in range(0, len(content) - len(content) % _RECORD, _RECORD):
        yield content[at : at + _ID_BYTES].hex(), int.from_bytes(content[at + _ID_BYTES : at + _RECORD])
