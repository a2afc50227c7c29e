"""Errors over HTTP: RFC 9457, one shape for every route and every kind of failure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Flask, Response, g
from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import default_exceptions as _exceptions

from node.client.models import FieldProblem, ProblemDetails
from node.logs import log_failure
from node.principal import AccessDenied
from rootseal.errors import ConfigError, ConflictError, InputError, RootsealError, UndeterminedError

__all__ = [
    "PROBLEMS",
    "ProblemDetails",
    "Refused",
    "documented",
    "field_problems",
    "install_problems",
    "on_invalid",
    "problem",
    "refusing",
    "set_up",
]

_MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = 15
_MOST_FIELDS = 50
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address cannot be asked in this way; the Allow header names the ways.",
    413: "The request is larger than this server reads.",
    429: "Too many requests; the Retry-After header says when to go on.",
    500: "Something went wrong here; it was written to the log of this server.",
}
_CODES = {
    400: "request.malformed",
    413: "request.too_large",
    415: "request.media_type",
    429: "request.too_many",
}
"""Where no code of its own says more."""
# Where the route says in a sentence of its own what is wrong with the request.
_OWN_SENTENCES = (400, 413, 415)


class Refused(RootsealError):  # noqa: N818 - reads as what happened
    """The request is not done, and the answer says why. `errors` names the fields."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldProblem] = (),
        *,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.code = code
        self.headers = headers or {}
        super().__init__(detail)


def problem(
    status: int,
    detail: str,
    code: str | None = None,
    headers: dict[str, str] | None = None,
    errors: Sequence[FieldProblem] = (),
) -> Response:
    """The response for a failure."""
    code = code or _CODES.get(status)
    value = ProblemDetails(title=_title(status), status=status, detail=detail, code=code, errors=list(errors) or None)
    response = Response(value.model_dump_json(by_alias=True, exclude_none=True), status, content_type=_MEDIA_TYPE)
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def documented(*statuses: int) -> dict[str, Any]:
    """Problem answers for the OpenAPI document, by status."""
    return {str(status): _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    example = {"type": "about:blank", "title": _title(status), "status": status, "detail": _SENTENCES.get(status, "…")}
    if status in _CODES:
        example["code"] = _CODES[status]
    return {"description": _title(status), "content": {_MEDIA_TYPE: {"schema": schema, "example": example}}}


def _title(status: int) -> str:
    known = _exceptions.get(status)
    return "Error" if known is None else str(known().name)


PROBLEMS = documented(400, 404, 405, 413, 429, 500, 503)
"""What every route may answer, for the OpenAPI document."""


def field_problems(error: ValidationError) -> list[FieldProblem]:
    """Which members are wrong, and how; never their values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        FieldProblem(where=".".join(map(str, item["loc"])) or "body", problem=item["msg"])
        for item in found[:_MOST_FIELDS]
    ]


def on_invalid(error: ValidationError) -> Response:
    """A path or query parameter out of shape; its value is not repeated."""
    sentence = "A parameter does not have the shape that /openapi.json describes."
    return problem(400, sentence, "request.invalid", errors=field_problems(error))


@contextlib.contextmanager
def refusing(status: int = 422) -> Iterator[None]:
    """What is well-formed and cannot be done: an `InputError` inside becomes `Refused` and names its field."""
    try:
        yield
    except InputError as error:
        # What the command line calls --checked-by is checkedBy here.
        where = to_camel(error.where[2:].replace("-", "_")) if error.where.startswith("--") else error.where
        errors = [FieldProblem(where=where, problem=error.problem)]
        raise Refused(status, f"{where}: {error.problem}", errors, code="request.refused") from error


@contextlib.contextmanager
def set_up() -> Iterator[None]:
    """What the node's settings do not allow: a `ConfigError` inside becomes `Refused` (409) and names the setting."""
    try:
        yield
    except ConfigError as error:
        sentence = (
            f"The node is not set up for this: see {error.key} in node.toml, and `rootseal doctor` at the machine."
        )
        raise Refused(409, sentence, code="settings.incomplete") from error


def install_problems(app: Flask) -> None:
    """Every failure of every route leaves as a problem, and nothing of its inside with it."""
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(RootsealError, _on_rootseal)
    app.register_error_handler(Exception, _on_bug)


def _on_http(error: HTTPException) -> Response:
    if error.response is not None:  # made by `on_invalid`
        response: Response = error.response  # type: ignore[assignment]
        return response
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "WWW-Authenticate")}
    own = error.description if status in _OWN_SENTENCES and type(error).description != error.description else None
    return problem(status, own or _SENTENCES.get(status, f"{_title(status)}."), None, kept)


def _on_rootseal(error: RootsealError) -> Response:
    if isinstance(error, Refused):
        return problem(error.status, error.detail, error.code, error.headers, error.errors)
    if isinstance(error, InputError):
        return problem(400, error.problem, "request.invalid")
    if isinstance(error, AccessDenied):
        return problem(403, str(error), "token.role")
    if isinstance(error, ConflictError) and "principal" in g:
        return problem(409, str(error), "state.conflict")
    log_failure("request failed", error)
    if isinstance(error, UndeterminedError):
        # The sentence may name the chain's address, which is the operator's own affair.
        sentence = "The chain or the log cannot be read at the moment; try again later."
        return problem(503, sentence, error.code, {"Retry-After": str(_RETRY_SECONDS)})
    return problem(500, _SENTENCES[500])


def _on_bug(error: Exception) -> Response:
    log_failure("request failed", error)
    return problem(500, _SENTENCES[500])
