"""`rootseal node forecast`: what a year will cost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.terminal import answer, directory_argument, json_option
from rootseal.errors import InputError, RootsealError, UndeterminedError

if TYPE_CHECKING:
    from node.config import NodeConfig
    from node.forecast import Forecast

__all__ = ["forecast"]

_MOST = 10**9
_count = click.IntRange(0, _MOST)


@click.command()
@directory_argument
@click.option("--per-year", required=True, type=_count, metavar="N", help="Credentials a year.")
@click.option("--batches", required=True, type=_count, metavar="B", help="Batches a year: each becomes one anchor.")
@click.option("--revocations", default=0, type=_count, metavar="R", show_default=True, help="Revocations a year.")
@click.option("--copies", default=1, type=click.IntRange(1, 16), metavar="K", show_default=True, help="Copies of each.")
@click.option("--gas-price", metavar="G", help="Price of gas in gwei, for example 12.5.  [default: the chain's now]")
@click.option("--coin-price", metavar="P", help="Price of one coin in your money, for example 2500.")
@json_option
def forecast(
    directory: Path,
    per_year: int,
    batches: int,
    revocations: int,
    copies: int,
    gas_price: str | None,
    coin_price: str | None,
    as_json: bool,
) -> None:
    """Say what a year costs, and each credential, in gas, coin and money.

    \b
    Examples:
      rootseal node forecast mynode --per-year 5000 --batches 12 --gas-price 30 --coin-price 0.4
      rootseal node forecast mynode --per-year 5000 --batches 12 --revocations 20

    Exit codes: 0 done; 2 usage; 3 no gas price was given and the chain cannot be asked.
    """
    from node.config import read_config
    from node.forecast import GWEI, ForecastRequest
    from node.forecast import forecast as reckon

    config = read_config(directory)
    price = _price_now(directory, config) if gas_price is None else int(_decimal("--gas-price", gas_price) * GWEI)
    money = None if coin_price is None else _decimal("--coin-price", coin_price)
    found = reckon(ForecastRequest(per_year, batches, revocations, price, money, copies), config.chain_id)
    answer(as_json, "forecast", {"test": config.test, **found.to_json()}, _lines(found, config.test))


def _decimal(option: str, text: str) -> Decimal:
    problem = "must be a number from 0 to 1000000000, for example 12.5"
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise InputError(option, problem, text) from None
    if not value.is_finite() or not 0 <= value <= _MOST:
        raise InputError(option, problem, text)
    return value


def _price_now(directory: Path, config: NodeConfig) -> int:
    from node.connection import Connection
    from node.forecast import price_now

    try:
        return price_now(Connection(directory, config).chain)
    except RootsealError as error:
        problem = f"the chain cannot be asked what gas costs; give --gas-price ({error})"
        raise UndeterminedError(problem, "chain.unavailable") from error


def _lines(found: Forecast, test: bool) -> list[str]:
    request = found.request
    lines = (
        ["TEST ledger: the coin here is worth nothing; the figures are for a chain with these prices."] if test else []
    )
    each = "" if request.copies == 1 else f", {request.copies} copies of each"
    lines.append(
        f"{request.credentials:,} credentials a year{each} in {request.batches:,} batches, {request.revocations:,} "
        f"revocations, at {Decimal(request.gas_price) / 10**9:f} gwei a gas:"
    )
    lines.append(f"  a year:         {_cost(found, found.gas, found.coin)}")
    if found.gas_each is not None:
        lines.append(f"  a credential:   {_cost(found, found.gas_each, found.coin_each)}")
    lines.append(f"  set-up, once:   {_cost(found, found.setup_gas, found.setup_coin)} (a ledger of your own included)")
    lines.append("Assumed:")
    return [*lines, *(f"  {sentence}" for sentence in found.assumptions)]


def _cost(found: Forecast, gas: int, coin: Decimal | None) -> str:
    shown = f"{gas:,} gas, {_short(coin)} coin"
    money = found.money(coin)
    return shown if money is None else f"{shown}, {_short(money)} money"


def _short(value: Decimal | None) -> str:
    """Five figures, and never an exponent: more is more than a forecast knows."""
    return "?" if value is None else f"{Decimal(f'{value:.5g}'):f}"
