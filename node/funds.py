"""The money on the node's key, told in anchors: nobody can act on a number of wei. At home and on every other ledger.

Asked for about once a minute by the process that sends. A key that pays for few anchors is said once, in the log
and to programs, also over restarts; again only after it had recovered. `node status` says it as long as it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from anchor.chain import Chain
from node.announcing import announce
from node.connection import Connection
from node.forecast import price_now
from node.gas import ANCHOR, gas_of
from node.logs import log
from node.store import Store
from rootseal.canonical import Json
from rootseal.errors import UndeterminedError
from rootseal.ethereum import checksum_address

__all__ = ["FEW_ANCHORS", "Funds", "FundsWatch", "LowFunds", "anchors_for", "funds_of", "low_funds"]

FEW_ANCHORS: Final = 20
"""A key that pays for fewer is low: for `rootseal doctor`, for `node run` and for the webhook."""

_ENOUGH_ANCHORS: Final = 2 * FEW_ANCHORS
"""Recovered: farther up, so that a price that goes up and down is not told each time."""

_ASK_SECONDS: Final = 60
_FACT: Final = "low-balance"
_ADDRESS: Final = 20


@dataclass(frozen=True, slots=True)
class Funds:
    """`balance` of the node's key in wei; the `anchors` that it pays for, None on a chain that takes no fees."""

    balance: int
    anchors: int | None


def anchors_for(balance: int, price: int) -> int | None:
    """How many anchors `balance` (wei) pays for at `price` (wei a gas); None where nothing is to be paid."""
    return balance // (price * gas_of(ANCHOR)) if price else None


def funds_of(chain: Chain, key: bytes, ceiling: int) -> Funds:
    """What `key` (an address) has there, at the price of now but at most at `ceiling` (wei a gas).

    Above the ceiling nothing is sent at all, whatever is on the key.
    """
    balance = chain.balance(key)
    return Funds(balance, anchors_for(balance, min(price_now(chain), ceiling)))


@dataclass(frozen=True, slots=True)
class LowFunds:
    """A key that pays for few `anchors`, when last asked; on the ledger with the number `witness`, None at home."""

    witness: int | None
    key: bytes
    anchors: int


def low_funds(store: Store) -> tuple[LowFunds, ...]:
    """Where the money of the node's key runs out, the home first, as the process that sends last saw it."""
    places = (None, *(witness.number for witness in store.witnesses.all()))
    return tuple(found for place in places if (found := _low(store, place)) is not None)


def _low(store: Store, witness: int | None) -> LowFunds | None:
    """What the last look wrote down: 20 bytes of address and 8 of a number; older ones have the address alone."""
    data = store.facts.get(_fact(witness)) or b""
    if len(data) <= _ADDRESS:
        return None
    anchors = int.from_bytes(data[_ADDRESS:])
    return LowFunds(witness, data[:_ADDRESS], anchors) if anchors < FEW_ANCHORS else None


def _fact(witness: int | None) -> str:
    return _FACT if witness is None else f"{_FACT}/{witness}"


class FundsWatch:
    """The funds of one node's key on one ledger, for the one thread that sends there. `witness` None: at home."""

    def __init__(self, store: Store, connection: Connection, witness: int | None = None) -> None:
        self._store = store
        self._connection = connection
        self._witness = witness
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
            return funds_of(connection.chain, connection.signer.address, connection.config.max_fee_per_gas)

    def _tell(self, funds: Funds, now: int) -> None:
        """By key: one that is new and has no money is news. A crash before the commit: it is said again."""
        address, anchors, fact = self._connection.signer.address, funds.anchors, _fact(self._witness)
        stored = self._store.facts.get(fact) or b""
        low = stored[:_ADDRESS] == address
        enough = _ENOUGH_ANCHORS if low else FEW_ANCHORS  # what is written down of another key is that of an older one
        if stored and (anchors is None or anchors >= enough):
            self._store.facts.put(fact, b"")
        elif anchors is not None and (low or anchors < FEW_ANCHORS):
            after = address + anchors.to_bytes(8)
            with self._store.writing():
                if after != stored:
                    self._store.facts.put(fact, after)
                if not low:
                    self._announce(checksum_address(address), funds.balance, anchors, now)

    def _announce(self, key: str, balance: int, anchors: int, now: int) -> None:
        where: dict[str, Json] = {}
        if self._witness is not None:
            where = {"ledger": self._witness, "chain": f"eip155:{self._connection.config.chain_id}"}
        log("low balance", key=key, wei=balance, anchors=anchors, **where)
        detail: dict[str, Json] = {"address": key.lower(), "balanceWei": str(balance), "anchors": anchors, **where}
        subject = f"key/{key}/{now}" if self._witness is None else f"ledger/{self._witness}/key/{key}/{now}"
        announce(self._store, "low_balance", subject, detail, now)
