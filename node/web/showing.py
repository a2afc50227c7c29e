"""From the store's records to the shapes of the HTTP interface."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from node.client.models import (
    AnchorPlace,
    BlockPlace,
    CheckpointReport,
    Credential,
    CredentialDocument,
    CredentialEvent,
    CredentialSummary,
    IssueCounts,
    IssuedRow,
    IssueReport,
)
from node.looking import Looked
from node.statuses import REASON_SUPERSEDED
from node.store import Act, AnchorRow, Checkpoint
from node.store.finding import FoundEntry, Standing
from node.withdrawal import withdrawal
from rootseal.ethereum import ZERO_ADDRESS, address_text

if TYPE_CHECKING:
    from node.issuance import IssueOutcome
    from node.services import Services

__all__ = [
    "anchor_place",
    "checkpoint_report",
    "credential",
    "credential_document",
    "credential_summary",
    "issue_report",
]

_STATUS = {None: "valid", Act.REINSTATE: "valid", Act.SUSPEND: "suspended", Act.REVOKE: "revoked"}
_REASONS: Final[Mapping[int, Literal["none", "superseded"]]] = {0: "none", REASON_SUPERSEDED: "superseded"}


def checkpoint_report(point: Checkpoint) -> CheckpointReport:
    """A promise."""
    return CheckpointReport(
        size=point.size, root=point.root.hex(), signed_at=point.signed_at, anchor_by=point.anchor_by
    )


def anchor_place(row: AnchorRow) -> AnchorPlace:
    """A final anchor."""
    block = BlockPlace(number=row.block.number, hash="0x" + row.block.hash.hex(), timestamp=row.block.timestamp)
    return AnchorPlace(sequence=row.sequence, size=row.size, transaction="0x" + row.transaction.hex(), block=block)


def credential_summary(found: FoundEntry) -> CredentialSummary:
    """A line of a list."""
    return CredentialSummary.model_validate(_summary(found))


def credential(services: Services, found: FoundEntry) -> Credential:
    """One credential with all that happened to it."""
    store = services.store
    entry = store.entries.get(found.id)
    promise = None if entry.index is None else store.log.covering(entry.index)
    anchor = None if entry.index is None else store.log.introducing(entry.index)
    history = [CredentialEvent(at=found.accepted_at, event="accepted")]
    if promise is not None:
        history.append(CredentialEvent(at=promise.signed_at, event="sealed"))
    if anchor is not None:
        history.append(CredentialEvent(at=anchor.block.timestamp, event="anchored"))
    taken_back = withdrawal(store, entry)
    if taken_back is not None:
        history.append(CredentialEvent(at=taken_back.at, event="withdrawn"))
    for act in store.statuses.of(found.id):
        intent = store.outbox.get(act.intent)
        state = None if intent is None else intent.state.value
        reason = None if act.act is not Act.REVOKE else _REASONS[act.reason]
        history.append(
            CredentialEvent(at=act.requested_at, event=act.act.value, reason=reason, transaction_state=state)
        )
    return Credential.model_validate(
        {
            **_summary(found),
            "commitment": entry.commitment.hex(),
            "promise": None if promise is None else checkpoint_report(promise),
            "anchor": None if anchor is None else anchor_place(anchor),
            "history": sorted(history, key=lambda event: event.at),
        }
    )


def credential_document(looked: Looked) -> CredentialDocument:
    """One credential as the store has it, sealed or not."""
    entry, holder = looked.entry, looked.entry.subject.holder
    return CredentialDocument(
        id=entry.id,
        submission=looked.submission,
        line=entry.line,
        email=entry.email or None,
        holder=None if holder == ZERO_ADDRESS else address_text(holder),
        erased_at=looked.erased_at,
        document=json.loads(entry.document) if entry.document else None,
    )


def issue_report(outcome: IssueOutcome) -> IssueReport:
    """What became of a list; a dry run draws no ids that are worth showing."""
    rows = [
        IssuedRow(line=row.line, outcome="issued", id=None if outcome.dry_run else row.id) for row in outcome.issued
    ]
    rows += [IssuedRow(line=row.line, outcome="already", id=row.id) for row in outcome.already]
    rows += [
        IssuedRow(line=row.line, outcome="refused", column=row.column, reason=row.reasons) for row in outcome.refused
    ]
    counts = IssueCounts(
        issued=len(outcome.issued),
        already=len(outcome.already),
        refused=len(outcome.refused),
        blank=len(outcome.blank),
    )
    sample = outcome.sample if outcome.dry_run else None
    return IssueReport(
        dry_run=outcome.dry_run, counts=counts, rows=sorted(rows, key=lambda row: row.line), sample=sample
    )


def _summary(found: FoundEntry) -> dict[str, object]:
    # Without a final anchor the chain says nothing of it: only what was asked for is known.
    known = found.standing is Standing.ANCHORED or found.act is not None
    return {
        "id": found.id,
        "state": found.standing.value,
        "index": found.index,
        "learner_id": found.learner,
        "micro_credential": found.micro_credential,
        "awarded_on": found.awarded_on,
        "accepted_at": found.accepted_at,
        "supersedes": found.supersedes,
        "status": _STATUS[found.act] if known else None,
        "status_final": known and (found.act is None or found.act_final),
        "copy_of": found.copy_of,
        "copies": found.copies,
    }
