"""`/v1/templates`: the micro-credentials that the institution awards, and whose each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from node.access import Access, Role
from node.client.node_models import (
    DepartmentReport,
    DepartmentRequest,
    MicroCredentialList,
    MicroCredentialReport,
    MicroCredentialSummary,
)
from node.problems import Refused, refusing
from node.roster.workbook import EMPTY_CSV, empty_workbook
from node.web.authentication import for_all, needs, principal
from node.web.bodies import bounded, read_json, read_model
from node.web.describing import answers, guarded_routes, json_body
from node.web.idempotency import Answer, Once
from node.web.paging import PageQuery, by_place, link_next
from node.web.request_shape import RequestShape
from rootseal.microcredential import MicroCredential

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["template_routes"]

_MOST: Final = 1 << 20
_TEMPLATE_BODY: Final = {
    "required": True,
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_SAMPLE_ANSWER: Final = {
    "description": "The file, to be filled in.",
    "content": {"text/csv": _BYTES, _XLSX: _BYTES},
}


class TemplatePath(BaseModel):
    """Which micro-credential."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Its key.")


class SampleQuery(RequestShape):
    """Which kind of list."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["csv", "xlsx"] = Field(default="csv", description="The kind of file.")


def template_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of micro-credentials."""
    routes = guarded_routes("templates", "templates", "Micro-credentials.")
    _reading(routes, services)
    _changing(routes, services, access, once)
    return routes


def _reading(routes: APIBlueprint, services: Services) -> None:
    @routes.get("/templates", summary="The micro-credentials", responses=answers(ok=MicroCredentialList))
    def templates(query: PageQuery) -> Response:
        departments = services.store.departments.all()
        items = [
            MicroCredentialSummary(key=key, title=item.title, department=departments.get(key))
            for key, item in sorted(services.templates().items())
            if principal().covers(departments.get(key))
        ]
        shown, following = by_place(items, query)
        return link_next(_json(MicroCredentialList(items=shown, next=following)), following)

    @routes.get("/templates/<key>", summary="One micro-credential", responses=answers(ok=MicroCredentialReport))
    def template(path: TemplatePath) -> Response:
        return _json(MicroCredentialReport(template=_known(services, path.key).to_json()))

    @routes.get(
        "/templates/<key>/sample",
        summary="An empty list to fill in for one micro-credential",
        responses=answers(ok=_SAMPLE_ANSWER),
    )
    def sample(path: TemplatePath, query: SampleQuery) -> Response:
        item = _known(services, path.key)
        data, media_type = (empty_workbook(item.key), _XLSX) if query.kind == "xlsx" else (EMPTY_CSV, "text/csv")
        response = Response(data, content_type=media_type)
        response.headers["Content-Disposition"] = f'attachment; filename="{item.key}.{query.kind}"'
        return response


def _changing(routes: APIBlueprint, services: Services, access: Access, once: Once) -> None:
    @routes.put(
        "/templates/<key>",
        summary="Store a micro-credential; a changed one becomes a new version",
        description="The body is one micro-credential as in a file for `rootseal node templates add`.",
        request_body=_TEMPLATE_BODY,
        responses=answers(409, 415, 422, ok=MicroCredentialReport),
    )
    @needs(Role.ISSUE)
    @bounded(_MOST)
    def put_template(path: TemplatePath) -> Response:
        if not principal().covers(services.store.departments.of(path.key)):
            raise Refused(403, "This micro-credential is not of the token's department.", code="token.department")
        value = read_json(_MOST)
        if not isinstance(value, dict):
            raise Refused(400, "The body must be a JSON object.", code="request.invalid")
        with refusing():
            item = MicroCredential.from_json(value, "body")
        if item.key != path.key:
            raise Refused(422, f"key: must be {path.key}, as in the address.", code="request.refused")

        def work() -> Answer:
            version = services.add_templates({item.key: item})[item.key]
            return Answer(200, MicroCredentialReport(version=version, template=item.to_json()))

        return once.commit(work)

    @routes.put(
        "/templates/<key>/department",
        summary="Say whose micro-credential it is, also for those that were issued before",
        request_body=json_body(DepartmentRequest),
        responses=answers(409, 415, 422, ok=DepartmentReport),
    )
    @needs(Role.ISSUE)
    def put_department(path: TemplatePath) -> Response:
        for_all()
        asked = read_model(DepartmentRequest)
        key = _known(services, path.key).key

        def work() -> Answer:
            with refusing():
                return Answer(200, DepartmentReport(key=key, department=access.set_department(key, asked.department)))

        return once.commit(work)


def _known(services: Services, key: str) -> MicroCredential:
    item = services.templates().get(key)
    if item is None or not principal().covers(services.store.departments.of(key)):
        raise Refused(404, "There is no micro-credential with this key here.", code="template.unknown")
    return item


def _json(value: BaseModel) -> Response:
    return Response(value.model_dump_json(by_alias=True), content_type="application/json")
