"""Which published log is whose, and all checks of one: its signature, its entries, its roots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from anchor.audit.collecting import Progress
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.log_head import LogHead, SignatureOutcome, check_signature, read_head
from anchor.audit.published import LogOutcome, check_log
from anchor.audit.sources import Source
from anchor.audit.state import IssuerState
from rootseal.commitment import Home
from rootseal.errors import InputError, UndeterminedError
from rootseal.facts import DocumentFact
from rootseal.tlog import origin

__all__ = ["AuditedLog", "Signature", "audit_log", "heads_by_issuer"]

Signature = Literal["valid", "wrong", "unchecked"]


@dataclass(frozen=True, slots=True)
class AuditedLog:
    """The published log of one issuer; `head` is None where none was given. See `LogOutcome` for `roots`."""

    head: LogHead | None
    signature: Signature
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    reproduced: frozenset[int] = frozenset()
    roots: Mapping[int, bytes] = field(default_factory=dict)


def heads_by_issuer(
    sources: Sequence[Source], homes: Mapping[int, Home]
) -> tuple[dict[int, LogHead], tuple[Unchecked, ...]]:
    """Read every checkpoint and tell by its origin whose log it is.

    What cannot be read, or is of another home, is "could not check". Raises `InputError` for two logs of one issuer.
    """
    numbers = {origin(home): number for number, home in homes.items()}
    heads: dict[int, LogHead] = {}
    unmatched: list[Unchecked] = []
    for source in sources:
        try:
            head = read_head(source)
        except UndeterminedError as error:
            unmatched.append(Unchecked(f"the log at {source.label}", error.reason))
            continue
        number = numbers.get(head.checkpoint.origin)
        if number is None:
            why = f"it calls itself {head.checkpoint.origin!r}, which is none of the audited issuers' logs"
            unmatched.append(Unchecked(f"the log at {source.label}", why))
        elif number in heads:
            raise InputError("--log", f"two logs of issuer {number} were given", source.label)
        else:
            heads[number] = head
    return heads, tuple(unmatched)


def audit_log(
    head: LogHead | None, issuer: IssuerState, newest: Sequence[DocumentFact], sizes: Sequence[int], progress: Progress
) -> AuditedLog:
    """All checks of one published log; `newest` is the document history at latest, `sizes` are promises'."""
    if head is None:
        # An issuer that never anchored has nothing that a log could be held against.
        missing = (Unchecked("the published log", "none was given", issuer.number),) if issuer.anchors else ()
        return AuditedLog(None, "unchecked", unchecked=missing)

    def reading(done: int, size: int) -> None:
        progress(f"log of issuer {issuer.number}: {done} of {size} entries read")

    outcome = check_log(head, issuer, sizes, reading)
    signature = check_signature(head, _registered(issuer, newest))
    return _joined(head, issuer, outcome, signature)


def _joined(head: LogHead, issuer: IssuerState, outcome: LogOutcome, signature: SignatureOutcome) -> AuditedLog:
    findings, unchecked = list(outcome.findings), list(outcome.unchecked)
    state: Signature = "valid"
    if signature.code is not None:
        state = "wrong" if signature.code == "log.signature" else "unchecked"
        findings.append(finding(signature.code, issuer.number))
    if signature.unchecked is not None:
        state = "unchecked"
        unchecked.append(Unchecked("the signature of the published log", signature.unchecked, issuer.number))
    return AuditedLog(head, state, tuple(findings), tuple(unchecked), outcome.reproduced, outcome.roots)


def _registered(issuer: IssuerState, newest: Sequence[DocumentFact]) -> frozenset[bytes]:
    """The document in force, and newer ones that are not final yet: a node publishes one when it registers it."""
    later = {entry.document_hash for entry in newest[len(issuer.documents) :]}
    return frozenset((later | {issuer.document}) - {bytes(32)})
