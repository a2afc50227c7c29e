"""Who gets in: one browser, by an address that works once; and only requests that this page itself made.

The cookie is bound to a path that cannot be guessed, because browsers send cookies to every port of a host: a page of
another program on this machine would get them otherwise. A foreign Host header is refused (DNS rebinding).
"""

from __future__ import annotations

import hmac
import mmap
import secrets
from dataclasses import dataclass, field
from typing import Final

from flask import Response, redirect, request, session, url_for
from werkzeug.exceptions import Forbidden, Gone, MisdirectedRequest, NotFound, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

__all__ = ["Gate", "harden"]

_HOSTS: Final = frozenset(("127.0.0.1", "localhost"))
_FREE: Final = frozenset(("static", "open_page"))
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


def _shared_byte() -> mmap.mmap:
    """Survives the fork, and the worker's death: a used address stays used."""
    return mmap.mmap(-1, 1)


@dataclass(frozen=True)
class Gate:
    """One run's secrets. `run` is part of every address, `token` opens once, `key` signs the cookie."""

    run: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _used: mmap.mmap = field(default_factory=_shared_byte)

    @property
    def prefix(self) -> str:
        """The path that all addresses begin with."""
        return f"/{self.run}"

    def address(self, port: int) -> str:
        """What is printed: it lets one browser in."""
        return f"http://127.0.0.1:{port}{self.prefix}/open/{self.token}"

    def enter(self, token: str) -> AnyResponse:
        """Exchange the token for the cookie, once. Raises `NotFound` for another token, `Gone` the second time."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            raise NotFound
        if self._used[0]:
            raise Gone
        self._used[0] = 1
        session["in"] = True
        return redirect(url_for("box.show"), 303)

    def check(self) -> None:
        """Before every request. Raises `MisdirectedRequest`, `Forbidden` or `Unauthorized`."""
        if request.host.partition(":")[0] not in _HOSTS:
            raise MisdirectedRequest
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise Forbidden
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin is not None and origin != f"http://{request.host}":
            raise Forbidden
        if request.endpoint is not None and request.endpoint not in _FREE and session.get("in") is not True:
            raise Unauthorized


def harden(response: Response) -> Response:
    """Nothing is kept, framed, sniffed or loaded from elsewhere."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    return response
