"""Sending: every call of the client is repeated until it is answered, and is safe to repeat."""

from __future__ import annotations

import base64
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from node.client.errors import NodeRefused, NodeUnreachable
from node.client.models import Body, ProblemDetails

__all__ = ["Calling", "flag", "given"]

_AGAIN: Final = frozenset((409, 429, 500, 502, 503, 504))
_RUNNING: Final = frozenset(("request.running", "check.running", "mail.busy"))
_LONGEST_PAUSE: Final = 30.0

_Shape = TypeVar("_Shape", bound=BaseModel)


class Calling:
    """The connection to one node, and the calls that the themes of `NodeClient` are made of."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        attempts: int = 5,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempts = attempts
        self._sleep = sleep
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/v1", headers=headers, timeout=timeout, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # Sending

    def _post(
        self,
        path: str,
        shape: type[_Shape],
        content: bytes,
        media_type: str = "application/json",
        *,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> _Shape:
        digest = base64.b64encode(sha256(content).digest()).decode()
        headers = {
            "Content-Type": media_type,
            "Content-Digest": f"sha-256=:{digest}:",
            "Idempotency-Key": key or str(uuid.uuid4()),
        }
        return self._ask("POST", path, shape, content=content, headers=headers, params=params)

    def _post_body(
        self, path: str, shape: type[_Shape], body: Body, *, params: Any = None, key: str | None = None
    ) -> _Shape:
        content = body.model_dump_json(by_alias=True, exclude_none=True).encode()
        return self._post(path, shape, content, params=params, key=key)

    def _pages(self, path: str, shape: type[_Shape], params: Mapping[str, Any] | None = None) -> Iterator[_Shape]:
        """Page after page, each fetched when it is needed."""
        asked = {"limit": 200, **(params or {})}
        while True:
            found = self._ask("GET", path, shape, params=asked)
            yield found
            following = getattr(found, "next", None)
            if following is None:
                return
            asked = {**asked, "cursor": following}

    def _ask(self, method: str, path: str, shape: type[_Shape], **options: Any) -> _Shape:
        return shape.model_validate_json(self._send(method, path, **options).content)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer. Repeating is safe: every call is idempotent, by its nature or by its key."""
        key = options.get("headers", {}).get("Idempotency-Key")
        reason = "not sent"
        for attempt in range(self._attempts):
            try:
                response = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                reason, wait = f"{type(error).__name__}: {error}", None
            else:
                if response.is_success:
                    return response
                refusal = _problem(response)
                if not _passes(refusal):
                    raise NodeRefused(refusal)
                reason, wait = str(NodeRefused(refusal)), response.headers.get("Retry-After")
            if attempt + 1 < self._attempts:
                self._sleep(_pause(attempt, wait))
        raise NodeUnreachable(f"no answer after {self._attempts} attempts; the last was {reason}", key)


def _passes(refusal: ProblemDetails) -> bool:
    """Whether the next attempt may be answered otherwise. Of conflicts only those with something that is running."""
    if refusal.status == 409:
        return refusal.code in _RUNNING
    return refusal.status in _AGAIN


def _problem(response: httpx.Response) -> ProblemDetails:
    try:
        return ProblemDetails.model_validate_json(response.content)
    except ValidationError:  # something between us and the node
        return ProblemDetails(title=response.reason_phrase, status=response.status_code, detail="no problem details")


def _pause(attempt: int, wait: str | None) -> float:
    if wait is not None and wait.isascii() and wait.isdigit():
        return min(float(wait), _LONGEST_PAUSE)
    return min(float(2**attempt), _LONGEST_PAUSE) * random.uniform(0.2, 0.5)


def flag(value: bool) -> str | None:
    """A query value that is left out where it is false."""
    return "true" if value else None


def given(**params: Any) -> dict[str, Any]:
    """Query values, without those that are not given."""
    return {name: value for name, value in params.items() if value is not None}
