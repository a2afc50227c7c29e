"""A chain that can only be read: everything goes through to another one, and sending is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from anchor.chain import Block, BlockTag, Chain, FeeQuote, LogEntry, Receipt
from rootseal.errors import AnchoringError

__all__ = ["ReadingChain"]


class ReadingChain:
    """Implements `Chain` over `inner`. Whoever wants to hear or check a question overrides its method."""

    def __init__(self, inner: Chain) -> None:
        self.inner = inner

    def chain_id(self) -> int:
        """See `Chain`."""
        return self.inner.chain_id()

    def block(self, at: BlockTag) -> Block | None:
        """See `Chain`."""
        return self.inner.block(at)

    def code(self, address: bytes, at: BlockTag = "latest") -> bytes:
        """See `Chain`."""
        return self.inner.code(address, at)

    def balance(self, address: bytes) -> int:
        """See `Chain`."""
        return self.inner.balance(address)

    def nonce(self, address: bytes) -> int:
        """See `Chain`."""
        return self.inner.nonce(address)

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """See `Chain`."""
        return self.inner.call(to, data, at, sender)

    def receipt(self, transaction: bytes) -> Receipt | None:
        """See `Chain`."""
        return self.inner.receipt(transaction)

    def block_receipts(self, block: Block) -> tuple[Receipt, ...]:
        """See `Chain`."""
        return self.inner.block_receipts(block)

    def logs(
        self, address: bytes, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> tuple[LogEntry, ...]:
        """See `Chain`."""
        return self.inner.logs(address, topics, first, last)

    def accounts(self) -> tuple[bytes, ...]:
        """None: whoever only reads has no account."""
        return ()

    def estimate_gas(self, sender: bytes, to: bytes | None, data: bytes, value: int = 0) -> int:
        """Refused."""
        _refuse()

    def fee_quote(self) -> FeeQuote:
        """Refused."""
        _refuse()

    def send_raw(self, raw: bytes) -> bytes:
        """Refused."""
        _refuse()

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        """Refused."""
        _refuse()


def _refuse() -> NoReturn:
    raise AnchoringError("an audit only reads: it sends nothing")
