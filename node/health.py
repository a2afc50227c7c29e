"""How the node is doing, as the working thread last saw it: what /readyz, /metrics and the log tell."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from node.funds import Funds

__all__ = ["Health", "Pulse", "RequestCounts", "folded"]

_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))


@dataclass(frozen=True, slots=True)
class Pulse:
    """The state after the last round of work. Times are UTC seconds, 0 = never.

    `final_at` is when `final_block` was first seen to be final. `problem` is a stable code or the kind of
    error, None while all is well. `funds` are None until the chain was first asked; `witness_funds` are those of the
    other ledgers, by number.
    """

    started_at: float = 0.0
    worked_at: float = 0.0
    problem: str | None = None
    blocked: bool = False
    unfinished: int = 0
    final_block: int = 0
    final_at: float = 0.0
    funds: Funds | None = None
    witness_funds: Mapping[int, Funds] = field(default_factory=dict)
    rounds: int = 0
    failures: int = 0


def folded(method: str) -> str:
    """The method of a request, "other" for an unusual one: a stranger may write anything there."""
    return method if method in _METHODS else "other"


class RequestCounts:
    """Answered requests by method, route (never the address) and status. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, int]] = Counter()

    def add(self, method: str, route: str | None, status: int, count: int = 1) -> None:
        """Count them. What a stranger may choose freely is not told apart: it would fill the memory."""
        with self._lock:
            self._counts[folded(method), route or "none", status] += count

    def all(self) -> dict[tuple[str, str, int], int]:
        """The counts of this moment."""
        with self._lock:
            return dict(self._counts)


class Health:
    """The newest `Pulse`, shared between threads. `working` is False where no thread works (pages only)."""

    def __init__(self, working: bool = False) -> None:
        self.working = working
        self._lock = threading.Lock()
        self._pulse = Pulse()
        self.requests = RequestCounts()

    @property
    def pulse(self) -> Pulse:
        """The newest."""
        with self._lock:
            return self._pulse

    def update(self, **changes: object) -> None:
        """Replace fields of the pulse."""
        with self._lock:
            self._pulse = replace(self._pulse, **changes)  # type: ignore[arg-type]

    def ready(self, now: float, patience: float = 120.0) -> bool:
        """True iff the last round succeeded less than `patience` seconds ago, or no thread works here."""
        pulse = self.pulse
        return not self.working or (pulse.problem is None and now - pulse.worked_at <= patience)
