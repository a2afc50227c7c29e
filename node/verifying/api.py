"""`POST /v1/verify`: for programs, such as an employer's: bytes in, `rootseal/verdict/1` out. Public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import ConfigDict, Field
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from node.problems import PROBLEMS, Refused, documented
from node.verifying.uploads import MAX_FILES, MAX_UPLOAD, other_kind, read_form
from node.verifying.wording import why_not_asked
from node.web.bodies import bounded, read_body
from node.web.limits import limiter_of
from node.web.request_shape import RequestShape
from rootseal.canonical import MAX_BYTES, Json, dumps
from rootseal.checks import Expected

if TYPE_CHECKING:
    from node.verifying.judging import Judge

__all__ = ["LIMIT", "verify_api"]

LIMIT: Final = "120 per minute"
"""Requests of one address to judge something; programs that check many files do it on a computer of their own."""

_FILES: Final = "rootseal/verdicts/1"
_TOO_LARGE: Final = "A file is at most 1 MiB, and a request at most 16 files."
_WORD: Final = r"^[^\x00-\x1f\x7f]+$"
_WAYS_OUT: Final = {
    "pdf": "is a PDF: a PDF certificate carries the file as an attachment. Take the attachment whose name ends in "
    ".json out of it and send that.",
    "picture": "is a picture. Read the QR codes in it with the page /verify, or ask for the file whose name ends "
    "in .presentation.json.",
    "zip": "is a ZIP archive. Unpack it and send the files in it.",
}


class VerifyQuery(RequestShape):
    """What the verifier asked the holder, and the language of the sentences."""

    model_config = ConfigDict(extra="forbid")

    audience: str | None = Field(default=None, min_length=1, max_length=1024, pattern=_WORD, description="Needs nonce.")
    nonce: str | None = Field(default=None, min_length=1, max_length=1024, pattern=_WORD, description="Needs audience.")
    language: Literal["en", "de", "sl"] = Field(default="en", description="Of the sentences; codes have none.")


def verify_api(judge: Judge) -> APIBlueprint:
    """The route for programs."""
    tag = Tag(name="verify", description="Judge files as this issuer's own server sees them. Nothing is kept.")
    common: Any = dict(PROBLEMS)
    routes = APIBlueprint("verifying", __name__, url_prefix="/v1", abp_tags=[tag], abp_responses=common)

    @routes.post(
        "/verify",
        summary="Judge a credential file or presentation, or several",
        description="The body is the file's bytes; or a form with up to 16 files, each called 'file', answered in "
        "their order. Any content has a verdict, except a PDF, a PNG or JPEG picture and a ZIP archive: 415 says where "
        "in them the file is. Only this node's own issuer is trusted here: other issuers' files are "
        "never verified. Nothing is stored or logged.",
        operation_id="verify",
        request_body=_body(),
        responses=_answers(),
    )
    @bounded(MAX_UPLOAD)
    def verify(query: VerifyQuery) -> Response:
        if (query.audience is None) != (query.nonce is None):
            raise Refused(422, "audience and nonce belong together: send both or none.", code="request.refused")
        expected = None if query.audience is None or query.nonce is None else Expected(query.audience, query.nonce)
        with limiter_of().limit(LIMIT):
            if request.mimetype == "multipart/form-data":
                return _several(judge, expected, query.language)
            if request.mimetype != "application/json":
                raise UnsupportedMediaType("Send the file as application/json, or files as multipart/form-data.")
            data = read_body(MAX_BYTES, _TOO_LARGE)
            _refuse_other_kinds(data, "The body")
            return _json(_verdict(judge, data, expected, query.language))

    return routes


def _several(judge: Judge, expected: Expected | None, language: str) -> Response:
    form = read_form(MAX_UPLOAD, _TOO_LARGE)
    if form.fields or not 1 <= len(form.files) <= MAX_FILES or any(item.field != "file" for item in form.files):
        raise BadRequest(f"The form must have 1 to {MAX_FILES} parts, files called 'file'.")
    if any(len(item.data) > MAX_BYTES for item in form.files):
        raise RequestEntityTooLarge(_TOO_LARGE)
    for number, item in enumerate(form.files, 1):
        _refuse_other_kinds(item.data, f"File {number} of the form")
    verdicts: list[Json] = [_verdict(judge, item.data, expected, language) for item in form.files]
    return _json({"format": _FILES, "verdicts": verdicts})


def _refuse_other_kinds(data: bytes, which: str) -> None:
    """A genuine certificate as PDF is no credential file, but a verdict "rejected" would speak against it."""
    kind = other_kind(data)
    if kind is not None:
        raise Refused(415, f"{which} {_WAYS_OUT[kind]}", code=f"verify.{kind}")


def _verdict(judge: Judge, data: bytes, expected: Expected | None, language: str) -> Json:
    return judge.judge(data, lambda why: why_not_asked(why, language), expected).verdict.to_json(language)


def _json(value: Json) -> Response:
    response = Response(dumps(value), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _body() -> dict[str, Any]:
    file = {"type": "string", "format": "binary", "description": "A credential file or presentation, at most 1 MiB."}
    files = {"type": "array", "items": file, "minItems": 1, "maxItems": MAX_FILES}
    form = {"type": "object", "required": ["file"], "properties": {"file": files}, "additionalProperties": False}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"description": "rootseal/credential/1 or rootseal/presentation/1"}},
            "multipart/form-data": {"schema": form},
        },
    }


def _answers() -> Any:
    outcome = {"type": "string", "enum": ["verified", "rejected", "undetermined"]}
    credential = {"type": "object", "required": ["overall", "checks", "statements"], "properties": {"overall": outcome}}
    verdict = {
        "type": "object",
        "description": "rootseal/verdict/1",
        "required": ["format", "overall", "asOf", "test", "credentials"],
        "properties": {
            "format": {"const": "rootseal/verdict/1"},
            "overall": outcome,
            "asOf": {
                "anyOf": [{"type": "integer"}, {"type": "null"}],
                "description": "UTC seconds of the oldest chain data used; null: none was.",
            },
            "test": {"type": "boolean"},
            "credentials": {"type": "array", "items": credential},
        },
    }
    several = {
        "type": "object",
        "description": "One verdict a file, in the order of the form.",
        "required": ["format", "verdicts"],
        "properties": {"format": {"const": _FILES}, "verdicts": {"type": "array", "items": verdict}},
    }
    answer = {
        "description": "The verdict, whatever it is.",
        "content": {"application/json": {"schema": {"oneOf": [verdict, several]}}},
    }
    return {**documented(415, 422), "200": answer}
