"""Rules of keys: added once, in order, retired for ever, compromise dates that only go down (DESIGN §5). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Finding, finding
from anchor.audit.state import ROLE_STATUS, IssuerState, LedgerState
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.facts import KeyFact

__all__ = ["added", "compromised", "entitlement_problem", "retired"]


def added(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """The next position, an address never added before, roles 1 to 3."""
    key, index, roles = (event.arguments[name] for name in ("key", "keyIndex", "roles"))
    if index != len(issuer.keys):
        yield finding("key.order", issuer.number, event, found=index, expected=len(issuer.keys))
    if issuer.key_index(key) >= 0:
        yield finding("key.repeated", issuer.number, event, key="0x" + key.hex())
    if not 1 <= roles <= 3 or key == ZERO_ADDRESS:
        yield finding("key.roles", issuer.number, event, roles=roles)
    issuer.keys.append(KeyFact(key, roles, event.time, 0, 0))


def retired(_state: LedgerState, issuer: IssuerState, event: LedgerEvent) -> Iterator[Finding]:
    """Retired once, at the block's time; a compromise is dated in the past, set once, then only lowered."""
    index, since = issuer.key_index(event.arguments["key"]), event.arguments["compromisedSince"]
    problem = _retirement_problem(issuer, event, index)
    if problem is not None:
        yield finding("key.retirement", issuer.number, event, problem=problem)
    if index < 0:
        return
    key = issuer.keys[index]
    issuer.keys[index] = replace(key, retired_at=key.retired_at or event.time, compromised_since=since)
    if since and key.roles & ROLE_STATUS:
        issuer.status_key_compromised = True


def _retirement_problem(issuer: IssuerState, event: LedgerEvent, index: int) -> str | None:
    since, at = event.arguments["compromisedSince"], event.arguments["retiredAt"]
    if index < 0 or index != event.arguments["keyIndex"]:
        return "it was never added, or under another number"
    key = issuer.keys[index]
    if at != (key.retired_at or event.time):
        return "the date of retirement is wrong"
    if since > event.time:
        return "the date of compromise lies in the future"
    if key.retired_at and (since == 0 or 0 < key.compromised_since <= since):
        return "the date of compromise was not lowered"
    return None


def entitlement_problem(issuer: IssuerState, address: bytes, role: int) -> str | None:
    """Why a key may not act in `role` now, or None."""
    index = issuer.key_index(address)
    if index < 0:
        return "it was never a key of this issuer"
    if issuer.keys[index].retired_at:
        return "it was retired"
    return None if issuer.keys[index].roles & role else "it has another role"


def compromised(issuer: IssuerState) -> Iterator[Finding]:
    """What was done with keys in the time for which their owner declared them stolen, often only later."""
    keys = {key.address: key for key in issuer.keys}
    for anchor in issuer.anchors:
        if anchor.key in keys and keys[anchor.key].compromised_at(anchor.time):
            yield finding(
                "anchor.compromised",
                issuer.number,
                block=anchor.block,
                transaction=anchor.transaction,
                sequence=anchor.sequence,
                key="0x" + anchor.key.hex(),
            )
    for key in (key for key in keys.values() if key.compromised_since):
        writes = [
            write for write in issuer.status_writes if write.key == key.address and key.compromised_at(write.time)
        ]
        if writes:
            yield finding(
                "status.compromised",
                issuer.number,
                block=writes[0].block,
                transaction=writes[0].transaction,
                changes=len(writes),
                key="0x" + key.address.hex(),
            )
