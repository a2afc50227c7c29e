"""One audit from beginning to end: chain, replay, comparison, logs, promises, report.

Each step rests on the one before: on another program at the address, or on a history with holes,
nothing further is judged, because its findings would accuse the wrong party.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anchor.audit.collecting import Basis, Progress, check_unmoved, collect, read_basis
from anchor.audit.comparing import compare_issuer, missing_events, scope_of
from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.log_audit import AuditedLog, audit_log, heads_by_issuer
from anchor.audit.promise_files import PromiseFile
from anchor.audit.promises import JudgedPromise, judge, signer_of
from anchor.audit.replay import replay
from anchor.audit.report import AuditReport, Subject
from anchor.audit.sources import Source
from anchor.audit.state import IssuerState
from anchor.chain import Chain
from anchor.ledger import Ledger, ledger_abi
from rootseal.commitment import Home
from rootseal.errors import UndeterminedError

__all__ = ["AuditRequest", "audit"]


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit. No `issuers`: all of them. `finality` is `tag` or `depth:N`."""

    chain: Chain
    ledger: bytes
    logs: tuple[Source, ...] = ()
    issuers: tuple[int, ...] = ()
    promises: tuple[PromiseFile, ...] = ()
    finality: str = "tag"
    from_block: int | None = None


def audit(request: AuditRequest, progress: Progress) -> AuditReport:
    """Run it. `progress` hears a short sentence now and then.

    Raises `InputError` for what was asked wrongly, `UndeterminedError` where the chain cannot be asked at all.
    """
    progress("asking the chain")
    basis = read_basis(request.chain, request.ledger, request.finality, request.from_block)
    expected = ledger_abi().code_hash
    if basis.code_hash != expected:
        found = finding("ledger.code", found="0x" + basis.code_hash.hex(), expected="0x" + expected.hex())
        why = "another program than the published ledger stands at this address"
        return _report(request, basis, 0, (found,), (Unchecked("everything else", why),))
    return _audit_ledger(request, basis, progress)


def _audit_ledger(request: AuditRequest, basis: Basis, progress: Progress) -> AuditReport:
    ledger, at = Ledger(request.chain, request.ledger), basis.final.number
    scope = scope_of(ledger, at, request.issuers)
    events = collect(request.chain, basis, progress)
    missing = tuple(missing_events(ledger, at, events, scope))
    if missing and request.from_block and basis.deployed_at is None:
        raise UndeterminedError(
            f"the ledger counts more events than there are from block {request.from_block} on, and the node keeps too "
            "little history to say when it was deployed; give an earlier --from-block",
            "ledger.unknown_start",
        )
    if missing:
        check_unmoved(request.chain, basis)
        why = "the provider kept events back, so the history has holes"
        return _report(request, basis, len(events), missing, (Unchecked("rules, logs and promises", why),))
    states, findings = _replayed(ledger, at, events, scope, progress)
    check_unmoved(request.chain, basis)
    logs, unmatched = _logs(request, basis, states, progress)
    promises, strays = _promises(request, basis, states, logs)
    findings += tuple(found for log in logs for found in log.findings)
    findings += tuple(found for promise in promises for found in promise.findings)
    unchecked = [*unmatched, *strays]
    unchecked += [item for log in logs for item in log.unchecked]
    unchecked += [item for promise in promises for item in promise.unchecked]
    return _report(request, basis, len(events), findings, tuple(unchecked), states, logs, promises)


def _replayed(
    ledger: Ledger, at: int, events: Sequence[LedgerEvent], scope: Sequence[int], progress: Progress
) -> tuple[tuple[IssuerState, ...], tuple[Finding, ...]]:
    """The audited issuers' states, and what the replay and the comparison found about them or the ledger."""
    progress(f"replaying {len(events)} events")
    result = replay(events)
    findings = [found for found in result.findings if found.issuer is None or found.issuer in scope]
    states = tuple(result.state.issuers[number] for number in scope if number in result.state.issuers)
    for state in states:
        progress(f"comparing issuer {state.number} with the ledger's own answers")
        findings.extend(compare_issuer(ledger, at, state))
    return states, tuple(findings)


def _logs(
    request: AuditRequest, basis: Basis, states: Sequence[IssuerState], progress: Progress
) -> tuple[tuple[AuditedLog, ...], tuple[Unchecked, ...]]:
    homes = {state.number: Home(basis.chain_id, basis.ledger, state.number) for state in states}
    heads, unmatched = heads_by_issuer(request.logs, homes)
    ledger = Ledger(request.chain, request.ledger)
    audited = []
    for state in states:
        sizes = [p.promise.size for p in request.promises if p.home in (None, homes[state.number])]
        newest = ledger.documents(state.number) if state.number in heads else ()
        audited.append(audit_log(heads.get(state.number), state, newest, sizes, progress))
    return tuple(audited), unmatched


def _promises(
    request: AuditRequest, basis: Basis, states: Sequence[IssuerState], logs: Sequence[AuditedLog]
) -> tuple[tuple[JudgedPromise, ...], tuple[Unchecked, ...]]:
    judged: list[JudgedPromise] = []
    claimed: set[int] = set()
    for state, log in zip(states, logs, strict=True):
        home = Home(basis.chain_id, basis.ledger, state.number)
        own = [
            i
            for i, file in enumerate(request.promises)
            if i not in claimed and _belongs(file, home, state, len(states))
        ]
        claimed.update(own)
        judged += judge(home, state, [request.promises[i] for i in own], log.roots, basis.final.timestamp)
    why = "it is of another ledger, or of an issuer that was not audited"
    strays = [file for i, file in enumerate(request.promises) if i not in claimed]
    return tuple(judged), tuple(Unchecked(f"the promise in {file.file}", why) for file in strays)


def _belongs(file: PromiseFile, home: Home, state: IssuerState, audited: int) -> bool:
    """By the home that the file names; a proof names none, and is its signer's, or the only issuer's."""
    if file.home is not None:
        return file.home == home
    return audited == 1 or state.key_index(signer_of(home, file) or b"") >= 0


def _report(
    request: AuditRequest,
    basis: Basis,
    events: int,
    findings: tuple[Finding, ...],
    unchecked: tuple[Unchecked, ...],
    states: tuple[IssuerState, ...] = (),
    logs: tuple[AuditedLog, ...] = (),
    promises: tuple[JudgedPromise, ...] = (),
) -> AuditReport:
    subject = Subject(basis, ledger_abi().code_hash, request.finality, events, request.issuers)
    return AuditReport.of(subject, findings, unchecked, states, logs, promises)
