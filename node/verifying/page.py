"""`/verify`: the page for those without JavaScript, and `/verify/app`, the one that uploads nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, TooManyRequests

from node.init_policy import own_policy
from node.problems import Refused
from node.verifying.api import LIMIT
from node.verifying.showing import ShownVerdict, shown_verdict
from node.verifying.uploads import MAX_FORM, Form, other_kind, read_form
from node.verifying.wording import NAMES, TEXTS, why_not_asked
from node.web.bodies import bounded
from node.web.limits import limiter_of
from rootseal.canonical import MAX_BYTES
from rootseal.checks import Expected
from rootseal.languages import LANGUAGES
from rootseal.policy import Policy, format_policy

if TYPE_CHECKING:
    from node.services import Services
    from node.verifying.judging import Judge

__all__ = ["verify_pages"]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'"
)
_META_POLICY: Final = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
_PRESET: Final = '<script type="application/json" id="policy-preset">null</script>'
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
    """The page, its style, and the page in the browser with this node's own policy in it."""
    routes = Blueprint(
        "verify_page",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/verify/static",
    )

    @routes.get("/verify")
    def form() -> Response:
        return _page(services, 200)

    @routes.post("/verify")
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

    @routes.get("/verify/app")
    def app() -> Response:
        page, policy = _app_page()
        preset = json.dumps(format_policy(_without_addresses(own_policy(services.config)))).replace("<", "\\u003c")
        response = Response(page.replace(_PRESET, _PRESET.replace("null", preset), 1), content_type="text/html")
        response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'"
        return response

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


@cache
def _app_page() -> tuple[str, str]:
    """The page that `web/` builds, and the policy that it names itself."""
    page = (files("node") / "pages" / "verify.html").read_text(encoding="utf-8")
    found = _META_POLICY.search(page)
    if found is None or _PRESET not in page:
        raise RuntimeError("node/pages/verify.html is not what docs/spec/browser.md describes")
    return page, found[1]


def _without_addresses(policy: Policy) -> Policy:
    """The operator's own endpoints, perhaps with a key in them, are nobody else's; the user names one."""
    return replace(policy, ledgers=tuple(replace(ledger, rpcs=()) for ledger in policy.ledgers))
