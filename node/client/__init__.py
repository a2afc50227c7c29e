"""The typed client of a node's HTTP interface, for an institution's own software. Needs httpx and pydantic.

`from node.client import NodeClient, verify_webhook`. The shapes alone (`node.client.models`, `node.client.node_models`)
need pydantic only: the server uses them, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from node.client.client import NodeClient
    from node.client.errors import NodeRefused, NodeUnreachable, WrongSignature
    from node.client.webhooks import verify_webhook

__all__ = ["NodeClient", "NodeRefused", "NodeUnreachable", "WrongSignature", "verify_webhook"]

_WHERE = {
    "NodeClient": "node.client.client",
    "NodeRefused": "node.client.errors",
    "NodeUnreachable": "node.client.errors",
    "WrongSignature": "node.client.errors",
    "verify_webhook": "node.client.webhooks",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(_WHERE[name]), name)
