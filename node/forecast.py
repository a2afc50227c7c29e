"""What a year on the chain will cost, from measured gas: arithmetic only, in whole wei and exact decimals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from anchor.chain import Chain
from node.gas import ANCHOR, REVOKE_ALONE, SETUP, gas_of
from rootseal.errors import InputError

__all__ = ["Forecast", "ForecastRequest", "forecast", "price_now"]

GWEI: Final = 10**9
_COIN: Final = Decimal(10) ** 18
_ROLLUPS: Final = frozenset((10, 8453, 42161, 84532, 11155420, 421614))


@dataclass(frozen=True, slots=True)
class ForecastRequest:
    """A year: credentials, batches, revocations; `gas_price` in wei, `coin_price` in money a coin or None.

    `copies`: so many of each credential, the first included.
    """

    credentials: int
    batches: int
    revocations: int
    gas_price: int
    coin_price: Decimal | None = None
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Forecast:
    """Gas, and what it costs at the request's prices. `assumptions` are sentences that belong to every figure."""

    request: ForecastRequest
    anchors: int
    gas: int
    setup_gas: int
    assumptions: tuple[str, ...]

    @property
    def coin(self) -> Decimal:
        """Of a year, in the chain's coin."""
        return self.gas * self.request.gas_price / _COIN

    @property
    def setup_coin(self) -> Decimal:
        """Of setting up, once."""
        return self.setup_gas * self.request.gas_price / _COIN

    @property
    def gas_each(self) -> int | None:
        """Per credential, rounded up; None without credentials."""
        return -(-self.gas // self.request.credentials) if self.request.credentials else None

    @property
    def coin_each(self) -> Decimal | None:
        """Per credential."""
        return self.coin / self.request.credentials if self.request.credentials else None

    def money(self, coin: Decimal | None) -> Decimal | None:
        """The same in money; None where no price of a coin was given."""
        price = self.request.coin_price
        return None if price is None or coin is None else coin * price

    def to_json(self) -> dict[str, Any]:
        """Decimals as text, so that no program rounds them unasked."""
        request = self.request
        return {
            "credentials": request.credentials,
            "batches": request.batches,
            "copies": request.copies,
            "revocations": request.revocations,
            "gasPriceWei": str(request.gas_price),
            "coinPrice": _text(request.coin_price),
            "anchors": self.anchors,
            "perYear": self._costs(self.gas, self.coin),
            "perCredential": None if self.gas_each is None else self._costs(self.gas_each, self.coin_each),
            "setUp": self._costs(self.setup_gas, self.setup_coin),
            "assumptions": list(self.assumptions),
        }

    def _costs(self, gas: int, coin: Decimal | None) -> dict[str, Any]:
        return {"gas": gas, "coin": _text(coin), "money": _text(self.money(coin))}


def forecast(request: ForecastRequest, chain_id: int) -> Forecast:
    """The forecast for a node on this chain. Raises `InputError` for a year that cannot be."""
    if request.batches < 1 and request.credentials:
        raise InputError("--batches", "must be 1 or more: credentials are published in batches", request.batches)
    # An empty batch is never sealed, so there cannot be more anchors than credentials.
    anchors = min(request.batches, request.credentials) * request.copies
    gas = anchors * gas_of(ANCHOR) + request.revocations * gas_of(REVOKE_ALONE)
    setup = sum(map(gas_of, SETUP))
    return Forecast(request, anchors, gas, setup, _of_copies(request.copies) + _assumptions(chain_id))


def price_now(chain: Chain) -> int:
    """What a gas costs now, wei: base fee and tip, or the one price of a chain without EIP-1559."""
    quote = chain.fee_quote()
    return quote.gas_price if quote.base_fee is None else quote.base_fee + quote.tip


def _assumptions(chain_id: int) -> tuple[str, ...]:
    sentences: tuple[str, ...] = (
        f"Each anchor costs {gas_of(ANCHOR):,} gas, whatever it holds.",
        f"Each revocation is sent alone and costs {gas_of(REVOKE_ALONE):,} gas; several at once cost less.",
        "The price of gas and of the coin stay as given for the whole year.",
        "Nothing is sent twice at a higher price because it waited; suspensions and changes of keys are not counted.",
        "Gas was measured on whole transactions of the packaged contracts.",
    )
    if chain_id in _ROLLUPS:
        sentences += ("This chain is a rollup: its fee for data on the main chain comes on top and is not in here.",)
    return sentences


def _of_copies(copies: int) -> tuple[str, ...]:
    if copies == 1:
        return ()
    return (
        f"Each batch takes {copies} anchors, one for each copy of its credentials: fewer, where the copies of one "
        "batch go with the next. Revoking a credential revokes all its copies.",
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
