"""The ledger contract as a small Python model, behind the committed ABI.

It answers the calls that reader and sender use. Whether it agrees with the real contract is held by
`tests/integration/test_ledger.py`, which runs the same story on both.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from anchor.chain import Reverted
from anchor.ledger import ledger_abi
from anchor.ledger_abi import encode_values
from rootseal.facts import AccreditationFact, DocumentFact, KeyFact

ZERO = bytes(20)
Event = tuple[tuple[bytes, ...], bytes]


@dataclass
class Issuer:
    """All that the ledger holds of one issuer."""

    name: str
    uri: str
    admin: bytes
    registered_at: int
    pending_admin: bytes = ZERO
    successor: int = 0
    proposed_successor: int = 0
    succeeded_at: int = 0
    documents: list[DocumentFact] = field(default_factory=list)
    keys: list[KeyFact] = field(default_factory=list)
    anchors: dict[bytes, tuple[int, int, int, int, int, int]] = field(default_factory=dict)
    sequence: int = 0
    size: int = 0
    status: tuple[dict[int, int], dict[int, int]] = field(default_factory=lambda: ({}, {}))
    accreditations: dict[bytes, list[AccreditationFact]] = field(default_factory=dict)


@dataclass
class FakeLedger:
    """State of one ledger. `execute` changes it, or raises `Reverted` and leaves it as it was."""

    issuers: list[Issuer] = field(default_factory=list)

    def execute(self, data: bytes, sender: bytes, time: int, number: int) -> tuple[bytes, list[Event]]:
        """Return data and events of one call."""
        call = ledger_abi().decode_call(data)
        if call is None:
            raise Reverted("", {}, b"")
        name, arguments = call
        context = _Call(copy.deepcopy(self.issuers), sender, time, number)
        handler: Callable[..., tuple[Any, ...]] | None = getattr(context, f"do_{name}", None)
        if handler is None:
            raise NotImplementedError(f"the model has no {name}")
        result = encode_values(name, ledger_abi().functions[name].outputs, handler(*arguments))
        self.issuers = context.issuers
        return result, context.events


class _Call:
    """One call in progress: the handlers are named as the contract's functions."""

    def __init__(self, issuers: list[Issuer], sender: bytes, time: int, number: int) -> None:
        self.issuers = issuers
        self.sender = sender
        self.time = time
        self.number = number
        self.events: list[Event] = []

    # issuers and documents

    def do_register(self, name: str, uri: str, document: bytes) -> tuple[Any, ...]:
        self.require(0 < len(name.encode()) <= 128, "BadNameLength", len(name.encode()))
        self.issuers.append(Issuer(name, uri, self.sender, self.time))
        number = len(self.issuers)
        self.emit("IssuerRegistered", number, self.sender, name, uri)
        if any(document):
            self._push_document(number, document)
        return (number,)

    def do_setDocument(self, number: int, document: bytes) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.admin(number)
        self.require(self._current(issuer) != document, "DocumentUnchanged", number, document)
        self._push_document(number, document)
        return ()

    def do_setUri(self, number: int, uri: str) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.admin(number)
        self.require(len(uri.encode()) <= 256, "UriTooLong", len(uri.encode()))
        issuer.uri = uri
        self.emit("UriSet", number, uri)
        return ()

    def do_transferAdmin(self, number: int, new_admin: bytes) -> tuple[Any, ...]:  # noqa: N802
        self.admin(number).pending_admin = new_admin
        self.emit("AdminTransferProposed", number, new_admin)
        return ()

    def do_acceptAdmin(self, number: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.known(number)
        self.require(any(self.sender) and issuer.pending_admin == self.sender, "NotPendingAdmin", number, self.sender)
        self.emit("AdminTransferred", number, issuer.admin, self.sender)
        issuer.admin, issuer.pending_admin = self.sender, ZERO
        return ()

    def do_succeed(self, number: int, successor: int) -> tuple[Any, ...]:
        issuer = self.admin(number)
        self.require(not issuer.successor, "IssuerEnded", number, issuer.successor)
        self.require(number != successor, "SelfSuccession", number)
        if successor:
            heir = self.known(successor)
            self.require(not heir.successor, "IssuerEnded", successor, heir.successor)
        issuer.proposed_successor = successor
        self.emit("SuccessionProposed", number, successor)
        return ()

    def do_acceptSuccession(self, number: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.known(number)
        self.require(issuer.proposed_successor > 0, "NoSuccessionProposed", number)
        self.admin(issuer.proposed_successor)
        issuer.successor, issuer.proposed_successor, issuer.succeeded_at = issuer.proposed_successor, 0, self.time
        self.emit("Succeeded", number, issuer.successor)
        return ()

    def do_issuerCount(self) -> tuple[Any, ...]:  # noqa: N802
        return (len(self.issuers),)

    def do_issuerOf(self, number: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.find(number)
        if issuer is None:
            return (("", "", ZERO, ZERO, 0, 0, 0, 0),)
        succession = (issuer.successor, issuer.proposed_successor, issuer.registered_at, issuer.succeeded_at)
        return ((issuer.name, issuer.uri, issuer.admin, issuer.pending_admin, *succession),)

    def do_documentCount(self, number: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.find(number)
        return (0 if issuer is None else len(issuer.documents),)

    def do_documents(self, number: int, first: int, count: int) -> tuple[Any, ...]:
        issuer = self.find(number)
        rows = [] if issuer is None else issuer.documents[first : first + count]
        return ([(row.document_hash, row.time, row.block_number) for row in rows],)

    # keys

    def do_addKey(self, number: int, key: bytes, roles: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.admin(number)
        self.require(roles in (1, 2, 3), "BadRoles", roles)
        self.require(all(known.address != key for known in issuer.keys), "KeyAlreadyAdded", number, key)
        issuer.keys.append(KeyFact(key, roles, self.time, 0, 0))
        self.emit("KeyAdded", number, key, len(issuer.keys) - 1, roles)
        return ()

    def do_retireKey(self, number: int, key: bytes, since: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.admin(number)
        index = self._index(number, issuer, key)
        before = issuer.keys[index].compromised_since
        self.require(bool(since) or not issuer.keys[index].retired_at, "KeyIsRetired", number, key, self.time)
        self.require(since <= self.time, "CompromiseInFuture", since, self.time)
        self.require(not before or since < before, "CompromiseNotLowered", before, since)
        retired_at = issuer.keys[index].retired_at or self.time
        issuer.keys[index] = replace(issuer.keys[index], retired_at=retired_at, compromised_since=since)
        self.emit("KeyRetired", number, key, index, retired_at, since)
        return ()

    def do_keyCount(self, number: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.find(number)
        return (0 if issuer is None else len(issuer.keys),)

    def do_keyAt(self, number: int, index: int) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.find(number)
        if issuer is None or index >= len(issuer.keys):
            return (ZERO, 0, 0, 0, 0)
        key = issuer.keys[index]
        return (key.address, key.roles, key.added_at, key.retired_at, key.compromised_since)

    def do_keyOf(self, number: int, address: bytes) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.find(number)
        for index, key in enumerate([] if issuer is None else issuer.keys):
            if key.address == address:
                return (index, key.roles, key.added_at, key.retired_at, key.compromised_since)
        return (0, 0, 0, 0, 0)

    # anchors

    def do_anchor(self, number: int, sequence: int, size: int, root: bytes) -> tuple[Any, ...]:
        issuer, index = self.role(number, 1)
        self.require(not issuer.successor, "IssuerEnded", number, issuer.successor)
        self.require(sequence == issuer.sequence + 1, "WrongSequence", sequence, issuer.sequence + 1)
        self.require(size > issuer.size, "SizeNotGrown", size, issuer.size)
        self.require(any(root), "ZeroRoot")
        self.require(root not in issuer.anchors, "RootAlreadyAnchored", root, issuer.anchors.get(root, (0,))[0])
        issuer.anchors[root] = (sequence, size, issuer.size, self.time, self.number, index)
        self.emit("Anchored", number, sequence, root, size, issuer.size, self.sender)
        issuer.sequence, issuer.size = sequence, size
        return ()

    def do_anchorOf(self, number: int, root: bytes) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.find(number)
        return (0,) * 6 if issuer is None else issuer.anchors.get(root, (0,) * 6)

    def do_head(self, number: int) -> tuple[Any, ...]:
        issuer = self.find(number)
        return (0, 0) if issuer is None else (issuer.sequence, issuer.size)

    # status

    def do_revoke(self, number: int, words: Any, masks: Any, reason: int) -> tuple[Any, ...]:
        return self._status(number, 0, words, masks, reason, True)

    def do_suspend(self, number: int, words: Any, masks: Any, reason: int) -> tuple[Any, ...]:
        return self._status(number, 1, words, masks, reason, True)

    def do_reinstate(self, number: int, words: Any, masks: Any, reason: int) -> tuple[Any, ...]:
        return self._status(number, 1, words, masks, reason, False)

    def do_annul(self, number: int, words: Any, masks: Any) -> tuple[Any, ...]:
        issuer = self.admin(number)
        compromised = any(key.roles & 2 and key.compromised_since for key in issuer.keys)
        self.require(compromised, "NoCompromisedStatusKey", number)
        for word, mask in zip(words, masks, strict=True):
            value = issuer.status[0].get(word, 0) & ~mask
            if value != issuer.status[0].get(word, 0):
                issuer.status[0][word] = value
                self.emit("StatusChanged", number, 0, word, value, 0, self.sender)
        return ()

    def do_statusWords(self, number: int, purpose: int, first: int, count: int) -> tuple[Any, ...]:  # noqa: N802
        self.require(purpose < 2, "UnknownPurpose", purpose)
        issuer = self.find(number)
        words = {} if issuer is None else issuer.status[purpose]
        return ([words.get(first + i, 0) for i in range(count)],)

    # accreditation

    def do_accredit(self, number: int, document: bytes, scope: str, valid_until: int) -> tuple[Any, ...]:
        issuer = self.known(number)
        self.require(any(document) and document == self._current(issuer), "DocumentNotCurrent", number, document,
                     self._current(issuer))  # fmt: skip
        given = issuer.accreditations.setdefault(self.sender, [])
        running = [i for i, a in enumerate(given) if a.document_hash == document and a.valid_at(self.time)]
        for index in running:
            given[index] = replace(given[index], ended_at=self.time, renewed=True)
        given.append(AccreditationFact(self.sender, document, self.time, valid_until, 0, False, scope))
        self.emit("Accredited", number, self.sender, document, len(given) - 1, valid_until, bool(running), scope)
        return ()

    def do_withdraw(self, number: int, document: bytes) -> tuple[Any, ...]:
        given = self.known(number).accreditations.get(self.sender, [])
        running = [i for i, a in enumerate(given) if a.document_hash == document and a.valid_at(self.time)]
        self.require(bool(running), "NoRunningAccreditation", number, self.sender, document)
        given[running[-1]] = replace(given[running[-1]], ended_at=self.time)
        self.emit("AccreditationWithdrawn", number, self.sender, document, running[-1])
        return ()

    def do_accreditationCount(self, number: int, accreditor: bytes) -> tuple[Any, ...]:  # noqa: N802
        issuer = self.find(number)
        return (0 if issuer is None else len(issuer.accreditations.get(accreditor, [])),)

    def do_accreditations(self, number: int, accreditor: bytes, first: int, count: int) -> tuple[Any, ...]:
        issuer = self.find(number)
        rows = [] if issuer is None else issuer.accreditations.get(accreditor, [])[first : first + count]
        return ([(a.document_hash, a.since, a.valid_until, a.ended_at, a.renewed, 0, a.scope) for a in rows],)

    # shared

    def find(self, number: int) -> Issuer | None:
        return self.issuers[number - 1] if 0 < number <= len(self.issuers) else None

    def known(self, number: int) -> Issuer:
        issuer = self.find(number)
        self.require(issuer is not None, "UnknownIssuer", number)
        assert issuer is not None
        return issuer

    def admin(self, number: int) -> Issuer:
        issuer = self.known(number)
        self.require(issuer.admin == self.sender, "NotAdmin", number, self.sender)
        return issuer

    def role(self, number: int, needed: int) -> tuple[Issuer, int]:
        issuer = self.find(number) or Issuer("", "", ZERO, 0)
        index = self._index(number, issuer, self.sender)
        key = issuer.keys[index]
        self.require(not key.retired_at, "KeyIsRetired", number, key.address, key.retired_at)
        self.require(bool(key.roles & needed), "KeyLacksRole", number, key.address, key.roles, needed)
        return issuer, index

    def require(self, holds: bool, error: str, *arguments: object) -> None:
        if not holds:
            entry = next(e for e in ledger_abi().errors.values() if e.name == error)
            raise Reverted("", {}, entry.selector + encode_values(error, entry.inputs, arguments))

    def emit(self, event: str, *arguments: object) -> None:
        entry = next(e for e in ledger_abi().events.values() if e.name == event)
        parts = list(zip(entry.inputs, entry.indexed, arguments, strict=True))
        topics = [encode_values(event, [kind], [value]) for kind, indexed, value in parts if indexed]
        plain = [(kind, value) for kind, indexed, value in parts if not indexed]
        data = encode_values(event, [kind for kind, _ in plain], [value for _, value in plain])
        self.events.append(((entry.selector, *topics), data))

    def _push_document(self, number: int, document: bytes) -> None:
        self.known(number).documents.append(DocumentFact(document, self.time, self.number))
        self.emit("DocumentSet", number, document)

    @staticmethod
    def _current(issuer: Issuer) -> bytes:
        return issuer.documents[-1].document_hash if issuer.documents else bytes(32)

    def _index(self, number: int, issuer: Issuer, address: bytes) -> int:
        found = next((i for i, key in enumerate(issuer.keys) if key.address == address), None)
        self.require(found is not None, "UnknownKey", number, address)
        assert found is not None
        return found

    def _status(self, number: int, purpose: int, words: Any, masks: Any, reason: int, on: bool) -> tuple[Any, ...]:
        issuer, _ = self.role(number, 2)
        for word, mask in zip(words, masks, strict=True):
            beyond = mask.bit_length() + 256 * word > issuer.size
            self.require(not beyond, "StatusBeyondHead", word, mask, issuer.size)
            current = issuer.status[purpose].get(word, 0)
            value = current | mask if on else current & ~mask
            if value != current:
                issuer.status[purpose][word] = value
                self.emit("StatusChanged", number, purpose, word, value, reason, self.sender)
        return ()
