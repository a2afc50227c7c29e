"""What all pages share: how they are made, their headers, and how failures look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from node.access import AccessDenied, Principal, Role
from node.console.words import FILTERS
from node.logs import log_failure
from node.problems import Refused
from rootseal.errors import ConfigError, ConflictError, InputError, RootsealError, UndeterminedError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["LARGEST", "Mistake", "asked_number", "file_name", "go", "install_page_rules", "page"]

LARGEST: Final = 1 << 60
"""More than any number in the store."""

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TITLES: Final = {
    400: "This did not work",
    403: "You may not do this",
    404: "There is nothing here",
    405: "There is nothing here",
    409: "This is not possible any more",
    413: "The file is too large",
    429: "Too many requests",
    503: "Not possible at the moment",
}
_SENTENCES: Final = {
    404: "The address may be wrong, or what stood here is not yours to see.",
    405: "This page cannot be asked in this way.",
    413: "The request is larger than this server reads. Nothing was stored.",
    429: "Wait a minute, then try again.",
}
_FORM: Final = (
    "The form was not sent from a page of your present session: you may have signed in again since it was opened, or "
    "another site sent it. Nothing was done. Go back, load the page anew, and try again."
)
_SETTING: Final = "A setting of the node hinders it. Tell whoever runs the node: 'rootseal doctor' says more."
_CHAIN: Final = "The chain cannot be asked at the moment. Nothing was done; try again later."


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a form: the id of the field, and a sentence with the way out."""

    field: str
    sentence: str


def page(name: str, status: int = 200, /, **values: object) -> Response:
    """A page from `templates/NAME.html`. `mistakes` are listed at its top, each linked to its field."""
    values.setdefault("mistakes", ())
    return make_response(render_template(f"console/{name}.html", **values), status)


def go(endpoint: str, /, **values: str) -> Response:
    """To another page of the console with GET, so that loading anew sends nothing twice."""
    address = url_for(f"console.{endpoint}", **values)  # type: ignore[arg-type]
    return make_response(redirect(address, 303))


def file_name(sent: FileStorage) -> str:
    """The name of an uploaded file: printable, its last 100 characters, `list` where it has none."""
    return "".join(c for c in sent.filename or "" if c.isprintable())[-100:] or "list"


def asked_number(name: str, default: int) -> int:
    """A whole number from the address, within what the store can hold; `default` for anything else."""
    found = request.args.get(name, default, int)
    return found if 0 <= found <= LARGEST else default


def install_page_rules(routes: Blueprint, services: Services, css: str) -> None:
    """Filters, what every template knows, headers and the look of failures, for one blueprint. `css` is an endpoint."""
    for name, function in FILTERS.items():
        routes.add_app_template_filter(function, name)

    @routes.context_processor
    def known() -> dict[str, object]:
        # The public pages know nobody, whatever token somebody may send.
        who: Principal | None = g.get("principal") if request.blueprint == "console" else None
        return {
            "css": css,
            "institution": services.config.name,
            "test": services.config.test,
            "who": who,
            "may": lambda role: who is not None and who.may(Role(role)),
            "whole": who is not None and not who.departments,
        }

    @routes.after_request
    def headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    routes.register_error_handler(HTTPException, _on_http)
    routes.register_error_handler(RootsealError, _on_rootseal)
    routes.register_error_handler(Exception, _on_bug)


def _failure(status: int, sentence: str) -> Response:
    return page("failure", status, title=_TITLES.get(status, "This did not work"), sentence=sentence)


def _on_http(error: HTTPException) -> Response:
    if isinstance(error, CSRFError):
        return _failure(403, _FORM)
    status = error.code or 500
    own = error.description if type(error).description != error.description else None
    response = _failure(status, own or _SENTENCES.get(status) or "The request could not be read. Nothing was done.")
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _on_rootseal(error: RootsealError) -> Response:
    if isinstance(error, Refused):
        return _failure(error.status, error.detail)
    if isinstance(error, InputError):
        return _failure(400, f"{error.where.removeprefix('--')}: {error.problem}. Nothing was done.")
    if isinstance(error, AccessDenied):
        return _failure(403, f"{error}. Nothing was done.")
    if isinstance(error, ConflictError):
        return _failure(409, f"{error}.")
    log_failure("request failed", error)
    if isinstance(error, UndeterminedError):
        # What cannot be asked may be named by its address, which is the operator's own affair.
        return _failure(503, _CHAIN if error.code == "chain.unavailable" else f"{error}. Nothing was done.")
    if isinstance(error, ConfigError):
        return _failure(503, _SETTING)
    return _failure(500, "Something went wrong here. It was written to the log of the node. Tell whoever runs it.")


def _on_bug(error: Exception) -> Response:
    log_failure("request failed", error)
    return _failure(500, "Something went wrong here. It was written to the log of the node. Tell whoever runs it.")
