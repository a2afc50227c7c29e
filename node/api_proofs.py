"""`/v1/…`: what an issuer owes to everybody who holds one of its credentials."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, BeforeValidator, Field

from node.problems import PROBLEMS, problem
from rootseal.anchoring import home_json
from rootseal.canonical import Json, dumps

if TYPE_CHECKING:
    from node.services import Services
    from node.statuses import StatusMap

__all__ = ["proof_routes"]

_PENDING_RETRY_SECONDS = 30
_STATUS_SECONDS = 10.0
_JSON_OBJECT = {"application/json": {"schema": {"type": "object"}}}


def _whole(value: object) -> object:
    """Query values are text: digits only, so that `1.0`, `+1` and `１` are refused and not guessed at."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit() and len(value) < 17):
        raise ValueError("must be a whole number")
    return int(value)


class CommitmentPath(BaseModel):
    """Which credential: its commitment says nothing about it."""

    commitment: str = Field(pattern=r"^[0-9a-f]{64}$", description="The 32-byte commitment, lower-case hex.")


class Page(BaseModel):
    """Which checkpoints."""

    # The order matters to pydantic: bounds first, else they are lost from the schema.
    after: Annotated[int, Field(ge=0, lt=1 << 48, description="Only larger sizes."), BeforeValidator(_whole)] = 0
    count: Annotated[int, Field(ge=1, le=1000, description="At most so many."), BeforeValidator(_whole)] = 100


def proof_routes(services: Services) -> APIBlueprint:
    """The routes of proofs, checkpoints, issuer document and status."""
    tag = Tag(name="proofs", description="Proofs, promises, the issuer document and the status of credentials.")
    common: Any = dict(PROBLEMS)
    routes = APIBlueprint("proofs", __name__, url_prefix="/v1", abp_tags=[tag], abp_responses=common)
    status_map = _StatusCache(services.status_map, time.monotonic)

    @routes.get(
        "/proofs/<commitment>",
        summary="Promise and anchors of one credential",
        responses=_answers({"200": "rootseal/proof/1", "202": "Accepted, not sealed yet: ask again later."}),
    )
    def proof(path: CommitmentPath) -> Response:
        found = services.proof(bytes.fromhex(path.commitment))
        if found is None:
            return problem(404, "This log has no such commitment.", "proof.unknown")
        if found.proofs is None:
            response = _json({"format": "rootseal/proof-pending/1", "commitment": path.commitment}, "no-store", 202)
            response.headers["Retry-After"] = str(_PENDING_RETRY_SECONDS)
            return response
        value = {"format": "rootseal/proof/1", "commitment": path.commitment, **found.proofs.to_json()}
        return _json(value, "no-cache")

    @routes.get("/checkpoints", summary="Signed checkpoints", responses=_answers({"200": "rootseal/checkpoints/1"}))
    def checkpoints(query: Page) -> Response:
        found = services.checkpoints(query.after, query.count)
        rows: list[Json] = [
            {
                "size": row.size,
                "root": row.root.hex(),
                "signedAt": row.signed_at,
                "anchorBy": row.anchor_by,
                "signature": "0x" + row.signature.hex(),
            }
            for row in found
        ]
        following = found[-1].size if len(found) == query.count else None
        home: Json = home_json(services.home)
        return _json(
            {"format": "rootseal/checkpoints/1", "home": home, "checkpoints": rows, "next": following}, "no-cache"
        )

    @routes.get("/issuer", summary="The issuer document", responses=_answers({"200": "rootseal/issuer/1, exact bytes"}))
    def issuer() -> Response:
        return _conditional(Response(services.issuer_document(), content_type="application/json"), "no-cache")

    @routes.get("/status", summary="The whole status map", responses=_answers({"200": "rootseal/status/1"}))
    def status() -> Response:
        return _json(_status_json(services, status_map()), f"public, max-age={int(_STATUS_SECONDS)}")

    return routes


class _StatusCache:
    """One look at the chain serves all readers for ten seconds: a public page must not spend the RPC quota."""

    def __init__(self, read: Callable[[], StatusMap], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, StatusMap] | None = None

    def __call__(self) -> StatusMap:
        with self._lock:
            if self._kept is None or self._clock() - self._kept[0] > _STATUS_SECONDS:
                self._kept = (self._clock(), self._read())
            return self._kept[1]


def _status_json(services: Services, found: StatusMap) -> dict[str, Json]:
    return {
        "format": "rootseal/status/1",
        "home": home_json(services.home),
        "block": {
            "number": found.block.number,
            "hash": "0x" + found.block.hash.hex(),
            "timestamp": found.block.timestamp,
        },
        "size": found.size,
        "revoked": [f"{word:064x}" for word in found.revoked],
        "suspended": [f"{word:064x}" for word in found.suspended],
    }


def _json(value: Json, cache: str, status: int = 200) -> Response:
    return _conditional(Response(dumps(value), status, content_type="application/json"), cache)


def _conditional(response: Response, cache: str) -> Response:
    response.headers["Cache-Control"] = cache
    if response.status_code != 200:
        return response
    response.add_etag()
    conditional: Response = response.make_conditional(request)  # type: ignore[assignment]
    return conditional


def _answers(descriptions: dict[str, str]) -> Any:
    return {code: {"description": text, "content": _JSON_OBJECT} for code, text in descriptions.items()}
