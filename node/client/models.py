"""What the HTTP interface takes and answers: one model a shape, used by server, client and OpenAPI document.

Members are camelCase in JSON, but for `AwardRow`, whose members are the columns of a list. Times are UTC seconds,
hashes of the log lower-case hex, addresses and transactions of the chain lower-case with 0x.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = [
    "AcceptedCredential",
    "AnchorPlace",
    "AwardRow",
    "BlockPlace",
    "Body",
    "CheckpointReport",
    "Credential",
    "CredentialDocument",
    "CredentialEvent",
    "CredentialPage",
    "CredentialSummary",
    "FieldProblem",
    "IssueCounts",
    "IssueReport",
    "IssuedRow",
    "ProblemDetails",
    "Shape",
    "StatusChange",
    "StatusListReport",
    "StatusListRow",
    "StatusRequest",
    "integral",
]

Act = Literal["revoke", "suspend", "reinstate"]
State = Literal["accepted", "sealed", "anchored", "withdrawn"]


class Shape(BaseModel):
    """A client ignores members that a newer node may add; the OpenAPI document names every one there is."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        json_schema_extra={"additionalProperties": False},
    )


def integral(value: object) -> object:
    """JSON has one kind of number: 7.0 is the integer 7."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Body(BaseModel):
    """What is sent: unknown members are refused, and no value is turned into another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True)


class FieldProblem(Shape):
    """What is wrong with one field."""

    where: str = Field(description="The column, member or parameter.")
    problem: str = Field(description="What is wrong with it, and what would be right.")


class ProblemDetails(Shape):
    """RFC 9457 problem details."""

    type: Literal["about:blank"] = Field(
        default="about:blank", description="Always about:blank: the status says what kind it is."
    )
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status code.", ge=400, le=599)
    detail: str = Field(description="What is wrong, in a sentence.")
    code: str | None = Field(default=None, description="A stable code, where there is one.")
    errors: list[FieldProblem] | None = Field(
        default=None, description="The fields that are wrong, where it is fields."
    )


class AwardRow(BaseModel):
    """One award, as a row of a list: the members are the columns. Text stays as it is, leading zeros too."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    learner_id: str = Field(description="The institution's own number of the learner.", examples=["00784483"])
    given_name: str | None = Field(default=None, description="Given name.", examples=["Ana"])
    family_name: str = Field(description="Family name, or the only one.", examples=["Kovač"])
    email: str = Field(description="Where the credential is delivered to.", examples=["ana@example.edu"])
    micro_credential: str = Field(description="Key of the micro-credential.", examples=["ledgers"])
    awarded_on: str = Field(description="Day of issuing, YYYY-MM-DD.", examples=["2026-09-01"])
    grade: str | None = Field(default=None, description="Grade, where the micro-credential has grades.")
    holder: str | None = Field(
        default=None, description="The learner's wallet address, 0x…; with copies one for each, spaces between them."
    )


class LearnerSearch(BaseModel):
    """Whose credentials are looked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    learner_id: str = Field(min_length=1, max_length=200, description="The institution's own number of the learner.")


class AcceptedCredential(Shape):
    """A durable row: it is on disk, and will be sealed and anchored by itself."""

    format: Literal["rootseal/accepted/1"] = Field(default="rootseal/accepted/1", description="Which shape this is.")
    id: str = Field(description="The credential's id, urn:uuid:….")
    already: bool = Field(description="True iff this very row was issued before.")


class IssueCounts(Shape):
    """Every row of the list once."""

    issued: int = Field(description="New credentials.")
    already: int = Field(description="Rows that have their credential from before.")
    refused: int = Field(description="Rows that are not issued.")
    blank: int = Field(description="Rows without content.")


class IssuedRow(Shape):
    """What became of one row. It repeats nothing of the row but its line."""

    line: int = Field(description="Line in the list, from 1.")
    outcome: Literal["issued", "already", "refused"] = Field(description="What became of it.")
    id: str | None = Field(default=None, description="The credential's id; none in a dry run.")
    column: str | None = Field(default=None, description="The column that is wrong.")
    reason: str | None = Field(default=None, description="Why it is refused.")


class IssueReport(Shape):
    """What became of a list."""

    format: Literal["rootseal/issue-report/1"] = Field(
        default="rootseal/issue-report/1", description="Which shape this is."
    )
    dry_run: bool = Field(description="True iff nothing was stored.")
    counts: IssueCounts = Field(description="How many rows ended how.")
    rows: list[IssuedRow] = Field(description="Every row but blank ones, by line.")
    sample: dict[str, Any] | None = Field(default=None, description="The first new document, in a dry run.")


class BlockPlace(Shape):
    """A block."""

    number: int = Field(description="Number.")
    hash: str = Field(description="Hash.")
    timestamp: int = Field(description="Time.")


class CheckpointReport(Shape):
    """A promise: this size and root will be on chain by `anchorBy`."""

    size: int = Field(description="Entries of the log.")
    root: str = Field(description="Root of the log.")
    signed_at: int = Field(description="When it was signed.")
    anchor_by: int = Field(description="By when it is promised on chain.")


