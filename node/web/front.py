"""The application as gunicorn's asyncio worker calls it (ASGI): single awards the short way, all else by Flask.

Flask works in threads. One is taken once a request has arrived whole, so that nobody holds a thread by sending slowly.
A request that was cut off reaches nothing: half a list must not be issued as if it were all of it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from a2wsgi import WSGIMiddleware

from node.logs import log, log_failure
from node.web.express import Created, Express
from node.web.limits import COUNTED

__all__ = ["LARGEST_BODY", "LOOKED_AT", "Arriving", "Front"]

LOOKED_AT: Final = "rootseal.looked_at"
"""Of a request, where the short way has left it to the application."""

LARGEST_BODY: Final = 24 << 20
"""Bytes that are kept of a body; of a larger one so many that its route can tell that it is too large."""

_BODY_SECONDS: Final = 120.0
"""Until all of a request has arrived: 20 MiB at 1.4 Mbit/s."""

_SMALL: Final = 64 * 1024
_LARGE_AT_ONCE: Final = 8
_DISCARDED: Final = 256 << 20
_TINY: Final = 64
_QUEUED_PIECES: Final = 64

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Arriving:
    """A request's body as it comes; `seconds` is all the time it has. What was read is kept."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._until = asyncio.get_running_loop().time() + seconds
        self._data = bytearray()
        self._pieces = 0
        self._size = 0
        self._more = True
        self.cut = False

    @property
    def data(self) -> bytes:
        """What was read so far, up to `LARGEST_BODY` and one byte."""
        return bytes(self._data)

    @property
    def size(self) -> int:
        """How many bytes were read."""
        return self._size

    async def gather(self, most: int) -> bytes | None:
        """All of the body; None where it is longer than `most` bytes, or was cut off (`cut`)."""
        while self._more and self._size <= most:
            await self._next()
        return self.data if not self._more and not self.cut and self._size <= most else None

    async def _next(self) -> None:
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            message = {"type": "http.disconnect"}
        if message["type"] != "http.request":
            self._more, self.cut = False, True
            return
        piece: bytes = message.get("body", b"")
        self._more = message.get("more_body", False)
        self._data += piece[: max(0, LARGEST_BODY + 1 - len(self._data))]
        self._size += len(piece)
        self._pieces += 1
        # Thousands of chunks of some bytes cost more time than any honest body.
        if self._more and self._pieces > 1000 and self._size < self._pieces * _TINY:
            self._more, self.cut = False, True


class Front:
    """Around a WSGI application with `threads` threads; `express` answers first what it can."""

    def __init__(self, app: _Wsgi, threads: int, express: Express | None = None) -> None:
        self._express = express
        self._app = app
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        # Its types are narrower than what any ASGI server hands over.
        self._threaded: Any = WSGIMiddleware(self._call, workers=threads, send_queue_size=_QUEUED_PIECES)  # type: ignore[arg-type]

    def close(self) -> None:
        """Take no more requests, and end the threads that are idle."""
        self._threaded.executor.shutdown(wait=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request. What nobody foresaw is 500, and its message stays here."""
        try:
            await self._answer(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - whatever it is, the visitor gets an answer and the log its kind
            log_failure("request failed", error)
            raise _Unforeseen from None

    async def short(self, scope: dict[str, Any], body: bytes) -> Created | None:
        """Headers and body of a 201 for a request that has arrived whole, or None: then it is to be called as usual.

        A server may ask this first, and spare what needs no more the messages of ASGI. `scope` says what is asked;
        what is written into it belongs into the one of the call.
        """
        scope[LOOKED_AT] = True
        if self._express is None:
            return None

        async def whole(most: int) -> bytes | None:
            return body if len(body) <= most else None

        try:
            return await self._express(scope, whole)
        except Exception as error:  # noqa: BLE001 - the ordinary way says what there is to say
            log_failure("short way failed", error)
            return None

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._threaded(scope, receive, send)  # no other protocol is spoken here
            return
        arriving = Arriving(receive, _BODY_SECONDS)
        if self._express is not None and LOOKED_AT not in scope:
            created = await self._express(scope, arriving.gather)
            if created is not None:
                await send({"type": "http.response.start", "status": HTTPStatus.CREATED, "headers": created[0]})
                await send({"type": "http.response.body", "body": created[1]})
                return
        if await arriving.gather(_SMALL) is None and not arriving.cut:
            # Only so many at once: what they keep is memory.
            async with self._large:
                await arriving.gather(_DISCARDED)
                await self._handed_on(scope, arriving, send)
            return
        await self._handed_on(scope, arriving, send)

    async def _handed_on(self, scope: dict[str, Any], arriving: Arriving, send: Send) -> None:
        if arriving.cut:
            await _tell_cut(scope, arriving, send)
            return

        async def whole() -> Message:
            return {"type": "http.request", "body": arriving.data, "more_body": False}

        await self._threaded(scope, whole, send)

    def _call(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.errors"] = sys.stderr
        environ["wsgi.input_terminated"] = True  # a body in chunks has an end, too
        environ["wsgi.multiprocess"] = False
        if COUNTED in environ["asgi.scope"]:
            environ[COUNTED] = True
        return self._app(environ, start)


class _Unforeseen(Exception):  # noqa: N818
    """gunicorn answers 500 to it and closes the connection."""


async def _tell_cut(scope: dict[str, Any], arriving: Arriving, send: Send) -> None:
    declared = next((f" of {int(value)}" for name, value in scope["headers"] if name == b"content-length"), "")
    sentence = f"The request was cut off: {arriving.size}{declared} bytes arrived. Nothing was stored."
    status = HTTPStatus.BAD_REQUEST
    problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": sentence}
    body = json.dumps(problem).encode()
    log("cut off request", status=status.value)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
