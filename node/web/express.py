"""`POST /v1/credentials` with one award in JSON, the short way: what thousands of requests a minute have in common.

It answers nothing but 201. Whatever is not plain (another shape, a refusal, a repetition, a token that changed) is
handed to the ordinary route as if it had not been looked at, so that there is one set of rules and one set of
sentences. What was true when a request was let in is asked again inside the transaction.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from flask import Flask
from pydantic import ValidationError

from node.accepting import Accepting
from node.access import Access
from node.client.models import AcceptedCredential, AwardRow
from node.health import Health
from node.logs import log
from node.principal import Role
from node.store.accepts import Accept
from node.store.access import TokenRow
from node.web.bodies import SMALL_BODY
from node.web.idempotency import Answer, Once, read_key
from node.web.limits import spent
from rootseal.errors import RootsealError
from rootseal.instants import format_date

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Express"]

_PATH: Final = "/v1/credentials"
_BEARER: Final = re.compile(r"Bearer (rst_([0-9a-f]{10})_[A-Za-z0-9_-]{43})", re.ASCII)
_MOST_TOKENS: Final = 1000
# With one of these the body or the answer would be another one.
_SPECIAL: Final = ("HTTP_CONTENT_DIGEST", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT")

_Start = Callable[..., Any]
_App = Callable[[dict[str, Any], _Start], Iterable[bytes]]


class Express:
    """WSGI around the application. `headers` are those of every closed answer. Threads share it."""

    def __init__(
        self,
        app: Flask,
        services: Services,
        access: Access,
        once: Once,
        health: Health,
        headers: Mapping[str, str],
    ) -> None:
        self._flask = app
        self._app: _App = app.wsgi_app
        self._services = services
        self._access = access
        self._once = once
        self._health = health
        self._headers = [("Content-Type", "application/json"), *headers.items()]
        self._accepting = Accepting(services)
        self._tokens: dict[bytes, tuple[TokenRow, bool]] = {}

    def __call__(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        """Answer, or let the application answer."""
        began = time.monotonic()
        body = None
        if environ.get("PATH_INFO") == _PATH:
            with suppress(RootsealError, ValidationError):
                body = self._tried(environ)
        if body is None:
            return self._app(environ, start)
        self._health.requests.add("POST", _PATH, 201)
        log("request", method="POST", route=_PATH, status=201, ms=round((time.monotonic() - began) * 1000))
        start("201 CREATED", [*self._headers, ("Content-Length", str(len(body)))])
        return (body,)

    def _tried(self, environ: dict[str, Any]) -> bytes | None:
        """The body of the answer; None where the ordinary route must answer, with nothing done and the body unread."""
        length = environ.get("CONTENT_LENGTH") or ""
        plain = environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_TYPE") == "application/json"
        if not plain or environ.get("QUERY_STRING") or any(name in environ for name in _SPECIAL):
            return None
        if not (length.isascii() and length.isdigit() and int(length) <= SMALL_BODY):
            return None
        token, key = self._token(environ.get("HTTP_AUTHORIZATION", "")), read_key(environ.get("HTTP_IDEMPOTENCY_KEY"))
        if token is None or key is None or not self._counted(environ, token):
            return None
        data = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(data)  # for the ordinary route, if it comes to that
        return self._accepted(AwardRow.model_validate_json(data), token, key) if len(data) == int(length) else None

    def _accepted(self, award: AwardRow, token: TokenRow, key: bytes) -> bytes | None:
        with self._once.alone(token.id, key) as name:
            if name is None:
                return None
            entry, templates = self._accepting.make_one(award)
            answer = Answer(201, AcceptedCredential(id=entry.id, already=False))
            body = answer.body
            fingerprint = self._once.fingerprint(key, "POST", f"{_PATH}?", award.model_dump_json().encode())
            if self._once.join(Accept(entry, token, templates, name, fingerprint, answer.status, body)):
                return body
        self._accepting.refresh()
        self._tokens.clear()
        return None

    def _counted(self, environ: dict[str, Any], token: TokenRow) -> bool:
        """Count the request against its token's bound; one over it is counted, and refused, by the ordinary route."""
        most = self._services.config.requests_per_token
        return not most or spent(self._flask, environ, token.id, most)

    def _token(self, header: str) -> TokenRow | None:
        """The token that may issue everything, as it was read on this day. The transaction reads it again."""
        match = _BEARER.fullmatch(header)
        if match is None:
            return None
        digest = sha256(match[1].encode()).digest()
        today = format_date(self._services.now)
        known = self._tokens.get(digest)
        if known is None or known[0].used_on != today:
            found = self._access.authenticate(match[1])
            row = None if found is None else self._services.store.tokens.get(match[2])
            if found is None or row is None:
                return None
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            known = self._tokens[digest] = (row, found.may(Role.ISSUE) and not found.departments)
        return known[0] if known[1] else None
