"""Bearer tokens (RFC 6750): who asks, and whether the token has the role that a route needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, current_app, g, request

from node.access import Access, Principal, Role
from node.problems import Refused, problem

__all__ = ["SCHEME", "bearer_token", "for_all", "guard", "identify", "needs", "principal", "role_of"]

SCHEME: Final = "token"
"""The name of the security scheme in the OpenAPI document."""

_REALM: Final = 'Bearer realm="rootseal"'
_ROLE: Final = "rootseal_role"

_View = TypeVar("_View", bound=Callable[..., Any])


def needs(role: Role) -> Callable[[_View], _View]:
    """Mark a route: only tokens with this role. A route of a guarded blueprint without it takes any valid token."""

    def mark(view: _View) -> _View:
        setattr(view, _ROLE, role)
        return view

    return mark


def role_of(view: object) -> Role | None:
    """The role that a route is marked with; None: any valid token."""
    found: Role | None = getattr(view, _ROLE, None)
    return found


def identify(access: Access) -> Callable[[], None]:
    """For `before_request` of the application: who asks stands in `g.principal`, where a valid token says it."""

    def look() -> None:
        header = request.headers.get("Authorization")
        found = None if header is None else access.authenticate(_bearer(header))
        if found is not None:
            g.principal = found

    return look


def guard(routes: Blueprint) -> None:
    """Every request to the blueprint must carry a valid token; 401 without, 403 without the route's role."""

    def check() -> Response | None:
        found: Principal | None = g.get("principal")
        if found is None:
            return _unauthorized()
        view = current_app.view_functions[request.endpoint or ""]
        role = role_of(view)
        if role is not None and not found.may(role):
            return problem(403, f"The token has not the role {role.value}.", "token.role")
        return None

    routes.before_request(check)


def principal() -> Principal:
    """Who asks; only in routes of a guarded blueprint."""
    found: Principal = g.principal
    return found


def bearer_token() -> bytes:
    """The token of this request, as it was sent: what the one who asks knows and the node does not keep."""
    return _bearer(request.headers.get("Authorization", "")).encode()


def for_all() -> None:
    """What is about the whole institution is not for the token of a department. Raises `Refused` (403)."""
    if principal().departments:
        raise Refused(403, "A token for departments does not see this.", code="token.department")


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _unauthorized() -> Response:
    if "Authorization" in request.headers:
        challenge, sentence = f'{_REALM}, error="invalid_token"', "The token is unknown, expired or revoked."
    else:
        challenge, sentence = _REALM, "This address needs a token: send it as Authorization: Bearer rst_…."
    return problem(401, sentence, "token.invalid", {"WWW-Authenticate": challenge})
