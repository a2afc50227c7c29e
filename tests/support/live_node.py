"""A node on the fake chain behind a real HTTP server, in threads of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from node.access import Access, Role
from node.app import create_app
from node.config import read_config, write_config
from node.services import Services
from tests.support.serving import serving
from tests.unit.node.nodes import Clock, make_node, open_node, roster


@dataclass(frozen=True)
class LiveNode:
    """Where it answers, a token with every role, and what is behind it."""

    url: str
    token: str
    services: Services


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing: the node writes its own log."""


@contextmanager
def live_node(directory: Path, public_url: str | None = None) -> Iterator[LiveNode]:
    """With five credentials under a final anchor, and one that waits; nobody is counted.

    Its routes know the `public_url`, its documents do not.
    """
    chain = make_node(directory)
    write_config(directory, replace(read_config(directory), requests_per_token=0))
    with open_node(directory, chain, Clock()) as services:
        services.issue(roster(5), "list.csv")
        services.seal()
        services.anchor()
        services.issue(roster(1, first=5), "more.csv")
        token = Access(services.store, lambda: services.now).add("Petra", tuple(Role)).text
        config = services.config
        services.config = replace(config, public_url=public_url)
        app = create_app(services)
        services.config = config
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        with serving(server) as url:
            yield LiveNode(url, token, services)
