"""What happened that programs may want to hear of, who wants to hear it, and who has heard it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from node.store.database import Database
from rootseal.canonical import Json
from rootseal.errors import InputError

__all__ = ["Announcement", "Announcements", "Webhook", "WebhookDelivery"]

_WEBHOOK: Final = "SELECT id, url, kinds, secret, private, added_at, removed_at, removed_why FROM webhooks"


@dataclass(frozen=True, slots=True)
class Announcement:
    """`id` stays the same however often it is sent; `subject` is what it is about, once per kind. UTC seconds."""

    position: int
    id: str
    kind: str
    subject: str
    detail: dict[str, Json]
    at: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told. `secret` signs; `private` allows addresses inside the institution's network.

    No `kinds` means all, also those that a newer version brings.
    """

    id: str
    url: str
    kinds: tuple[str, ...]
    secret: bytes
    private: bool
    added_at: int
    removed_at: int | None = None
    removed_why: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One announcement on its way to one address: `state` is waiting, delivered or given_up.

    `outcome` is what came of the last attempt, `next_at` when the next is due.
    """

    webhook: str
    announcement: Announcement
    state: str
    attempts: int
    next_at: int
    changed_at: int
    outcome: str | None


class Announcements:
    """The tables `announcements`, `webhooks` and `webhook_deliveries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, subject: str, detail: Mapping[str, Json], at: int) -> bool:
        """Write it down for everybody who wants it, in the caller's transaction; False where it was said before."""
        with self._database.writing() as utils:
            row = (f"msg_{secrets.token_hex(16)}", kind, subject, json.dumps(detail, sort_keys=True), at)
            statement = "INSERT OR IGNORE INTO announcements (id, kind, subject, detail, at) VALUES (?, ?, ?, ?, ?)"
            made = utils.conn.execute(statement, row)
            if not made.rowcount:
                return False
            utils.conn.execute(
                "INSERT INTO webhook_deliveries (webhook, announcement, state, next_at, changed_at)"
                " SELECT id, ?, 'waiting', ?, ? FROM webhooks WHERE removed_at IS NULL"
                " AND (kinds = '[]' OR EXISTS (SELECT 1 FROM json_each(kinds) WHERE value = ?))",
                (made.lastrowid, at, at, kind),
            )
            return True

    def unsaid_revocations(self) -> list[str]:
        """Names of the intents whose revocations are final and not announced yet."""
        rows = self._database.rows(
            "SELECT name FROM intents WHERE name GLOB 'status/*/revoke' AND state = 'final' AND NOT EXISTS"
            " (SELECT 1 FROM announcements WHERE kind = 'revoked' AND subject = intents.name) ORDER BY position"
        )
        return [name for (name,) in rows]

    def revoked_by(self, intent: str) -> list[tuple[str, int, int]]:
        """(id, index, reason) of each credential that this intent revoked, by index."""
        return self._database.rows(
            "SELECT entries.id, log_index, reason FROM status_acts JOIN entries ON entries.id = status_acts.entry"
            " WHERE intent = ? AND act = 'revoke' ORDER BY log_index",
            (intent,),
        )

    # Who is told

    def add_webhook(self, webhook: Webhook) -> None:
        """Store a new one."""
        w = webhook
        self._database.change(
            "INSERT INTO webhooks (id, url, kinds, secret, private, added_at) VALUES (?, ?, ?, ?, ?, ?)",
            (w.id, w.url, json.dumps(w.kinds), w.secret, int(w.private), w.added_at),
        )

    def webhooks(self) -> tuple[Webhook, ...]:
        """Those that are told, oldest first."""
        return tuple(map(_webhook, self._database.rows(f"{_WEBHOOK} WHERE removed_at IS NULL ORDER BY added_at, id")))

    def all_webhooks(self) -> tuple[Webhook, ...]:
        """Every one there ever was, oldest first; those that were removed have no secret any more."""
        return tuple(map(_webhook, self._database.rows(f"{_WEBHOOK} ORDER BY added_at, id")))

    def webhook(self, webhook_id: str) -> Webhook:
        """One by its id, removed or not. Raises `InputError` where there is none."""
        found = self._database.row(f"{_WEBHOOK} WHERE id = ?", (webhook_id,))
        if found is None:
            raise InputError("webhook", "there is none with this id; `rootseal node webhook list DIR`", webhook_id)
        return _webhook(found)

    def remove_webhook(self, webhook_id: str, at: int, why: str) -> bool:
        """Tell it nothing more, also what waits, and forget its secret, which stands nowhere else.

        False where it was removed before.
        """
        with self._database.writing() as utils:
            statement = (
                "UPDATE webhooks SET removed_at = ?, removed_why = ?, secret = x'' WHERE id = ? AND removed_at IS NULL"
            )
            if not utils.conn.execute(statement, (at, why, webhook_id)).rowcount:
                return False
            utils.conn.execute(
                "UPDATE webhook_deliveries SET state = 'given_up', changed_at = ?, outcome = ?"
                " WHERE webhook = ? AND state = 'waiting'",
                (at, why, webhook_id),
            )
            return True

    # What was told

    def due(self, now: int, limit: int) -> list[WebhookDelivery]:
        """What is to be sent by now, the longest due first."""
        return self._deliveries("state = 'waiting' AND next_at <= ? ORDER BY next_at, position LIMIT ?", now, limit)

    def deliveries(self, webhook_id: str | None, limit: int) -> list[WebhookDelivery]:
        """The newest `limit` of one address, or of all."""
        return self._deliveries(
            "(?1 IS NULL OR webhook = ?1) ORDER BY position DESC, webhook LIMIT ?2", webhook_id, limit
        )

    def told(self, webhook_id: str | None, before: int, limit: int) -> tuple[list[WebhookDelivery], int | None]:
        """About `limit` deliveries of events older than number `before` (0: from the newest on), newest first.

        An event stands whole on one page, whoever it goes to. Also the number that the next page begins before.
        """
        numbers = self._database.rows(
            "SELECT DISTINCT announcement FROM webhook_deliveries WHERE (?1 IS NULL OR webhook = ?1)"
            " AND (?2 = 0 OR announcement < ?2) ORDER BY announcement DESC LIMIT ?3",
            (webhook_id, before, limit + 1),
        )
        if not numbers:
            return [], None
        last = numbers[:limit][-1][0]
        rest = "(?1 IS NULL OR webhook = ?1) AND (?2 = 0 OR position < ?2) AND position >= ?3"
        found = self._deliveries(f"{rest} ORDER BY position DESC, webhook", webhook_id, before, last)
        return found, last if len(numbers) > limit else None

    def record(self, delivery: WebhookDelivery) -> bool:
        """What came of an attempt; False where it was removed, or another process recorded one meanwhile."""
        d = delivery
        statement = """UPDATE webhook_deliveries SET state = ?, attempts = ?, next_at = ?, changed_at = ?, outcome = ?
            WHERE webhook = ? AND announcement = ? AND state = 'waiting' AND attempts = ?"""
        new = (d.state, d.attempts, d.next_at, d.changed_at, d.outcome)
        return bool(self._database.change(statement, (*new, d.webhook, d.announcement.position, d.attempts - 1)))

    def forget(self, before: int) -> int:
        """Delete deliveries that ended before that time; how many.

        Of an event that nobody waits for any more its name stays, so that it is announced once, and not what it said.
        """
        with self._database.writing() as utils:
            ended = "DELETE FROM webhook_deliveries WHERE state <> 'waiting' AND changed_at < ?"
            gone = utils.conn.execute(ended, (before,)).rowcount
            utils.conn.execute(
                "UPDATE announcements SET detail = '{}' WHERE at < ? AND detail <> '{}' AND NOT EXISTS"
                " (SELECT 1 FROM webhook_deliveries WHERE announcement = position)",
                (before,),
            )
            return int(gone)

    def counts(self) -> dict[str, int]:
        """How many deliveries there are in each state, of addresses that were removed, too."""
        found = dict(self._database.rows("SELECT state, count(*) FROM webhook_deliveries GROUP BY state"))
        return {state: found.get(state, 0) for state in ("waiting", "delivered", "given_up")}

    def oldest_waiting(self) -> int | None:
        """When the oldest announcement happened that still waits for somebody."""
        found = self._database.row(
            "SELECT min(at) FROM webhook_deliveries JOIN announcements ON position = announcement"
            " WHERE state = 'waiting'"
        )
        return None if found is None else found[0]

    def _deliveries(self, rest: str, *parameters: object) -> list[WebhookDelivery]:
        rows = self._database.rows(
            "SELECT webhook, state, attempts, next_at, changed_at, outcome, position, id, kind, subject, detail, at"
            f" FROM webhook_deliveries JOIN announcements ON position = announcement WHERE {rest}",
            parameters,
        )
        return list(map(_delivery, rows))


def _webhook(row: Iterable[Any]) -> Webhook:
    webhook_id, url, kinds, secret, private, *rest = row
    return Webhook(webhook_id, url, tuple(json.loads(kinds)), secret, bool(private), *rest)


def _delivery(row: Iterable[Any]) -> WebhookDelivery:
    webhook, state, attempts, next_at, changed_at, outcome, position, message, kind, subject, detail, at = row
    told = Announcement(position, message, kind, subject, json.loads(detail), at)
    return WebhookDelivery(webhook, told, state, attempts, next_at, changed_at, outcome)
