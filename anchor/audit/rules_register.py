"""Rules of the register: issuers, admins, documents, succession, accreditation (DESIGN §5). Pure.

Every function checks one event against the state before it, yields what is broken, and applies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Finding, finding
from anchor.audit.state import IssuerState, LedgerState
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.facts import AccreditationFact, DocumentFact

__all__ = [
    "accredited",
    "admin_proposed",
    "admin_transferred",
    "document_set",
    "registered",
    "succeeded",
    "succession_proposed",
    "uri_set",
    "withdrawn",
]

_MAX_NAME: Final = 128
_MAX_TEXT: Final = 256
_REPLACEMENT: Final = "\ufffd"


def registered(state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    """Numbers run from 1 without a gap; the name has 1 to 128 bytes, the locator up to 256."""
    number, name, uri = event.issuer, event.arguments["name"], event.arguments["uri"]
    expected = len(state.issuers) + 1
    if number != expected:
        yield finding("issuer.number", number, event, expected=expected)
    if not name or _too_long(name, _MAX_NAME) or _too_long(uri, _MAX_TEXT):
        yield finding("issuer.text", number, event)
    state.issuers[number] = IssuerState(number, name, uri, event.arguments["admin"], registered_at=event.time)


def uri_set(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """The locator has up to 256 bytes."""
    issuer.uri = event.arguments["uri"]
    if _too_long(issuer.uri, _MAX_TEXT):
        yield finding("issuer.text", issuer.number, event)


def document_set(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """A new document differs from the one in force; none is in force at first."""
    document = event.arguments["documentHash"]
    if document == issuer.document:
        yield finding("document.unchanged", issuer.number, event)
    issuer.documents.append(DocumentFact(document, event.time, event.block))


def admin_proposed(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """Any address may be invited, and zero takes the invitation back."""
    issuer.pending_admin = event.arguments["newAdmin"]
    yield from ()


def admin_transferred(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """From the admin to the one who was invited."""
    new, previous = event.arguments["newAdmin"], event.arguments["previousAdmin"]
    if new == ZERO_ADDRESS or new != issuer.pending_admin or previous != issuer.admin:
        yield finding("admin.transfer", issuer.number, event)
    issuer.admin, issuer.pending_admin = new, ZERO_ADDRESS


def succession_proposed(state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """A running issuer invites another running one; zero takes the invitation back."""
    successor = event.arguments["successor"]
    problem = _succession_problem(state, issuer, successor) if successor else None
    if state.ended(issuer.number):
        problem = "it had ended already"
    if problem is not None:
        yield finding("succession.invalid", issuer.number, event, problem=problem)
    issuer.proposed_successor = successor


def succeeded(state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """The invited issuer accepts while it runs itself."""
    successor = event.arguments["successor"]
    problem = _succession_problem(state, issuer, successor)
    if successor == 0 or successor != issuer.proposed_successor:
        problem = f"issuer {successor} had not been invited"
    if problem is not None:
        yield finding("succession.invalid", issuer.number, event, problem=problem)
    issuer.successor, issuer.succeeded_at, issuer.proposed_successor = successor, event.time, 0


def _succession_problem(state: LedgerState, issuer: IssuerState, successor: int) -> str | None:
    if successor == issuer.number:
        return "an issuer cannot succeed itself"
    if successor not in state.issuers:
        return f"issuer {successor} does not exist"
    return f"issuer {successor} had ended already" if state.ended(successor) else None


def accredited(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """Of the document in force, not over at once, next in the accreditor's list; a running one is renewed."""
    given = event.arguments
    entries = issuer.accreditations.setdefault(given["accreditor"], [])
    running = _running(entries, given["documentHash"], event.time)
    problem = _accreditation_problem(issuer, event, len(entries), running)
    if problem is not None:
        yield finding("accreditation.invalid", issuer.number, event, problem=problem)
    if running is not None:
        entries[running] = replace(entries[running], ended_at=event.time, renewed=True)
    entries.append(
        AccreditationFact(
            given["accreditor"], given["documentHash"], event.time, given["validUntil"], 0, False, given["scope"]
        )
    )


def _accreditation_problem(issuer: IssuerState, event: LedgerEvent, count: int, running: int | None) -> str | None:
    given = event.arguments
    if given["documentHash"] in (bytes(32),) or given["documentHash"] != issuer.document:
        return "it is not for the description in force"
    if given["index"] != count:
        return f"it has number {given['index']} where {count} was next"
    if given["renewal"] != (running is not None):
        return "it is called a renewal and is none, or the reverse"
    if 0 < given["validUntil"] <= event.time:
        return "it was over before it began"
    return "its scope is too long" if _too_long(given["scope"], _MAX_TEXT) else None


def withdrawn(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """The accreditor's own running accreditation of that document."""
    given = event.arguments
    entries = issuer.accreditations.setdefault(given["accreditor"], [])
    running = _running(entries, given["documentHash"], event.time)
    if running is None or running != given["index"]:
        yield finding("accreditation.invalid", issuer.number, event, problem="one was withdrawn that was not running")
    if running is not None:
        entries[running] = replace(entries[running], ended_at=event.time)


def _running(entries: list[AccreditationFact], document: bytes, time: int) -> int | None:
    """Position of the accreditation of `document` that runs at `time`: only the last one of it can."""
    last = next((at for at in range(len(entries) - 1, -1, -1) if entries[at].document_hash == document), None)
    if last is None or entries[last].ended_at or 0 < entries[last].valid_until <= time:
        return None
    return last


def _too_long(text: str, limit: int) -> bool:
    # Where bytes were not UTF-8 they were replaced, and their number is not known any more.
    return _REPLACEMENT not in text and len(text.encode()) > limit
