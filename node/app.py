"""A node's HTTP interface as a WSGI application: public pages for everybody, writing routes for tokens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from flask import Response, current_app, g, request
from flask_openapi.models.info import Info
from flask_openapi.models.schema import Schema
from flask_openapi.openapi import OpenAPI
from werkzeug.exceptions import RequestEntityTooLarge

from node.access import Access
from node.api_checks import check_routes
from node.api_claims import claim_routes
from node.api_copies import copy_routes
from node.api_credentials import credential_routes
from node.api_delivery import delivery_routes
from node.api_health import health_routes
from node.api_log import log_routes
from node.api_office import office_routes
from node.api_people import people_routes
from node.api_programs import program_routes
from node.api_proofs import proof_routes
from node.api_status import status_routes
from node.api_templates import template_routes
from node.api_work import work_routes
from node.client.models import IssueReport, StatusListReport
from node.console import install_console
from node.health import Health, folded
from node.logs import log
from node.problems import ProblemDetails, install_problems, on_invalid
from node.publishing import LogPublisher
from node.sharing.routes import shared_routes
from node.verifying.api import verify_api
from node.verifying.judging import Judge
from node.verifying.page import verify_pages
from node.web.authentication import SCHEME, identify
from node.web.bodies import SMALL_BODY, body_bound
from node.web.express import Express
from node.web.front import Front
from node.web.idempotency import Once
from node.web.limits import install_limits

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["create_app", "create_front"]

_DESCRIPTION: Final = (
    "A credential ledger node. Public routes need no token and may be read from any origin; the others need a bearer "
    "token, made on the node's machine with `rootseal node token add`. Failures are RFC 9457 problems."
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
# Everything here is public: a verifier's page in any browser may read it.
_OPEN_HEADERS: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_CLOSED_HEADERS: Final = {"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store"}
_ONCE: Final = "rootseal_once"
_OPEN: Final = frozenset(("proofs", "log", "health", None))


def create_front(services: Services, health: Health, threads: int) -> Front:
    """The application for a server (ASGI). `health` is the working thread's, where one works beside it."""
    app = create_app(services, health)
    closed = {**_HEADERS, **_CLOSED_HEADERS}
    access = Access(services.store, lambda: services.now)
    return Front(app, threads, Express(app, services, access, app.extensions[_ONCE], health, closed))


def create_app(services: Services, health: Health | None = None) -> OpenAPI:
    """The application over an open node (WSGI)."""
    health = health or Health()
    access = Access(services.store, lambda: services.now)
    app = OpenAPI(
        __name__,
        info=Info(title="Rootseal node", version="1", description=_DESCRIPTION),
        security_schemes={SCHEME: {"type": "http", "scheme": "bearer", "description": "rst_…"}},
        validation_error_status=400,
        validation_error_model=ProblemDetails,
        validation_error_callback=on_invalid,
        doc_ui=False,
        static_folder=None,
    )
    app.openapi_version = "3.1.0"
    # The document alone: the library's own pages for it would bring scripts and a second address.
    app.add_url_rule("/openapi.json", "openapi", lambda: app.api_doc)
    app.config["MAX_CONTENT_LENGTH"] = SMALL_BODY
    app.before_request(_begin)
    app.before_request(identify(access))
    app.after_request(lambda response: _end(response, health))
    install_limits(app, services.config)
    once = Once(services)
    app.before_request(lambda: _shown_all(once))
    _register(app, services, health, access, once)
    install_console(app, services, access, once.settle)
    install_problems(app)
    app.extensions[_ONCE] = once
    return app


def _register(app: OpenAPI, services: Services, health: Health, access: Access, once: Once) -> None:
    app.register_api(proof_routes(services))
    app.register_api(log_routes(LogPublisher(services)))
    app.register_api(health_routes(services, health))
    app.register_api(claim_routes(services))
    app.register_api(credential_routes(services, access, once))
    app.register_api(copy_routes(services, access, once))
    app.register_api(status_routes(services, access, once))
    app.register_api(office_routes(services, access, once))
    app.register_api(delivery_routes(services, access, once))
    app.register_api(work_routes(services))
    app.register_api(template_routes(services, access, once))
    app.register_api(people_routes(services, access, once))
    app.register_api(program_routes(services, once))
    app.register_api(check_routes(services))
    judge = Judge(services)
    app.register_api(verify_api(judge))
    app.register_api(shared_routes(services))
    app.register_blueprint(verify_pages(services, judge))
    for model in (IssueReport, StatusListReport):  # one of several shapes of an answer
        schema: dict[str, Any] = model.model_json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        for name, value in schema.pop("$defs", {}).items():
            app.components_schemas[name] = Schema(**value)
        app.components_schemas[model.__name__] = Schema(**schema)


def _begin() -> None:
    g.began = time.monotonic()
    view = current_app.view_functions.get(request.endpoint or "")
    # A route that reads more than that bounds its body itself, once it knows who asks.
    if (request.content_length or 0) > SMALL_BODY >= body_bound(view):
        raise RequestEntityTooLarge


def _shown_all(once: Once) -> None:
    """Who has signed in sees everything that was acknowledged; the public pages show what is sealed."""
    if "principal" in g:
        once.settle()


def _end(response: Response, health: Health) -> Response:
    is_open = request.blueprint in _OPEN and request.method in ("GET", "HEAD")
    for name, value in {**_HEADERS, **(_OPEN_HEADERS if is_open else _CLOSED_HEADERS)}.items():
        response.headers.setdefault(name, value)
    rule = request.url_rule
    # The route, not the address: an address names a credential, and the client is nobody's business.
    route = rule.rule if rule else None
    health.requests.add(request.method, route, response.status_code)
    took = round((time.monotonic() - g.began) * 1000) if "began" in g else 0
    log("request", method=folded(request.method), route=route, status=response.status_code, ms=took)
    return response
