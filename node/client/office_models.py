"""What the HTTP interface takes and answers at the desk: credentials issued anew, reasons, erasure, credits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from node.client.models import Body, Shape

__all__ = [
    "CreditActPage",
    "CreditActReport",
    "CreditReport",
    "ErasureReport",
    "ErasureRequest",
    "ReissueReport",
    "ReissueRequest",
]


class ReissueRequest(Body):
    """A credential for another key of its learner."""

    holder: str = Field(
        pattern=r"^0x[0-9a-fA-F]{40}( 0x[0-9a-fA-F]{40}){0,15}$",
        description="The learner's new address; several with a space between them: a copy for each.",
    )
    checked_by: str = Field(min_length=1, max_length=500, description="Who made sure that this is the learner.")
    how: str = Field(min_length=1, max_length=500, description="How, for example: passport at the desk.")


class ReissueReport(Shape):
    """What became of it. The old one is revoked as superseded when the anchor of the new one is final."""

    format: Literal["rootseal/reissue/1"] = Field(default="rootseal/reissue/1", description="Which shape this is.")
    dry_run: bool = Field(description="True iff nothing was stored.")
    old: str = Field(description="The credential that was issued before.")
    new: str | None = Field(description="The new one; null in a dry run.")
    holder: str = Field(description="The addresses that the new one and its copies are bound to.")
    credits: int = Field(description="Its credits, a hundredth of an ECTS each.")
    already: bool = Field(description="True iff this was done before.")
    old_withdrawn: bool = Field(description="True iff the old one was not sealed yet, and never will be.")


class ErasureRequest(Body):
    """What is erased for ever."""

    confirm: str = Field(description="The credential's whole id, urn:uuid:…, typed once more.")


class ErasureReport(Shape):
    """What was destroyed, and what still holds it. What was sealed keeps its place in the log; its file verifies."""

    format: Literal["rootseal/erasure/1"] = Field(default="rootseal/erasure/1", description="Which shape this is.")
    id: str = Field(description="The credential; of several copies the first.")
    entries: list[str] = Field(description="The ids of all its copies, which share its fate.")
    dry_run: bool = Field(description="True iff nothing was changed.")
    erased_at: int | None = Field(description="When it was erased; null where it was not.")
    already: bool = Field(description="True iff that was done before.")
    database_copies: int = Field(description="Copies of the database that still hold it: delete them at the machine.")
    last_backup_at: int | None = Field(description="When the last backup was made, which may still hold it.")


class CreditReport(Shape):
    """What became of one consent that a learner signed."""

    format: Literal["rootseal/credit-report/1"] = Field(
        default="rootseal/credit-report/1", description="Which shape this is."
    )
    dry_run: bool = Field(description="True iff nothing was queued.")
    commitment: str = Field(description="The credential's commitment.")
    credits: int = Field(description="Its credits, a hundredth of an ECTS each.")
    outcome: Literal["queued", "already"] = Field(description="What became of it.")
    gas: int = Field(description="What it costs, in gas; 0 where nothing is sent.")
    wei: str = Field(description="The same in wei.")


class CreditActReport(Shape):
    """One claim or recognition, and how far it is."""

    kind: Literal["claim", "redeem"] = Field(description="What it is.")
    commitment: str = Field(description="The credential's commitment.")
    at: int = Field(description="When it was queued.")
    award: str | None = Field(description="What the credits were recognised for; only for a redemption.")
    transaction_state: str = Field(description="How far its transaction is.")
    token: str | None = Field(description="What the token is worth by the chain; null: it is not there.")
    given_up: bool = Field(description="True iff the contract refused it: hand it in again.")


class CreditActPage(Shape):
    """One page, oldest first."""

    format: Literal["rootseal/credit-acts/1"] = Field(
        default="rootseal/credit-acts/1", description="Which shape this is."
    )
    items: list[CreditActReport] = Field(description="The acts of this page.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")
