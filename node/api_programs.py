"""`/v1/webhooks` and `/v1/deliveries`: what programs are told, and what became of every row of every list.

An address inside the institution's network can be made a webhook on the machine only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from node.access import Role
from node.client.node_models import (
    DeliveryReport,
    ListAccountReport,
    WebhookList,
    WebhookReport,
    WebhookRequest,
)
from node.delivery.ledger import delivery_ledger
from node.problems import Refused, refusing
from node.store.announcements import Webhook
from node.web.authentication import for_all, needs
from node.web.bodies import read_model
from node.web.describing import KeyHeader, answers, guarded_routes, json_body
from node.web.idempotency import Answer, Once
from node.webhooks import Webhooks
from rootseal.errors import InputError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["program_routes"]


class WebhookPath(BaseModel):
    """Which webhook."""

    id: str = Field(pattern=r"^wh_[0-9a-f]{16}$", description="Its id.")


def program_routes(services: Services, once: Once) -> APIBlueprint:
    """The routes of webhooks and deliveries."""
    routes = guarded_routes("programs", "programs", "Webhooks, and the delivery ledger.")

    @routes.get("/deliveries", summary="The delivery ledger", responses=answers(ok=DeliveryReport))
    @needs(Role.READ)
    def deliveries() -> Response:
        for_all()
        ledger = delivery_ledger(services.store, services.now)
        report = DeliveryReport(
            adds_up=ledger.adds_up,
            lists=[ListAccountReport.model_validate(account.to_json()) for account in ledger.lists],
            total=ListAccountReport.model_validate(ledger.total.to_json()),
        )
        return _json(report)

    @routes.get("/webhooks", summary="The webhooks", responses=answers(ok=WebhookList))
    @needs(Role.READ)
    def webhooks() -> Response:
        for_all()
        return _json(WebhookList(items=[_webhook(hook) for hook in services.store.announcements.webhooks()]))

    @routes.post(
        "/webhooks",
        summary="Add a webhook; the answer shows its secret, once",
        request_body=json_body(WebhookRequest),
        responses=answers(409, 415, 422, created=WebhookReport),
    )
    @needs(Role.ISSUE)
    def add(header: KeyHeader) -> Response:
        for_all()
        asked = read_model(WebhookRequest)

        def work() -> Answer:
            with refusing():
                hook, secret = _service().add(asked.url, asked.kinds, allow_private=False)
            return Answer(201, _webhook(hook, secret))

        return once(asked.model_dump_json().encode(), work)

    @routes.delete("/webhooks/<id>", summary="Remove a webhook", responses=answers(ok=WebhookReport))
    @needs(Role.ISSUE)
    def remove(path: WebhookPath) -> Response:
        for_all()

        def work() -> Answer:
            try:
                _service().remove(path.id)
            except InputError:
                raise Refused(404, "There is no webhook with this id here.", code="webhook.unknown") from None
            return Answer(200, _webhook(services.store.announcements.webhook(path.id)))

        return once.commit(work)

    def _service() -> Webhooks:
        return Webhooks(services.store, services.home, test=services.config.test, clock=lambda: services.now)

    return routes


def _webhook(hook: Webhook, secret: str | None = None) -> WebhookReport:
    return WebhookReport(
        id=hook.id,
        url=hook.url,
        kinds=list(hook.kinds),
        added_at=hook.added_at,
        removed_at=hook.removed_at,
        secret=secret,
    )


def _json(value: BaseModel) -> Response:
    return Response(value.model_dump_json(by_alias=True), content_type="application/json")
