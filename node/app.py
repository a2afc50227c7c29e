"""The public pages of a node as a WSGI application: read-only, JSON and log files, nothing personal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Response, g, request
from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from werkzeug.exceptions import RequestEntityTooLarge

from node.api_health import health_routes
from node.api_log import log_routes
from node.api_proofs import proof_routes
from node.health import Health
from node.logs import log
from node.problems import Problem, install_problems, on_invalid
from node.publishing import LogPublisher

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["create_app"]

# No public route reads a body.
_MAX_BODY = 16 * 1024
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    # Everything here is public: a verifier's page in any browser may read it.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def create_app(services: Services, health: Health | None = None) -> OpenAPI:
    """The application over an open node. `health` is the working thread's, where one works beside it."""
    health = health or Health()
    app = OpenAPI(
        __name__,
        info=Info(title="Rootseal node", version="1", description="Public routes of a credential ledger node."),
        security_schemes={},
        validation_error_status=400,
        validation_error_model=Problem,
        validation_error_callback=on_invalid,
        doc_ui=False,
        static_folder=None,
    )
    app.openapi_version = "3.1.0"
    # The document alone: the library's own pages for it would bring scripts and a second address.
    app.add_url_rule("/openapi.json", "openapi", lambda: app.api_doc)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.before_request(_begin)
    app.after_request(lambda response: _end(response, health))
    app.register_api(proof_routes(services))
    app.register_api(log_routes(LogPublisher(services)))
    app.register_api(health_routes(services, health))
    install_problems(app)
    return app


def _begin() -> None:
    g.began = time.monotonic()
    if (request.content_length or 0) > _MAX_BODY:
        raise RequestEntityTooLarge


def _end(response: Response, health: Health) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    rule = request.url_rule
    # The route, not the address: an address names a credential, and the client is nobody's business.
    route = rule.rule if rule else None
    health.requests.add(request.method, route, response.status_code)
    took = round((time.monotonic() - g.began) * 1000) if "began" in g else 0
    log("request", method=request.method, route=route, status=response.status_code, ms=took)
    return response
