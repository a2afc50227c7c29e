"""The calls about webhooks and credits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from node.client.calling import Calling, flag, given
from node.client.office_models import CreditActPage, CreditActReport, CreditReport
from node.client.webhook_models import (
    EventKind,
    WebhookDeliveryPage,
    WebhookDeliveryReport,
    WebhookList,
    WebhookReport,
    WebhookRequest,
    WebhookTrial,
)

__all__ = ["ProgramCalls"]


class ProgramCalls(Calling):
    """Part of `NodeClient`."""

    def webhooks(self) -> WebhookList:
        """The webhooks, without their secrets, all pages in one."""
        pages = self._pages("/webhooks", WebhookList)
        return WebhookList(items=[item for page in pages for item in page.items], next=None)

    def add_webhook(self, url: str, kinds: Sequence[EventKind] = (), *, key: str | None = None) -> WebhookReport:
        """Tell a program; no kinds means all. The answer holds the secret that events are signed with: keep it."""
        content = WebhookRequest(url=url, kinds=list(kinds)).model_dump_json().encode()
        return self._post("/webhooks", WebhookReport, content, key=key)

    def remove_webhook(self, webhook_id: str) -> WebhookReport:
        """Tell it nothing more."""
        return self._ask("DELETE", f"/webhooks/{webhook_id}", WebhookReport)

    def try_webhook(self, webhook_id: str) -> WebhookTrial:
        """Post one signed event of type test, now."""
        return self._ask("POST", f"/webhooks/{webhook_id}/test", WebhookTrial)

    def webhook_deliveries(self, webhook_id: str | None = None) -> Iterator[WebhookDeliveryReport]:
        """What webhooks were told, the newest event first."""
        for found in self._pages("/webhook-deliveries", WebhookDeliveryPage, given(webhook=webhook_id)):
            yield from found.items

    def claim_credits(self, file: bytes, *, dry_run: bool = False) -> CreditReport:
        """Claim credits with the file that the learner's wallet made."""
        return self._post("/credit-claims", CreditReport, file, params=given(dry_run=flag(dry_run)))

    def recognise_credits(self, file: bytes, *, dry_run: bool = False) -> CreditReport:
        """Recognise credits with the file that the learner's wallet made, once for ever."""
        return self._post("/credit-redemptions", CreditReport, file, params=given(dry_run=flag(dry_run)))

    def credit_acts(self) -> Iterator[CreditActReport]:
        """What was claimed and recognised here, oldest first."""
        for found in self._pages("/credit-acts", CreditActPage):
            yield from found.items
