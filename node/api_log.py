"""`/log/…`: the transparency log as C2SP tlog-tiles, with `/log` as its prefix."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, Field

from node.problems import PROBLEMS, problem
from node.publishing import LogPublisher
from rootseal.errors import InputError
from rootseal.tlog import parse_tile

__all__ = ["log_routes"]

_FOR_EVER = "public, max-age=31536000, immutable"
_SECONDS = "public, max-age=5"
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


class TilePath(BaseModel):
    """Which tile or entry bundle."""

    resource: str = Field(
        pattern=r"^(entries|[0-5])/(x[0-9]{3}/){0,5}[0-9]{3}(\.p/[1-9][0-9]{0,2})?$",
        description="Level and index as C2SP tlog-tiles writes them: 0/x001/234, entries/000.p/7.",
    )


def log_routes(publisher: LogPublisher) -> APIBlueprint:
    """The routes of the log."""
    tag = Tag(name="log", description="The append-only log, as c2sp.org/tlog-tiles describes it.")
    routes = APIBlueprint("log", __name__, url_prefix="/log", abp_tags=[tag], abp_responses=_responses())

    @routes.get("/checkpoint", summary="The signed checkpoint", responses=_with(_TEXT, "A signed note."))
    def checkpoint() -> Response:
        _, note = publisher.checkpoint()
        response = Response(note, content_type="text/plain; charset=utf-8")
        return _conditional(response, _SECONDS)

    @routes.get(
        "/tile/<path:resource>",
        summary="A tile of hashes or a bundle of entries",
        responses=_with(_BYTES, "Raw bytes."),
    )
    def tile(path: TilePath) -> Response:
        try:
            data = publisher.resource(parse_tile(f"tile/{path.resource}"))
        except InputError:
            data = None
        if data is None:
            return problem(404, "The log has no such tile.", "log.no_tile")
        return _conditional(Response(data, content_type="application/octet-stream"), _FOR_EVER)

    return routes


def _conditional(response: Response, cache: str) -> Response:
    response.headers["Cache-Control"] = cache
    response.add_etag()
    conditional: Response = response.make_conditional(request)  # type: ignore[assignment]
    return conditional


def _responses() -> Any:
    return dict(PROBLEMS)


def _with(content: dict[str, Any], description: str) -> Any:
    return {"200": {"description": description, "content": content}}
