"""`POST /v1/credentials` with one award in JSON, the short way: what thousands of requests a minute have in common.

It answers nothing but 201. Whatever is not plain (another shape, a refusal, a repetition, a token that changed) is
handed to the ordinary route as if it had not been looked at, so that there is one set of rules and one set of
sentences. What was true when a request was let in is asked again inside the transaction.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from flask import Flask
from pydantic import ValidationError

from node.accepting import Accepting
from node.access import Access
from node.client.models import AcceptedCredential, AwardRow
from node.health import Health
from node.intake import award_text
from node.logs import log_all
from node.principal import Role
from node.store.accepts import Accept, TakenIn
from node.store.access import TokenRow
from node.web.bodies import SMALL_BODY
from node.web.idempotency import Answer, Once, read_key
from node.web.limits import spent
from rootseal.credential import urn_uuid
from rootseal.errors import RootsealError
from rootseal.instants import format_date

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Created", "Express"]

_PATH: Final = "/v1/credentials"
_BEARER: Final = re.compile(r"Bearer (rst_([0-9a-f]{10})_[A-Za-z0-9_-]{43})", re.ASCII)
_MOST_TOKENS: Final = 1000
# With one of these the body or the answer would be another one.
_SPECIAL: Final = frozenset((b"content-digest", b"content-encoding", b"transfer-encoding", b"expect", b"origin"))

Created = tuple[list[tuple[bytes, bytes]], bytes]
"""Headers and body of a 201."""

_Gather = Callable[[int], Awaitable[bytes | None]]


class Express:
    """Before the application. `headers` are those of every closed answer."""

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
        self._services = services
        self._access = access
        self._once = once
        self._health = health
        every = {"content-type": "application/json", **headers}
        self._headers = [(name.lower().encode(), value.encode()) for name, value in every.items()]
        self._accepting = Accepting(services)
        self._tokens: dict[bytes, tuple[TokenRow, bool]] = {}
        self._ids = _Ids()
        self._answered: list[int] = []  # how many ms each took; of the event loop, and touched by nobody else

    async def __call__(self, scope: dict[str, Any], gather: _Gather) -> Created | None:
        """Answer the request, or leave it: None, with nothing done but that it was counted (`COUNTED` in `scope`).

        Of `scope` (ASGI) it reads method, path, query and headers. `gather` returns the body of at most so many bytes.
        """
        if scope["path"] != _PATH or scope["method"] != "POST" or scope["query_string"]:
            return None
        began = time.monotonic()
        answer = None
        with suppress(RootsealError, ValidationError):
            answer = await self._tried(scope, gather)
        if answer is None:
            return None
        self._answered.append(round((time.monotonic() - began) * 1000))
        if len(self._answered) == 1:
            # One line for each, once all who wait have their answers.
            asyncio.get_running_loop().call_soon(self._note)
        return [*self._headers, (b"content-length", b"%d" % len(answer))], answer

    def _note(self) -> None:
        answered, self._answered = self._answered, []
        self._health.requests.add("POST", _PATH, 201, len(answered))
        log_all("request", [{"method": "POST", "route": _PATH, "status": 201, "ms": took} for took in answered])

    async def _tried(self, scope: dict[str, Any], gather: _Gather) -> bytes | None:
        """The body of the answer; None where the ordinary route must answer."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if len(headers) != len(scope["headers"]) or headers.get(b"content-type") != b"application/json":
            return None
        if not _SPECIAL.isdisjoint(headers) or not (length.isdigit() and int(length) <= SMALL_BODY):
            return None
        token = self._token(headers.get(b"authorization", b"").decode("latin-1"))
        key = read_key(headers.get(b"idempotency-key", b"").decode("latin-1"))
        if token is None or key is None or not self._counted(scope, token):
            return None
        data = await gather(SMALL_BODY)
        return None if data is None else await self._accepted(AwardRow.model_validate_json(data), token, key)

    async def _accepted(self, award: AwardRow, token: TokenRow, key: bytes) -> bytes | None:
        with self._once.alone(token.id, key) as name:
            if name is None:
                return None
            entry = self._ids.next()
            row, template, templates = self._accepting.judge_one(award, entry)
            answer = Answer(201, AcceptedCredential(id=entry, already=False))
            body = answer.body
            taken = TakenIn(
                self._services.now,
                token.person,
                token.id,
                name,
                self._once.fingerprint(key, "POST", f"{_PATH}?", award.model_dump_json().encode()),
                answer.status,
                body,
                entry,
                template,
                row.award.learner_id,
                row.template,
                row.award.awarded_on,
                row.row_digest,
                row.email,
                award_text(row.award),
            )
            if await self._once.joined(Accept(taken, token, templates)):
                return body
        self._accepting.refresh()
        self._tokens.clear()
        return None

    def _counted(self, scope: dict[str, Any], token: TokenRow) -> bool:
        """Count the request against its token's bound; one over it is counted, and refused, by the ordinary route."""
        most = self._services.config.requests_per_token
        return not most or spent(self._flask, scope, token.id, most)

    def _token(self, header: str) -> TokenRow | None:
        """The token that may issue everything, as it was read on this day. The transaction reads it again."""
        match = _BEARER.fullmatch(header)
        if match is None:
            return None
        digest = sha256(match[1].encode()).digest()
        today = format_date(self._services.now)
        known = self._tokens.get(digest)
        if known is None or known[0].used_on != today:
            row = self._services.store.tokens.get(match[2])
            # The day of its use is written down by the ordinary route: nothing here may wait for the writers' lock.
            if row is None or row.used_on != today:
                return None
            found = self._access.authenticate(match[1])
            if found is None:
                return None
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            known = self._tokens[digest] = (row, found.may(Role.ISSUE) and not found.departments)
        return known[0] if known[1] else None


class _Ids:
    """Random ids, drawn many at once: each call to the system hands the interpreter to another thread."""

    def __init__(self) -> None:
        self._drawn = b""

    def next(self) -> str:
        if not self._drawn:
            self._drawn = secrets.token_bytes(16 * 256)
        drawn, self._drawn = self._drawn[:16], self._drawn[16:]
        return urn_uuid(drawn, 4)
