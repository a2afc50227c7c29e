"""`/shared` and `/v1/links`: leave a ciphertext, fetch it, and the page that opens it in the browser. Public."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Annotated, Any, Final

from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from werkzeug.exceptions import UnsupportedMediaType

from node.problems import PROBLEMS, Refused, documented
from node.sharing.keeping import MAX_DAYS, MAX_ONE, MIN_ONE, Full, SharedFiles
from node.sharing.quota import Quota
from node.sharing.wording import SHARED_TEXTS
from node.web.bodies import bounded, read_body
from node.web.limits import limiter_of
from node.web.request_shape import RequestShape
from rootseal.canonical import Json, dumps
from rootseal.languages import LANGUAGES

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["shared_routes"]

_FOLDER: Final = "shared-links"
_LIMIT: Final = "20 per minute"
_PRUNE_SECONDS: Final = 600.0
_BINARY: Final = "application/octet-stream"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_ENOUGH: Final = "From this address enough was left here for today: 32 MiB. Try again tomorrow."
_OFF: Final = "This node keeps no files behind links (setting share_links)."


def _whole(value: object) -> object:
    if not isinstance(value, str) or not (value.isascii() and value.isdigit() and len(value) < 5):
        raise ValueError("must be a whole number")
    return int(value)


class LinkQuery(RequestShape):
    """How long it is kept."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=MAX_DAYS, description="Deleted after so many days."), BeforeValidator(_whole)]


class LinkPath(BaseModel):
    """Which one."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$", description="16 bytes, base64url without padding.")


def shared_routes(services: Services) -> APIBlueprint:
    """The routes; 404 throughout where the setting is off."""
    tag = Tag(name="links", description="Ciphertexts behind links, which this node cannot read.")
    common: Any = dict(PROBLEMS)
    routes = APIBlueprint("links", __name__, abp_tags=[tag], abp_responses=common)
    kept = SharedFiles(services.directory / _FOLDER)
    quota = Quota()
    routes.before_app_request(_pruning(kept, lambda: services.now))

    def check_on() -> None:
        if not services.config.share_links:
            raise Refused(404, _OFF, code="links.off")

    @routes.post(
        "/v1/links",
        summary="Leave a ciphertext for some days",
        operation_id="leave_link",
        request_body={"required": True, "content": {_BINARY: {"schema": {"type": "string", "format": "binary"}}}},
        responses=_leave_answers(),
    )
    @bounded(MAX_ONE)
    def leave(query: LinkQuery) -> Response:
        check_on()
        with limiter_of().limit(_LIMIT):
            if request.mimetype != _BINARY:
                raise UnsupportedMediaType(f"Send {_BINARY}.")
            content = read_body(MAX_ONE, "A file behind a link is at most 256 KiB.")
            if len(content) < MIN_ONE:
                raise Refused(422, "This is no ciphertext: it is shorter than nonce and tag.", code="links.short")
            if not quota.take(request.remote_addr, len(content), services.now):
                raise Refused(429, _ENOUGH, code="links.enough", headers=_LATER)
            try:
                name, end = kept.keep(content, query.days, services.now)
            except Full:
                raise Refused(503, "No more files are kept now; try again later.", headers=_LATER) from None
        text = base64.urlsafe_b64encode(name).decode().rstrip("=")
        value: Json = {"format": "rootseal/link/1", "id": text, "expiresAt": end}
        return _closed(Response(dumps(value), 201, content_type="application/json"))

    @routes.get(
        "/v1/links/<id>",
        summary="Fetch a ciphertext",
        operation_id="fetch_link",
        responses={"200": {"description": "As it was left.", "content": {_BINARY: {"schema": {"type": "string"}}}}},
    )
    def fetch(path: LinkPath) -> Response:
        check_on()
        content = kept.get(base64.urlsafe_b64decode(path.id + "=="), services.now)
        if content is None:
            raise Refused(404, "There is nothing behind this link, or not any more.", code="links.ended")
        return _closed(Response(content, content_type=_BINARY))

    @routes.get("/shared", summary="The page behind a link", responses=_text_answer("text/html"))
    def page() -> Response:
        check_on()
        language = request.accept_languages.best_match(LANGUAGES) or "en"
        texts = SHARED_TEXTS[language]
        data = " ".join(f'data-{name}="{escape(text)}"' for name, text in texts.items())
        shown = {name: escape(text) for name, text in texts.items()}
        body = Template(_file("shared.html")).substitute(
            shown, language=language, institution=escape(services.config.name), data=data
        )
        response = _closed(Response(body, content_type="text/html; charset=utf-8"))
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Vary"] = "Accept-Language"
        return response

    @routes.get("/shared.js", summary="Its script", responses=_text_answer("text/javascript"))
    def script() -> Response:
        return _closed(Response(_file("shared.js"), content_type="text/javascript; charset=utf-8"))

    return routes


def _pruning(kept: SharedFiles, now: Callable[[], int]) -> Callable[[], None]:
    """What has ended goes at the next request of any kind, at most every ten minutes."""
    last = [float("-inf")]

    def prune() -> None:
        if time.monotonic() - last[0] > _PRUNE_SECONDS:
            last[0] = time.monotonic()
            kept.prune(now())

    return prune


_LATER: Final = {"Retry-After": "3600"}


def _closed(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _file(name: str) -> str:
    return (files("node.sharing") / "pages" / name).read_text(encoding="utf-8")


def _leave_answers() -> Any:
    link = {"description": "Kept: rootseal/link/1.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {**documented(415, 422), "201": link}


def _text_answer(media_type: str) -> Any:
    return {"200": {"description": "Text.", "content": {media_type: {"schema": {"type": "string"}}}}}
