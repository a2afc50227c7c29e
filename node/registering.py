"""The issuer document: what the settings give, what the ledger has in force, and when it may be replaced.

The document must not change under entries that are sealed but not anchored: see `node.document_guard`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from hashlib import sha256

from anchor.calling import Cost, LedgerCall
from anchor.outbox import State
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
    call = _call(governor)
    if not dry_run:
        _finish_earlier(governor, call)
    if state(governor).unchanged:
        if not dry_run:
            governor.send(call)  # it may not be final yet
        return None
    check_nothing_stands_in_the_way(governor)
    cost = governor.cost(call)
    if dry_run or cost is None:
        return cost
    governor.store.documents.keep(current_document(governor.connection), int(time.time()))
    signer = governor.signer()
    if signer is not None:
        # One transaction with the check: the sealer looks for this intent in its own, so that nothing is
        # sealed under the old document once the new one is on its way.
        with governor.store.writing():
            check_nothing_stands_in_the_way(governor)
            governor.caller(signer).queue(call)
    governor.send(call)
    return cost


def _call(governor: Governor) -> LedgerCall:
    digest = sha256(current_document(governor.connection)).digest()
    return LedgerCall(f"put the issuer document {digest.hex()} in force", "setDocument", (governor.issuer, digest))


def _finish_earlier(governor: Governor, call: LedgerCall) -> None:
    """What an earlier run began and is not wanted any more: forgotten where it was never signed, else followed."""
    signer, outbox = governor.signer(), governor.store.outbox
    if signer is None:
        return
    earlier = [i for i in outbox.unfinished(signer.address) if "/setDocument/" in i.name and i.data != call.data]
    for intent in earlier:
        if intent.state is State.PLANNED and not outbox.attempts(intent.name):
            outbox.update(replace(intent, state=State.FINAL))
    if any("/setDocument/" in i.name and i.data != call.data for i in outbox.unfinished(signer.address)):
        governor.caller(signer).finish()


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
