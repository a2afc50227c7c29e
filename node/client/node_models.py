"""What the HTTP interface answers about the node itself: work, micro-credentials, people, programs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from node.client.models import AnchorPlace, Body, CheckpointReport, Shape

__all__ = [
    "AnchorReport",
    "AuditAct",
    "AuditActPage",
    "ChainReport",
    "DepartmentReport",
    "DepartmentRequest",
    "MicroCredentialList",
    "MicroCredentialReport",
    "MicroCredentialSummary",
    "NextAnchorReport",
    "NodeReport",
    "ProblemReport",
    "RejectRequest",
    "SealReport",
    "SetAsideReport",
    "SubmissionList",
    "SubmissionReport",
    "SubmissionRow",
    "SubmissionRowPage",
    "TemplateCount",
    "TokenList",
    "TokenReport",
    "WitnessReport",
]


class SealReport(Shape):
    """What was sealed."""

    format: Literal["rootseal/seal-report/1"] = Field(
        default="rootseal/seal-report/1", description="Which shape this is."
    )
    checkpoint: CheckpointReport | None = Field(description="The new promise; null where nothing waited.")


class AnchorReport(Shape):
    """The newest promise goes on chain at the next round of the node's work, whatever the interval."""

    format: Literal["rootseal/anchor-report/1"] = Field(
        default="rootseal/anchor-report/1", description="Which shape this is."
    )
    checkpoint: CheckpointReport | None = Field(description="The newest promise; null where nothing is sealed.")
    anchored: bool = Field(description="True iff a final anchor holds it already.")


class ChainReport(Shape):
    """What the chain says now."""

    latest_block: int = Field(description="Newest block.")
    final_block: int | None = Field(description="Newest final block.")
    head_sequence: int = Field(description="Anchors on chain.")
    head_size: int = Field(description="Entries under the newest anchor on chain.")
    balance_wei: str | None = Field(description="Money of the node's key.")


class NextAnchorReport(Shape):
    """When the node anchors next."""

    due: bool = Field(description="True iff it is time.")
    reason: str = Field(description="Why, or why not yet.")
    at: int | None = Field(description="When it will be time by the clock; null: nothing waits.")


class WitnessReport(Shape):
    """Another ledger that the log is anchored on."""

    number: int = Field(description="Its number here.")
    chain: int = Field(description="Chain id.")
    sequence: int = Field(description="Anchors there.")
    anchored: int = Field(description="Entries that are final there.")
    failing: bool = Field(description="True iff the last round there failed.")


class ProblemReport(Shape):
    """What keeps the node from sealing or anchoring, or from making a credential, or comes near it."""

    code: Literal["chain.ahead", "held.up", "award.set_aside", "chain.endpoint", "balance.low"] = Field(
        description="Which problem."
    )
    sentence: str = Field(description="In words.")


class SetAsideReport(Shape):
    """An acknowledged award whose credential cannot be made now."""

    id: str = Field(description="The id that was acknowledged.")
    micro_credential: str = Field(description="Key of its micro-credential.")
    accepted_at: int = Field(description="When it was acknowledged.")
    since: int = Field(description="When it was set aside.")
    reason: str = Field(description="Why, without its learner's data.")


class NodeReport(Shape):
    """How the node is doing: what `rootseal node status --json` says."""

    format: Literal["rootseal/node-status/1"] = Field(
        default="rootseal/node-status/1", description="Which shape this is."
    )
    home: dict[str, Any] = Field(description="Chain, ledger and issuer number.")
    test: bool = Field(description="True for a rehearsal.")
    healthy: bool = Field(
        description="True iff no promise is overdue, the chain answers, sealing and anchoring are not held up, and no "
        "award is set aside."
    )
    accepted: int = Field(description="Credentials that wait to be sealed.")
    copies_waiting: int = Field(description="Of these, further copies whose turn comes when those before are final.")
    set_aside: list[SetAsideReport] = Field(
        description="Of the accepted, those whose credential cannot be made now, as far as the token may see them."
    )
    sealed: int = Field(description="Credentials in the log.")
    withdrawn: int = Field(description="Credentials that were withdrawn.")
    anchored: int = Field(description="Credentials under a final anchor.")
    oldest_accepted_at: int | None = Field(description="Since when the oldest waits.")
    checkpoint: CheckpointReport | None = Field(description="The newest promise.")
    anchor: AnchorPlace | None = Field(description="The newest final anchor.")
    overdue: list[CheckpointReport] = Field(description="Promises past their date.")
    near: list[CheckpointReport] = Field(description="Promises that are soon due.")
    transactions: dict[str, int] = Field(description="Transactions by state.")
    chain: ChainReport | None = Field(description="Null where it could not be asked.")
    chain_problem: str | None = Field(description="Why not.")
    problems: list[ProblemReport] = Field(
        description="What is wrong; `chain.endpoint` and `balance.low` leave the node healthy."
    )
    next_anchor: NextAnchorReport = Field(description="When and why the node anchors next.")
    awaiting_approval: int = Field(description="Lists that wait for a second person; 0 where none is asked for.")
    recovered: int = Field(description="Credentials known by their commitment alone.")
    ledgers: list[WitnessReport] = Field(description="Other ledgers in use.")


