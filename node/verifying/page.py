"""`/verify`: the page that checks in the browser; `/verify/form`: the server checks, for those without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, TooManyRequests

from node.problems import Refused
from node.verifying.api import LIMIT
from node.verifying.browser_page import FORM, browser_page
from node.verifying.showing import ShownVerdict, shown_verdict
from node.verifying.uploads import MAX_FORM, Form, other_kind, read_form
from node.verifying.wording import NAMES, TEXTS, why_not_asked
from node.web.bodies import bounded
from node.web.limits import limiter_of
from rootseal.canonical import MAX_BYTES
from rootseal.checks import Expected
from rootseal.languages import LANGUAGES

if TYPE_CHECKING:
    from node.services import Services
    from node.verifying.judging import Judge

__all__ = ["verify_pages"]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'"
)
_MAX_QUESTION: Final = 1024


class _Unfit(Exception):  # noqa: N818 - reads as what happened
    """The form cannot be judged; `key` names the sentence, `status` is that of HTTP."""

    def __init__(self, key: str, status: int = 400) -> None:
        super().__init__(key)
        self.key = key
        self.status = status


@dataclass(frozen=True, slots=True)
class _Asked:
    data: bytes
    expected: Expected | None


def verify_pages(services: Services, judge: Judge) -> Blueprint:
    """The page in the browser with this node's own policy in it; the form of the server, and its style."""
    routes = Blueprint(
        "verify_page",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/verify/static",
    )

    @routes.get("/verify")
    @routes.get("/verify/app")
    def app() -> Response:
        first = _language()
        return browser_page(services.config, [first, *(code for code in LANGUAGES if code != first)])

    @routes.get(FORM)
    def form() -> Response:
        return _page(services, 200)

    @routes.post("/verify")
    @routes.post(FORM)
    @bounded(MAX_FORM)
    def check() -> Response:
        language = _language()
        try:
            with limiter_of().limit(LIMIT):
                asked = _asked()
                judged = judge.judge(asked.data, lambda why: why_not_asked(why, language), asked.expected)
        except _Unfit as unfit:
            return _page(services, unfit.status, problem=unfit.key)
        except RequestEntityTooLarge:
            return _page(services, 413, problem="too_large")
        except BadRequest:
            return _page(services, 400, problem="broken")
        except (TooManyRequests, Refused) as busy:
            return _page(services, 429 if isinstance(busy, TooManyRequests) else busy.status, problem="busy")
        return _page(services, 200, shown=shown_verdict(judged, language))

    return routes


def _page(
    services: Services, status: int, *, problem: str | None = None, shown: ShownVerdict | None = None
) -> Response:
    language = _language()
    texts = TEXTS[language]
    body = render_template(
        "verify.html",
        t=texts,
        language=language,
        languages=NAMES,
        institution=services.config.name,
        own=texts["own"].format(institution=services.config.name),
        problem=None if problem is None else texts[problem],
        shown=shown,
    )
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language"
    return response


def _language() -> str:
    """What the address says, else what the browser prefers, else English."""
    named = request.args.get("lang", "")
    return named if named in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


def _asked() -> _Asked:
    """The file and the question in the form. Raises `_Unfit`, or what `read_form` raises."""
    form = read_form(MAX_FORM, "too large")
    data = _content(form)
    if len(data) > MAX_BYTES:
        raise _Unfit("too_large", 413)
    kind = other_kind(data)
    if kind is not None:
        raise _Unfit(kind)
    if data.startswith((b"RS1:", b"RS1/")):
        raise _Unfit("code")
    return _Asked(data, _question(form))


def _content(form: Form) -> bytes:
    text = form.fields.get("text", "").strip()
    if text and form.files:
        raise _Unfit("both")
    if form.files:
        return form.files[0].data
    if not text:
        raise _Unfit("nothing")
    return text.encode("utf-8", "surrogatepass")


def _question(form: Form) -> Expected | None:
    audience, nonce = (form.fields.get(name, "").strip() for name in ("audience", "nonce"))
    if bool(audience) != bool(nonce) or max(len(audience), len(nonce)) > _MAX_QUESTION:
        raise _Unfit("half_question")
    return Expected(audience, nonce) if audience else None