class AnchorPlace(Shape):
    """A final anchor."""

    sequence: int = Field(description="Number of the anchor, from 1.")
    size: int = Field(description="Entries that it holds.")
    transaction: str = Field(description="Hash of the transaction.")
    block: BlockPlace = Field(description="Where it stands.")


class CredentialSummary(Shape):
    """Where a credential stands."""

    id: str = Field(description="urn:uuid:….")
    state: State = Field(description="How far it has come; anchored means final on chain.")
    index: int | None = Field(description="Place in the log, once sealed.")
    learner_id: str = Field(description="The learner's number; empty once erased.")
    micro_credential: str = Field(description="Key of the micro-credential.")
    awarded_on: str = Field(description="Day of issuing; empty once erased.")
    accepted_at: int = Field(description="When it was accepted.")
    supersedes: str | None = Field(description="The credential that it corrects.")
    status: Literal["valid", "suspended", "revoked"] | None = Field(
        description="As last asked for; null without a final anchor (accepted, sealed, withdrawn): no verifier can "
        "find it valid yet."
    )
    status_final: bool = Field(
        description="True iff the chain holds the status finally; false where status is null or still under way."
    )
    copy_of: str | None = Field(default=None, description="The first copy, where this is another copy of that.")
    copies: int = Field(default=1, description="How many copies of it there are; lists show the first one alone.")


class CredentialPage(Shape):
    """One page, in order of acceptance."""

    format: Literal["rootseal/credentials/1"] = Field(
        default="rootseal/credentials/1", description="Which shape this is."
    )
    items: list[CredentialSummary] = Field(description="The credentials of this page.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class CredentialEvent(Shape):
    """Something that happened to a credential."""

    at: int = Field(description="When.")
    event: Literal["accepted", "sealed", "anchored", "withdrawn", "revoke", "suspend", "reinstate"] = Field(
        description="What."
    )
    reason: Literal["none", "superseded"] | None = Field(
        default=None, description="Of a revocation: the reason that stands on chain."
    )
    transaction_state: str | None = Field(default=None, description="How far the act has come on its way to the chain.")


class Credential(CredentialSummary):
    """Where a credential stands, with promise, anchor and history."""

    format: Literal["rootseal/credential-state/1"] = Field(
        default="rootseal/credential-state/1", description="Which shape this is."
    )
    commitment: str = Field(description="The entry of the log; /v1/proofs/ answers for it.")
    promise: CheckpointReport | None = Field(description="The first signed checkpoint that holds it.")
    anchor: AnchorPlace | None = Field(description="The final anchor that introduced it.")
    history: list[CredentialEvent] = Field(description="Oldest first.")


class CredentialDocument(Shape):
    """What a person looks at before approving or correcting."""

    format: Literal["rootseal/credential-document/1"] = Field(
        default="rootseal/credential-document/1", description="Which shape this is."
    )
    id: str = Field(description="The credential.")
    submission: int | None = Field(description="The submission that it came with.")
    line: int = Field(description="Its line in the list; 0 once erased.")
    email: str | None = Field(description="Where it goes to; null once erased.")
    holder: str | None = Field(description="The address that it is bound to.")
    erased_at: int | None = Field(description="When it was erased.")
    document: dict[str, Any] | None = Field(description="The document; null once erased.")


class StatusRequest(BaseModel):
    """Acts on several credentials, all or none."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    act: Act = Field(description="What to do.")
    ids: list[str] = Field(min_length=1, max_length=10_000, description="Which credentials.")
    reason: Literal["none", "superseded"] = Field(default="none", description="The reason that stands on chain.")
    note: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="To revoke or suspend: why, in your words. It stays in the node's database, for the holder alone.",
    )


class StatusChange(Shape):
    """Queued for the chain; it takes effect when the transaction is on it."""

    format: Literal["rootseal/node-act/1"] = Field(default="rootseal/node-act/1", description="Which shape this is.")
    act: Act = Field(description="What.")
    requested: list[str] = Field(description="Credentials for which it was queued.")
    already: list[str] = Field(description="Credentials for which it was asked before.")
    intents: list[str] = Field(description="The transactions that carry it.")
    following: list[str] = Field(default=[], description="Copies that it reaches by itself once they are anchored.")
    withdrawn: list[str] = Field(default=[], description="Copies that were not sealed yet, and never will be.")


class StatusListRow(Shape):
    """What became of one row of a list of status changes."""

    line: int = Field(description="Line in the list, from 1.")
    id: str | None = Field(description="The credential, where it was found.")
    outcome: Literal["queued", "already", "twice", "refused"] = Field(description="What became of it.")
    reason: str | None = Field(description="Why it is refused.")


class StatusListReport(Shape):
    """What became of a list of status changes."""

    format: Literal["rootseal/status-list/1"] = Field(
        default="rootseal/status-list/1", description="Which shape this is."
    )
    act: Act = Field(description="What.")
    dry_run: bool = Field(description="True iff nothing was queued.")
    counts: dict[str, int] = Field(description="How many rows ended how.")
    rows: list[StatusListRow] = Field(description="Every row.")
    intents: list[str] = Field(description="The transactions that carry it.")
