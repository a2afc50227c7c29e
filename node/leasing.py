"""Who may send for a node: a lease in its store, so that two processes on one directory never both do.

A holder renews every few seconds and gives the lease back at its end; one that was killed loses it after
`LEASE_SECONDS`, and a standby takes over then. The lease keeps the work with one process; that nothing is
ever sent twice rests on the outbox's compare-and-swap and on the ledger's sequence, which need no clock.
One SQLite file is one machine: the lease is no protection for copies of a store on several.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from node.store import Store
from rootseal.errors import ConflictError, StoreError

__all__ = ["ADMIN_LEASE", "LEASE_SECONDS", "Holder", "Lease", "LeaseHeld", "forget_leases"]

LEASE_SECONDS: Final = 30.0
_RENEW_SECONDS: Final = LEASE_SECONDS / 3
_FACT: Final = "lease"

ADMIN_LEASE: Final = "lease-admin"
"""That of commands which send with the admin's key: they do not concern `node run`, but each other."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lease: `what` is the command, `token` drawn at its start, `until` UTC seconds."""

    token: str
    pid: int
    host: str
    what: str
    until: float

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.what})"


class LeaseHeld(ConflictError):  # noqa: N818 - reads as what happened
    """Another process sends for this node. `holder` says which."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        super().__init__(
            f"{holder} sends for this node; let it do so, or end it and run this again. "
            f"If it was killed, its lease ends within {LEASE_SECONDS:.0f} seconds"
        )


class Lease:
    """One process's claim. `ended` names commands that the caller knows to have ended: their lease is over.

    `fact` is whose claim: that of the node's own key, or `ADMIN_LEASE`.

    `clock` gives UTC seconds, `steady` seconds that never jump: a lease that nobody renews for
    `LEASE_SECONDS` of those is over, whatever a clock that was set back says about its end.
    """

    def __init__(
        self,
        store: Store,
        what: str,
        ended: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        fact: str = _FACT,
    ) -> None:
        self._store = store
        self._fact = fact
        self._what = what
        self._token = secrets.token_hex(16)
        self._ended = ended
        self._clock = clock
        self._steady = steady
        self._seen: tuple[Holder | None, float] = (None, 0.0)

    def take(self) -> Holder | None:
        """Take or renew it. None: it is ours until `LEASE_SECONDS` from now; else who has it.

        A crash before the commit: nobody noticed. After it: the lease ends by itself.
        """
        with self._store.writing():
            found = self._holder()
            if found is not None and found.token != self._token and not self._over(found):
                return found
            until = self._clock() + LEASE_SECONDS
            mine = Holder(self._token, os.getpid(), socket.gethostname(), self._what, until)
            self._store.facts.put(self._fact, json.dumps(asdict(mine)).encode())
            return None

    def give_back(self) -> None:
        """End it, if it is ours."""
        with self._store.writing():
            found = self._holder()
            if found is not None and found.token == self._token:
                self._store.facts.put(self._fact, b"")

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Hold it, renewed by a thread, as long as the block lasts. Raises `LeaseHeld` where another has it."""
        found = self.take()
        if found is not None:
            raise LeaseHeld(found)
        done = threading.Event()
        thread = threading.Thread(target=self._renew, args=(done,), name="rootseal-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.give_back()

    def _renew(self, done: threading.Event) -> None:
        while not done.wait(_RENEW_SECONDS):
            with contextlib.suppress(StoreError):  # a busy store: the next renewal is still in time
                self.take()

    def _holder(self) -> Holder | None:
        data = self._store.facts.get(self._fact)
        if not data:
            return None
        try:
            return Holder(**json.loads(data))
        except (ValueError, TypeError) as error:
            raise StoreError(f"{self._store.path}: its lease cannot be read; run `rootseal node fsck`") from error

    def _over(self, found: Holder) -> bool:
        if self._clock() >= found.until or found.what in self._ended:
            return True
        if self._seen[0] != found:
            self._seen = (found, self._steady())
        return self._steady() - self._seen[1] >= LEASE_SECONDS


def forget_leases(store: Store) -> None:
    """End every lease: for a copy of a store, whose holders work on the original."""
    for fact in (_FACT, ADMIN_LEASE):
        if store.facts.get(fact):
            store.facts.put(fact, b"")
