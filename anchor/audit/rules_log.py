"""Rules of anchors and statuses: what makes a log's history complete and its revocations final (DESIGN §5). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Finding, finding
from anchor.audit.rules_keys import entitlement_problem
from anchor.audit.state import REVOKED, ROLE_ANCHOR, ROLE_STATUS, AnchorEntry, IssuerState, LedgerState, StatusWrite

__all__ = ["anchored", "status_changed"]

_SUPERSEDED: Final = 1
_MAX_SIZE: Final = (1 << 48) - 1


def anchored(state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """Next in sequence, larger, naming the size before, a new root, by an active anchor key of a running issuer."""
    given = event.arguments
    sequence, size, root, key = given["sequence"], given["size"], given["root"], given["key"]
    yield from _place(issuer, event, sequence, size, given["previousSize"])
    if root == bytes(32):
        yield finding("anchor.root", issuer.number, event, sequence=sequence)
    if root in issuer.roots:
        yield finding("anchor.repeated", issuer.number, event, sequence=sequence, root=root.hex())
    problem = entitlement_problem(issuer, key, ROLE_ANCHOR)
    if problem is not None:
        yield finding("anchor.key", issuer.number, event, sequence=sequence, problem=problem, key="0x" + key.hex())
    if state.ended(issuer.number):
        yield finding("anchor.ended", issuer.number, event, sequence=sequence)
    issuer.roots.add(root)
    issuer.anchors.append(
        AnchorEntry(
            sequence,
            size,
            given["previousSize"],
            root,
            key,
            issuer.key_index(key),
            event.block,
            event.time,
            event.transaction,
        )
    )


def _place(issuer: IssuerState, event: LedgerEvent, sequence: int, size: int, previous: int) -> Iterator[Finding]:
    expected = issuer.sequence + 1
    if sequence != expected:
        yield finding("anchor.sequence", issuer.number, event, sequence=sequence, found=sequence, expected=expected)
    elif previous != issuer.size:
        # After a gap the size before is unknown: the gap is the finding then, not this.
        yield finding("anchor.previous", issuer.number, event, sequence=sequence, found=previous, expected=issuer.size)
    if size <= max(previous, issuer.size) or size > _MAX_SIZE:
        yield finding("anchor.size", issuer.number, event, sequence=sequence, found=size, before=issuer.size)


def status_changed(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """One word changes, below the anchored size, one way a time; who may do it depends on the way."""
    given = event.arguments
    purpose, word, value = given["purpose"], given["word"], given["value"]
    before = issuer.words.get((purpose, word), 0)
    set_bits, cleared = value & ~before, before & ~value
    if value >> max(0, min(256, issuer.size - 256 * word)):
        yield finding("status.beyond", issuer.number, event, word=word, size=issuer.size)
    if not set_bits and not cleared:
        yield finding("status.unchanged", issuer.number, event, word=word)
    if set_bits and cleared:
        yield finding("status.mixed", issuer.number, event, word=word)
    if given["reason"] > (_SUPERSEDED if purpose == REVOKED and not cleared else 0):
        yield finding("status.reason", issuer.number, event, reason=given["reason"])
    if purpose == REVOKED and cleared:
        yield from _annulment(issuer, event, cleared.bit_count())
    else:
        yield from _status_write(issuer, event)
    issuer.words[purpose, word] = value


def _annulment(issuer: IssuerState, event: LedgerEvent, bits: int) -> Iterator[Finding]:
    """Only the admin takes revocations back, and only once a status key is retired as compromised."""
    lawful = issuer.status_key_compromised and event.arguments["key"] == issuer.admin
    yield finding(
        "status.annulled" if lawful else "status.unrevoked",
        issuer.number,
        event,
        bits=bits,
        word=event.arguments["word"],
        key="0x" + event.arguments["key"].hex(),
    )


def _status_write(issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    key = event.arguments["key"]
    problem = entitlement_problem(issuer, key, ROLE_STATUS)
    if problem is not None:
        yield finding("status.key", issuer.number, event, problem=problem, key="0x" + key.hex())
    issuer.status_writes.append(StatusWrite(key, event.time, event.block, event.transaction))
