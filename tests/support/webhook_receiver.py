"""A receiver of webhooks over real HTTP, which checks signatures as a stranger would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from jsonschema import Draft202012Validator

from node.webhooks import Webhooks
from tests.support.serving import serving
from tests.unit.node.conftest import Node

SPEC = Path(__file__).parents[2] / "docs" / "spec"
EVENT = Draft202012Validator(json.loads((SPEC / "schemas" / "event.schema.json").read_bytes()))


@dataclass
class Receiver:
    """Answers each POST with the next of `statuses`, then 200; keeps what came."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One on a free port."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.statuses.pop(0) if made.statuses else 200)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        made.url = f"{url}/hook?x=1"
        yield made


def webhooks(node: Node) -> Webhooks:
    """The node's webhooks on its own clock, their pauses without chance."""
    return Webhooks(node.services.store, node.services.home, test=True, clock=node.clock, dice=lambda: 1.0)


def checked(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver would, after the text of Standard Webhooks and none of our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"] == f"v1,{expected}"
