"""The part of an audit that needs nothing but a chain: events collected, counted, replayed, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from anchor.audit.catalogue import OF_THE_RECORD
from anchor.audit.collecting import Basis, Progress, check_unmoved, collect, events
from anchor.audit.comparing import EventCounts, compare_issuer, missing_events, scope_of
from anchor.audit.comparing_credits import compare_credits, missing_claims
from anchor.audit.credits_view import CreditsView
from anchor.audit.crosscheck import TwinChain, differing_events, disagreement
from anchor.audit.database import AuditDatabase
from anchor.audit.findings import Finding, Unchecked
from anchor.audit.replay import Replayed, replay
from anchor.audit.state import IssuerState, LedgerState
from anchor.chain import Chain, ChainUnavailable
from anchor.ledger import Ledger
from rootseal.errors import UndeterminedError

__all__ = ["ChainAudit", "audit_chain"]


@dataclass(slots=True)
class ChainAudit:
    """`states` are the audited issuers', out of `ledger`. `ended` says what could not be judged, and why, if the
    record could not be relied on: then there is no state.
    """

    ledger: LedgerState = field(default_factory=LedgerState)
    states: tuple[IssuerState, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    events: int = 0
    ended: tuple[str, str] | None = None


def audit_chain(
    chain: Chain,
    second: Chain | None,
    basis: Basis,
    asked: Sequence[int],
    from_block: int | None,
    database: AuditDatabase,
    progress: Progress,
) -> ChainAudit:
    """Rebuild the state of `asked` issuers (none: all) from the events, and hold it against the contracts' views.

    Raises `InputError` for an issuer that is not there, `UndeterminedError` where the chain cannot be asked.
    """
    told = ChainAudit()
    collect(chain, basis, database, progress)
    if second is not None and _differing(told, second, basis, database, progress):
        return told
    scope = scope_of(Ledger(chain, basis.ledger), basis.final.number, asked)
    progress("replaying the events")
    counts = EventCounts()
    result = replay(counts.of(events(basis, database)))
    told.events = counts.total
    missing = _missing(chain, basis, counts, result, scope)
    if missing:
        _refuse_late_start(basis, from_block)
        check_unmoved(chain, basis)
        told.findings = missing
        told.ended = ("rules, logs and promises", "the provider kept events back, so the history has holes")
        return told
    told.ledger = result.state
    told.states = tuple(result.state.issuers[number] for number in scope if number in result.state.issuers)
    told.findings += [found for found in result.findings if found.issuer is None or found.issuer in scope]
    _compare(told, chain, basis, progress)
    check_unmoved(chain, basis)
    if isinstance(chain, TwinChain) and chain.silent is not None:
        told.unchecked.append(Unchecked("what the second provider says of the state", chain.silent.reason))
    if isinstance(chain, TwinChain) and chain.differing:
        problem = f"they answered {chain.differing} questions about the ledger differently"
        told.findings = [disagreement(problem, basis.final.number)]
        told.ended = ("rules, logs and promises", "the two providers tell different things")
    return told


def _differing(told: ChainAudit, second: Chain, basis: Basis, database: AuditDatabase, progress: Progress) -> bool:
    """True iff the audit ends here, because the two providers tell different events."""
    try:
        found = differing_events(basis, second, database, progress)
    except ChainUnavailable as error:
        told.unchecked.append(Unchecked("the events of the second provider", error.reason))
        return False
    if found is None:
        return False
    told.findings = [found]
    told.ended = ("rules, logs and promises", "the two providers tell different events")
    return True


def _missing(chain: Chain, basis: Basis, counts: EventCounts, result: Replayed, scope: Sequence[int]) -> list[Finding]:
    ledger, at = Ledger(chain, basis.ledger), basis.final.number
    missing = list(missing_events(ledger, at, counts, result.state.issuers, scope))
    if basis.credits is not None and not missing:
        missing += missing_claims(CreditsView(chain, basis.credits.address, at), result.state)
    return missing


def _compare(told: ChainAudit, chain: Chain, basis: Basis, progress: Progress) -> None:
    """State against views; where the record broke a rule already, that it differs is the same finding twice."""
    ledger, at = Ledger(chain, basis.ledger), basis.final.number
    broken = {found.issuer for found in told.findings if found.code in OF_THE_RECORD}
    for state in told.states:
        progress(f"comparing issuer {state.number} with the ledger's own answers")
        if state.number not in broken:
            told.findings.extend(compare_issuer(ledger, at, state))
    if basis.credits is not None and not any(found.code.startswith("credits.") for found in told.findings):
        progress("comparing credits with the contract's own answers")
        audited = {state.number for state in told.states}
        view = CreditsView(chain, basis.credits.address, at)
        told.findings.extend(compare_credits(view, told.ledger, audited))


def _refuse_late_start(basis: Basis, from_block: int | None) -> None:
    if from_block and basis.deployed_at is None:
        raise UndeterminedError(
            f"the ledger counts more events than there are from block {from_block} on, and the node keeps too "
            "little history to say when it was deployed; give an earlier --from-block",
            "ledger.unknown_start",
        )
