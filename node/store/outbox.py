"""`anchor.outbox.Outbox` in the store: what has to be sent, and every transaction signed for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from anchor.chain import Fees
from anchor.outbox import Attempt, GasPolicy, Intent, Place, State
from node.store.database import Database
from rootseal.errors import ConflictError

__all__ = ["StoredOutbox"]

_INTENT: Final = (
    "SELECT name, key, target, data, value, gas_limit, gas_margin, gas_maximum, position, version, state, nonce,"
    " place_number, place_hash, place_transaction, sent_at FROM intents"
)
_ATTEMPT: Final = "SELECT hash, intent, nonce, raw, max_fee, tip, legacy, gas, data, signed_at FROM attempts"


class StoredOutbox:
    """The tables `intents` and `attempts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, intent: Intent) -> Intent:
        """See `Outbox.add`."""
        with self._database.writing() as utils:
            stored = self.get(intent.name)
            if stored is None:
                utils.conn.execute(
                    "INSERT INTO intents (name, version, key, target, data, value, gas_limit, gas_margin, gas_maximum,"
                    " state, nonce, place_number, place_hash, place_transaction, sent_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (intent.name, intent.version, intent.key, intent.to, *_changing(intent)),
                )
                stored = self._stored(intent.name)
            if (stored.key, stored.to) != (intent.key, intent.to):
                raise ConflictError(f"{intent.name} is queued already, for another key or contract")
            return stored

    def get(self, name: str) -> Intent | None:
        """See `Outbox.get`."""
        found = self._database.row(f"{_INTENT} WHERE name = ?", (name,))
        return None if found is None else _intent(found)

    def unfinished(self, key: bytes) -> tuple[Intent, ...]:
        """See `Outbox.unfinished`."""
        rows = self._database.rows(f"{_INTENT} WHERE key = ? AND state <> 'final' ORDER BY position", (key,))
        return tuple(_intent(row) for row in rows)

    def attempts(self, name: str) -> tuple[Attempt, ...]:
        """See `Outbox.attempts`."""
        rows = self._database.rows(f"{_ATTEMPT} WHERE intent = ? ORDER BY position", (name,))
        return tuple(_attempt(row) for row in rows)

    def update(self, intent: Intent) -> Intent:
        """See `Outbox.update`."""
        changed = self._database.change(
            "UPDATE intents SET data = ?, value = ?, gas_limit = ?, gas_margin = ?, gas_maximum = ?, state = ?,"
            " nonce = ?, place_number = ?, place_hash = ?, place_transaction = ?, sent_at = ?, version = version + 1"
            " WHERE name = ? AND version = ?",
            (*_changing(intent), intent.name, intent.version),
        )
        if changed != 1:
            raise ConflictError(f"{intent.name} was changed by another process; nothing is lost, run it again")
        return replace(intent, version=intent.version + 1)

    def record(self, intent: Intent, attempt: Attempt) -> Intent:
        """See `Outbox.record`."""
        a = attempt
        with self._database.writing() as utils:
            after = self.update(intent)
            utils.conn.execute(
                "INSERT INTO attempts (hash, intent, nonce, raw, max_fee, tip, legacy, gas, data, signed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
                (
                    *(a.hash, a.intent, a.nonce, a.raw, str(a.fees.max_fee), str(a.fees.tip), int(a.fees.legacy)),
                    *(a.gas, a.data, a.signed_at),
                ),
            )
            return after

    def hand_over(self, old: bytes, new: bytes) -> int:
        """Give everything that `old` has not finished to `new`, to be signed afresh, in the same order. How many.

        Only once `old` is retired, finally: then none of its attempts can take effect any more.
        """
        return self._database.change(
            "UPDATE intents SET key = ?, state = 'planned', nonce = NULL, place_number = NULL, place_hash = NULL,"
            " place_transaction = NULL, sent_at = NULL, version = version + 1 WHERE key = ? AND state <> 'final'",
            (new, old),
        )

    def named(self, prefix: str) -> tuple[Intent, ...]:
        """Every intent whose name begins so, in queue order."""
        rows = self._database.rows(f"{_INTENT} WHERE substr(name, 1, ?) = ? ORDER BY position", (len(prefix), prefix))
        return tuple(_intent(row) for row in rows)

    def counts(self) -> dict[str, int]:
        """How many intents are in each state, by the state's name."""
        found = dict(self._database.rows("SELECT state, count(*) FROM intents GROUP BY state"))
        return {state.value: int(found.get(state.value, 0)) for state in State}

    def _stored(self, name: str) -> Intent:
        stored = self.get(name)
        if stored is None:
            raise ConflictError(f"{name} vanished from the outbox")
        return stored


def _changing(intent: Intent) -> tuple[object, ...]:
    place = intent.place
    where = (None, None, None) if place is None else (place.number, place.hash, place.transaction)
    gas = intent.gas
    return (
        intent.data,
        str(intent.value),
        gas.limit,
        gas.margin,
        gas.maximum,
        intent.state.value,
        intent.nonce,
        *where,
        intent.sent_at,
    )


def _intent(row: tuple[Any, ...]) -> Intent:
    name, key, target, data, value, limit, margin, maximum, position, version, state, nonce, *rest = row
    number, block_hash, transaction, sent_at = rest
    place = None if number is None else Place(number, block_hash, transaction)
    gas = GasPolicy(limit, margin, maximum)
    return Intent(name, key, target, data, int(value), gas, position, version, State(state), nonce, place, sent_at)


def _attempt(row: tuple[Any, ...]) -> Attempt:
    attempt_hash, intent, nonce, raw, max_fee, tip, legacy, gas, data, signed_at = row
    fees = Fees(int(max_fee), int(tip), bool(legacy))
    return Attempt(attempt_hash, intent, nonce, raw, fees, gas, data, signed_at)
