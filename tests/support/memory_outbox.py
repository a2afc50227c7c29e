"""An `anchor.outbox.Outbox` in memory; passes the same contract as the node's database."""

from __future__ import annotations

from dataclasses import replace

from anchor.outbox import Attempt, Intent, State
from rootseal.errors import ConflictError


class MemoryOutbox:
    """Everything is lost with the object: a crash is simulated by keeping it and making a new sender."""

    def __init__(self) -> None:
        self._intents: dict[str, Intent] = {}
        self._attempts: dict[str, list[Attempt]] = {}

    def add(self, intent: Intent) -> Intent:
        stored = self._intents.get(intent.name)
        if stored is None:
            stored = replace(intent, order=len(self._intents) + 1, version=1)
            self._intents[intent.name] = stored
            self._attempts[intent.name] = []
        elif (stored.key, stored.to) != (intent.key, intent.to):
            raise ConflictError(f"the intent {intent.name} is there already, for another key or contract")
        return stored

    def get(self, name: str) -> Intent | None:
        return self._intents.get(name)

    def unfinished(self, key: bytes) -> tuple[Intent, ...]:
        mine = (i for i in self._intents.values() if i.key == key and i.state is not State.FINAL)
        return tuple(sorted(mine, key=lambda intent: intent.order))

    def attempts(self, name: str) -> tuple[Attempt, ...]:
        return tuple(self._attempts.get(name, ()))

    def update(self, intent: Intent) -> Intent:
        stored = self._intents.get(intent.name)
        if stored is None or stored.version != intent.version:
            raise ConflictError(f"the intent {intent.name} was changed meanwhile")
        after = replace(intent, version=intent.version + 1)
        self._intents[intent.name] = after
        return after

    def record(self, intent: Intent, attempt: Attempt) -> Intent:
        after = self.update(intent)
        if all(known.hash != attempt.hash for known in self._attempts[intent.name]):
            self._attempts[intent.name].append(attempt)
        return after
