"""gunicorn's asyncio worker, answering what never reaches Flask in the one shape of errors (RFC 9457).

gunicorn itself would answer in plain text and quote the request, and wait for ever for the first request of a
connection. Connections cost no thread: a thread is taken once a request has arrived (`node.web.front`).
"""

from __future__ import annotations

import contextlib
import json
from asyncio import BaseTransport, TimerHandle
from http import HTTPStatus
from typing import Any, Final

from gunicorn.asgi.protocol import ASGIProtocol  # type: ignore[import-untyped]
from gunicorn.workers import gasgi  # type: ignore[import-untyped]

from node.logs import log

__all__ = ["HttpWorker"]

_SENTENCES: Final = {
    400: "This is not a valid HTTP request.",
    414: "The address is longer than this server reads.",
    431: "The headers are larger than this server reads.",
    501: "This server does not know the transfer coding.",
}
_HEAD_SECONDS: Final = 20.0
"""Until the first request's head has arrived; between requests gunicorn's `keepalive` holds."""


class HttpConnection(ASGIProtocol):  # type: ignore[misc]
    """Our own are the answer to unreadable requests, and an end to connections that ask nothing."""

    _waiting: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """A visitor; one too many is sent away at once."""
        super().connection_made(transport)
        if self.worker.nr_conns > self.worker.worker_connections:
            transport.close()
        else:
            self._waiting = self.worker.loop.call_later(_HEAD_SECONDS, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """The visitor has gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _on_headers_complete(self) -> Any:
        self._stop_waiting()
        return super()._on_headers_complete()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _send_error_response(self, status: int, message: str, extra_headers: Any = ()) -> None:
        """Before the connection is closed. The message may quote the request, and is neither sent nor logged."""
        sentence = _SENTENCES.get(status, "Something went wrong here.")
        if status in _SENTENCES:
            log("unreadable request", status=status)
        else:
            log("request failed", status=status)
        self._safe_write(_response(status, sentence))


class HttpWorker(gasgi.ASGIWorker):  # type: ignore[misc]
    """One process that serves."""

    def init_process(self) -> None:
        """In the new process: it makes our connections instead of gunicorn's."""
        gasgi.ASGIProtocol = HttpConnection
        super().init_process()


def _response(status: int, sentence: str) -> bytes:
    title = "Error"
    with contextlib.suppress(ValueError):
        title = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": sentence}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
