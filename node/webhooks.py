"""Webhooks: announcements carried to the institution's own programs, signed after Standard Webhooks 1.0.

At least once, in no promised order: a receiver tells repetitions by `webhook-id`. The address is an officer's,
but what it resolves to may change: it is resolved here, judged, and that very address is connected to, so
that nobody can lead the node to a machine inside (SSRF). Redirects are not followed.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from anchor.webhook_signing import secret_text, signature
from node.announcing import KINDS
from node.logs import log
from node.store import Store
from node.store.announcements import Announcement, Webhook, WebhookDelivery
from node.webhook_post import Posted, check_url, post
from rootseal.anchoring import home_json
from rootseal.canonical import Json, dumps
from rootseal.commitment import Home
from rootseal.errors import InputError

__all__ = ["EVENT_FORMAT", "Round", "Webhooks", "event_body", "kinds_told", "secret_text", "signature"]

EVENT_FORMAT: Final = "rootseal/event/1"
_SECRET_BYTES: Final = 32
_GIVE_UP_SECONDS: Final = 3 * 86_400
_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 12 * 3600.0
_GONE: Final = 410
_BATCH: Final = 20

Post = Callable[[str, bytes, dict[str, str], bool], Posted]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of carrying did."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0


class Webhooks:
    """The webhooks of one node. `sender` posts; tests put their own clock and dice, never their own network."""

    def __init__(
        self,
        store: Store,
        home: Home,
        *,
        test: bool,
        clock: Callable[[], float],
        dice: Callable[[], float] = random.random,
        sender: Post = post,
    ) -> None:
        self._store = store
        self._home = home
        self._test = test
        self._clock = clock
        self._dice = dice
        self._post = sender

    def add(self, url: str, kinds: Sequence[str], *, allow_private: bool) -> tuple[Webhook, str]:
        """A new webhook and its secret as text, `whsec_…`: shown now and never again. No kinds means all for ever.

        Raises `InputError` for an address or a kind that cannot be.
        """
        check_url(url, allow_private=allow_private)
        for kind in kinds:
            if kind not in KINDS:
                raise InputError("--kinds", f"must be of {', '.join(KINDS)}", kind)
        secret = secrets.token_bytes(_SECRET_BYTES)
        chosen = tuple(kind for kind in KINDS if kind in kinds)
        now = int(self._clock())
        webhook = Webhook(f"wh_{secrets.token_hex(8)}", url, chosen, secret, allow_private, now)
        with self._store.writing():
            self._store.announcements.add_webhook(webhook)
            detail = {"host": urlsplit(url).hostname, "kinds": list(chosen) or "all"}
            self._store.acts.add(now, "webhook add", webhook.id, detail)
        return webhook, secret_text(secret)

    def remove(self, webhook_id: str, why: str = "removed") -> bool:
        """End it and forget its secret; False where that was done before. Raises `InputError` for an unknown id."""
        webhook, now = self._store.announcements.webhook(webhook_id), int(self._clock())
        with self._store.writing():
            removed = self._store.announcements.remove_webhook(webhook.id, now, why)
            if removed:
                self._store.acts.add(now, "webhook remove", webhook.id, {"why": why})
        return removed

    def try_one(self, webhook_id: str) -> Posted:
        """Post a signed event of type `test` now; it is not repeated. Raises `InputError` for a removed webhook."""
        webhook = self._store.announcements.webhook(webhook_id)
        if webhook.removed_at is not None:
            raise InputError("webhook", "was removed", webhook_id)
        told = Announcement(0, f"msg_{secrets.token_hex(16)}", "test", "test", {}, int(self._clock()))
        return self._send(webhook, told)

    def round(self, limit: int = _BATCH) -> Round:
        """Try everything that is due, at most `limit`.

        A crash after the receiver's answer and before the commit: it hears the same once more, under the same id.
        """
        done = Round()
        known = {webhook.id: webhook for webhook in self._store.announcements.webhooks()}
        silent: set[str] = set()
        for delivery in self._store.announcements.due(int(self._clock()), limit):
            webhook = known.get(delivery.webhook)
            if webhook is None or webhook.id in silent:  # removed a moment ago, or it just did not answer
                continue
            posted = self._send(webhook, delivery.announcement)
            recorded = self._recorded(delivery, posted)
            if not self._store.announcements.record(recorded):
                continue
            log("webhook", webhook=webhook.id, state=recorded.state, attempts=recorded.attempts, outcome=posted.words)
            done = Round(
                done.delivered + (recorded.state == "delivered"),
                done.failed + (recorded.state == "waiting"),
                done.given_up + (recorded.state == "given_up"),
            )
            if posted.status is None:
                silent.add(webhook.id)
            if posted.status == _GONE:
                # The receiver says itself that it wants no more (Standard Webhooks).
                self.remove(webhook.id, "the receiver answered 410 Gone")
                known.pop(webhook.id)
        return done

    def _recorded(self, delivery: WebhookDelivery, posted: Posted) -> WebhookDelivery:
        now, attempts = int(self._clock()), delivery.attempts + 1
        if posted.ok:
            state, wait = "delivered", 0.0
        else:
            over = now - delivery.announcement.at > _GIVE_UP_SECONDS or posted.status == _GONE
            state = "given_up" if over else "waiting"
            wait = min(_FIRST_WAIT * 4.0**delivery.attempts, _LONGEST_WAIT) * (0.5 + self._dice() / 2)
        return replace(
            delivery, state=state, attempts=attempts, next_at=now + int(wait), changed_at=now, outcome=posted.words
        )

    def _send(self, webhook: Webhook, told: Announcement) -> Posted:
        at = int(self._clock())
        body = event_body(self._home, told, test=self._test)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": told.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(webhook.secret, told.id, at, body),
        }
        return self._post(webhook.url, body, headers, webhook.private)


def kinds_told(webhook: Webhook) -> tuple[str, ...]:
    """The kinds that it gets now."""
    return webhook.kinds or KINDS


def event_body(home: Home, told: Announcement, *, test: bool) -> bytes:
    """`rootseal/event/1` (docs/spec/events.md), RFC 8785: the same bytes at every repetition."""
    value: dict[str, Json] = {
        "format": EVENT_FORMAT,
        "id": told.id,
        "type": told.kind,
        "at": told.at,
        "test": test,
        "home": home_json(home),
        "data": told.detail,
    }
    return dumps(value)
