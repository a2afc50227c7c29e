"""What the HTTP interface takes and answers about handing out: mail, claim links, what became of each credential."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from node.client.models import Body, Shape, integral

__all__ = [
    "BounceReport",
    "ClaimLinkReport",
    "ClaimLinkRequest",
    "CredentialDelivery",
    "CredentialDeliveryPage",
    "DeliveredCredential",
    "DeliveryReport",
    "HandOverReport",
    "HandOverRequest",
    "LinkReport",
    "ListAccountReport",
    "MailReport",
    "MailSample",
    "MailingReport",
    "MailingRequest",
]

Group = Literal["withdrawn", "delivered", "waiting", "failed"]


class MailingRequest(Body):
    """Which credentials are mailed to their learners."""

    ids: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=10_000,
        description="These, all or none; absent: all that are final on chain and that nobody was handed yet.",
    )
    again: bool = Field(default=False, description="With ids: although they were mailed before.")
    before_final: bool = Field(default=False, description="Also what is sealed and not final on chain yet.")
    resend_uncertain: bool = Field(default=False, description="Send those once more that may have arrived.")


class MailSample(Shape):
    """One mail as it would go out."""

    subject: str = Field(description="Its subject.")
    text: str = Field(description="Its text.")


class MailingReport(Shape):
    """What was queued. The running node sends it; `GET /v1/credential-deliveries` says what became of each."""

    format: Literal["rootseal/mailing/1"] = Field(default="rootseal/mailing/1", description="Which shape this is.")
    dry_run: bool = Field(description="True iff nothing was queued.")
    queued: int = Field(description="New mails.")
    waiting: int = Field(description="Mails that will be sent, the new ones among them.")
    already: list[str] = Field(description="Credentials among ids that were mailed before and are not mailed again.")
    uncertain: int = Field(description="Mails that may have arrived: ask there, or use resendUncertain.")
    sample: MailSample | None = Field(description="One of the mails, in a dry run.")


class ClaimLinkRequest(Body):
    """How long a claim link is good."""

    # The order matters to pydantic: bounds first, else they are lost from the schema.
    days: Annotated[
        int | None,
        Field(ge=1, le=366, description="Absent: as the node's settings say."),
        BeforeValidator(integral),
    ] = None
    before_final: bool = Field(default=False, description="Although not all of its copies are published yet.")


class ClaimLinkReport(Shape):
    """A one-time link for the learner alone: whoever opens it first gets the whole credential."""

    format: Literal["rootseal/claim-link/1"] = Field(
        default="rootseal/claim-link/1", description="Which shape this is."
    )
    id: str = Field(description="The credential.")
    link: str | None = Field(description="The link. The node does not keep it; a repetition makes it anew.")
    made_at: int = Field(description="When it was made.")
    expires_at: int = Field(description="When it ends.")
    ended: int = Field(description="Older links to this credential that nobody opened, and that ended with this one.")


class HandOverRequest(Body):
    """Which credentials were given to their learners in person."""

    ids: list[str] = Field(min_length=1, max_length=10_000, description="The credentials, all or none.")


class HandOverReport(Shape):
    """What counts as delivered now."""

    format: Literal["rootseal/hand-overs/1"] = Field(
        default="rootseal/hand-overs/1", description="Which shape this is."
    )
    counted: list[str] = Field(description="Newly counted ones.")
    already: list[str] = Field(description="Those that were counted before.")


class BounceReport(Shape):
    """What mail that came back said."""

    format: Literal["rootseal/bounces/1"] = Field(default="rootseal/bounces/1", description="Which shape this is.")
    bounced: list[str] = Field(description="Credentials whose mail came back.")
    known: list[str] = Field(description="Those of which that was known.")
    delayed: int = Field(description="Notices that it takes long.")
    foreign: int = Field(description="Messages that name none of this node's mails.")


class DeliveredCredential(Shape):
    """What became of one credential."""

    id: str = Field(description="The credential.")
    list: int | None = Field(description="The list that it came with.")
    line: int = Field(description="Its line there; 0 once erased.")
    learner_id: str = Field(description="The learner's number; empty once erased.")
    group: Group = Field(description="The sum of the delivery ledger that it belongs to.")
    fate: str = Field(description="Finer: a word of `fates` in the ledger.")
    words: str = Field(description="The same, in words.")


class CredentialDeliveryPage(Shape):
    """One page, in order of acceptance."""

    format: Literal["rootseal/credential-deliveries/1"] = Field(
        default="rootseal/credential-deliveries/1", description="Which shape this is."
    )
    items: list[DeliveredCredential] = Field(description="The credentials of this page.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class MailReport(Shape):
    """One mail about a credential."""

    carries: Literal["file", "link"] = Field(description="What it brings.")
    state: Literal["waiting", "sending", "handed_over", "refused", "failed"] = Field(
        description="How far it is; sending: it may have arrived."
    )
    attempts: int = Field(description="How often it was tried.")
    queued_at: int = Field(description="When it was queued.")
    changed_at: int = Field(description="When its state changed.")
    answer: str | None = Field(description="The mail server's words, without addresses.")
    bounced_at: int | None = Field(description="When it was known to have come back.")
    bounce: str | None = Field(description="Why.")


class LinkReport(Shape):
    """One claim link, without its secret."""

    made_at: int = Field(description="When it was made.")
    expires_at: int = Field(description="When it ends, or ended.")
    opened_at: int | None = Field(description="When it was opened.")


class CredentialDelivery(DeliveredCredential):
    """What became of one credential, with every attempt."""

    format: Literal["rootseal/credential-delivery/1"] = Field(
        default="rootseal/credential-delivery/1", description="Which shape this is."
    )
    mails: list[MailReport] = Field(description="Oldest first.")
    links: list[LinkReport] = Field(description="Oldest first.")
    handed_over_at: int | None = Field(description="When it was said to have been given in person.")


class ListAccountReport(Shape):
    """What became of one list; the sums are rows = issued + refused + withdrawn + repeated, and
    issued = delivered + waiting + failed.
    """

    list: int | None = Field(description="Its number; null for the total, and for what came before lists were counted.")
    at: int | None = Field(description="When it came in.")
    rows: int = Field(description="Rows that came in.")
    issued: int = Field(description="Credentials that were not withdrawn.")
    refused: int = Field(description="Rows that were refused.")
    withdrawn: int = Field(description="Credentials that were withdrawn.")
    repeated: int = Field(description="Rows that had their credential from another list.")
    delivered: int = Field(description="Credentials that are with their learners.")
    waiting: int = Field(description="Credentials that are on their way.")
    failed: int = Field(description="Credentials that could not be delivered.")
    fates: dict[str, int] = Field(description="The same, finer.")
    adds_up: bool = Field(description="Whether both sums hold.")


class DeliveryReport(Shape):
    """The delivery ledger."""

    format: Literal["rootseal/delivery-report/1"] = Field(
        default="rootseal/delivery-report/1", description="Which shape this is."
    )
    adds_up: bool = Field(description="Whether every sum holds.")
    lists: list[ListAccountReport] = Field(description="The lists of this page.")
    total: ListAccountReport = Field(description="All lists there are.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")
