"""What geth's and Besu's pools do and Anvil's does not: the 10 % rule on both fees, orphans that return, their words.

Pure bookkeeping over what passed through the proxy; it asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from anchor.chain import Rejection, classify_rejection
from tests.support.fake_blocks import Transaction, decode_transaction

Client = Literal["geth", "besu"]

WORDS: Final[dict[Client, dict[Rejection, tuple[int, str]]]] = {
    "geth": {
        Rejection.ALREADY_KNOWN: (-32000, "already known"),
        Rejection.NONCE_TOO_LOW: (-32000, "nonce too low: next nonce 5, tx nonce 4"),
        Rejection.UNDERPRICED: (-32000, "replacement transaction underpriced"),
        Rejection.FEE_TOO_LOW: (-32000, "max fee per gas less than block base fee"),
        Rejection.INSUFFICIENT_FUNDS: (-32000, "insufficient funds for gas * price + value"),
    },
    "besu": {
        Rejection.ALREADY_KNOWN: (-32000, "Known transaction"),
        Rejection.NONCE_TOO_LOW: (-32001, "Nonce too low"),
        Rejection.UNDERPRICED: (-32000, "Replacement transaction underpriced"),
        Rejection.FEE_TOO_LOW: (-32009, "Gas price below configured minimum gas price"),
        Rejection.INSUFFICIENT_FUNDS: (-32004, "Upfront cost exceeds account balance"),
    },
}


@dataclass
class GethRules:
    """The pool as a real client would keep it. `seen` are all raw transactions, by hash."""

    client: Client = "geth"
    seen: dict[bytes, bytes] = field(default_factory=dict)
    _pool: dict[tuple[bytes, int], Transaction] = field(default_factory=dict)

    def refusal(self, raw: bytes) -> dict[str, Any] | None:
        """The error object for a transaction that Anvil would take and this client does not."""
        new = decode_transaction(raw)
        rival = self._pool.get((new.sender, new.nonce))
        if rival is None:
            return None
        if rival.hash == new.hash:
            return self.error(Rejection.ALREADY_KNOWN)
        # geth, core/txpool/legacypool/list.go: both fee cap and tip at least 10 % above the old ones.
        cheap = new.max_fee * 100 < rival.max_fee * 110 or new.tip * 100 < rival.tip * 110
        return self.error(Rejection.UNDERPRICED) if cheap else None

    def taken(self, raw: bytes) -> None:
        """It is in the pool now."""
        new = decode_transaction(raw)
        self.seen[new.hash] = raw
        self._pool[new.sender, new.nonce] = new

    def mined(self, hashes: set[bytes]) -> None:
        """These left the pool for a block, and so did their rivals at the same nonces."""
        places = {(tx.sender, tx.nonce) for tx in map(decode_transaction, map(self.seen.__getitem__, hashes))}
        self._pool = {at: tx for at, tx in self._pool.items() if at not in places}

    def forget(self) -> None:
        """The pool was emptied."""
        self._pool.clear()

    def orphans(self, hashes: list[bytes]) -> list[bytes]:
        """Raw transactions of blocks that left the chain, lowest nonce first: geth puts them back."""
        raws = [self.seen[tx] for tx in hashes if tx in self.seen]
        return sorted(raws, key=lambda raw: decode_transaction(raw).nonce)

    def error(self, kind: Rejection) -> dict[str, Any]:
        """The client's own words."""
        code, message = WORDS[self.client][kind]
        return {"code": code, "message": message}

    def translated(self, error: dict[str, Any]) -> dict[str, Any]:
        """Anvil's error about a raw transaction in the client's words."""
        kind = classify_rejection(str(error.get("message", "")))
        return error if kind is Rejection.OTHER else self.error(kind)
