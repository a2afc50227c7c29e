"""The gate before every page of the console: the session, the role, the form's own token, the size of what is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Flask, Request, Response, current_app, flash, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import RequestEntityTooLarge

from node.access import Principal, Role
from node.console.pages import go
from node.console.sessions import Sessions
from node.problems import Refused
from node.web.authentication import role_of
from node.web.bodies import SMALL_BODY, body_bound

__all__ = ["install_gate", "protect_forms"]

_OPEN: Final = frozenset(("console.static", "console.sign_in"))
_FORM_BYTES: Final = 64 << 10
_DISCARDED: Final = 256 << 20
_CHUNK: Final = 1 << 20
_TOO_LARGE: Final = "The file is larger than 20 MiB, which is about 160,000 rows; split the list. Nothing was stored."
_NO_KEY: Final = "The node cannot write into its own directory, so that nobody can sign in. Tell whoever runs it."


def protect_forms(app: Flask) -> CSRFProtect:
    """Tokens for forms. Checked by the gate alone: the HTTP interface has bearer tokens and no cookies."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=False,  # Sec-Fetch-Site says it better, also behind a web server with another name
    )
    return CSRFProtect(app)


def install_gate(routes: Blueprint, sessions: Sessions, forms: CSRFProtect, settle: Callable[[], None]) -> None:
    """Before every request to the blueprint; `settle` for who has signed in: he sees all that was acknowledged."""

    def check() -> Response | None:
        g.pop("principal", None)  # a bearer token is not a session
        if request.endpoint == "console.static":
            return None
        if current_app.session_interface.is_null_session(session):
            raise Refused(503, _NO_KEY)
        if request.endpoint not in _OPEN:
            had_one = "id" in session
            found = sessions.continued()
            if found is None:
                if had_one:
                    flash(
                        "You were signed out: the session was idle for too long, or your token is not valid any more."
                    )
                return go("sign_in")
            g.principal = found
            _check_role(found)
            settle()
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            _check_form(forms)
        return None

    routes.before_request(check)


def _check_role(found: Principal) -> None:
    role: Role | None = role_of(current_app.view_functions[request.endpoint or ""])
    if role is not None and not found.may(role):
        has = ", ".join(sorted(own.value for own in found.roles))
        raise Refused(
            403,
            f"This needs a token with the role “{role.value}”; yours has: {has}. Ask whoever runs the node for one.",
        )


def _check_form(forms: CSRFProtect) -> None:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise CSRFError("The form came from another site.")
    bound = body_bound(current_app.view_functions[request.endpoint or ""])
    if bound > SMALL_BODY:
        _bound(request, bound + _FORM_BYTES)
    forms.protect()


def _bound(asked: Request, most: int) -> None:
    asked.max_content_length = most
    if (asked.content_length or 0) > most:
        # Who is still sending hears the sentence only after he is through.
        asked.max_content_length = 1 << 40
        discarded = 0
        while discarded < _DISCARDED and (piece := asked.stream.read(_CHUNK)):
            discarded += len(piece)
        raise RequestEntityTooLarge(_TOO_LARGE)
