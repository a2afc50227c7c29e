"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a repeated request is answered as before.

The answer is stored in the transaction of what it did. A crash before the COMMIT: nothing was done, and the
repetition does it. After it: the repetition is answered from the store.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from flask import Response, request
from pydantic import BaseModel

from node.access import acting_as
from node.logs import log_failure
from node.problems import Refused
from node.store.accepts import Accept
from node.store.group_commit import GroupCommit
from node.store.requests import AnsweredRequest
from node.web.authentication import principal

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["HEADER", "KEY_PATTERN", "REPLAYED", "Answer", "Once", "Shown", "read_key", "request_key"]

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
KEY_PATTERN: Final = r'^("[A-Za-z0-9._:+/=-]{1,255}"|[A-Za-z0-9._:+/=-]{1,255})$'
"""A structured-field string, or the same without its quotation marks."""

_A_FEW: Final = 32
"""Credentials that are made in one go where nobody asks: who asks then waits for about 13 ms."""

_MOST_WAITING: Final = 20_000
"""So many awards are taken in ahead of their credentials; from then on two are made for each that comes."""

_KEY: Final = re.compile(KEY_PATTERN, re.ASCII)


Shown = Callable[[bytes], bytes]
"""Makes what is answered of the body that is stored: a secret is put in anew each time, and is in no stored body."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers: status and JSON."""

    status: int
    value: BaseModel

    @property
    def body(self) -> bytes:
        """JSON in UTF-8."""
        return self.value.model_dump_json(by_alias=True).encode()


class Once:
    """Does what a request asks, in one transaction with the memory of it. Threads share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._group = GroupCommit(services.store, services.settle, self._meanwhile)
        self._lock = threading.Lock()
        self._running: set[bytes] = set()

    def commit(self, work: Callable[[], Answer]) -> Response:
        """The answer of `work` in a transaction, without a memory: for what may be repeated by its nature."""
        with acting_as(principal()):
            return _response(self._group.run(work))

    def __call__(
        self, payload: bytes, work: Callable[[], Answer], *, required: bool = False, shown: Shown | None = None
    ) -> Response:
        """The answer of `work`, done now or before. `payload` is what tells this request from another one."""
        response = self.prepared(payload, lambda: work, required=required)
        if shown is not None:
            response.set_data(shown(response.get_data()))
        return response

    def prepared(
        self, payload: bytes, prepare: Callable[[], Callable[[], Answer]], *, required: bool = False
    ) -> Response:
        """The same for work that is prepared first, outside the transaction: what takes long holds no lock.

        Raises `Refused`: 400 for a missing or unreadable key, 409 while the first one still runs, 422 where the
        key was used for another request. What `work` raises is not remembered: it changed nothing.
        """
        key = request_key(required)
        if key is None:
            with acting_as(principal()):
                work = prepare()
            return self.commit(work)
        fingerprint = self.fingerprint(key, request.method, request.full_path, payload)
        with self.alone(principal().token_id, key) as name:
            if name is None:
                sentence = "A request with this Idempotency-Key is being worked on; ask again in a second."
                raise Refused(409, sentence, code="request.running", headers={"Retry-After": "1"})
            return self._remembered(name, fingerprint) or self._first(name, fingerprint, prepare)

    @contextlib.contextmanager
    def alone(self, token_id: str, key: bytes) -> Iterator[bytes | None]:
        """The request's name, held so that no other thread works on it meanwhile; None where one does."""
        name = sha256(b"\0".join((b"rootseal/request/1", token_id.encode(), key))).digest()
        with self._lock:
            free = name not in self._running
            if free:
                self._running.add(name)
        try:
            yield name if free else None
        finally:
            if free:
                with self._lock:
                    self._running.discard(name)

    @staticmethod
    def fingerprint(key: bytes, method: str, full_path: str, payload: bytes) -> bytes:
        """What tells a request from another one under the same key; 32 bytes."""
        return sha256(b"\0".join((key, method.encode(), full_path.encode(), sha256(payload).digest()))).digest()

    async def joined(self, accept: Accept) -> bool:
        """Store it with others that wait, under one COMMIT; False where it is not plain: nothing is stored then."""
        return await self._group.joined(self._add, accept)

    def settle(self) -> None:
        """Make the credentials of what was taken in, so that who looks sees all that was acknowledged."""
        if self._services.store.accepts.waiting():
            self._group.run(lambda: None)

    def _add(self, accepts: Sequence[Accept]) -> list[bool]:
        stored = self._services.store.accepts.take(accepts, self._services.now)
        if self._services.store.accepts.waiting() > _MOST_WAITING:
            self._services.intake.work_out(2 * len(accepts))
        return stored

    def _meanwhile(self) -> bool:
        try:
            return self._services.store.accepts.waiting() > 0 and self._services.intake.work_out(_A_FEW) > 0
        except Exception as error:  # noqa: BLE001 - it stays where it is, for the next occasion; the writer goes on
            log_failure("intake", error)
            return False

    def _remembered(self, name: bytes, fingerprint: bytes) -> Response | None:
        stored = self._services.store.requests.get(name)
        return None if stored is None else _replayed(stored, fingerprint)

    def _first(self, name: bytes, fingerprint: bytes, prepare: Callable[[], Callable[[], Answer]]) -> Response:
        store, now = self._services.store, self._services.now
        with acting_as(principal()):
            work = prepare()

        def both() -> Response:
            # Again under the writers' lock: another process may have had the same request.
            before = self._remembered(name, fingerprint)
            if before is not None:
                return before
            answer = work()
            store.requests.add(AnsweredRequest(name, fingerprint, answer.status, answer.body, now))
            return _response(answer)

        with acting_as(principal()):
            return self._group.run(both)


def request_key(required: bool) -> bytes | None:
    """The key of this request; None where it has none. Raises `Refused` (400) for an unreadable or missing one."""
    found = request.headers.get(HEADER)
    if found is None:
        if required:
            sentence = (
                "This request needs an Idempotency-Key header: a new UUID for each, the same when it is repeated."
            )
            raise Refused(400, sentence, code="request.no_key")
        return None
    key = read_key(found)
    if key is None:
        raise Refused(
            400, "Idempotency-Key must be 1 to 255 letters, digits and . _ : + / = -, best a UUID.", code="request.key"
        )
    return key


def read_key(header: str | None) -> bytes | None:
    """The key in the header; None where it is missing or unreadable."""
    if header is None or _KEY.fullmatch(header) is None:
        return None
    return header.strip('"').encode()


def _replayed(stored: AnsweredRequest, fingerprint: bytes) -> Response:
    if stored.fingerprint != fingerprint:
        sentence = "This Idempotency-Key was used for another request; a new request needs a new key."
        raise Refused(422, sentence, code="request.key_reused")
    response = Response(stored.body, stored.status, content_type="application/json")
    response.headers[REPLAYED] = "true"
    return response


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type="application/json")
