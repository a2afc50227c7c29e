"""An issuer's node for tests: answers public routes on 127.0.0.1, truthfully or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.serving import serving

Reply = tuple[int, bytes, dict[str, str]]
Route = Callable[[BaseHTTPRequestHandler], None] | Reply


@dataclass
class FakeNode:
    """`routes` maps a path to what it answers; every path asked is in `asked`."""

    url: str = ""
    routes: dict[str, Route] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def say(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer `path` so from now on."""
        self.routes[path] = (status, body, headers)


@contextmanager
def fake_node() -> Iterator[FakeNode]:
    """A running one on a free port."""
    node = FakeNode()
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _handler(node))) as node.url:
        yield node


def _handler(node: FakeNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            node.asked.append(self.path)
            route = node.routes.get(self.path, (404, b"{}", {}))
            if callable(route):
                route(self)
                return
            status, body, headers = route
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
