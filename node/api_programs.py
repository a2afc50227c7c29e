"""`/v1/webhooks`: what programs are told, and what they were told.

An address inside the institution's network can be made a webhook on the machine only. A webhook's secret is kept where
it is signed with, and in no stored answer: a repetition reads it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from node.access import Role
from node.client.webhook_models import (
    WebhookDeliveryPage,
    WebhookDeliveryReport,
    WebhookList,
    WebhookReport,
    WebhookRequest,
    WebhookTrial,
)
from node.problems import Refused, refusing
from node.store.announcements import Webhook, WebhookDelivery
from node.web.authentication import for_all, needs
from node.web.bodies import read_model
from node.web.describing import KeyHeader, answers, guarded_routes, json_body
from node.web.idempotency import Answer, Once
from node.web.paging import PageQuery, link_next
from node.webhooks import Webhooks, kinds_told, secret_text
from rootseal.errors import InputError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["program_routes"]


class WebhookPath(BaseModel):
    """Which webhook."""

    id: str = Field(pattern=r"^wh_[0-9a-f]{16}$", description="Its id.")


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    webhook: str | None = Field(default=None, pattern=r"^wh_[0-9a-f]{16}$", description="Only to this webhook.")


def program_routes(services: Services, once: Once) -> APIBlueprint:
    """The routes of webhooks. They are about the whole institution: a department's token does not see them."""
    routes = guarded_routes("programs", "programs", "Webhooks.")
    _changing(routes, services, once)
    _reading(routes, services)
    return routes


def _changing(routes: APIBlueprint, services: Services, once: Once) -> None:
    @routes.post(
        "/webhooks",
        summary="Add a webhook; the answer shows its secret",
        request_body=json_body(WebhookRequest),
        responses=answers(409, 415, 422, created=WebhookReport),
    )
    @needs(Role.ISSUE)
    def add(header: KeyHeader) -> Response:
        for_all()
        asked = read_model(WebhookRequest)

        def work() -> Answer:
            with refusing():
                hook, _ = _service(services).add(asked.url, asked.kinds, allow_private=False)
            return Answer(201, _webhook(hook))

        def shown(body: bytes) -> bytes:
            stored = WebhookReport.model_validate_json(body)
            kept = services.store.announcements.webhook(stored.id).secret
            secret = secret_text(kept) if kept else None  # it was removed since
            return stored.model_copy(update={"secret": secret}).model_dump_json(by_alias=True).encode()

        return once(asked.model_dump_json().encode(), work, shown=shown)

    @routes.delete("/webhooks/<id>", summary="Remove a webhook", responses=answers(ok=WebhookReport))
    @needs(Role.ISSUE)
    def remove(path: WebhookPath) -> Response:
        for_all()

        def work() -> Answer:
            hook = _known(services, path.id)
            _service(services).remove(hook.id)
            return Answer(200, _webhook(services.store.announcements.webhook(hook.id)))

        return once.commit(work)

    @routes.post(
        "/webhooks/<id>/test",
        summary="Post one signed event of type test now; it is not repeated",
        responses=answers(422, ok=WebhookTrial),
    )
    @needs(Role.ISSUE)
    def try_one(path: WebhookPath) -> Response:
        for_all()
        hook = _known(services, path.id)
        with refusing():
            posted = _service(services).try_one(hook.id)
        return _json(WebhookTrial(id=hook.id, ok=posted.ok, status=posted.status, outcome=posted.words))


def _reading(routes: APIBlueprint, services: Services) -> None:
    @routes.get("/webhooks", summary="The webhooks", responses=answers(ok=WebhookList))
    @needs(Role.READ)
    def webhooks(query: PageQuery) -> Response:
        for_all()
        # Places count those that were removed, so that a place stays what it is.
        found = list(enumerate(services.store.announcements.all_webhooks(), 1))[query.after :]
        told = [(place, hook) for place, hook in found if hook.removed_at is None]
        following = str(told[query.limit - 1][0]) if len(told) > query.limit else None
        items = [_webhook(hook) for _, hook in told[: query.limit]]
        return link_next(_json(WebhookList(items=items, next=following)), following)

    @routes.get(
        "/webhook-deliveries",
        summary="What webhooks were told, the newest first",
        responses=answers(ok=WebhookDeliveryPage),
    )
    @needs(Role.READ)
    def deliveries(query: DeliveryQuery) -> Response:
        for_all()
        if query.webhook is not None:
            _known(services, query.webhook)
        found, following = services.store.announcements.told(query.webhook, query.after, query.limit)
        items = [_delivery(one) for one in found]
        next_page = None if following is None else str(following)
        return link_next(_json(WebhookDeliveryPage(items=items, next=next_page)), next_page)


def _service(services: Services) -> Webhooks:
    return Webhooks(services.store, services.home, test=services.config.test, clock=lambda: services.now)


def _known(services: Services, webhook_id: str) -> Webhook:
    try:
        return services.store.announcements.webhook(webhook_id)
    except InputError:
        raise Refused(404, "There is no webhook with this id here.", code="webhook.unknown") from None


def _webhook(hook: Webhook) -> WebhookReport:
    return WebhookReport(
        id=hook.id,
        url=hook.url,
        kinds=list(kinds_told(hook)),
        all_kinds=not hook.kinds,
        added_at=hook.added_at,
        removed_at=hook.removed_at,
    )


def _delivery(one: WebhookDelivery) -> WebhookDeliveryReport:
    told = one.announcement
    return WebhookDeliveryReport.model_validate(
        {
            "webhook": one.webhook,
            "id": told.id,
            "type": told.kind,
            "subject": told.subject,
            "at": told.at,
            "state": one.state,
            "attempts": one.attempts,
            "changed_at": one.changed_at,
            "next_at": one.next_at if one.state == "waiting" else None,
            "outcome": one.outcome,
        }
    )


def _json(value: BaseModel) -> Response:
    return Response(value.model_dump_json(by_alias=True), content_type="application/json")
