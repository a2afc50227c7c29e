"""Which published log is whose, and all checks of one: its signature, its entries, its roots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from anchor.audit.collecting import Progress
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.log_head import LogAbsent, LogHead, SignatureOutcome, check_signature, read_head
from anchor.audit.mirrors import judge_mirrors
from anchor.audit.published import LogOutcome, check_log
from anchor.audit.sources import Source
from anchor.audit.state import IssuerState
from rootseal.commitment import Home
from rootseal.errors import UndeterminedError
from rootseal.facts import DocumentFact
from rootseal.tlog import origin

__all__ = ["AuditedLog", "Heads", "Signature", "audit_log", "heads_by_issuer"]

Signature = Literal["valid", "wrong", "unchecked"]


@dataclass(frozen=True, slots=True)
class AuditedLog:
    """The published log of one issuer; `head` is None where none was given. `roots`, `entries`: see `LogOutcome`."""

    head: LogHead | None
    signature: Signature
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    reproduced: frozenset[int] = frozenset()
    roots: Mapping[int, bytes] = field(default_factory=dict)
    entries: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Heads:
    """The heads of the given logs by issuer; logs that are nobody's; logs that issuers do not publish where told.

    Of several copies of one log the longest is `found`, the others are `mirrors`.
    """

    found: dict[int, LogHead] = field(default_factory=dict)
    unmatched: list[Unchecked] = field(default_factory=list)
    absent: dict[int, str] = field(default_factory=dict)
    mirrors: dict[int, list[LogHead]] = field(default_factory=dict)

    def add(self, issuer: int, head: LogHead) -> None:
        """One more copy of an issuer's log."""
        known = self.found.setdefault(issuer, head)
        if known is head:
            return
        longer, shorter = (head, known) if head.checkpoint.size > known.checkpoint.size else (known, head)
        self.found[issuer] = longer
        self.mirrors.setdefault(issuer, []).append(shorter)


def heads_by_issuer(sources: Sequence[Source], owners: Mapping[int, int], homes: Mapping[int, Home]) -> Heads:
    """Read every checkpoint and tell by its origin whose log it is.

    `owners` maps the position of a source to the issuer that it was given for: such a log that is not there is not
    published. What else cannot be read, or is of another home, is "could not check".
    """
    numbers = {origin(home): number for number, home in homes.items()}
    heads = Heads()
    for at, source in enumerate(sources):
        try:
            head = read_head(source)
        except LogAbsent as error:
            if owners.get(at) in homes:
                heads.absent[owners[at]] = source.label
            else:
                heads.unmatched.append(Unchecked(f"the log at {source.label}", error.reason))
            continue
        except UndeterminedError as error:
            heads.unmatched.append(Unchecked(f"the log at {source.label}", error.reason))
            continue
        number = numbers.get(head.checkpoint.origin)
        if number is None or owners.get(at, number) != number:
            why = f"it calls itself {head.checkpoint.origin!r}, which is none of the audited issuers' logs"
            heads.unmatched.append(Unchecked(f"the log at {source.label}", why))
        else:
            heads.add(number, head)
    return heads


def audit_log(
    heads: Heads,
    issuer: IssuerState,
    newest: Sequence[DocumentFact],
    sizes: Sequence[int],
    places: Iterable[int],
    progress: Progress,
) -> AuditedLog:
    """All checks of one published log; `newest` is the document history at latest, `sizes` and `places` of interest."""
    head = heads.found.get(issuer.number)
    if head is None:
        return _no_log(heads, issuer)

    def reading(done: int, size: int) -> None:
        progress(f"log of issuer {issuer.number}: {done} of {size} entries read")

    mirrors = heads.mirrors.get(issuer.number, [])
    outcome = check_log(head, issuer, [*sizes, *(mirror.checkpoint.size for mirror in mirrors)], reading, places)
    registered = _registered(issuer, newest)
    log = _joined(head, issuer, outcome, check_signature(head, registered))
    judged = list(judge_mirrors(issuer.number, head, mirrors, registered, outcome.seen))
    return replace(
        log,
        findings=log.findings + tuple(item for item in judged if isinstance(item, Finding)),
        unchecked=log.unchecked + tuple(item for item in judged if isinstance(item, Unchecked)),
    )


def _no_log(heads: Heads, issuer: IssuerState) -> AuditedLog:
    # An issuer that never anchored has nothing that a log could be held against.
    if not issuer.anchors:
        return AuditedLog(None, "unchecked")
    place = heads.absent.get(issuer.number)
    if place is None:
        missing = Unchecked("the published log", "none was given", issuer.number)
        return AuditedLog(None, "unchecked", unchecked=(missing,))
    found = finding("log.unpublished", issuer.number, sequence=issuer.sequence, place=place, size=issuer.size)
    return AuditedLog(None, "unchecked", (found,))


def _joined(head: LogHead, issuer: IssuerState, outcome: LogOutcome, signature: SignatureOutcome) -> AuditedLog:
    findings, unchecked = list(outcome.findings), list(outcome.unchecked)
    state: Signature = "valid"
    if signature.code is not None:
        state = "wrong" if signature.code == "log.signature" else "unchecked"
        findings.append(finding(signature.code, issuer.number))
    if signature.unchecked is not None:
        state = "unchecked"
        unchecked.append(Unchecked("the signature of the published log", signature.unchecked, issuer.number))
    return AuditedLog(
        head, state, tuple(findings), tuple(unchecked), outcome.reproduced, outcome.roots, outcome.entries
    )


def _registered(issuer: IssuerState, newest: Sequence[DocumentFact]) -> frozenset[bytes]:
    """The document in force, and newer ones that are not final yet: a node publishes one when it registers it."""
    later = {entry.document_hash for entry in newest[len(issuer.documents) :]}
    return frozenset((later | {issuer.document}) - {bytes(32)})
