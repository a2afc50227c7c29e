"""An endpoint as somebody else offers it to the public: a chain behind a real HTTP server with headers of its own."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.devchain import post
from tests.support.serving import serving

__all__ = ["PublicEndpoint"]

Headers = tuple[tuple[str, str], ...]


class PublicEndpoint:
    """`with PublicEndpoint(chain_url) as endpoint:`, then `endpoint.url` answers as the chain does.

    `headers` are those of answers (POST), `preflight` those of OPTIONS with their `status`; `results` stand for the
    chain's own by method; `seconds` pass before each answer; `redirect` is where everything is sent instead.
    `origins` are those of the requests that came.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.headers: Headers = ()
        self.preflight: Headers = ()
        self.status = 204
        self.results: dict[str, Any] = {}
        self.seconds = 0.0
        self.redirect: str | None = None
        self.origins: list[str | None] = []
        handler = type("Handler", (_Handler,), {"endpoint": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._running = ExitStack()
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/v2/secret-key"

    def allow(self, origin: str) -> None:
        """As it should be, for pages of `origin`, or `*`."""
        self.headers = (("Access-Control-Allow-Origin", origin),)
        self.preflight = (*self.headers, ("Access-Control-Allow-Headers", "X-Key, Content-Type"))
        self.status = 204

    def __enter__(self) -> PublicEndpoint:
        self._running.enter_context(serving(self._server))
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


class _Handler(BaseHTTPRequestHandler):
    endpoint: PublicEndpoint

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.endpoint.results.get(request["method"])
        answer = (
            {"jsonrpc": "2.0", "id": request["id"], "result": found} if found else post(self.endpoint.target, request)
        )
        self._send(200, self.endpoint.headers, json.dumps(answer).encode())

    def do_OPTIONS(self) -> None:
        self._send(self.endpoint.status, self.endpoint.preflight, b"")

    def _send(self, status: int, headers: Headers, body: bytes) -> None:
        self.endpoint.origins.append(self.headers["Origin"])
        time.sleep(self.endpoint.seconds)
        if self.endpoint.redirect is not None and self.headers["Origin"] is not None:
            status, headers = 307, (("Location", self.endpoint.redirect),)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
