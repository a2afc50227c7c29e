"""What `issue --dry-run` shows and nothing stores: one credential in plain words, and the cost of the next anchor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.cli.terminal import harmless
from node.gas import ANCHOR, gas_of
from rootseal.credential import read_document
from rootseal.errors import RootsealError

if TYPE_CHECKING:
    from node.services import Services
    from rootseal.canonical import Json

__all__ = ["AnchorCost", "anchor_cost", "cost_json", "cost_line", "in_words"]


@dataclass(frozen=True, slots=True)
class AnchorCost:
    """Gas of one anchor and what the chain asks per gas now, in wei; `price` None where it cannot be asked, and why."""

    gas: int
    price: int | None
    problem: str | None


def anchor_cost(services: Services) -> AnchorCost:
    """The cost of the next anchor, whatever the number of credentials. Never raises for a chain that is silent."""
    from node.forecast import price_now

    gas = gas_of(ANCHOR)
    try:
        return AnchorCost(gas, price_now(services.connection.chain), None)
    except RootsealError as error:
        return AnchorCost(gas, None, str(error))


def cost_json(cost: AnchorCost) -> dict[str, object]:
    """`{"gas","weiPerGas","wei"}`; wei as decimal text, because it can exceed what JSON numbers hold."""
    price = cost.price
    return {
        "gas": cost.gas,
        "weiPerGas": None if price is None else str(price),
        "wei": None if price is None else str(price * cost.gas),
    }


def cost_line(cost: AnchorCost) -> str:
    """The same as a sentence."""
    if cost.price is None:
        return f"Cost of the next anchor: about {cost.gas:,} gas; the price is not known ({harmless(cost.problem)})."
    coins = f"{cost.price * cost.gas / 10**18:.9f}".rstrip("0").rstrip(".")
    gwei = f"{cost.price / 10**9:.9f}".rstrip("0").rstrip(".")
    return f"Cost of the next anchor, however many it holds: about {cost.gas:,} gas × {gwei} gwei = {coins} coins."


def in_words(document: Mapping[str, Json]) -> list[str]:
    """Each fact of a credential with its label, as the learner and the employer will read it."""
    pairs = read_document(document).labelled()
    width = max((len(label) for label, _ in pairs), default=0)
    return [f"  {label:{width}}  {harmless(value, 500)}" for label, value in pairs]
