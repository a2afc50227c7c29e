"""The page as a WSGI application: gate, routes, one shape of errors."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Flask, g, render_template, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from rootseal.errors import RootsealError
from wallet.backup import MAX_BACKUP_BYTES
from wallet.console import harmless
from wallet.page.answering import presenting_routes
from wallet.page.gate import Gate, harden
from wallet.page.holding import box_routes
from wallet.page.keeping import keeping_routes
from wallet.page.refusing import why
from wallet.page.site import Site
from wallet.page.speaking import LANGUAGES, Speaker, language_of

__all__ = ["create_page"]

_UPLOAD: Final = 32 << 20
_DRAIN: Final = 1 << 30
_LARGE: Final = frozenset(("keeping.restore",))
_SENTENCES: Final = {
    401: "This page belongs to the browser that opened it. Open the address that the program printed.",
    403: "This request did not come from this page, so nothing was done.",
    404: "There is no such page here. It may belong to an earlier run of the program.",
    405: "There is no such page here. It may belong to an earlier run of the program.",
    410: "This address was used already. Stop the program with Ctrl-C and start it again for a new one.",
    413: "What you sent is too large to be a file of a wallet. Nothing was changed.",
    421: "This page answers to 127.0.0.1 alone.",
}


def create_page(site: Site, gate: Gate) -> Flask:
    """The application over one box. All addresses lie below `gate.prefix`."""
    app = Flask(__name__, static_url_path=f"{gate.prefix}/static")
    app.config.update(
        SECRET_KEY=gate.key,
        SESSION_COOKIE_NAME="rootseal_wallet",
        SESSION_COOKIE_PATH=gate.prefix,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_FORM_MEMORY_SIZE=1 << 20,
    )
    app.before_request(_begin)
    app.before_request(gate.check)
    CSRFProtect(app)
    app.after_request(harden)
    app.add_url_rule(f"{gate.prefix}/open/<token>", "open_page", gate.enter)
    for routes in (box_routes(site), presenting_routes(site), keeping_routes(site)):
        app.register_blueprint(routes, url_prefix=gate.prefix)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["harmless"] = harmless
    app.jinja_env.filters["hexed"] = bytes.hex
    app.context_processor(
        lambda: {"_": g.speaker, "language": g.speaker.language, "languages": LANGUAGES, "in_language": _in_language}
    )
    app.register_error_handler(RootsealError, _refused)
    app.register_error_handler(HTTPException, _not_here)
    return app


def _in_language(code: str) -> str:
    """This page's address, in another language."""
    return (
        f"?{urlencode([*((k, v) for k, v in request.args.items(multi=True) if k != 'language'), ('language', code)])}"
    )


def _begin() -> None:
    request.max_content_length = MAX_BACKUP_BYTES + (1 << 20) if request.endpoint in _LARGE else _UPLOAD
    chosen = request.args.get("language")
    if chosen in LANGUAGES and session.get("in"):
        session["language"] = chosen
    g.speaker = Speaker(language_of(session.get("language"), request.accept_languages))


def _refused(error: Exception) -> tuple[str, int]:
    """A foreseen failure in its own words."""
    assert isinstance(error, RootsealError)
    return _problem(harmless(why(error, g.speaker)), 422)


def _not_here(error: HTTPException) -> tuple[str, int] | AnyResponse:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    if isinstance(error, RequestEntityTooLarge):
        _drain()
    if isinstance(error, CSRFError):
        code = 403
    return _problem(g.speaker(_SENTENCES.get(code, "This could not be understood. Nothing was changed.")), code)


def _problem(sentence: str, code: int) -> tuple[str, int]:
    back = request.referrer or ""
    own = f"http://{request.host}/{request.path.split('/')[1]}/"
    inside = session.get("in") is True
    return render_template(
        "problem.html", sentence=sentence, back=back if back.startswith(own) else None, inside=inside
    ), code


def _drain() -> None:
    """Take what the browser still sends: it shows no answer while it is sending."""
    left = min(request.content_length or 0, _DRAIN)
    stream = request.environ["wsgi.input"]
    while left > 0:
        part = stream.read(min(left, 1 << 16))
        if not part:
            return
        left -= len(part)
