"""What anchors cost: the next one as a forecast, final ones by their receipts."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from node.gas import ANCHOR, gas_of
from rootseal.errors import RootsealError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Cost", "PaidCosts", "next_cost"]

_MOST_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Gas, and the amount in wei; None where the price is not known."""

    gas: int
    wei: int | None


def next_cost(services: Services) -> Cost:
    """Of the next anchor, however many credentials it holds. Never raises for a chain that is silent."""
    from node.forecast import price_now

    gas = gas_of(ANCHOR)
    try:
        return Cost(gas, gas * price_now(services.connection.chain))
    except RootsealError:
        return Cost(gas, None)


class PaidCosts:
    """Of final anchors, asked of the chain once and kept in memory: they do not change. Threads share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._kept: dict[bytes, Cost] = {}

    def of(self, transaction: bytes) -> Cost | None:
        """What this transaction cost; None where the chain does not say now."""
        with self._lock:
            found = self._kept.get(transaction)
        if found is not None:
            return found
        try:
            found = self._asked(transaction)
        except RootsealError:
            return None
        if found is not None:
            with self._lock:
                if len(self._kept) < _MOST_KEPT:
                    self._kept[transaction] = found
        return found

    def _asked(self, transaction: bytes) -> Cost | None:
        chain = self._services.connection.chain
        receipt = chain.receipt(transaction)
        if receipt is None:
            return None
        offered = self._services.store.outbox.offered(transaction)
        block = chain.block(receipt.block_number)
        if offered is None or block is None:
            return Cost(receipt.gas_used, None)
        # EIP-1559: the base fee and as much of the tip as the bound leaves.
        price = offered.max_fee
        if not offered.legacy and block.base_fee is not None:
            price = min(offered.max_fee, block.base_fee + offered.tip)
        return Cost(receipt.gas_used, receipt.gas_used * price)
