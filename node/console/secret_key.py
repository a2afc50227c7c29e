"""The key that signs the console's session cookies: a file of the node's directory, made when it is first needed."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from typing import Final

from anchor.files import write_atomically

__all__ = ["SECRET_KEY_NAME", "SecretKey"]

SECRET_KEY_NAME: Final = "console-key"
_BYTES: Final = 32


class SecretKey:
    """Read at each use, so that removing the file ends all sessions. Threads share it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / SECRET_KEY_NAME
        self._lock = threading.Lock()

    def read(self) -> bytes:
        """32 random bytes, the same until the file is removed. Raises OSError where it can be neither read nor made."""
        found = self._found()
        if found is not None:
            return found
        with self._lock:
            found = self._found()
            if found is None:
                found = secrets.token_bytes(_BYTES)
                write_atomically(self._path, found)
            return found

    def _found(self) -> bytes | None:
        try:
            found = self._path.read_bytes()
        except FileNotFoundError:
            return None
        # A file of another length is no key of ours, and is replaced.
        return found if len(found) == _BYTES else None
