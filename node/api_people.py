"""`/v1/submissions`, `/v1/tokens`, `/v1/acts`: who let pass what, whose tokens there are, and who did what.

Tokens are made on the machine only: a stolen one must not be able to make others.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, BeforeValidator, Field

from node.access import Access, Role, TokenRow
from node.approving import Approving, Submission
from node.client.node_models import (
    AuditAct,
    AuditActPage,
    RejectRequest,
    SubmissionList,
    SubmissionReport,
    SubmissionRow,
    SubmissionRowPage,
    TemplateCount,
    TokenList,
    TokenReport,
)
from node.looking import waiting_rows
from node.problems import Refused, refusing
from node.web.authentication import for_all, needs, principal
from node.web.bodies import read_model
from node.web.describing import KeyHeader, answers, guarded_routes
from node.web.idempotency import Answer, Once
from node.web.paging import PageQuery, by_place, link_next, whole
from rootseal.errors import InputError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["people_routes"]


class SubmissionPath(BaseModel):
    """Which submission."""

    number: Annotated[int, Field(ge=1, lt=1 << 48, description="Its number."), BeforeValidator(whole)]


class TokenPath(BaseModel):
    """Which token."""

    id: str = Field(pattern=r"^[0-9a-f]{10}$", description="Its id, the part between the underscores.")


def people_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of people."""
    routes = guarded_routes("people", "people", "The second approver, tokens, the audit log.")
    approving = Approving(services.store, lambda: services.now)

    @routes.get("/submissions", summary="Lists that wait for approval", responses=answers(ok=SubmissionList))
    @needs(Role.APPROVE)
    def submissions(query: PageQuery) -> Response:
        departments = services.store.departments.all()
        seen = [item for item in approving.waiting() if item.id > query.after and _covered(item, departments)]
        following = str(seen[query.limit - 1].id) if len(seen) > query.limit else None
        page = SubmissionList(items=[_submission(item) for item in seen[: query.limit]], next=following)
        return link_next(_json(page), following)

    @routes.get("/submissions/<number>", summary="One list that was handed in", responses=answers(ok=SubmissionReport))
    @needs(Role.APPROVE)
    def submission(path: SubmissionPath) -> Response:
        return _json(_submission(_known(path.number)))

    @routes.get(
        "/submissions/<number>/rows",
        summary="What of it is not sealed yet, row by row",
        responses=answers(ok=SubmissionRowPage),
    )
    @needs(Role.APPROVE)
    def rows(path: SubmissionPath, query: PageQuery) -> Response:
        # By line, for rows may be taken back between two pages.
        found = [row for row in waiting_rows(services.store, _known(path.number).id) if row.line > query.after]
        following = str(found[query.limit - 1].line) if len(found) > query.limit else None
        items = [SubmissionRow.model_validate(asdict(row)) for row in found[: query.limit]]
        return link_next(_json(SubmissionRowPage(items=items, next=following)), following)

    @routes.post(
        "/submissions/<number>/approve",
        summary="Let it be sealed; another person than who issued it",
        responses=answers(409, 422, ok=SubmissionReport),
    )
    @needs(Role.APPROVE)
    def approve(header: KeyHeader, path: SubmissionPath) -> Response:
        _known(path.number)
        who = principal()
        return once(b"", lambda: Answer(200, _submission(approving.approve(path.number, who))))

    @routes.post(
        "/submissions/<number>/reject",
        summary="Withdraw what is still accepted of it",
        request_body={"required": True, "content": {"application/json": {"schema": RejectRequest.model_json_schema()}}},
        responses=answers(409, 415, 422, ok=SubmissionReport),
    )
    def reject(header: KeyHeader, path: SubmissionPath) -> Response:
        asked = read_model(RejectRequest)
        _known(path.number)
        who = principal()

        def work() -> Answer:
            with refusing():
                return Answer(200, _submission(approving.reject(path.number, who, asked.reason)))

        return once(asked.reason.encode(), work)

    def _known(number: int) -> Submission:
        try:
            found = approving.get(number)
        except InputError:
            found = None
        if found is None or not _covered(found, services.store.departments.all()):
            raise Refused(404, "There is no submission with this number here.", code="submission.unknown")
        return found

    @routes.get("/tokens", summary="Every token, without its secret", responses=answers(ok=TokenList))
    @needs(Role.READ)
    def tokens(query: PageQuery) -> Response:
        for_all()
        rows, following = by_place(access.list(), query)
        return link_next(_json(TokenList(items=[_token(row) for row in rows], next=following)), following)

    @routes.delete(
        "/tokens/<id>",
        summary="Revoke a token: one's own, or with the role revoke any",
        responses=answers(ok=TokenReport),
    )
    def revoke_token(path: TokenPath) -> Response:
        who = principal()
        if path.id != who.token_id:
            who.require(Role.REVOKE)
            for_all()

        def work() -> Answer:
            try:
                return Answer(200, _token(access.revoke(path.id)))
            except InputError:
                raise Refused(404, "There is no token with this id here.", code="token.unknown") from None

        return once.commit(work)

    @routes.get("/acts", summary="The audit log", responses=answers(ok=AuditActPage))
    @needs(Role.READ)
    def acts(query: PageQuery) -> Response:
        for_all()
        found = services.store.acts.page(query.after, query.limit + 1)
        following = str(found[query.limit - 1][0]) if len(found) > query.limit else None
        items = [
            AuditAct(
                position=position, at=a.at, act=a.act, subject=a.subject, detail=json.loads(a.detail), hash=a.hash.hex()
            )
            for position, a in found[: query.limit]
        ]
        return link_next(_json(AuditActPage(items=items, next=following)), following)

    return routes


def _covered(item: Submission, departments: dict[str, str]) -> bool:
    return all(principal().covers(departments.get(key)) for key, _ in item.templates)


def _submission(item: Submission) -> SubmissionReport:
    return SubmissionReport.model_validate(
        {
            "id": item.id,
            "submitted_at": item.submitted_at,
            "person": item.person,
            "state": item.state,
            "decided_at": item.decided_at,
            "decided_person": item.decided_person,
            "reason": item.reason or None,
            "accepted": item.accepted,
            "sealed": item.sealed,
            "withdrawn": item.withdrawn,
            "templates": [TemplateCount(micro_credential=key, count=count) for key, count in item.templates],
            "preview": item.preview,
            "copies": item.copies,
        }
    )


def _token(row: TokenRow) -> TokenReport:
    return TokenReport(
        id=row.id,
        person=row.person,
        roles=list(row.roles),
        departments=list(row.departments),
        added_at=row.added_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_on=row.used_on,
    )


def _json(value: BaseModel) -> Response:
    return Response(value.model_dump_json(by_alias=True), content_type="application/json")
