"""Asking an issuer's node that the user named: two routes, bounded in size and time.

Statement of trust: none. Whatever comes back is checked by `wallet.updating` before it is kept. The
address is always the user's own; one that stands in a file is never asked.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from anchor.failing import known_why, why
from rootseal.canonical import MAX_BYTES
from rootseal.commitment import Commitment
from rootseal.errors import InputError, UndeterminedError, shorten
from wallet.phrases import Phrase, Remark

__all__ = ["IssuerNode", "NodeAnswer", "open_url", "too_much", "unreached"]

_TIMEOUT = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """What a node said: the HTTP status and at most 1 MiB of body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class IssuerNode:
    """The public routes of one issuer's node below `url`. `timeout`: seconds for a whole answer."""

    url: str
    timeout: float = _TIMEOUT

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise InputError("--from", Phrase("must be an address such as https://registrar.example"), self.url)

    def proof(self, commitment: Commitment) -> NodeAnswer:
        """GET /v1/proofs/<commitment>: 200 with proofs, 202 not sealed yet, 404 unknown. Raises `UndeterminedError`."""
        return self._get(f"/v1/proofs/{commitment.hex()}")

    def issuer_document(self) -> NodeAnswer:
        """GET /v1/issuer. Raises `UndeterminedError`."""
        return self._get("/v1/issuer")

    def did_document(self) -> NodeAnswer:
        """GET /.well-known/did.json (did:web). Raises `UndeterminedError`."""
        return self._get("/.well-known/did.json")

    def _get(self, route: str) -> NodeAnswer:
        address = self.url.rstrip("/") + route
        request = urllib.request.Request(address, headers={"Accept": "application/json", "User-Agent": "rootseal"})
        deadline = time.monotonic() + self.timeout
        try:
            with _opener(self.url).open(request, timeout=self.timeout) as answer:
                return NodeAnswer(answer.status, _read(answer, deadline, address))
        except urllib.error.HTTPError as error:
            return _refusal(error, deadline, address)
        except (OSError, http.client.HTTPException) as error:
            raise UndeterminedError(unreached(address, error), "node.unreachable") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead the request anywhere: the user named one host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def unreached(address: str, error: BaseException) -> Phrase:
    """That nobody answered at `address`, and why."""
    return Phrase("{address} could not be reached: {why}", address=address, why=Remark(why(error), known_why(error)))


def too_much(address: str) -> Phrase:
    """That an answer was longer than any file may be."""
    return Phrase("{address} answered with more than {size} bytes", address=address, size=MAX_BYTES)


def open_url(url: str, request: urllib.request.Request, timeout: float) -> http.client.HTTPResponse:
    """Send `request` to the host of `url`, redirects refused. Raises OSError, as urllib does."""
    answer: http.client.HTTPResponse = _opener(url).open(request, timeout=timeout)
    return answer


def _opener(url: str) -> urllib.request.OpenerDirector:
    proxies = urllib.request.ProxyHandler({} if urlsplit(url).hostname in _LOOPBACK else None)
    return urllib.request.build_opener(proxies, _NoRedirects)


def _refusal(error: urllib.error.HTTPError, deadline: float, address: str) -> NodeAnswer:
    with error:
        if 300 <= error.code < 400:
            target = shorten(error.headers.get("Location", ""))
            said = "{address} points elsewhere ({target}), which is not followed"
            raise UndeterminedError(Phrase(said, address=address, target=target), "node.moved")
        return NodeAnswer(error.code, _read(error, deadline, address))


def _read(answer: IO[bytes], deadline: float, address: str) -> bytes:
    """At most 1 MiB before `deadline`: a node that drips one byte a second must not hold the user."""
    body = bytearray()
    read = getattr(answer, "read1", answer.read)
    while chunk := read(65_536):
        body += chunk
        if len(body) > MAX_BYTES:
            raise UndeterminedError(too_much(address), "node.large")
        if time.monotonic() > deadline:
            raise UndeterminedError(Phrase("{address} took too long to answer", address=address), "node.slow")
    return bytes(body)
