"""Batches: each signed checkpoint with what it holds, where its anchor stands, and what that cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from node.console.costs import Cost, PaidCosts
from node.promises import unkept
from node.store import AnchorRow, Checkpoint

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Batch", "Batches"]

_PAGE: Final = 25

BatchState = Literal["anchored", "sent", "waiting", "overdue"]


@dataclass(frozen=True, slots=True)
class Batch:
    """One promise over `count` new credentials. `cost` is that of its anchor, which may hold other batches too."""

    checkpoint: Checkpoint
    count: int
    state: BatchState
    anchor: AnchorRow | None
    cost: Cost | None


class Batches:
    """Reads the batches of one node, newest first."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._paid = PaidCosts(services)

    def page(self, before: int) -> tuple[list[Batch], int | None]:
        """Those with size < `before`, and the size to go on before, if there are more."""
        log = self._services.store.log
        points = log.recent_checkpoints(before, _PAGE + 1)
        overdue = {point.size for point in unkept(log.unanchored(), self._services.config, self._services.now).overdue}
        sent = any(intent.sent_at is not None for intent in self._services.store.outbox.begun("anchor/"))
        rows = []
        for place, point in enumerate(points[:_PAGE]):
            previous = points[place + 1].size if place + 1 < len(points) else 0
            anchor = log.introducing(point.size - 1)
            state: BatchState = (
                "anchored"
                if anchor is not None
                else "overdue"
                if point.size in overdue
                else "sent"
                if sent
                else "waiting"
            )
            cost = None if anchor is None else self._paid.of(anchor.transaction)
            rows.append(Batch(point, point.size - previous, state, anchor, cost))
        return rows, points[_PAGE - 1].size if len(points) > _PAGE else None