class MicroCredentialSummary(Shape):
    """One micro-credential."""

    key: str = Field(description="What lists call it.")
    title: str = Field(description="Its title.")
    department: str | None = Field(description="The department that awards it.")


class MicroCredentialList(Shape):
    """One page of the micro-credentials that this token may see."""

    format: Literal["rootseal/templates/1"] = Field(default="rootseal/templates/1", description="Which shape this is.")
    items: list[MicroCredentialSummary] = Field(description="In order of their keys.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class MicroCredentialReport(Shape):
    """One micro-credential with all its elements."""

    format: Literal["rootseal/template/1"] = Field(default="rootseal/template/1", description="Which shape this is.")
    version: int | None = Field(default=None, description="The version that was stored; null where none was asked for.")
    template: dict[str, Any] = Field(description="As in a file of micro-credentials.")


class DepartmentRequest(Body):
    """Whose micro-credential it is."""

    department: str | None = Field(max_length=100, description="The department; null: none in particular.")


class DepartmentReport(Shape):
    """Whose micro-credential it is."""

    format: Literal["rootseal/template-department/1"] = Field(
        default="rootseal/template-department/1", description="Which shape this is."
    )
    key: str = Field(description="The micro-credential.")
    department: str | None = Field(description="The department, as names are compared; null: none in particular.")


class TemplateCount(Shape):
    """How many of one micro-credential."""

    micro_credential: str = Field(description="Its key.")
    count: int = Field(description="How many are still accepted.")


class SubmissionReport(Shape):
    """A list as it was handed in: what a second person approves as a whole."""

    format: Literal["rootseal/submission/1"] = Field(
        default="rootseal/submission/1", description="Which shape this is."
    )
    id: int = Field(description="Its number.")
    submitted_at: int = Field(description="When.")
    person: str | None = Field(description="By whom; null for the command line.")
    state: Literal["waiting", "approved", "rejected"] = Field(description="What was decided.")
    decided_at: int | None = Field(description="When it was decided.")
    decided_person: str | None = Field(description="By whom.")
    reason: str | None = Field(description="Why it was rejected.")
    accepted: int = Field(description="Credentials of it that wait.")
    sealed: int = Field(description="Credentials of it that are in the log.")
    withdrawn: int = Field(description="Credentials of it that were withdrawn.")
    templates: list[TemplateCount] = Field(description="What waits, by micro-credential.")
    preview: str | None = Field(description="One of its credentials, to look at.")
    copies: int = Field(description="Copies of each credential; each counts once.")


class SubmissionRow(Shape):
    """One credential of a list: whose, and for what."""

    line: int = Field(description="Its line in the list.")
    id: str = Field(description="Its id; `/v1/credentials/<id>/document` shows it whole.")
    learner_id: str = Field(description="The learner's number.")
    learner: str = Field(description="The learner's name.")
    micro_credential: str = Field(description="Key of the micro-credential.")
    awarded_on: str = Field(description="Day of issuing.")


class SubmissionRowPage(Shape):
    """One page of what is not sealed yet."""

    format: Literal["rootseal/submission-rows/1"] = Field(
        default="rootseal/submission-rows/1", description="Which shape this is."
    )
    items: list[SubmissionRow] = Field(description="In the order of the list.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class SubmissionList(Shape):
    """One page of those that nobody decided on yet."""

    format: Literal["rootseal/submissions/1"] = Field(
        default="rootseal/submissions/1", description="Which shape this is."
    )
    items: list[SubmissionReport] = Field(description="Oldest first.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class RejectRequest(BaseModel):
    """Why a submission is rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    reason: str = Field(min_length=1, max_length=500, description="A sentence for who issued it; kept here only.")


class TokenReport(Shape):
    """A token, without its secret."""

    id: str = Field(description="Its id.")
    person: str = Field(description="Whose it is.")
    roles: list[str] = Field(description="What it may do.")
    departments: list[str] = Field(description="For which departments; none means all.")
    added_at: int = Field(description="When it was made.")
    expires_at: int | None = Field(description="When it ends.")
    revoked_at: int | None = Field(description="When it was revoked.")
    used_on: str | None = Field(description="The last day on which it was used.")


class TokenList(Shape):
    """One page of every token there ever was."""

    format: Literal["rootseal/tokens/1"] = Field(default="rootseal/tokens/1", description="Which shape this is.")
    items: list[TokenReport] = Field(description="Oldest first.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


class AuditAct(Shape):
    """One line of the audit log."""

    position: int = Field(description="Its number, ascending.")
    at: int = Field(description="When.")
    act: str = Field(description="What was done.")
    subject: str = Field(description="To what.")
    detail: dict[str, Any] = Field(description="More, and by whom.")
    hash: str = Field(description="Hash of this line on top of all before.")


class AuditActPage(Shape):
    """One page of the audit log."""

    format: Literal["rootseal/acts/1"] = Field(default="rootseal/acts/1", description="Which shape this is.")
    items: list[AuditAct] = Field(description="Oldest first.")
    next: str | None = Field(description="Cursor of the next page; null on the last one.")
