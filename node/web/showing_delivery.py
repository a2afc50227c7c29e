"""From the delivery ledger to the shapes of the HTTP interface."""

from __future__ import annotations

from node.client.delivery_models import (
    CredentialDelivery,
    DeliveredCredential,
    LinkReport,
    ListAccountReport,
    MailingReport,
    MailReport,
    MailSample,
)
from node.delivery.ledger import FATES, ListAccount
from node.delivery.queueing import Queued
from node.store import Entry, Store
from node.store.lists import Fate

__all__ = ["credential_delivery", "delivered_credential", "list_account", "mailing_report"]


def list_account(account: ListAccount) -> ListAccountReport:
    """What became of one list."""
    return ListAccountReport.model_validate(account.to_json())


def mailing_report(found: Queued, *, dry_run: bool) -> MailingReport:
    """What was queued."""
    sample = None if found.sample is None else MailSample(subject=found.sample[0], text=found.sample[1])
    return MailingReport(
        dry_run=dry_run,
        queued=len(found.queued),
        waiting=found.waiting,
        already=list(found.already),
        uncertain=found.uncertain,
        sample=sample if dry_run else None,
    )


def delivered_credential(store: Store, number: int | None, fate: Fate) -> DeliveredCredential:
    """What became of one credential; `number` is that of its list."""
    return DeliveredCredential.model_validate(_delivered(store, number, fate))


def credential_delivery(store: Store, found: Entry, now: int) -> CredentialDelivery:
    """The same with every mail and link."""
    ((number, fate),) = store.lists.page(now, found.number - 1, 1)
    mails = [
        MailReport(
            carries=mail.carries,
            state=mail.state,
            attempts=mail.attempts,
            queued_at=mail.queued_at,
            changed_at=mail.changed_at,
            answer=mail.answer,
            bounced_at=mail.bounced_at,
            bounce=mail.bounce,
        )
        for mail in store.mails.of(found.id)
    ]
    links = [
        LinkReport(made_at=link.made_at, expires_at=link.expires_at, opened_at=link.opened_at)
        for link in store.claim_links.of(found.id)
    ]
    handed = store.hand_overs.at(found.id)
    return CredentialDelivery.model_validate(
        {**_delivered(store, number, fate), "mails": mails, "links": links, "handed_over_at": handed}
    )


def _delivered(store: Store, number: int | None, fate: Fate) -> dict[str, object]:
    group, words = FATES[fate.code]
    if fate.code == "copies_waiting":
        words = "{} of {} copies are published".format(*store.copies.published(fate.id))
    learner = "" if fate.code == "erased" else fate.learner
    return {
        "id": fate.id,
        "list": number,
        "line": fate.line,
        "learner_id": learner,
        "group": group,
        "fate": fate.code,
        "words": words,
    }
