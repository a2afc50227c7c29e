"""The console and the public page of anchors, put into the application."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import IO, TYPE_CHECKING

from flask import Blueprint, Flask, Request
from werkzeug.exceptions import NotFound

from node.access import Access
from node.console.anchors import anchor_pages
from node.console.approvals import approval_pages
from node.console.bulk_changes import bulk_pages
from node.console.credentials import credential_pages
from node.console.gate import install_gate, protect_forms
from node.console.hurry import hurry_pages
from node.console.lists import list_pages
from node.console.overview import overview_pages
from node.console.pages import install_page_rules
from node.console.secret_key import SecretKey
from node.console.sessions import ConsoleCookies, Sessions
from node.console.signing_in import signing_in_pages
from node.console.status_changes import status_pages

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["install_console"]

_STYLE = "console.static"


class _Request(Request):
    """Uploaded files stay in memory: they are lists of persons, and bounded before they are read."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


def install_console(app: Flask, services: Services, access: Access, settle: Callable[[], None]) -> None:
    """`/console…` for officers with a token, `/anchors…` for everybody."""
    ConsoleCookies.configure(app, secure=services.config.public_url is not None)
    app.request_class = _Request
    app.session_interface = ConsoleCookies(SecretKey(services.directory))
    forms, sessions = protect_forms(app), Sessions(access, services.store, lambda: services.now)
    routes = Blueprint(
        "console",
        __name__,
        url_prefix="/console",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    install_gate(routes, sessions, forms, settle)
    install_page_rules(routes, services, _STYLE)
    signing_in_pages(routes, sessions)
    overview_pages(routes, services, access)
    list_pages(routes, services)
    approval_pages(routes, services)
    credential_pages(routes, services, access)
    status_pages(routes, services, access)
    bulk_pages(routes, services)
    hurry_pages(routes, services)

    @routes.get("/<path:rest>")
    def nowhere(rest: str) -> str:
        raise NotFound

    app.register_blueprint(routes)
    public = anchor_pages(services)
    install_page_rules(public, services, _STYLE)
    app.register_blueprint(public)
