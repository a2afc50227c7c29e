"""Counters of fixed windows in memory, for the library that bounds requests.

The library's own storage in memory starts a thread every ten milliseconds while requests come in; this one forgets
what is over while it counts.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from limits.storage import Storage

__all__ = ["WINDOWS", "Windows"]

WINDOWS: Final = "rootseal-windows"
"""The scheme of its address, for `storage_uri`."""

_SWEEP_SECONDS: Final = 10.0


class Windows(Storage):
    """How often each key was counted, and when its window ends. Threads share it."""

    STORAGE_SCHEME = [WINDOWS]  # noqa: RUF012 - the library's

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}
        self._swept = time.time()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """It raises none of its own."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in a window that ends `expiry` seconds after its first; how many there are in it now."""
        now = time.time()
        with self._lock:
            if now - self._swept > _SWEEP_SECONDS or now < self._swept:
                self._counts = {name: found for name, found in self._counts.items() if found[1] > now}
                self._swept = now
            count, ends = self._counts.get(key, (0, 0.0))
            if not now < ends <= now + expiry:  # over, or the clock was set back
                count, ends = 0, now + expiry
            self._counts[key] = count + amount, ends
            return count + amount

    def get(self, key: str) -> int:
        """How many there are in the window of this moment."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in UTC seconds."""
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """It cannot fail."""
        return True

    def reset(self) -> int:
        """Forget all; how many keys there were."""
        with self._lock:
            count = len(self._counts)
            self._counts.clear()
            return count

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._lock:
            self._counts.pop(key, None)
