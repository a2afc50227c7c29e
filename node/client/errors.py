"""What a call of the client can fail with."""

from __future__ import annotations

from node.client.models import ProblemDetails

__all__ = ["NodeRefused", "NodeUnreachable", "WrongSignature"]


class NodeRefused(Exception):  # noqa: N818 - reads as what happened
    """The node answered that it does not do this. `problem` says why (RFC 9457), `status` is that of HTTP."""

    def __init__(self, problem: ProblemDetails) -> None:
        self.problem = problem
        self.status = problem.status
        fields = "; ".join(f"{item.where}: {item.problem}" for item in problem.errors or ())
        super().__init__(f"{problem.status}: {problem.detail}{f' ({fields})' if fields else ''}")


class NodeUnreachable(Exception):  # noqa: N818
    """No answer, after all attempts. What was asked may have been done: the same call with the same key is safe.

    `idempotency_key` is that key, None where the call needs none.
    """

    def __init__(self, reason: str, idempotency_key: str | None) -> None:
        self.idempotency_key = idempotency_key
        super().__init__(reason)


class WrongSignature(ValueError):  # noqa: N818
    """A webhook's body is not from the node, or is too old."""
