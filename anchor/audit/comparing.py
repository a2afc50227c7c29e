"""The rebuilt state against the contract's own answers at the same block.

First the counters: a provider that showed fewer events than the ledger counts has kept some back,
and no rule can be judged on such a history. Then everything else that the contract can be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Finding, finding
from anchor.audit.state import REVOKED, SUSPENDED, AnchorEntry, IssuerState
from anchor.ledger import IssuerRecord, Ledger
from rootseal.errors import InputError

__all__ = ["EventCounts", "compare_issuer", "missing_events", "scope_of"]


def scope_of(ledger: Ledger, at: int, asked: Sequence[int]) -> tuple[int, ...]:
    """The issuers to audit: those asked for, else all. Raises `InputError` for one that is not registered."""
    count = ledger.issuer_count(at)
    for issuer in asked:
        if not 1 <= issuer <= count:
            known = (
                f"the provider shows issuers 1 to {count}" if count else "the provider shows a ledger without issuers"
            )
            raise InputError("--issuer", f"{known}; is it the right ledger, and an honest provider?", issuer)
    return tuple(sorted(set(asked))) or tuple(range(1, count + 1))


class EventCounts:
    """How many events of each kind were shown, counted while they pass by."""

    def __init__(self) -> None:
        self.total = 0
        self.named: Counter[tuple[int, str]] = Counter()
        self.accreditors: dict[int, Counter[bytes]] = {}

    def of(self, events: Iterable[LedgerEvent]) -> Iterator[LedgerEvent]:
        """The same events."""
        for event in events:
            self.total += 1
            if event.contract == "ledger":
                self.named[event.issuer, event.name] += 1
                self.named[0, event.name] += 1
            if event.name == "Accredited":
                self.accreditors.setdefault(event.issuer, Counter())[event.arguments["accreditor"]] += 1
            yield event


def missing_events(
    ledger: Ledger, at: int, seen: EventCounts, states: Mapping[int, IssuerState], scope: Sequence[int]
) -> Iterator[Finding]:
    """One finding for the ledger and one an issuer, where fewer events were shown than the contract counts."""
    yield from _missing(None, [("registrations", seen.named[0, "IssuerRegistered"], ledger.issuer_count(at))])
    for issuer in scope:
        head = ledger.head(issuer, at)
        shown = seen.named[issuer, "Anchored"]
        if issuer in states and states[issuer].unbroken and states[issuer].size == head.size:
            # Sizes that follow each other to the end leave no room for another: what is missing is only a number.
            shown = head.sequence
        counts = [
            ("publications", shown, head.sequence),
            ("keys", seen.named[issuer, "KeyAdded"], len(ledger.keys(issuer, at))),
            ("descriptions", seen.named[issuer, "DocumentSet"], len(ledger.documents(issuer, at))),
        ]
        # An accreditor of whom nothing was shown cannot be asked for.
        for accreditor, count in sorted(seen.accreditors.get(issuer, {}).items()):
            counts.append(("accreditations", count, len(ledger.accreditations(issuer, accreditor, at))))
        yield from _missing(issuer, counts)


def _missing(issuer: int | None, counts: list[tuple[str, int, int]]) -> Iterator[Finding]:
    short = [f"{seen} of {counted} {what}" for what, seen, counted in counts if seen < counted]
    if short:
        whose = "" if issuer is None else f" of issuer {issuer}"
        yield finding("provider.incomplete", issuer, missing=", ".join(short) + whose)


def compare_issuer(ledger: Ledger, at: int, state: IssuerState) -> Iterator[Finding]:
    """Every view of one issuer. Block numbers are left out: on some chains the contract counts other blocks."""
    number = state.number
    field = _differing_field(ledger.issuer(number, at), state)
    if field is not None:
        yield finding("state.issuer", number, field=field)
    head = ledger.head(number, at)
    if (head.sequence, head.size) != (state.sequence, state.size):
        yield finding("state.head", number, sequence=head.sequence, size=head.size)
    for anchor in state.anchors:
        if not _same_anchor(ledger, at, number, anchor):
            yield finding(
                "state.anchor", number, block=anchor.block, transaction=anchor.transaction, sequence=anchor.sequence
            )
    if ledger.keys(number, at) != tuple(state.keys):
        yield finding("state.keys", number)
    documents = [(entry.document_hash, entry.time) for entry in ledger.documents(number, at)]
    if documents != [(entry.document_hash, entry.time) for entry in state.documents]:
        yield finding("state.documents", number)
    given = state.accreditations.items()
    if any(ledger.accreditations(number, accreditor, at) != tuple(entries) for accreditor, entries in given):
        yield finding("state.accreditations", number)
    words = sum(_differing_words(ledger, at, state, purpose) for purpose in (REVOKED, SUSPENDED))
    if words:
        yield finding("state.status", number, words=words)


def _differing_field(record: IssuerRecord | None, state: IssuerState) -> str | None:
    if record is None:
        return "it is not registered there"
    names = (
        "name",
        "uri",
        "admin",
        "pending_admin",
        "successor",
        "proposed_successor",
        "registered_at",
        "succeeded_at",
    )
    return next((name for name in names if getattr(record, name) != getattr(state, name)), None)


def _same_anchor(ledger: Ledger, at: int, issuer: int, anchor: AnchorEntry) -> bool:
    found = ledger.anchor_of(issuer, anchor.root, at)
    if found is None:
        return False
    told = (found.sequence, found.size, found.previous_size, found.time, found.key_index)
    return told == (anchor.sequence, anchor.size, anchor.previous_size, anchor.time, anchor.key_index)


def _differing_words(ledger: Ledger, at: int, state: IssuerState, purpose: int) -> int:
    told = ledger.status_words(state.number, purpose, state.size, at)
    return sum(a != b for a, b in zip(told, state.status_map(purpose), strict=True))
