"""Errors over HTTP: RFC 9457, one shape for every route and every kind of failure."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import default_exceptions as _exceptions

from node.logs import log_failure
from rootseal.errors import InputError, RootsealError, UndeterminedError

__all__ = ["PROBLEMS", "Problem", "install_problems", "on_invalid", "problem"]

_MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = 15
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address cannot be asked in this way; the Allow header names the ways.",
    413: "The request is larger than this server reads.",
    500: "Something went wrong here; it was written to the log of this server.",
}


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(default="about:blank", description="Always about:blank: the status says what kind it is.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status code.", ge=400, le=599)
    detail: str = Field(description="What is wrong, in a sentence.")
    code: str | None = Field(default=None, description="A stable code, where there is one.")


def problem(status: int, detail: str, code: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """The response for a failure."""
    value = Problem(title=_title(status), status=status, detail=detail, code=code)
    body = json.dumps(value.model_dump(exclude_none=True), ensure_ascii=False)
    response = Response(body, status, content_type=_MEDIA_TYPE)
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def _documented(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _title(status), "content": {_MEDIA_TYPE: {"schema": schema}}}


def _title(status: int) -> str:
    known = _exceptions.get(status)
    return "Error" if known is None else str(known().name)


PROBLEMS = {str(status): _documented(status) for status in (400, 404, 405, 413, 500, 503)}
"""What every route may answer, for the OpenAPI document."""


def on_invalid(_: ValidationError) -> Response:
    """A path or query parameter out of shape; which one is in the OpenAPI document, its value is not repeated."""
    return problem(400, "A parameter does not have the shape that /openapi.json describes.", "request.invalid")


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
    return problem(status, _SENTENCES.get(status, f"{_title(status)}."), None, kept)


def _on_rootseal(error: RootsealError) -> Response:
    if isinstance(error, InputError):
        return problem(400, error.problem, "request.invalid")
    log_failure("request failed", error)
    if isinstance(error, UndeterminedError):
        # The sentence may name the chain's address, which is the operator's own affair.
        sentence = "The chain or the log cannot be read at the moment; try again later."
        return problem(503, sentence, error.code, {"Retry-After": str(_RETRY_SECONDS)})
    return problem(500, _SENTENCES[500])


def _on_bug(error: Exception) -> Response:
    log_failure("request failed", error)
    return problem(500, _SENTENCES[500])
