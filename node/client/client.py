"""A node's HTTP interface as typed calls. Each call is repeated until it is answered, with one Idempotency-Key."""

from __future__ import annotations

from node.client.copy_calls import CopyCalls
from node.client.credential_calls import CredentialCalls
from node.client.delivery_calls import DeliveryCalls
from node.client.node_calls import NodeCalls
from node.client.program_calls import ProgramCalls

__all__ = ["NodeClient"]


class NodeClient(CredentialCalls, CopyCalls, DeliveryCalls, NodeCalls, ProgramCalls):
    """`with NodeClient("https://registrar.example", "rst_…") as node: …`

    `attempts` bounds how often a call is sent; between two it waits as the node says (Retry-After), else longer
    each time. Calls raise `NodeRefused` where the node says no, `NodeUnreachable` where it says nothing.
    """
