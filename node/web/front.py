"""The application as gunicorn's asyncio worker calls it (ASGI): single awards the short way, all else by Flask.

Flask works in threads. One is taken once a small body has arrived whole, so that nobody holds a thread by sending
slowly; a larger body is read by its thread, and whoever takes too long has sent all that he will have sent.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from a2wsgi import WSGIMiddleware

from node.logs import log_failure
from node.web.express import Express
from node.web.limits import COUNTED

__all__ = ["Arriving", "Front"]

_BODY_SECONDS: Final = 120.0
"""Until all of a request has arrived: 20 MiB at 1.4 Mbit/s."""

_GATHERED: Final = 64 * 1024
_QUEUED_PIECES: Final = 64
_GONE: Final = {"type": "http.disconnect"}

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Arriving:
    """A request's body: pieces can be looked at first and are handed on again. `seconds` is all the time it has."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._until = asyncio.get_running_loop().time() + seconds
        self._kept: deque[Message] = deque()
        self._more = True

    async def __call__(self) -> Message:
        """The next piece, as ASGI has it; that the visitor has gone, once the time is up."""
        return self._kept.popleft() if self._kept else await self._next()

    async def gather(self, most: int) -> bytes | None:
        """All of the body, kept for who reads it next; None where it is longer than `most` bytes or ends too early."""
        size = sum(len(message.get("body", b"")) for message in self._kept)
        while self._more and size <= most:
            message = await self._next()
            self._kept.append(message)
            size += len(message.get("body", b""))
        whole = size <= most and all(message["type"] == "http.request" for message in self._kept)
        return b"".join(message["body"] for message in self._kept) if whole else None

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            message = _GONE
        self._more = message.get("more_body", False)
        return message


class Front:
    """Around a WSGI application with `threads` threads; `express` answers first what it can."""

    def __init__(self, app: _Wsgi, threads: int, express: Express | None = None) -> None:
        self._express = express
        self._app = app
        # Its types are narrower than what any ASGI server hands over.
        self._threaded: Any = WSGIMiddleware(self._call, workers=threads, send_queue_size=_QUEUED_PIECES)  # type: ignore[arg-type]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request. What nobody foresaw is 500, and its message stays here."""
        try:
            await self._answer(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - whatever it is, the visitor gets an answer and the log its kind
            log_failure("request failed", error)
            raise _Unforeseen from None

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._threaded(scope, receive, send)  # no other protocol is spoken here
            return
        arriving = Arriving(receive, _BODY_SECONDS)
        if self._express is not None and await self._express(scope, arriving, send):
            return
        if _declared(scope) <= _GATHERED:
            await arriving.gather(_GATHERED)
        await self._threaded(scope, arriving, send)

    def _call(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.errors"] = sys.stderr
        environ["wsgi.input_terminated"] = True  # a body in chunks has an end, too
        environ["wsgi.multiprocess"] = False
        if COUNTED in environ["asgi.scope"]:
            environ[COUNTED] = True
        return self._app(environ, start)


class _Unforeseen(Exception):  # noqa: N818
    """gunicorn answers 500 to it and closes the connection."""


def _declared(scope: dict[str, Any]) -> int:
    """Bytes of the body; of one in chunks as many as need a thread."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            return _GATHERED + 1
    return 0
