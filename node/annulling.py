"""Taking back revocations that a thief made with a stolen status key. The ledger lets only the admin do it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from anchor.calling import LedgerCall
from anchor.ledger import REVOKED
from node.governing import Governor
from node.statuses import word_masks
from node.store import Act, Entry
from rootseal.errors import ConflictError
from rootseal.plurals import counted

__all__ = ["Annulment", "annul", "plan"]


@dataclass(frozen=True, slots=True)
class Annulment:
    """Entries whose revocation is taken back, those that were not revoked, and the call, if there is any to make."""

    entries: tuple[str, ...]
    unaffected: tuple[str, ...]
    call: LedgerCall | None


def plan(governor: Governor, entry_ids: Sequence[str]) -> Annulment:
    """Raises `InputError` for an unknown id, `ConflictError` for one that this node itself revoked.

    An id means all copies of that credential.
    """
    store = governor.store.entries
    entries = list({copy.id: copy for entry in store.get_all(entry_ids) for copy in store.award(entry)}.values())
    for entry in entries:
        _check_not_ours(governor, entry)
    size = governor.ledger.head(governor.issuer).size
    words = governor.ledger.status_words(governor.issuer, REVOKED, size)
    revoked = [e for e in entries if e.index is not None and e.index < size and _bit(words, e.index)]
    ids = tuple(entry.id for entry in revoked)
    others = tuple(entry.id for entry in entries if entry.id not in ids)
    if not revoked:
        return Annulment((), others, None)
    masks = word_masks(entry.index for entry in revoked if entry.index is not None)
    arguments = (governor.issuer, list(masks), list(masks.values()))
    return Annulment(ids, others, LedgerCall(f"annul {counted(len(ids), 'revocation')}", "annul", arguments))


def annul(governor: Governor, planned: Annulment) -> None:
    """Returns when it is final. Raises `Waiting` where the admin signs elsewhere."""
    if planned.call is None:
        return
    governor.send(planned.call)
    with governor.store.writing():
        detail = {"entries": list(planned.entries)}
        governor.store.acts.add(int(time.time()), "annul", f"{len(planned.entries)} revocations", detail)


def _check_not_ours(governor: Governor, entry: Entry) -> None:
    if any(act.act is Act.REVOKE for act in governor.store.statuses.of(entry.id)):
        raise ConflictError(
            f"{entry.id} was revoked by this node itself, which is final; issue it again where that was a mistake"
        )


def _bit(words: tuple[int, ...], index: int) -> bool:
    return bool(words[index // 256] >> index % 256 & 1)
