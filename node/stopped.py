"""What must not happen under a running node: it keeps its settings and its key in memory."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from rootseal.errors import StoreError

__all__ = ["node_stopped"]


@contextlib.contextmanager
def node_stopped(directory: Path) -> Iterator[None]:
    """Hold the lock of `node run`. Raises `StoreError` where it runs: it must be stopped, and started again after."""
    with (directory / "run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            problem = "'rootseal node run' runs here with the old settings; stop it, and start it again after this"
            raise StoreError(f"{directory}: {problem}") from error
        yield
