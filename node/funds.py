"""The money on the node's key, told in anchors: nobody can act on a number of wei.

Asked for about once a minute by the process that sends. A key that pays for few anchors is said once, in the log
and to programs, also over restarts; again only after it had recovered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from node.announcing import announce
from node.connection import Connection
from node.forecast import price_now
from node.gas import ANCHOR, gas_of
from node.logs import log
from node.store import Store
from rootseal.canonical import Json
from rootseal.errors import UndeterminedError
from rootseal.ethereum import checksum_address

__all__ = ["FEW_ANCHORS", "Funds", "FundsWatch", "anchors_for"]

FEW_ANCHORS: Final = 20
"""A key that pays for fewer is low: for `rootseal doctor`, for `node run` and for the webhook."""

_ENOUGH_ANCHORS: Final = 2 * FEW_ANCHORS
"""Recovered: farther up, so that a price that goes up and down is not told each time."""

_ASK_SECONDS: Final = 60
_FACT: Final = "low-balance"


@dataclass(frozen=True, slots=True)
class Funds:
    """`balance` of the node's key in wei; the `anchors` that it pays for, None on a chain that takes no fees."""

    balance: int
    anchors: int | None


def anchors_for(balance: int, price: int) -> int | None:
    """How many anchors `balance` (wei) pays for at `price` (wei a gas); None where nothing is to be paid."""
    return balance // (price * gas_of(ANCHOR)) if price else None


class FundsWatch:
    """The funds of one node's key, for the one thread that sends."""

    def __init__(self, store: Store, connection: Connection) -> None:
        self._store = store
        self._connection = connection
        self._asked_at: float | None = None
        self._funds: Funds | None = None

    def look(self, now: float) -> Funds | None:
        """The funds as last asked for; None before the first answer. Where the chain is silent: later again.

        To be called when the chain was found to be the pinned one. Raises what the store and the key raise.
        """
        if self._asked_at is None or not 0 <= now - self._asked_at < _ASK_SECONDS:
            self._asked_at = now
            try:
                self._funds = self._ask()
            except UndeterminedError:
                return self._funds
            self._tell(self._funds, int(now))
        return self._funds

    def _ask(self) -> Funds:
        connection = self._connection
        with connection.reading():
            balance = connection.chain.balance(connection.signer.address)
            # Above the ceiling nothing is sent at all, whatever is on the key.
            price = min(price_now(connection.chain), connection.config.max_fee_per_gas)
        return Funds(balance, anchors_for(balance, price))

    def _tell(self, funds: Funds, now: int) -> None:
        """By key: one that is new and has no money is news. A crash before the commit: it is said again."""
        address, anchors = self._connection.signer.address, funds.anchors
        low = self._store.facts.get(_FACT) == address
        if low and (anchors is None or anchors >= _ENOUGH_ANCHORS):
            self._store.facts.put(_FACT, b"")
        elif not low and anchors is not None and anchors < FEW_ANCHORS:
            key = checksum_address(address)
            log("low balance", key=key, wei=funds.balance, anchors=anchors)
            detail: dict[str, Json] = {"address": key.lower(), "balanceWei": str(funds.balance), "anchors": anchors}
            with self._store.writing():
                self._store.facts.put(_FACT, address)
                announce(self._store, "low_balance", f"key/{key}/{now}", detail, now)
