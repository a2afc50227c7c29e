"""`/healthz`, `/readyz`, `/metrics` and `/.well-known/did.json`."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from node.health import Health
from node.issuer_document import issuer_id
from node.metrics import NodeMetrics
from node.problems import PROBLEMS, problem
from rootseal.canonical import Json, dumps

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["health_routes"]


def health_routes(services: Services, health: Health) -> APIBlueprint:
    """The routes for those who run the node, and the DID document where it has one."""
    tag = Tag(name="operation", description="For those who run the node.")
    common: Any = dict(PROBLEMS)
    routes = APIBlueprint("health", __name__, abp_tags=[tag], abp_responses=common)
    registry = CollectorRegistry()
    registry.register(NodeMetrics(services, health))

    @routes.get("/healthz", summary="The process answers", responses=_answer("application/json", "It does."))
    def healthz() -> Response:
        return _plain({"format": "rootseal/health/1", "status": "ok"})

    @routes.get("/readyz", summary="The node works", responses=_answer("application/json", "It does."))
    def readyz() -> Response:
        services.newest_checkpoint()  # the store answers, or this is a problem
        if not health.ready(time.time()):
            return problem(503, "The node does not get on with its work.", health.pulse.problem, {"Retry-After": "15"})
        return _plain({"format": "rootseal/health/1", "status": "ready"})

    @routes.get("/metrics", summary="Prometheus metrics", responses=_answer("text/plain", "Text exposition format."))
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @routes.get(
        "/.well-known/did.json", summary="The issuer's DID document", responses=_answer("application/json", "did:web")
    )
    def did() -> Response:
        if services.config.public_url is None:
            return problem(404, "This issuer has no public address, hence no did:web.", "did.none")
        return Response(dumps(_did_document(services)), content_type="application/json")

    return routes


def _did_document(services: Services) -> dict[str, Json]:
    """did:web (W3C CCG): the log's key alone. Ethereum keys are the ledger's, where their history stands."""
    did, url = issuer_id(services.config), services.config.public_url
    x = base64.urlsafe_b64encode(services.log_key.public).decode().rstrip("=")
    key = {"id": f"{did}#log", "type": "JsonWebKey", "controller": did}
    jwk: Json = {"kty": "OKP", "crv": "Ed25519", "x": x}
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": did,
        "verificationMethod": [{**key, "publicKeyJwk": jwk}],
        "assertionMethod": [f"{did}#log"],
        "service": [{"id": f"{did}#transparency-log", "type": "TransparencyLog", "serviceEndpoint": f"{url}/log"}],
    }


def _plain(value: Json) -> Response:
    response = Response(dumps(value), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(media_type: str, description: str) -> Any:
    schema = {"type": "object" if media_type == "application/json" else "string"}
    return {"200": {"description": description, "content": {media_type: {"schema": schema}}}}
