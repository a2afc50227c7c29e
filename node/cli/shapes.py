"""Members that several answers share: a checkpoint and an anchor look the same in every command's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from node.store import Act, AnchorRow, Checkpoint

__all__ = ["act_words", "anchor_json", "checkpoint_json"]

_ACTS: Final = {
    "revoke": ("being revoked", "revoked"),
    "suspend": ("being suspended", "suspended"),
    "reinstate": ("being reinstated", "in force again"),
}


def act_words(act: Act, final: bool) -> str:
    """What a credential is by the last act on its status, which is `final` on chain or not yet."""
    return _ACTS[act.value][final]


def checkpoint_json(point: Checkpoint) -> dict[str, Any]:
    """`{"size","root","signedAt","anchorBy"}`; times in UTC seconds."""
    return {"size": point.size, "root": point.root.hex(), "signedAt": point.signed_at, "anchorBy": point.anchor_by}


def anchor_json(row: AnchorRow) -> dict[str, Any]:
    """`{"sequence","size","transaction","block":{"number","hash","timestamp"}}`."""
    block = {"number": row.block.number, "hash": "0x" + row.block.hash.hex(), "timestamp": row.block.timestamp}
    return {"sequence": row.sequence, "size": row.size, "transaction": "0x" + row.transaction.hex(), "block": block}
