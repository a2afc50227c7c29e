"""An issuer's history in plain sentences, each with its date, and as JSON. What the issuer says of itself is quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rootseal.ethereum import address_text, checksum_address
from rootseal.facts import DocumentFact, KeyFact
from rootseal.instants import format_instant
from rootseal.plurals import counted
from wallet.console import harmless

if TYPE_CHECKING:
    from anchor.issuer_history import HistoryEvent, IssuerHistory
    from rootseal.policy import LedgerPolicy

__all__ = ["Told", "chapters", "summary", "to_json"]

_ROLES = {1: "to anchor", 2: "to write status", 3: "to anchor and write status"}
_COUNTED = ("Anchored", "StatusChanged")


@dataclass(frozen=True, slots=True)
class Told:
    """One dated sentence and the event behind it, by its name on the ledger."""

    time: int
    event: str
    sentence: str
    transaction: bytes


def chapters(history: IssuerHistory, policy: LedgerPolicy | None) -> list[Told]:
    """Every event but anchors and plain status changes, which are counted; of accreditations only trusted ones.

    Annulments are told: they take back what stood on the ledger.
    """
    told = [_told(event, policy) for event in history.events if event.name not in _COUNTED]
    return sorted([t for t in told if t is not None] + _annulments(history), key=lambda t: t.time)


def summary(history: IssuerHistory, policy: LedgerPolicy | None) -> list[str]:
    """How it stands now."""
    record = history.record
    lines = [f"As of {format_instant(history.final.timestamp)} (final block {history.final.number}):"]
    if record.successor:
        lines.append(f"It has ended: issuer {record.successor} succeeded it. Trust does not follow by itself.")
    lines.append(f"Its admin is {checksum_address(record.admin)}.")
    lines.append(_document_now(history.documents))
    active = [key for key in history.keys if not key.retired_at]
    lines.append(f"Active keys: {', '.join(checksum_address(key.address) for key in active) or 'none'}.")
    lines += [_compromise(history, key) for key in history.keys if key.compromised_since]
    lines.append(_anchors(history))
    lines.append(
        f"Status on {format_instant(history.status_at)}: {history.revoked} revoked, {history.suspended} suspended."
    )
    lines.append(_others(history, policy))
    return [line for line in lines if line]


def to_json(history: IssuerHistory, policy: LedgerPolicy | None) -> dict[str, Any]:
    """Members of the JSON answer (`rootseal/issuer-history/1`)."""
    record = history.record
    return {
        "chain": f"eip155:{history.chain_id}",
        "ledger": address_text(history.ledger),
        "issuer": history.issuer,
        "asOf": history.final.timestamp,
        "block": history.final.number,
        "name": record.name,
        "uri": record.uri,
        "admin": address_text(record.admin),
        "registeredAt": record.registered_at,
        "successor": record.successor or None,
        "succeededAt": record.succeeded_at or None,
        "documents": [
            {"hash": entry.document_hash.hex() if any(entry.document_hash) else None, "time": entry.time}
            for entry in history.documents
        ],
        "keys": [_key_json(key) for key in history.keys],
        "anchors": {"count": history.head.sequence, "size": history.head.size, "last": _last_anchor(history)},
        "status": {"at": history.status_at, "revoked": history.revoked, "suspended": history.suspended},
        "events": [
            {"time": t.time, "event": t.event, "sentence": t.sentence, "transaction": "0x" + t.transaction.hex()}
            for t in chapters(history, policy)
        ],
    }


def _told(event: HistoryEvent, policy: LedgerPolicy | None) -> Told | None:
    sentence = _SENTENCES[event.name](event.arguments) if event.name in _SENTENCES else None
    if event.name in ("Accredited", "AccreditationWithdrawn"):
        sentence = _accreditation(event, policy)
    return None if sentence is None else Told(event.time, event.name, sentence, event.transaction)


def _registered(a: dict[str, Any]) -> str:
    uri = f", and gave the address {_quoted(a['uri'])}" if a["uri"] else ""
    return f"{_who(a['admin'])} registered it. It called itself {_quoted(a['name'])}{uri}; nobody checked that."


def _document(a: dict[str, Any]) -> str:
    digest = bytes(a["documentHash"])
    if not any(digest):
        return "Its issuer document was withdrawn."
    return f"A new issuer document came into force: {digest.hex()}. Accreditations of the one before do not cover it."


def _admin_invited(a: dict[str, Any]) -> str:
    new = _bytes(a["newAdmin"])
    return f"{_who(new)} was invited to become admin." if any(new) else "An invitation to a new admin was taken back."


def _key_added(a: dict[str, Any]) -> str:
    return f"The key {_who(a['key'])} was added {_ROLES.get(a['roles'], 'with unknown roles')}."


def _key_retired(a: dict[str, Any]) -> str:
    name, since = _who(a["key"]), int(a["compromisedSince"])
    if not since:
        return f"The key {name} was retired."
    return (
        f"The key {name} was declared compromised since {format_instant(since)}: "
        "what it anchored from then on is not to be believed."
    )


def _succession_invited(a: dict[str, Any]) -> str:
    successor = a["successor"]
    return f"Issuer {successor} was invited to succeed it." if successor else "An invitation to succeed was taken back."


_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "IssuerRegistered": _registered,
    "DocumentSet": _document,
    "UriSet": lambda a: f"It gave the address {_quoted(a['uri'])}.",
    "AdminTransferProposed": _admin_invited,
    "AdminTransferred": lambda a: f"{_who(a['newAdmin'])} became admin in the place of {_who(a['previousAdmin'])}.",
    "KeyAdded": _key_added,
    "KeyRetired": _key_retired,
    "SuccessionProposed": _succession_invited,
    "Succeeded": lambda a: f"Issuer {a['successor']} succeeded issuer {a['issuer']}, which can never anchor again.",
}


def _accreditation(event: HistoryEvent, policy: LedgerPolicy | None) -> str | None:
    """None where the accreditor is nobody that the user trusts: anyone may accredit."""
    a = event.arguments
    name = None if policy is None else policy.accreditor_name(_bytes(a["accreditor"]))
    if name is None:
        return None
    digest = bytes(a["documentHash"]).hex()
    if event.name == "AccreditationWithdrawn":
        return f"{name} withdrew its accreditation of the document {digest}."
    end = f"until {format_instant(a['validUntil'])}" if a["validUntil"] else "with an open end"
    scope = f", for: {_quoted(a['scope'])}" if a["scope"] else ""
    verb = "renewed its accreditation of" if a["renewal"] else "accredited"
    return f"{name} {verb} the document {digest}, {end}{scope}."


def _annulments(history: IssuerHistory) -> list[Told]:
    """Revocation words that lost bits: only the admin can do that, after a status key was compromised."""
    words: dict[int, int] = {}
    found: list[Told] = []
    for event in history.events:
        if event.name != "StatusChanged" or event.arguments["purpose"] != 0:
            continue
        word, value = event.arguments["word"], event.arguments["value"]
        lost = (words.get(word, 0) & ~value).bit_count()
        words[word] = value
        if lost:
            sentence = f"{_who(event.arguments['key'])}, the admin, annulled {lost} revocations."
            found.append(Told(event.time, "Annulled", sentence, event.transaction))
    return found


def _document_now(documents: tuple[DocumentFact, ...]) -> str:
    if not documents or not any(documents[-1].document_hash):
        return "It has no issuer document in force."
    newest = documents[-1]
    return f"Its document {newest.document_hash.hex()} is in force since {format_instant(newest.time)}."


def _compromise(history: IssuerHistory, key: KeyFact) -> str:
    anchors = [e for e in _named(history, "Anchored") if _bytes(e.arguments["key"]) == key.address]
    lost = sum(key.compromised_at(event.time) for event in anchors)
    return (
        f"The key {checksum_address(key.address)} is compromised since {format_instant(key.compromised_since)}: "
        f"{lost} of its {len(anchors)} anchors do not count."
    )


def _anchors(history: IssuerHistory) -> str:
    last = _last_anchor(history)
    if last is None:
        return "It has anchored nothing yet."
    return (
        f"It has anchored {counted(history.head.sequence, 'time')}, {counted(history.head.size, 'entry')} in all; "
        f"last on {format_instant(last['time'])}."
    )


def _last_anchor(history: IssuerHistory) -> dict[str, Any] | None:
    anchors = list(_named(history, "Anchored"))
    if not anchors:
        return None
    last = anchors[-1]
    return {
        "sequence": last.arguments["sequence"],
        "size": last.arguments["size"],
        "time": last.time,
        "block": last.block,
    }


def _others(history: IssuerHistory, policy: LedgerPolicy | None) -> str:
    """Accreditors are addresses that anyone may make: those nobody trusts are only counted."""
    known = set() if policy is None else {address for address, _ in policy.accreditors}
    others = {_bytes(e.arguments["accreditor"]) for e in _named(history, "Accredited")} - known
    if not others:
        return ""
    return f"{len(others)} others, whom your policy does not trust, accredited it too; what they say is not shown."


def _named(history: IssuerHistory, name: str) -> Iterator[HistoryEvent]:
    return (event for event in history.events if event.name == name)


def _key_json(key: KeyFact) -> dict[str, Any]:
    return {
        "address": address_text(key.address),
        "roles": key.roles,
        "addedAt": key.added_at,
        "retiredAt": key.retired_at or None,
        "compromisedSince": key.compromised_since or None,
    }


def _bytes(value: Any) -> bytes:
    """An address as eth_abi gives it: text or bytes."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) else bytes(value)


def _who(value: Any) -> str:
    return checksum_address(_bytes(value))


def _quoted(text: str) -> str:
    return f"“{harmless(text, 200)}”"
