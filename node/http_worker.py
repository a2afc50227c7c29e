"""gunicorn's threaded worker, answering what never reaches Flask in the one shape of errors (RFC 9457).

gunicorn itself would answer in HTML, and log the visitor's address. It would also wait for ever for the rest of a
request: as many silent visitors as there are threads would be the end of the node's pages.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
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


_HEAD_SECONDS: Final = 20.0
_BODY_SECONDS: Final = 120.0
"""Until all of a request has arrived: 20 MiB at 1.4 Mbit/s."""


class HttpWorker(ThreadWorker):  # type: ignore[misc]
    """Our own are the answer to unreadable requests, and an end to those that do not arrive."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """One request of a connection, in a thread of the pool."""
        self._arriving[conn] = time.monotonic() + _HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._arriving.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Its head has arrived; the body is read while it is worked on."""
        self._arriving[conn] = time.monotonic() + _BODY_SECONDS
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Once a second, in the main thread: whoever takes too long has sent all that he will have sent.

        Only reading ends: what works on a whole request is not disturbed, and its answer goes out.
        """
        super().murder_pending()
        now = time.monotonic()
        for conn, until in list(self._arriving.items()):
            if until < now and self._arriving.pop(conn, None) is not None:
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)

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
