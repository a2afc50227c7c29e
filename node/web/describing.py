"""How routes describe themselves in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from node.problems import PROBLEMS, documented
from node.web.authentication import SCHEME, guard
from node.web.idempotency import KEY_PATTERN
from node.web.request_shape import RequestShape

__all__ = ["CredentialPath", "KeyHeader", "NeededKeyHeader", "answers", "guarded_routes", "json_body"]

_UUID: Final = r"^(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_KEY_TEXT: Final = (
    "draft-ietf-httpapi-idempotency-key-header: a new UUID for each request, the same one when it is repeated. "
    "The answer is kept for seven days."
)


class KeyHeader(RequestShape):
    """A request that may be repeated safely."""

    model_config = ConfigDict(extra="ignore")

    idempotency_key: str | None = Field(
        default=None, alias="Idempotency-Key", pattern=KEY_PATTERN, description=_KEY_TEXT, examples=["8e03978e-40d5"]
    )


class NeededKeyHeader(RequestShape):
    """A request that must be safe to repeat."""

    model_config = ConfigDict(extra="ignore")

    idempotency_key: str = Field(
        alias="Idempotency-Key", pattern=KEY_PATTERN, description=_KEY_TEXT, examples=["8e03978e-40d5"]
    )


class CredentialPath(BaseModel):
    """Which credential."""

    id: str = Field(pattern=_UUID, description="Its id: urn:uuid:…, or the UUID alone.")


def guarded_routes(name: str, tag: str, description: str) -> APIBlueprint:
    """A blueprint under /v1 whose every route needs a token."""
    common: Any = {**PROBLEMS, **documented(401, 403)}
    routes = APIBlueprint(
        name,
        __name__,
        url_prefix="/v1",
        abp_tags=[Tag(name=tag, description=description)],
        abp_security=[{SCHEME: []}],
        abp_responses=common,
    )
    guard(routes)
    return routes


def answers(*problems: int, **by_status: type[BaseModel] | dict[str, Any]) -> Any:
    """`answers(404, ok=Credential, created=…)`: models by status, and the problems beyond the common ones."""
    codes = {"ok": "200", "created": "201", "accepted": "202"}
    return {**documented(*problems), **{codes[name]: model for name, model in by_status.items()}}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """A required JSON body of this shape."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"content": {"application/json": {"schema": schema}}, "required": True}
