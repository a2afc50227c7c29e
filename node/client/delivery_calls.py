"""The calls about handing out: mail, claim links, and what became of each credential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from node.client.calling import Calling, flag, given
from node.client.delivery_models import (
    BounceReport,
    ClaimLinkReport,
    ClaimLinkRequest,
    CredentialDelivery,
    CredentialDeliveryPage,
    DeliveredCredential,
    DeliveryReport,
    HandOverReport,
    HandOverRequest,
    ListAccountReport,
    MailingReport,
    MailingRequest,
)

__all__ = ["DeliveryCalls"]

Group = Literal["withdrawn", "delivered", "waiting", "failed"]


class DeliveryCalls(Calling):
    """Part of `NodeClient`."""

    def mail(
        self,
        ids: Sequence[str] | None = None,
        *,
        again: bool = False,
        before_final: bool = False,
        resend_uncertain: bool = False,
        dry_run: bool = False,
        key: str | None = None,
    ) -> MailingReport:
        """Queue mail to the learners of `ids`, or of all that nobody was handed yet; the running node sends it."""
        body = MailingRequest(
            ids=None if ids is None else list(ids),
            again=again,
            before_final=before_final,
            resend_uncertain=resend_uncertain,
        )
        return self._post_body("/mailings", MailingReport, body, params=given(dry_run=flag(dry_run)), key=key)

    def claim_link(
        self, credential_id: str, *, days: int | None = None, before_final: bool = False, key: str | None = None
    ) -> ClaimLinkReport:
        """A one-time link for its learner; older ones that nobody opened end. The same `key` gets the same link."""
        path = f"/credentials/{credential_id}/claim-links"
        return self._post_body(path, ClaimLinkReport, ClaimLinkRequest(days=days, before_final=before_final), key=key)

    def handed_over(self, ids: Sequence[str], *, key: str | None = None) -> HandOverReport:
        """Count credentials as delivered that were given to their learners in person."""
        return self._post_body("/hand-overs", HandOverReport, HandOverRequest(ids=list(ids)), key=key)

    def bounces(self, mailbox: bytes, *, key: str | None = None) -> BounceReport:
        """Read mail that came back: one message, or a mailbox (mbox)."""
        media_type = "application/mbox" if mailbox.startswith(b"From ") else "message/rfc822"
        return self._post("/bounces", BounceReport, mailbox, media_type, key=key)

    def deliveries(self) -> DeliveryReport:
        """The delivery ledger with its newest total and the first lists; `lists_delivered` goes through all of them."""
        return self._ask("GET", "/deliveries", DeliveryReport)

    def lists_delivered(self) -> Iterator[ListAccountReport]:
        """What became of every list, oldest first."""
        for found in self._pages("/deliveries", DeliveryReport):
            yield from found.lists

    def credential_deliveries(self, group: Group | None = None) -> Iterator[DeliveredCredential]:
        """What became of each credential, in order of acceptance."""
        for found in self._pages("/credential-deliveries", CredentialDeliveryPage, given(group=group)):
            yield from found.items

    def delivery(self, credential_id: str) -> CredentialDelivery:
        """What became of one credential, with every mail and link."""
        return self._ask("GET", f"/credentials/{credential_id}/delivery", CredentialDelivery)
