"""`/v1/status-changes` and the acts on one credential: revoke, suspend, reinstate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from pydantic import BeforeValidator, ConfigDict, Field

from node.access import Access, Role, acting_as
from node.api_credentials import flag, visible
from node.bulk_status import BulkOutcome, change_by_list
from node.client.models import StatusChange, StatusListReport, StatusListRow, StatusRequest
from node.problems import Refused, refusing
from node.reasons import keep_note
from node.statuses import REASON_SUPERSEDED, Act, StatusOutcome
from node.web.authentication import needs, principal
from node.web.bodies import Upload, bounded, read_model, read_upload
from node.web.describing import CredentialPath, KeyHeader, answers, guarded_routes
from node.web.idempotency import Answer, Once
from node.web.request_shape import RequestShape

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["status_routes"]

_MOST: Final = 4 << 20
_TOO_LARGE: Final = "The list is larger than 4 MiB; split it."
_CSV: Final = {"text/csv": ".csv"}
_REASONS: Final = {"none": 0, "superseded": REASON_SUPERSEDED}

Reason = Literal["none", "superseded"]


class ReasonQuery(RequestShape):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(default="none", description="The reason that stands on chain; superseded only to revoke.")


class BulkQuery(ReasonQuery):
    """What a list asks for; a JSON body says it itself."""

    act: Literal["revoke", "suspend", "reinstate"] | None = Field(
        default=None, description="What to do; needed with a list."
    )
    dry_run: Annotated[bool, Field(description="Look at every row, queue nothing."), BeforeValidator(flag)] = False


def status_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of status changes."""
    routes = guarded_routes("acts", "status", "Revoke, suspend, reinstate. Sent by the node's next round of work.")

    def add(act: Act, summary: str) -> None:
        @routes.post(
            f"/credentials/<id>/{act.value}",
            summary=summary,
            operation_id=f"{act.value}_credential",
            endpoint=act.value,
            responses=answers(409, 422, accepted=StatusChange),
        )
        @needs(Role.REVOKE)
        def change(header: KeyHeader, path: CredentialPath, query: ReasonQuery) -> Response:
            found = visible(services, access, path.id)
            return _requested(services, once, act, [found.id], query.reason, found.id.encode())

    add(Act.REVOKE, "Revoke one for ever")
    add(Act.SUSPEND, "Suspend one until it is reinstated")
    add(Act.REINSTATE, "End the suspension of one")

    @routes.post(
        "/status-changes",
        summary="Change the status of several: ids (JSON, all or none), or a list (CSV, row by row)",
        request_body=_body(),
        responses={**answers(409, 415, 422, accepted=StatusChange), "200": _LIST_ANSWER},
    )
    @needs(Role.REVOKE)
    @bounded(_MOST)
    def change_many(header: KeyHeader, query: BulkQuery) -> Response:
        if request.mimetype == "application/json":
            asked = read_model(StatusRequest, _MOST)
            for entry_id in asked.ids:
                with refusing():
                    services.store.entries.get(entry_id)
                visible(services, access, entry_id)
            if asked.note is not None and asked.act == "reinstate":
                raise Refused(422, "note: goes with revoke and suspend.", code="request.refused")
            payload = asked.model_dump_json().encode()
            return _requested(services, once, Act(asked.act), asked.ids, asked.reason, payload, asked.note)
        return _listed(services, once, read_upload(_MOST, _CSV, _TOO_LARGE), query)

    return routes


def _requested(
    services: Services,
    once: Once,
    act: Act,
    ids: list[str],
    reason: Reason,
    payload: bytes,
    note: str | None = None,
) -> Response:
    _unlock(services)

    def work() -> Answer:
        with refusing():
            done = services.statuses.request(act, ids, _REASONS[reason], services.now)
            if note is not None:
                keep_note(services.store, done, note, services.now)
            return Answer(202, _change(done))

    return once(payload, work)


def _listed(services: Services, once: Once, upload: Upload, query: BulkQuery) -> Response:
    if query.act is None:
        raise Refused(422, "A list needs ?act=revoke, suspend or reinstate.", code="request.refused")
    act, reason, dry_run = Act(query.act), _REASONS[query.reason], query.dry_run
    _unlock(services)

    def work() -> Answer:
        with refusing():
            outcome = change_by_list(
                services.store, services.statuses, act, upload.data, upload.name, reason, services.now, dry_run=dry_run
            )
        return Answer(200, _report(outcome))

    if dry_run:
        with acting_as(principal()):
            answer = work()
        return Response(answer.body, answer.status, content_type="application/json")
    return once(upload.data, work)


def _unlock(services: Services) -> None:
    """The key takes a second to open, once a process: not while the writers' lock is held."""
    _ = services.connection.signer


def _change(outcome: StatusOutcome) -> StatusChange:
    return StatusChange(
        act=outcome.act.value,
        requested=list(outcome.requested),
        already=list(outcome.already),
        intents=list(outcome.intents),
        following=list(outcome.following),
        withdrawn=list(outcome.withdrawn),
    )


def _report(outcome: BulkOutcome) -> StatusListReport:
    return StatusListReport(
        act=outcome.act.value,
        dry_run=outcome.dry_run,
        counts={name: outcome.count(name) for name in ("queued", "already", "twice", "refused")},
        rows=[
            StatusListRow.model_validate({"line": r.line, "id": r.id, "outcome": r.outcome, "reason": r.reason})
            for r in outcome.rows
        ],
        intents=list(outcome.intents),
    )


_LIST_ANSWER: Final[dict[str, Any]] = {
    "description": "Every row of the list.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StatusListReport"}}},
}


def _body() -> dict[str, Any]:
    text = {"schema": {"type": "string", "maxLength": _MOST}}
    return {
        "required": True,
        "content": {"application/json": {"schema": StatusRequest.model_json_schema()}, "text/csv": text},
    }
