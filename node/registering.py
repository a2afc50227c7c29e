"""The issuer document and the issuer's address: what the settings give, what the ledger has, when it may be replaced.

The document must not change under entries that are sealed but not anchored: see `node.document_guard`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from hashlib import sha256

from anchor.calling import Cost, LedgerCall
from anchor.outbox import State
from node.document_guard import current_document
from node.governing import Governor, UnsignedCall, Waiting
from node.issuer_document import issuer_id
from rootseal.errors import ConflictError

__all__ = ["DocumentState", "publish", "state"]


@dataclass(frozen=True, slots=True)
class DocumentState:
    """The document by the settings, its hash, and what the ledger has: its newest hash (zeros: none) and since when.

    `uri` is the public address by the settings, empty where there is none, `uri_in_force` that of the ledger.
    """

    content: bytes
    digest: bytes
    in_force: bytes
    since: int
    uri: str = ""
    uri_in_force: str = ""

    @property
    def unchanged(self) -> bool:
        """True iff the ledger has this very document in force."""
        return self.digest == self.in_force

    @property
    def nothing_to_do(self) -> bool:
        """True iff document and address are as the settings say."""
        return self.unchanged and self.uri == self.uri_in_force


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
        governor.config.public_url or "",
        governor.record().uri,
    )


def publish(governor: Governor, *, dry_run: bool = False) -> Cost | None:
    """Put document and address of the settings in force. None where they are already; returns when it is final.

    Raises `ConflictError` where credentials stand in the way, `Waiting` where the admin signs elsewhere.
    """
    governor.require_admin()
    call = _call(governor)
    if not dry_run:
        _finish_earlier(governor, call)
    found = state(governor)
    moved = () if found.uri == found.uri_in_force else (_uri_call(governor, found.uri),)
    costs = [governor.cost(one) for one in moved]
    if not found.unchanged:
        check_nothing_stands_in_the_way(governor)
        costs.append(governor.cost(call))
    if not dry_run:
        _send(governor, call, moved, queue=not found.unchanged and costs[-1] is not None)
    paid = [cost for cost in costs if cost is not None]
    return Cost(sum(cost.gas for cost in paid), sum(cost.wei for cost in paid)) if paid else None


def _send(governor: Governor, call: LedgerCall, moved: tuple[LedgerCall, ...], *, queue: bool) -> None:
    """The document first: whoever follows the new address then finds the document that belongs to it."""
    if queue:
        governor.store.documents.keep(current_document(governor.connection), int(time.time()))
        signer = governor.signer()
        if signer is not None:
            # One transaction with the check: the sealer looks for this intent in its own, so that nothing is
            # sealed under the old document once the new one is on its way.
            with governor.store.writing():
                check_nothing_stands_in_the_way(governor)
                governor.caller(signer).queue(call)
    try:
        governor.send(call)  # where it is in force already it may not be final yet
    except Waiting as waiting:
        also = tuple(UnsignedCall(one.what, governor.ledger.address, one.data) for one in moved)
        raise Waiting(str(waiting), calls=(*waiting.calls, *also)) from None
    for one in moved:
        governor.send(one)


def _uri_call(governor: Governor, uri: str) -> LedgerCall:
    return LedgerCall(f"set the address on the ledger to {uri or 'none'}", "setUri", (governor.issuer, uri))


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
            "under them; run `rootseal node anchor DIR` and then this again"
        )
    identity = issuer_id(governor.config)
    foreign = governor.store.awards.naming_another_issuer(identity)
    if foreign:
        raise ConflictError(
            f"{foreign} accepted credentials name another issuer than {identity}; withdraw them and issue them again "
            "(copies that wait: `rootseal node copies DIR ID --withdraw`), or set node.toml back, seal and anchor, and "
            "only then change it"
        )
