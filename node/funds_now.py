"""The money on the node's key as the chains tell it now: for `node status` and `doctor`, which send nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from anchor.chain import Chain
from anchor.pins import Pins
from node.funds import FEW_ANCHORS, Funds, LowFunds, funds_of, low_funds
from node.holding_up import without_addresses
from node.store import Store, Witness
from rootseal.errors import RootsealError

__all__ = ["AskedFunds", "OpenWitness", "ask_funds", "low_funds_now", "open_witness", "pinned"]

OpenWitness = Callable[[Witness], Chain]
"""The way to another ledger's chain; nothing is asked by it."""

_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class AskedFunds:
    """What `key` (an address) has on one chain now: `funds`, or None and the `problem` why that was not answered."""

    key: bytes
    funds: Funds | None
    problem: str | None = None


def open_witness(witness: Witness) -> Chain:
    """The chain behind its endpoints; each wait is 10 s at most."""
    from anchor.pool import open_pool

    return open_pool(witness.chain_urls, _pins(witness), witness.finality, timeout=_TIMEOUT)


def pinned(witness: Witness, open_chain: OpenWitness) -> Chain:
    """Its chain, compared with what was pinned. Raises `WrongChain` or `ChainUnavailable`."""
    chain = open_chain(witness)
    _pins(witness).check(chain)
    return chain


def ask_funds(chain: Callable[[], Chain], key: bytes, ceiling: int) -> AskedFunds:
    """Ask; `ceiling` in wei a gas as in `funds_of`. Never raises what the chain's failure may be."""
    try:
        return AskedFunds(key, funds_of(chain(), key, ceiling))
    except RootsealError as error:
        return AskedFunds(key, None, without_addresses(error.diagnostics()))


def low_funds_now(store: Store, asked: Mapping[int | None, AskedFunds]) -> tuple[LowFunds, ...]:
    """As `low_funds`; on the ledgers (None: the home) that were `asked` and answered, what they answered."""
    seen = {low.witness: low for low in low_funds(store)}
    for place, found in asked.items():
        if found.funds is not None:
            seen.pop(place, None)
            anchors = found.funds.anchors
            if anchors is not None and anchors < FEW_ANCHORS:
                seen[place] = LowFunds(place, found.key, anchors)
    return tuple(seen[place] for place in sorted(seen, key=lambda place: place or 0))


def _pins(witness: Witness) -> Pins:
    return Pins(witness.chain_id, witness.genesis_hash, witness.ledger, witness.code_hash)
