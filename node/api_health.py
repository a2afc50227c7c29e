"""`/healthz`, `/readyz`, `/metrics` and `/.well-known/did.json`."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from node.health import Health
from node.issuer_document import issuer_id
from node.problems import PROBLEMS, problem
from node.store import EntryState
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
    registry.register(_NodeMetrics(services, health))

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


class _NodeMetrics(Collector):
    """Read from the store and the last pulse at each scrape; the chain is not asked."""

    def __init__(self, services: Services, health: Health) -> None:
        self._services = services
        self._health = health

    def describe(self) -> Iterator[Metric]:
        """Nothing: the store must not be read while the registry is set up."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The gauges of one moment."""
        store, pulse = self._services.store, self._health.pulse
        entries = GaugeMetricFamily("rootseal_entries", "Credentials by state.", labels=["state"])
        counts = store.entries.counts()
        for state in EntryState:
            entries.add_metric([state.value], counts[state])
        yield entries
        newest, anchor, oldest = (
            store.log.newest_checkpoint(),
            store.log.newest_anchor(),
            store.entries.oldest_waiting(),
        )
        now = self._services.now
        overdue = sum(1 for promise in store.log.unanchored() if promise.anchor_by <= now)
        yield _gauge("log_size", "Entries under the newest checkpoint.", 0 if newest is None else newest.size)
        yield _gauge("anchored_size", "Entries under the newest final anchor.", 0 if anchor is None else anchor.size)
        yield _gauge(
            "oldest_waiting_seconds", "Age of the oldest unsealed entry.", 0 if oldest is None else now - oldest
        )
        yield _gauge("overdue_promises", "Promises past their date without a final anchor.", overdue)
        if self._health.working:
            yield _gauge("worked_timestamp_seconds", "Last successful round of work.", pulse.worked_at)
            yield _gauge("unfinished_transactions", "Transactions that are not final.", pulse.unfinished)
            yield _gauge("sending_blocked", "1 while nothing can be sent (money, fees).", int(pulse.blocked))
            yield _gauge("final_block", "Newest final block seen.", pulse.final_block)
            if pulse.balance is not None:
                yield _gauge("key_balance_wei", "Balance of the node's key when last asked.", pulse.balance)
            yield CounterMetricFamily("rootseal_rounds", "Rounds of work.", pulse.rounds)
            yield CounterMetricFamily("rootseal_failed_rounds", "Rounds of work that failed.", pulse.failures)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"rootseal_{name}", text, value)


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
