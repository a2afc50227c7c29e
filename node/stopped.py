"""What must not happen under a running node: it keeps its settings and its key in memory."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from node.leasing import Lease
from node.store import Store
from rootseal.errors import StoreError

__all__ = ["node_stopped"]


@contextlib.contextmanager
def node_stopped(directory: Path, store: Store, what: str) -> Iterator[None]:
    """Nobody else works here: hold the lock of `node run`, and the lease of whoever sends (`what` is the command).

    Raises `StoreError` where the node runs: it must be stopped, and started again after. `LeaseHeld`
    where another command sends.
    """
    with (directory / "run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            problem = "'rootseal node run' runs here with the old settings; stop it, and start it again after this"
            raise StoreError(f"{directory}: {problem}") from error
        # With the lock in hand, a lease of `node run` can only be that of one that was killed.
        with Lease(store, what, frozenset({"node run"})).kept():
            yield
