"""`/v1/mailings`, claim links, bounces, hand-overs and the delivery ledger: how credentials reach their learners.

Nothing is sent inside a request: mail is queued, and the errands of the running node send it. A claim link's secret is
in the answer alone. It is made from what the one who asks knows and the node does not keep (the token and the
Idempotency-Key), so that a repetition gets the same link though no store holds it.
"""

from __future__ import annotations

import hmac
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from node.access import Access, Role, acting_as
from node.api_credentials import flag, seen_keys, visible
from node.client.delivery_models import (
    BounceReport,
    ClaimLinkReport,
    ClaimLinkRequest,
    CredentialDelivery,
    CredentialDeliveryPage,
    DeliveryReport,
    HandOverReport,
    HandOverRequest,
    MailingReport,
    MailingRequest,
)
from node.delivery.bounces import messages_of, record_bounces
from node.delivery.ledger import delivery_ledger, hand_over
from node.delivery.links import ClaimLinkService
from node.delivery.mailing import Mailer
from node.delivery.queueing import MailQueue, QueueRequest
from node.delivery.settings import mail_settings
from node.problems import Refused, refusing, set_up
from node.store import Entry
from node.web.authentication import bearer_token, for_all, needs, principal
from node.web.bodies import bounded, read_model, read_upload
from node.web.describing import CredentialPath, KeyHeader, NeededKeyHeader, answers, guarded_routes, json_body
from node.web.idempotency import Answer, Once, request_key
from node.web.paging import PageQuery, by_place, link_next
from node.web.request_shape import RequestShape
from node.web.showing_delivery import credential_delivery, delivered_credential, list_account, mailing_report
from rootseal.errors import UndeterminedError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["delivery_routes"]

_IDS: Final = 1 << 20
_NOTICES: Final = 20 << 20
_MAIL_TYPES: Final = {"message/rfc822": ".eml", "application/mbox": ".mbox", "application/octet-stream": ".mbox"}
_TOO_LARGE: Final = "The mailbox is larger than 20 MiB; split it."
_BUSY: Final = "The node sends mail just now, so that nobody knows yet which may have arrived; ask again in a minute."


class MailingQuery(RequestShape):
    """How mail is queued."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Annotated[bool, Field(description="Count, show one mail, queue nothing."), BeforeValidator(flag)] = False


class FateQuery(PageQuery):
    """Which credentials."""

    group: Literal["withdrawn", "delivered", "waiting", "failed"] | None = Field(
        default=None, description="Only those of one sum; a page may then have fewer than `limit`."
    )


def delivery_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of delivery."""
    routes = guarded_routes("delivery", "delivery", "Mail, claim links, and what became of each credential.")
    _mailing(routes, services, access, once)
    _handing_out(routes, services, access, once)
    _ledger(routes, services, access)
    return routes


def _mailing(routes: APIBlueprint, services: Services, access: Access, once: Once) -> None:
    @routes.post(
        "/mailings",
        summary="Queue mail to learners; the running node sends it",
        request_body=json_body(MailingRequest),
        responses=answers(404, 409, 415, 422, ok=MailingReport, accepted=MailingReport),
    )
    @needs(Role.ISSUE)
    @bounded(_IDS)
    def mail(header: KeyHeader, query: MailingQuery) -> Response:
        asked = read_model(MailingRequest, _IDS)
        if asked.again and asked.ids is None:
            raise Refused(422, "again needs ids: nobody wants every learner mailed anew.", code="request.refused")
        ids = None if asked.ids is None else frozenset(_award(services, access, one).id for one in asked.ids)
        wanted = QueueRequest(ids, asked.again, asked.before_final, asked.resend_uncertain)
        queue = _queue()
        if query.dry_run:
            with acting_as(principal()):
                return _json(mailing_report(queue.rehearse(wanted), dry_run=True))

        def work() -> Answer:
            try:
                return Answer(202, mailing_report(queue.put(wanted, services.now), dry_run=False))
            except UndeterminedError as error:  # somebody mails: what is uncertain may be on its way
                raise Refused(409, _BUSY, code=error.code, headers={"Retry-After": "60"}) from error

        return once(asked.model_dump_json().encode(), work)

    @routes.post(
        "/bounces",
        summary="Read mail that came back: one message, or a mailbox (mbox)",
        request_body={"required": True, "content": dict.fromkeys(_MAIL_TYPES, _TEXT)},
        responses=answers(409, 415, 422, ok=BounceReport),
    )
    @needs(Role.ISSUE)
    @bounded(_NOTICES)
    def bounces(header: KeyHeader) -> Response:
        for_all()
        data = read_upload(_NOTICES, _MAIL_TYPES, _TOO_LARGE).data

        def work() -> Answer:
            found = record_bounces(services.store, messages_of(data), services.now)
            report = BounceReport(
                bounced=list(found.bounced), known=list(found.known), delayed=found.delayed, foreign=found.foreign
            )
            return Answer(200, report)

        return once(data, work)

    def _queue() -> MailQueue:
        who = principal()
        with set_up():
            settings = mail_settings(services.directory, services.config)
        mailer = Mailer(services.directory, services.config, services.store, services.exporter, lambda: services.now)
        own = partial(access.may_see, who) if who.departments else None
        return MailQueue(services.store, mailer, settings, own)


