"""The issuer document: what the settings give, what the ledger has in force, and when it may be replaced.

The document must not change under entries that are sealed but not anchored: see `node.document_guard`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256

from anchor.calling import Cost, LedgerCall
from node.document_guard import current_document
from node.governing import Governor
from node.issuer_document import issuer_id
from rootseal.errors import ConflictError

__all__ = ["DocumentState", "publish", "state"]


@dataclass(frozen=True, slots=True)
class DocumentState:
    """The document by the settings, its hash, and what the ledger has: its newest hash (zeros: none) and since when."""

    content: bytes
    digest: bytes
    in_force: bytes
    since: int

    @property
    def unchanged(self) -> bool:
        """True iff the ledger has this very document in force."""
        return self.digest == self.in_force


def state(governor: Governor) -> DocumentState:
    """Settings and ledger side by side."""
    content = current_document(governor.connection)
    history = governor.ledger.documents(governor.issuer)
    newest = history[-1] if history else None
    return DocumentState(
        content,
        sha256(content).digest(),
        bytes(32) if newest is None else newest.document_hash,
        0 if newest is None else newest.time,
    )


def publish(governor: Governor, *, dry_run: bool = False) -> Cost | None:
    """Put the document of the settings in force. None where it is in force already; returns when it is final.

    Raises `ConflictError` where credentials stand in the way, `Waiting` where the admin signs elsewhere.
    """
    governor.require_admin()
    found = state(governor)
    call = LedgerCall(
        f"put the issuer document {found.digest.hex()} in force", "setDocument", (governor.issuer, found.digest)
    )
    if found.unchanged:
        # An earlier run may have been interrupted before its transaction was final.
        if not dry_run:
            governor.send(call)
        return None
    check_nothing_stands_in_the_way(governor)
    cost = governor.cost(call)
    if not dry_run:
        governor.store.documents.keep(found.content, int(time.time()))
        governor.send(call)
    return cost


def check_nothing_stands_in_the_way(governor: Governor) -> None:
    """Raises `ConflictError` with the way out."""
    sealed = governor.store.log.unanchored()
    if sealed:
        raise ConflictError(
            f"the entries up to {sealed[-1].size} are sealed but not anchored yet, and the document must not change "
            f"under them; run `rootseal node anchor {governor.directory}` and then this again"
        )
    identity = issuer_id(governor.config)
    foreign = governor.store.awards.naming_another_issuer(identity)
    if foreign:
        raise ConflictError(
            f"{foreign} accepted credentials name another issuer than {identity}; withdraw them and issue them again, "
            "or set node.toml back, seal and anchor, and only then change it"
        )
