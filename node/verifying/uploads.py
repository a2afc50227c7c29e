"""What a form or a program sends to be judged: read into memory, bounded, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

from flask import request
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import MultiPartParser

from node.web.bodies import read_body
from rootseal.canonical import MAX_BYTES

__all__ = ["MAX_FILES", "MAX_FORM", "MAX_UPLOAD", "Form", "SentFile", "other_kind", "read_form"]

MAX_FILES: Final = 16
_MARGIN: Final = 64 << 10
MAX_UPLOAD: Final = MAX_FILES * MAX_BYTES + _MARGIN
"""Bytes of a request of a program: several files."""
MAX_FORM: Final = 2 * MAX_BYTES + _MARGIN
"""Bytes of the page's form: a file or a pasted text."""

_MAX_NAME: Final = 200
_KINDS: Final = ((b"%PDF-", "pdf"), (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"), (b"PK", "zip"))


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form: the field's name, the name that the sender gave it, its bytes."""

    field: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields and files of a form; a file field that was left empty is none."""

    fields: dict[str, str] = field(default_factory=dict)
    files: tuple[SentFile, ...] = ()


def other_kind(data: bytes) -> str | None:
    """`pdf`, `picture` (PNG, JPEG) or `zip` by the first bytes: a credential may be in it, and it is none itself."""
    return next((kind for start, kind in _KINDS if data.startswith(start)), None)


def read_form(most: int, too_large: str) -> Form:
    """The form in the request's body. Raises 413 beyond `most` bytes, 400 for what is no form."""
    data = read_body(most, too_large)
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise BadRequest("Send multipart/form-data with a boundary.")
    try:
        parser = MultiPartParser(_in_memory, max_form_memory_size=most, max_form_parts=MAX_FILES + 8)
        fields, files = parser.parse(BytesIO(data), boundary, len(data))
    except ValueError as error:
        raise BadRequest("The form cannot be read.") from error
    found = tuple(
        SentFile(name, (item.filename or "")[:_MAX_NAME], item.stream.read()) for name, item in files.items(multi=True)
    )
    return Form(fields.to_dict(), tuple(item for item in found if item.name or item.data))


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> BytesIO:
    """The body is bounded already; werkzeug's own factory would put larger parts on the disk."""
    return BytesIO()
