"""Announcements: what programs of the institution may want to hear of, without a word about any person.

Each is written in the transaction of what it is about, so that nothing is announced that did not happen and
nothing that happened is left out. `node.webhooks` carries them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

from node.store import AnchorRow, Checkpoint, Store
from rootseal.canonical import Json

__all__ = [
    "KINDS",
    "Kind",
    "announce",
    "announce_final",
    "announce_revocations",
    "announce_sealed",
]

Kind = Literal["sealed", "final", "revoked", "near", "overdue", "low_balance"]

KINDS: Final[tuple[str, ...]] = get_args(Kind)
"""All kinds, in the order of a credential's life; then what the node itself is short of."""

_AT_ONCE: Final = 500
"""Credentials in one announcement: 40 KiB, which every receiver takes."""


def announce(store: Store, kind: Kind, subject: str, detail: Mapping[str, Json], at: int) -> bool:
    """Say once that `kind` happened to `subject`; False where that was said before.

    Joins the caller's write transaction, or makes its own. `detail` is what receivers get: sizes, roots,
    indexes, times (UTC seconds), ids of credentials and the node's own key, never anything about a learner.
    """
    return store.announcements.add(kind, subject, detail, at)


def announce_sealed(store: Store, checkpoint: Checkpoint, first: int) -> None:
    """A promise for the entries from index `first` on; in the transaction that stores it."""
    detail: dict[str, Json] = {
        "size": checkpoint.size,
        "previousSize": first,
        "root": checkpoint.root.hex(),
        "signedAt": checkpoint.signed_at,
        "anchorBy": checkpoint.anchor_by,
    }
    announce(store, "sealed", f"checkpoint/{checkpoint.size}", detail, checkpoint.signed_at)


def announce_final(store: Store, row: AnchorRow, now: int) -> None:
    """A final anchor; in the transaction that stores it."""
    detail: dict[str, Json] = {
        "sequence": row.sequence,
        "size": row.size,
        "previousSize": row.previous_size,
        "root": row.root.hex(),
        "transaction": "0x" + row.transaction.hex(),
        "block": {"number": row.block.number, "hash": "0x" + row.block.hash.hex(), "timestamp": row.block.timestamp},
    }
    announce(store, "final", f"anchor/{row.sequence}", detail, now)


def announce_revocations(store: Store, now: int) -> int:
    """Say which revocations became final since it was last said; how many announcements that made.

    A crash at any point: the next call finds what is left.
    """
    made = 0
    for intent in store.announcements.unsaid_revocations():
        with store.writing():
            revoked = store.announcements.revoked_by(intent)
            for part in range(0, max(len(revoked), 1), _AT_ONCE):
                subject = f"{intent}/{part // _AT_ONCE}" if part else intent
                made += announce(store, "revoked", subject, _revoked(revoked[part : part + _AT_ONCE]), now)
    return made


def _revoked(rows: Sequence[tuple[str, int, int]]) -> dict[str, Json]:
    credentials: list[Json] = [{"id": entry, "index": index} for entry, index, _ in rows]
    return {"credentials": credentials, "reason": rows[0][2] if rows else 0}
