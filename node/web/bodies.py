"""Request bodies: bounded, whole, and what the sender says they are (Content-Length, RFC 9530 Content-Digest)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256, sha512
from io import BytesIO
from typing import IO, Any, Final, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import MultiPartParser

from node.problems import Refused, field_problems

__all__ = ["SMALL_BODY", "Upload", "body_bound", "bounded", "read_body", "read_model", "read_upload"]

SMALL_BODY: Final = 16 * 1024
"""Bytes that a route reads unless it says otherwise."""

_BOUND: Final = "rootseal_body_bound"
_DISCARDED: Final = 256 << 20
_CHUNK: Final = 1 << 20
_DIGEST: Final = re.compile(r"\s*([a-z0-9-]+)\s*=\s*:([A-Za-z0-9+/=]*):\s*", re.ASCII)
_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}

_View = TypeVar("_View", bound=Callable[..., Any])
_Model = TypeVar("_Model", bound=BaseModel)


def bounded(most: int) -> Callable[[_View], _View]:
    """Mark a route: it reads bodies up to `most` bytes."""

    def mark(view: _View) -> _View:
        setattr(view, _BOUND, most)
        return view

    return mark


def body_bound(view: object) -> int:
    """How many bytes the route reads."""
    found: int = getattr(view, _BOUND, SMALL_BODY)
    return found


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: its bytes, its name (made up where there is none), its media type."""

    data: bytes
    name: str
    media_type: str


def read_body(most: int, too_large: str = "The request is larger than this server reads.") -> bytes:
    """All of the body. 413 for more than `most` bytes, 400 where it is cut off or its digest is another."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    declared = request.content_length
    request.max_content_length = 1 << 40  # bounded here, with a sentence that helps
    stream = request.stream
    data = _read(stream, most + 1) if declared is None or declared <= most else b""
    if len(data) > most or (declared is not None and declared > most):
        # Who is still sending hears the sentence only after he is through.
        discarded = 0
        while discarded < _DISCARDED and (piece := stream.read(_CHUNK)):
            discarded += len(piece)
        raise RequestEntityTooLarge(too_large)
    if declared is not None and len(data) != declared:
        raise BadRequest(f"The request was cut off: {len(data)} of {declared} bytes arrived. Nothing was stored.")
    _check_digest(data, request.headers.get("Content-Digest"))
    return data


def _read(stream: IO[bytes], most: int) -> bytes:
    try:
        return stream.read(most)
    except HTTPException:
        raise
    except Exception as error:  # the server's own errors for chunks that are none, whichever it is
        raise BadRequest("The body cannot be read: it was cut off, or its chunks are none.") from error


def read_model(model: type[_Model], most: int = SMALL_BODY) -> _Model:
    """A JSON body of this shape. Raises `Refused` (400) that names the members that are wrong."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send application/json.")
    data = read_body(most)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise Refused(400, "The body has not the shape that /openapi.json describes.", field_problems(error)) from error


def read_json(most: int = SMALL_BODY) -> Any:
    """A JSON body of any shape. Raises `Refused` (400) where it is none."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send application/json.")
    try:
        return json.loads(read_body(most))
    except (ValueError, RecursionError) as error:
        raise Refused(400, "The body is not JSON in UTF-8.") from error


def read_upload(most: int, suffixes: dict[str, str], too_large: str) -> Upload:
    """A list: the body itself, or the one file of a form. `suffixes` says which media types, and how they are called.

    415 for another media type; 400 for a form without exactly one file.
    """
    media_type = request.mimetype
    if media_type == "multipart/form-data":
        return _from_form(read_body(most + (64 << 10), too_large), most, too_large)
    if media_type not in suffixes:
        raise UnsupportedMediaType(f"Send one of {', '.join(suffixes)}, or multipart/form-data with one file.")
    return Upload(read_body(most, too_large), f"list{suffixes[media_type]}", media_type)


def _from_form(data: bytes, most: int, too_large: str) -> Upload:
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    if not boundary:
        raise BadRequest("The form has no boundary.")
    try:
        parser = MultiPartParser(_in_memory, max_form_memory_size=SMALL_BODY, max_form_parts=8)
        fields, files = parser.parse(BytesIO(data), boundary, len(data))
    except ValueError as error:
        raise BadRequest("The form cannot be read.") from error
    found = list(files.items(multi=True))
    if fields or len(found) != 1 or found[0][0] != "file":
        raise BadRequest("The form must have exactly one part, a file called 'file'.")
    content = found[0][1].read()
    if len(content) > most:
        raise RequestEntityTooLarge(too_large)
    name = "".join(c for c in (found[0][1].filename or "") if c.isprintable())[-100:] or "list"
    return Upload(content, name, "multipart/form-data")


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> BytesIO:
    """Where a part goes: the body is bounded, and no temporary file is left open."""
    return BytesIO()


def _check_digest(data: bytes, header: str | None) -> None:
    """Every algorithm that we know must fit; unknown ones say nothing (RFC 9530 §2)."""
    if header is None:
        return
    for part in header.split(","):
        match = _DIGEST.fullmatch(part)
        if match is None:
            raise BadRequest("Content-Digest must look like sha-256=:…base64…:.")
        algorithm = _HASHES.get(match[1])
        if algorithm is None:
            continue
        try:
            expected = base64.b64decode(match[2], validate=True)
        except binascii.Error:
            raise BadRequest("Content-Digest must look like sha-256=:…base64…:.") from None
        if not hmac.compare_digest(expected, algorithm(data).digest()):
            raise BadRequest(
                "The body is not the one that Content-Digest names: it changed on its way. Nothing was stored."
            )
