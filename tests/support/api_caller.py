"""A person with a token who asks the writing routes, and the one shape of their refusals."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

from a2wsgi import ASGIMiddleware
from werkzeug.test import Client, TestResponse

from node.app import create_front
from node.health import Health
from node.services import Services
from node.web.front import Front

AWARD = {
    "learner_id": "00784483",
    "given_name": "Ana",
    "family_name": "Kovač",
    "email": "ana@example.edu",
    "micro_credential": "ledgers",
    "awarded_on": "2026-10-01",
}


class ServedClient(Client):
    """Asks the application as a server calls it: through `front`, short way and all."""

    def __init__(self, services: Services) -> None:
        self.front: Front = create_front(services, Health(), 8)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        super().__init__(ASGIMiddleware(self.front, loop=self._loop), TestResponse)  # type: ignore[arg-type]

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        """One request; its answer is read whole, as a server sends it whole."""
        return super().open(*arguments, **{**options, "buffered": True})

    def close(self) -> None:
        """End its threads, once every answer is out."""

        async def finish() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            if tasks:
                await asyncio.wait(tasks, timeout=5)

        asyncio.run_coroutine_threadsafe(finish(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.front.close()


class Caller:
    """A person with a token."""

    def __init__(self, client: Client, token: str) -> None:
        self.client, self.token = client, token
        self.keys = iter(range(10**6))

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.client.open(f"/v1{path}", method=method, headers=headers, **options)

    def read(self, path: str) -> Any:
        """What a GET answers, which must be 200."""
        answer = self("GET", path)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.data)

    def issue(self, key: str | None = None, **award: Any) -> TestResponse:
        """One award, with `AWARD` for what is not given."""
        return self("POST", "/credentials", json={**AWARD, **award}, headers=self.key(key))

    def upload(
        self, data: bytes, media_type: str = "text/csv", key: str | None = None, query: str = ""
    ) -> TestResponse:
        """A list."""
        headers = {**self.key(key), "Content-Type": media_type}
        return self("POST", f"/credentials{query}", data=data, headers=headers)

    def key(self, key: str | None = None) -> dict[str, str]:
        """An Idempotency-Key, a new one where none is given."""
        return {"Idempotency-Key": key or f"key-{self.token[4:14]}-{next(self.keys)}"}


def refused(answer: TestResponse, status: int) -> dict[str, Any]:
    """The problem, in the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    value: dict[str, Any] = json.loads(answer.data)
    assert value["status"] == status
    return value
