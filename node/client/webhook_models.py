"""What the HTTP interface takes and answers about webhooks."""

from __future__ import annotations

from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from node.client.models import Shape

__all__ = [
    "EventKind",
    "WebhookDeliveryPage",
    "WebhookDeliveryReport",
    "WebhookList",
    "WebhookReport",
    "WebhookRequest",
    "WebhookTrial",
]

EventKind = Literal["sealed", "final", "revoked", "near", "overdue", "low_balance"]

_KINDS: Final = len(get_args(EventKind))


class WebhookRequest(BaseModel):
    """A new webhook."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: str = Field(max_length=2000, description="Where events are posted to, https.")
    kinds: list[EventKind] = Field(
        default=[],
        max_length=_KINDS,
        description="Which events; none named means all, also those that a newer version brings.",
    )


class WebhookReport(Shape):
    """A webhook."""

    format: Literal["rootseal/webhook/1"] = Field(default="rootseal/webhook/1", description="Which shape this is.")
    id: str = Field(description="Its id.")
    url: str = Field(description="Where events are posted to.")
    kinds: list[str] = Field(description="Which events.")
    all_kinds: bool = Field(
        default=False, description="True iff none was named: it gets all, also those that a newer version brings."
    )
    added_at: int = Field(description="When it was added.")
    removed_at: int | None = Field(description="When it was removed.")
    secret: str | None = Field(default=None, description="whsec_…, in the answer that made it and in no other.")


class WebhookList(Shape):
    """One page of the webhooks."""

    format: Literal["rootseal/webhooks/1"] = Field(default="rootseal/webhooks/1", description="Which shape this is.")
    items: list[WebhookReport] = Field(description="Oldest first.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class WebhookTrial(Shape):
    """What came of one event of type test."""

    format: Literal["rootseal/webhook-trial/1"] = Field(
        default="rootseal/webhook-trial/1", description="Which shape this is."
    )
    id: str = Field(description="The webhook.")
    ok: bool = Field(description="True iff the receiver took it (2xx).")
    status: int | None = Field(description="The status of its answer; null: there was none.")
    outcome: str = Field(description="In words, without anything that was received.")


class WebhookDeliveryReport(Shape):
    """One event on its way to one webhook."""

    webhook: str = Field(description="The webhook's id.")
    id: str = Field(description="The event's id, as the receiver sees it in webhook-id.")
    type: str = Field(description="sealed, final, revoked, near, overdue or low_balance.")
    subject: str = Field(description="What it is about.")
    at: int = Field(description="When it happened.")
    state: Literal["waiting", "delivered", "given_up"] = Field(description="How far it is.")
    attempts: int = Field(description="How often it was tried.")
    changed_at: int = Field(description="When its state changed.")
    next_at: int | None = Field(description="When it is tried next; null: never.")
    outcome: str | None = Field(description="What came of the last attempt.")


class WebhookDeliveryPage(Shape):
    """One page, the newest event first."""

    format: Literal["rootseal/webhook-deliveries/1"] = Field(
        default="rootseal/webhook-deliveries/1", description="Which shape this is."
    )
    items: list[WebhookDeliveryReport] = Field(description="The deliveries of this page.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")
