"""gunicorn's threaded worker, answering what never reaches Flask in the one shape of errors (RFC 9457).

gunicorn itself would answer in HTML, and log the visitor's address.
"""

from __future__ import annotations

import contextlib
import json
import socket
from http import HTTPStatus
from typing import Any, Final

from gunicorn.http.errors import (  # type: ignore[import-untyped]
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from node.logs import log

__all__ = ["HttpWorker"]

_SENTENCES: Final = (
    (LimitRequestLine, 414, "The address is longer than this server reads."),
    (LimitRequestHeaders, 431, "The headers are larger than this server reads."),
    (UnsupportedTransferCoding, 501, "This server does not know the transfer coding."),
    (ExpectationFailed, 417, "This server cannot do what the Expect header asks."),
    (ParseException, 400, "This is not a valid HTTP request."),
)


class HttpWorker(ThreadWorker):  # type: ignore[misc]
    """Only the answer to unreadable requests is our own."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer and close; a visitor who has gone already is no trouble."""
        kind = next((known for known in _SENTENCES if isinstance(exc, known[0])), None)
        status, sentence = (500, "Something went wrong here.") if kind is None else kind[1:]
        if kind is None:
            log("request failed", status=status, error=type(exc).__name__)
        else:
            log("unreadable request", status=status, error=type(exc).__name__)
        with contextlib.suppress(OSError):
            client.sendall(_response(status, sentence))


def _response(status: int, sentence: str) -> bytes:
    title = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": sentence}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
