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
    " place_number, place_hash, place_transaction, sent_at FROM"
)
_ATTEMPT: Final = "SELECT hash, intent, nonce, raw, max_fee, tip, legacy, gas, data, signed_at FROM"


class StoredOutbox:
    """The tables `intents` and `attempts`; those of witnesses have the same shape.

    `scope` is what names begin with in the tables, and what nobody outside sees: one key sends on several
    chains, each with nonces of its own, so that each has a queue of its own.
    """

    def __init__(self, database: Database, tables: tuple[str, str] = ("intents", "attempts"), scope: str = "") -> None:
        self._database = database
        self._intents, self._attempts = tables
        self._scope = scope
        self._mine = f"substr(name, 1, {len(scope)}) = '{scope}'" if scope else "1"

    def add(self, intent: Intent) -> Intent:
        """See `Outbox.add`."""
        with self._database.writing() as utils:
            stored = self.get(intent.name)
            if stored is None:
                utils.conn.execute(
                    f"INSERT INTO {self._intents} (name, version, key, target, data, value, gas_limit, gas_margin,"
                    " gas_maximum, state, nonce, place_number, place_hash, place_transaction, sent_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (self._scope + intent.name, intent.version, intent.key, intent.to, *_changing(intent)),
                )
                stored = self._stored(intent.name)
            if (stored.key, stored.to) != (intent.key, intent.to):
                raise ConflictError(f"{intent.name} is queued already, for another key or contract")
            return stored

    def get(self, name: str) -> Intent | None:
        """See `Outbox.get`."""
        found = self._many("name = ?", self._scope + name)
        return found[0] if found else None

    def unfinished(self, key: bytes) -> tuple[Intent, ...]:
        """See `Outbox.unfinished`."""
        return self._many("key = ? AND state <> 'final'", key)

    def attempts(self, name: str) -> tuple[Attempt, ...]:
        """See `Outbox.attempts`."""
        query = f"{_ATTEMPT} {self._attempts} WHERE intent = ? ORDER BY position"
        return tuple(self._attempt(row) for row in self._database.rows(query, (self._scope + name,)))

    def offered(self, transaction: bytes) -> Fees | None:
        """What an attempt with this hash offered per gas; None where it was not signed here."""
        rows = self._database.rows(f"{_ATTEMPT} {self._attempts} WHERE hash = ?", (transaction,))
        return self._attempt(rows[0]).fees if rows else None

    def update(self, intent: Intent) -> Intent:
        """See `Outbox.update`."""
        changed = self._database.change(
            f"UPDATE {self._intents} SET data = ?, value = ?, gas_limit = ?, gas_margin = ?, gas_maximum = ?,"
            " state = ?, nonce = ?, place_number = ?, place_hash = ?, place_transaction = ?, sent_at = ?,"
            " version = version + 1 WHERE name = ? AND version = ?",
            (*_changing(intent), self._scope + intent.name, intent.version),
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
                f"INSERT INTO {self._attempts} (hash, intent, nonce, raw, max_fee, tip, legacy, gas, data, signed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
                (
                    *(a.hash, self._scope + a.intent, a.nonce, a.raw, str(a.fees.max_fee), str(a.fees.tip)),
                    *(int(a.fees.legacy), a.gas, a.data, a.signed_at),
                ),
            )
            return after

    def hand_over(self, old: bytes, new: bytes) -> int:
        """Give everything that `old` has not finished to `new`, to be signed afresh, in the same order. How many.

        Only once `old` is retired, finally: then none of its attempts can take effect any more.
        """
        return self._database.change(
            f"UPDATE {self._intents} SET key = ?, state = 'planned', nonce = NULL, place_number = NULL,"
            " place_hash = NULL, place_transaction = NULL, sent_at = NULL, version = version + 1"
            f" WHERE key = ? AND state <> 'final' AND {self._mine}",
            (new, old),
        )

    def named(self, prefix: str) -> tuple[Intent, ...]:
        """Every intent whose name begins so, in queue order."""
        return self._many("substr(name, 1, ?) = ?", len(self._scope + prefix), self._scope + prefix)

    def begun(self, prefix: str) -> tuple[Intent, ...]:
        """Those whose name begins so that are not final, in queue order, whatever their key."""
        return tuple(intent for intent in self._many("state <> 'final'") if intent.name.startswith(prefix))

    def counts(self) -> dict[str, int]:
        """How many intents are in each state, by the state's name."""
        query = f"SELECT state, count(*) FROM {self._intents} WHERE {self._mine} GROUP BY state"
        found = dict(self._database.rows(query))
        return {state.value: int(found.get(state.value, 0)) for state in State}

    def _many(self, where: str, *parameters: object) -> tuple[Intent, ...]:
        query = f"{_INTENT} {self._intents} WHERE {where} AND {self._mine} ORDER BY position"
        return tuple(self._intent(row) for row in self._database.rows(query, parameters))

    def _intent(self, row: tuple[Any, ...]) -> Intent:
        name, *rest = row
        return _intent((name[len(self._scope) :], *rest))

    def _attempt(self, row: tuple[Any, ...]) -> Attempt:
        attempt_hash, intent, *rest = row
        return _attempt((attempt_hash, intent[len(self._scope) :], *rest))

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
