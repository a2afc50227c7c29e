"""Home, and what is only looked at: batches, deliveries, webhooks, tokens, the audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response

from node.access import Access, Role
from node.console.approvals import waiting_for
from node.console.batches import Batches
from node.console.costs import next_cost
from node.console.pages import LARGEST, asked_number, go, page
from node.delivery.ledger import delivery_csv, delivery_ledger
from node.hurrying import anchor_wanted
from node.web.authentication import for_all, needs, principal

if TYPE_CHECKING:
    from node.services import Services
    from node.summary import NodeStatus

__all__ = ["overview_pages"]

_PAGE: Final = 50


def overview_pages(routes: Blueprint, services: Services, access: Access) -> None:
    """`/console` and the pages beside it. All but the first want the role read."""
    batches = Batches(services)

    @routes.get("")
    def home() -> Response:
        who = principal()
        may_read = who.may(Role.READ)
        status = services.status() if may_read else None
        mine = waiting_for(services) if who.may(Role.APPROVE) else []
        return page(
            "home",
            status=status,
            approvals=[item for item in mine if not who.same_person(item.token, item.person)],
            waiting=services.store.submissions.waiting_count() if services.config.second_approver else None,
            ripe_at=_ripe_at(services),
            anchors_left=None if status is None else _anchors_left(services, status),
            ledger=delivery_ledger(services.store, services.now).total if may_read and not who.departments else None,
            grace=services.config.grace_seconds,
            asked=anchor_wanted(services.store),
        )

    @routes.get("/")
    def slash() -> Response:
        return go("home")

    @routes.get("/batches", endpoint="batches")
    @needs(Role.READ)
    def all_batches() -> Response:
        before = asked_number("before", LARGEST)
        rows, following = batches.page(before)
        return page("batches", rows=rows, following=following, first=before == LARGEST)

    @routes.get("/deliveries")
    @needs(Role.READ)
    def deliveries() -> Response:
        for_all()
        ledger = delivery_ledger(services.store, services.now)
        return page("deliveries", ledger=ledger)

    @routes.get("/deliveries.csv")
    @needs(Role.READ)
    def deliveries_file() -> Response:
        for_all()
        response = Response(delivery_csv(services.store, services.now), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="deliveries.csv"'
        return response

    @routes.get("/webhooks")
    @needs(Role.READ)
    def webhooks() -> Response:
        for_all()
        hooks = services.store.announcements.webhooks()
        sent = services.store.announcements.deliveries(None, _PAGE)
        return page("webhooks", hooks=hooks, sent=sent)

    @routes.get("/tokens")
    @needs(Role.READ)
    def tokens() -> Response:
        for_all()
        return page("tokens", rows=access.list(), now=services.now)

    @routes.get("/audit-log")
    @needs(Role.READ)
    def audit_log() -> Response:
        for_all()
        before = asked_number("before", LARGEST)
        found = services.store.acts.recent(before, _PAGE + 1)
        following = found[_PAGE - 1][0] if len(found) > _PAGE else None
        rows = [(position, act, *_read(act.detail)) for position, act in found[:_PAGE]]
        return page("audit_log", rows=rows, following=following, first=before == LARGEST)


def _anchors_left(services: Services, status: NodeStatus) -> int | None:
    """How many anchors the money on the key pays at today's price; None where either is not known."""
    balance = None if status.chain is None else status.chain.balance
    each = None if balance is None else next_cost(services).wei
    return balance // each if balance is not None and each else None


def _ripe_at(services: Services) -> int | None:
    """When the oldest accepted credential can be sealed, by the grace time alone."""
    oldest = services.store.entries.oldest_waiting()
    return None if oldest is None else oldest + services.config.grace_seconds


def _read(detail: str) -> tuple[str, str]:
    """Who did it, and the rest in short."""
    value: dict[str, Any] = json.loads(detail)
    by = value.pop("by", None)
    who = f"{by['person']} (token {by['token']})" if isinstance(by, dict) else str(by or "the node itself")
    parts = [f"{name}: {_in_short(item)}" for name, item in value.items() if item not in (None, [], "")]
    return who, "; ".join(parts)


def _in_short(item: object) -> str:
    if not isinstance(item, list):
        return str(item)
    shown = ", ".join(map(str, item[:3]))
    return shown if len(item) <= 3 else f"{shown} and {len(item) - 3} more"
