"""The replay: every event in chain order, every rule of the ledger checked against the state so far.

Pure. A correct contract and an honest provider give no finding here but compromised keys and
annulments; anything else means that one of the two is not what it claims (DESIGN §5). Events of the
credits contract stand among the ledger's in chain order, for what counts depends on the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from anchor.audit import rules_credits, rules_keys, rules_log, rules_register
from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Finding, finding
from anchor.audit.state import IssuerState, LedgerState

__all__ = ["Replayed", "replay"]

Rule = Callable[[LedgerState, IssuerState, LedgerEvent], Iterator[Finding]]

_RULES: Final[dict[str, Rule]] = {
    "DocumentSet": rules_register.document_set,
    "UriSet": rules_register.uri_set,
    "AdminTransferProposed": rules_register.admin_proposed,
    "AdminTransferred": rules_register.admin_transferred,
    "SuccessionProposed": rules_register.succession_proposed,
    "Succeeded": rules_register.succeeded,
    "Accredited": rules_register.accredited,
    "AccreditationWithdrawn": rules_register.withdrawn,
    "KeyAdded": rules_keys.added,
    "KeyRetired": rules_keys.retired,
    "Anchored": rules_log.anchored,
    "StatusChanged": rules_log.status_changed,
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """The state at the end of the history, and every rule that was broken on the way."""

    state: LedgerState
    findings: tuple[Finding, ...]


def replay(events: Iterable[LedgerEvent]) -> Replayed:
    """Apply `events` in order. A broken rule is a finding, and the event still counts: the replay goes on.

    Raises KeyError for an event that the contracts' interfaces do not know.
    """
    state, findings, now = LedgerState(), list[Finding](), 0
    for event in events:
        if event.time < now:
            findings.append(finding("history.order", event=event))
        now = max(now, event.time)
        findings.extend(_apply(state, event))
    findings.extend(rules_credits.unclaimed(state))
    for issuer in state.issuers.values():
        findings.extend(rules_keys.compromised(issuer))
    return Replayed(state, tuple(findings))


def _apply(state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    if event.contract == "credits":
        yield from rules_credits.applied(state, event)
        return
    if event.name == "IssuerRegistered":
        yield from rules_register.registered(state, event)
        return
    issuer = state.issuers.get(event.issuer)
    if issuer is None:
        yield finding("issuer.unknown", event.issuer, event)
        issuer = state.issuers[event.issuer] = IssuerState(event.issuer)
    yield from _RULES[event.name](state, issuer, event)
