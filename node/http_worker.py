"""gunicorn's asyncio worker, answering what never reaches Flask in the one shape of errors (RFC 9457).

gunicorn itself would answer in plain text and quote the request, and wait for ever for the first request of a
connection. Connections cost no thread: a thread is taken once a request has arrived (`node.web.front`).
"""

from __future__ import annotations

import contextlib
import json
from asyncio import BaseTransport, TimerHandle
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from gunicorn.asgi.protocol import ASGIProtocol  # type: ignore[import-untyped]
from gunicorn.workers import gasgi  # type: ignore[import-untyped]

from node.logs import log

__all__ = ["HttpWorker"]

_SENTENCES: Final = {
    400: "This is not a valid HTTP request.",
    414: "The address is longer than this server reads.",
    431: "The headers are larger than this server reads.",
    426: "This server speaks no WebSocket.",
    501: "This server does not know the transfer coding.",
}
_HEAD_SECONDS: Final = 20.0
"""Until the first request's head has arrived; between requests gunicorn's `keepalive` holds."""

_LARGEST_HEAD: Final = 16 * 1024
"""Bytes of a request's line and headers. gunicorn bounds each, and would read 400 KB of them, slowly."""

_HEAD_ENDS: Final = b"\r\n\r\n"
_READ_SECONDS: Final = 60.0
"""Without a reader of what is written."""

_CLOSE_SECONDS: Final = 10.0


class HttpConnection(ASGIProtocol):  # type: ignore[misc]
    """Our own are the short way, the answer to unreadable requests, and an end to connections that ask nothing."""

    _asked: Mapping[str, Any] = MappingProxyType({})
    _head_size: int = 0
    _head_tail: bytes = b""
    _waiting: TimerHandle | None = None
    _reading: TimerHandle | None = None

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
        self._stop_reading()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """He does not read what he asked for; that, too, has an end."""
        super().pause_writing()
        self._abort_in(_READ_SECONDS)

    def resume_writing(self) -> None:
        """He reads."""
        self._stop_reading()
        super().resume_writing()

    def _close_transport(self) -> None:
        """Closing waits until all is written, to one who may never read it."""
        super()._close_transport()
        if not self._conn_lost_handled:
            self._abort_in(_CLOSE_SECONDS)

    def _abort_in(self, seconds: float) -> None:
        self._stop_reading()
        self._reading = self.worker.loop.call_later(seconds, self.transport.abort)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _feed_callback_parser(self, data: bytes) -> bool:
        if self._callback_parser._state in ("request_line", "headers") and self._head_with(data) > _LARGEST_HEAD:
            return self._refused(431)
        try:
            return bool(super()._feed_callback_parser(data))
        except ValueError:  # a number of thousands of digits
            return self._refused(400)

    def _head_with(self, data: bytes) -> int:
        """The size of the head that has come so far, before anything of `data` is parsed."""
        seen = self._head_tail + data
        end = seen.find(_HEAD_ENDS)
        self._head_size += len(data) if end < 0 else end + len(_HEAD_ENDS) - len(self._head_tail)
        self._head_tail = seen[1 - len(_HEAD_ENDS) :]
        return self._head_size

    def _refused(self, status: int) -> bool:
        self._send_error_response(status, "")
        self._close_transport()
        return False

    async def _serve_http_request(self, request: Any, sockname: Any, peername: Any) -> Any:
        """What the short way answers takes no task of its own and none of ASGI's messages."""
        asked = self._asked = {
            "method": request.method,
            "path": request.path,
            "query_string": request.query,
            "headers": request.headers_bytes,
        }
        arrived = self._body_receiver
        created = None
        if arrived._complete and len(arrived._chunks) == 1:  # nearly always: it came with its head
            created = await self.app.short(asked, bytes(arrived._chunks[0]))
        if created is None:
            return await super()._serve_http_request(request, sockname, peername)
        close = self._will_close(request, False)
        if not self._closed:
            self._send_response_start(HTTPStatus.CREATED, created[0], request, close=close)
            self._send_body(created[1])
        return not close

    def _build_http_scope(self, *request: Any) -> dict[str, Any]:
        """With what the short way has written down of it."""
        return {**self._asked, **super()._build_http_scope(*request)}

    def _on_headers_complete(self) -> Any:
        self._stop_waiting()
        self._head_size, self._head_tail = 0, b""
        return super()._on_headers_complete()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _send_error_response(self, status: int, message: str, extra_headers: Any = ()) -> None:
        """Before the connection is closed. The message may quote the request, and is neither sent nor logged."""
        if self._closed:
            return  # he has gone, and what he left half-said is no failure of ours
        sentence = _SENTENCES.get(status, "Something went wrong here.")
        if status in _SENTENCES:
            log("unreadable request", status=status)
        else:
            log("request failed", status=status)
        self._safe_write(_response(status, sentence, extra_headers))


class HttpWorker(gasgi.ASGIWorker):  # type: ignore[misc]
    """One process that serves."""

    def init_process(self) -> None:
        """In the new process: it makes our connections instead of gunicorn's."""
        gasgi.ASGIProtocol = HttpConnection
        super().init_process()


def _response(status: int, sentence: str, extra: Iterable[tuple[str, str]] = ()) -> bytes:
    title = "Error"
    with contextlib.suppress(ValueError):
        title = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": sentence}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
    )
    return "".join((head, *(f"{name}: {value}\r\n" for name, value in extra), "\r\n")).encode() + body
