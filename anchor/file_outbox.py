"""An outbox in one JSON file, for a key that sends seldom and has no node: an accreditor's.

The whole file is written anew at each change: beside, fsync, rename. A lock file keeps two
processes apart. Format `rootseal/outbox/1`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from anchor.chain import Fees
from anchor.failing import why
from anchor.files import write_atomically
from anchor.outbox import Attempt, GasPolicy, Intent, Place, State
from rootseal.errors import ConflictError, StoreError

__all__ = ["FileOutbox"]

_FORMAT: Final = "rootseal/outbox/1"
Rows = dict[str, list[dict[str, Any]]]


class FileOutbox:
    """Implements `anchor.outbox.Outbox`. `path` is made at the first change, mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, intent: Intent) -> Intent:
        """See `Outbox.add`."""
        with self._changing() as rows:
            stored = _find(rows, intent.name)
            if stored is None:
                stored = replace(intent, order=len(rows["intents"]) + 1, version=1)
                rows["intents"].append(_intent_json(stored))
            if (stored.key, stored.to) != (intent.key, intent.to):
                raise ConflictError(f"{intent.name} is queued already, for another key or contract")
            return stored

    def get(self, name: str) -> Intent | None:
        """See `Outbox.get`."""
        return _find(self._read(), name)

    def unfinished(self, key: bytes) -> tuple[Intent, ...]:
        """See `Outbox.unfinished`."""
        found = map(_intent, self._read()["intents"])
        return tuple(intent for intent in found if intent.key == key and intent.state is not State.FINAL)

    def attempts(self, name: str) -> tuple[Attempt, ...]:
        """See `Outbox.attempts`."""
        return tuple(_attempt(row) for row in self._read()["attempts"] if row["intent"] == name)

    def update(self, intent: Intent) -> Intent:
        """See `Outbox.update`."""
        with self._changing() as rows:
            return _updated(rows, intent)

    def record(self, intent: Intent, attempt: Attempt) -> Intent:
        """See `Outbox.record`."""
        with self._changing() as rows:
            after = _updated(rows, intent)
            if all(row["hash"] != attempt.hash.hex() for row in rows["attempts"]):
                rows["attempts"].append(_attempt_json(attempt))
            return after

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Rows]:
        """Read, change, write; an error writes nothing."""
        try:
            with self._path.with_name(self._path.name + ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                rows = self._read()
                yield rows
                self._write(rows)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error.strerror}") from error

    def _read(self) -> Rows:
        try:
            value = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"intents": [], "attempts": []}
        except (OSError, ValueError) as error:
            raise StoreError(f"{self._path} cannot be read: {why(error)}") from error
        if not isinstance(value, dict) or value.get("format") != _FORMAT:
            raise StoreError(f"{self._path} is not of format {_FORMAT}; another version of rootseal wrote it")
        return {"intents": value["intents"], "attempts": value["attempts"]}

    def _write(self, rows: Rows) -> None:
        data = json.dumps({"format": _FORMAT, **rows}, indent=1).encode()
        write_atomically(self._path, data)


def _find(rows: Rows, name: str) -> Intent | None:
    return next((_intent(row) for row in rows["intents"] if row["name"] == name), None)


def _updated(rows: Rows, intent: Intent) -> Intent:
    for number, row in enumerate(rows["intents"]):
        if row["name"] == intent.name and row["version"] == intent.version:
            after = replace(intent, version=intent.version + 1)
            rows["intents"][number] = _intent_json(after)
            return after
    raise ConflictError(f"{intent.name} was changed by another process; nothing is lost, run it again")


def _intent_json(intent: Intent) -> dict[str, Any]:
    place, gas = intent.place, intent.gas
    transaction = None if place is None or place.transaction is None else place.transaction.hex()
    return {
        "name": intent.name,
        "key": intent.key.hex(),
        "to": intent.to.hex(),
        "data": intent.data.hex(),
        "value": intent.value,
        "gas": [gas.limit, gas.margin, gas.maximum],
        "order": intent.order,
        "version": intent.version,
        "state": intent.state.value,
        "nonce": intent.nonce,
        "place": None if place is None else [place.number, place.hash.hex(), transaction],
        "sentAt": intent.sent_at,
    }


def _intent(row: dict[str, Any]) -> Intent:
    place = None
    if row["place"] is not None:
        number, block_hash, transaction = row["place"]
        place = Place(number, bytes.fromhex(block_hash), None if transaction is None else bytes.fromhex(transaction))
    return Intent(
        row["name"],
        bytes.fromhex(row["key"]),
        bytes.fromhex(row["to"]),
        bytes.fromhex(row["data"]),
        row["value"],
        GasPolicy(*row["gas"]),
        row["order"],
        row["version"],
        State(row["state"]),
        row["nonce"],
        place,
        row["sentAt"],
    )


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "hash": attempt.hash.hex(),
        "intent": attempt.intent,
        "nonce": attempt.nonce,
        "raw": attempt.raw.hex(),
        "fees": [attempt.fees.max_fee, attempt.fees.tip, attempt.fees.legacy],
        "gas": attempt.gas,
        "data": attempt.data.hex(),
        "signedAt": attempt.signed_at,
    }


def _attempt(row: dict[str, Any]) -> Attempt:
    return Attempt(
        bytes.fromhex(row["hash"]),
        row["intent"],
        row["nonce"],
        bytes.fromhex(row["raw"]),
        Fees(*row["fees"]),
        row["gas"],
        bytes.fromhex(row["data"]),
        row["signedAt"],
    )