def _handing_out(routes: APIBlueprint, services: Services, access: Access, once: Once) -> None:
    links = ClaimLinkService(
        services.store, services.config.public_url, lambda entry: services.exporter.credential_file(entry).to_bytes()
    )

    @routes.post(
        "/credentials/<id>/claim-links",
        summary="Make a one-time link for the learner; older ones that nobody opened end",
        description="The node keeps a hash of the link's secret alone. The same request with the same token and key "
        "gets the same link again.",
        request_body=json_body(ClaimLinkRequest),
        responses=answers(409, 415, 422, created=ClaimLinkReport),
    )
    @needs(Role.ISSUE)
    def claim_link(header: NeededKeyHeader, path: CredentialPath) -> Response:
        entry_id = _award(services, access, path.id).id
        asked = read_model(ClaimLinkRequest)
        days = asked.days or services.config.claim_days
        key, token = request_key(required=True) or b"", bearer_token()

        def secret(made_at: int) -> bytes:
            named = b"\0".join((b"rootseal/claim-link/1", entry_id.encode(), str(made_at).encode(), key))
            return hmac.digest(token, named, "sha256")

        def work() -> Answer:
            now = services.now
            with refusing(), set_up():
                made = links.make(entry_id, now, days, secret(now), before_final=asked.before_final)
            report = ClaimLinkReport(id=entry_id, link=None, made_at=now, expires_at=made.expires_at, ended=made.ended)
            return Answer(201, report)

        def shown(body: bytes) -> bytes:
            stored = ClaimLinkReport.model_validate_json(body)
            with set_up():
                link = links.url(secret(stored.made_at))
            return stored.model_copy(update={"link": link}).model_dump_json(by_alias=True).encode()

        return once(asked.model_dump_json().encode(), work, required=True, shown=shown)

    @routes.post(
        "/hand-overs",
        summary="Count credentials as delivered that were given in person",
        request_body=json_body(HandOverRequest),
        responses=answers(404, 409, 415, 422, ok=HandOverReport),
    )
    @needs(Role.ISSUE)
    @bounded(_IDS)
    def hand_overs(header: KeyHeader) -> Response:
        asked = read_model(HandOverRequest, _IDS)
        ids = [_award(services, access, one).id for one in asked.ids]

        def work() -> Answer:
            with refusing():
                new, known = hand_over(services.store, ids, services.now)
            return Answer(200, HandOverReport(counted=list(new), already=list(known)))

        return once(asked.model_dump_json().encode(), work)


def _ledger(routes: APIBlueprint, services: Services, access: Access) -> None:
    @routes.get("/deliveries", summary="The delivery ledger, list by list", responses=answers(ok=DeliveryReport))
    @needs(Role.READ)
    def deliveries(query: PageQuery) -> Response:
        for_all()
        ledger = delivery_ledger(services.store, services.now)
        shown, following = by_place(ledger.lists, query)
        report = DeliveryReport(
            adds_up=ledger.adds_up,
            lists=[list_account(account) for account in shown],
            total=list_account(ledger.total),
            next=following,
        )
        return link_next(_json(report), following)

    @routes.get(
        "/credential-deliveries",
        summary="What became of each credential, in order of acceptance",
        responses=answers(ok=CredentialDeliveryPage),
    )
    @needs(Role.READ)
    def credential_deliveries(query: FateQuery) -> Response:
        found = services.store.lists.page(services.now, query.after, query.limit + 1, seen_keys(services))
        following = str(found[query.limit - 1][1].number) if len(found) > query.limit else None
        items = [delivered_credential(services.store, number, fate) for number, fate in found[: query.limit]]
        kept = [item for item in items if query.group in (None, item.group)]
        return link_next(_json(CredentialDeliveryPage(items=kept, next=following)), following)

    @routes.get(
        "/credentials/<id>/delivery",
        summary="What became of one credential, with every mail and link",
        responses=answers(409, ok=CredentialDelivery),
    )
    @needs(Role.READ)
    def delivery(path: CredentialPath) -> Response:
        return _json(credential_delivery(services.store, _award(services, access, path.id), services.now))


def _award(services: Services, access: Access, entry_id: str) -> Entry:
    """The first of all copies of a credential that the one who asks may see: they are handed out together."""
    found = visible(services, access, entry_id)
    return services.store.entries.award(services.store.entries.get(found.id))[0]


def _json(value: BaseModel) -> Response:
    return Response(value.model_dump_json(by_alias=True), content_type="application/json")


_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string", "maxLength": _NOTICES}}
