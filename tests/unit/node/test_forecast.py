"""The forecast: whole transactions as measured, times what was said, and nothing rounded in secret."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from node.cli.forecasting import forecast as command
from node.forecast import Forecast, ForecastRequest, forecast, price_now
from node.gas import gas_of
from rootseal.errors import InputError, UndeterminedError
from tests.support.fake_chain import FakeChain
from tests.unit.node.nodes import make_node


def year(credentials: int = 5000, batches: int = 12, revocations: int = 20, price: int = 30 * 10**9) -> Forecast:
    return forecast(ForecastRequest(credentials, batches, revocations, price, Decimal("0.4")), 137)


def test_a_year_is_its_anchors_and_revocations() -> None:
    found = year()
    gas = 12 * gas_of("anchor, steady state") + 20 * gas_of("revoke 1, fresh word")
    assert found.gas == gas
    assert found.coin == Decimal(gas) * 30 / 10**9
    assert found.money(found.coin) == found.coin * Decimal("0.4")
    assert found.gas_each == -(-gas // 5000)
    assert found.coin_each == found.coin / 5000


def test_there_are_never_more_anchors_than_credentials() -> None:
    assert year(credentials=3, batches=12).anchors == 3
    assert year(credentials=0, batches=0, revocations=0).gas == 0
    assert year(credentials=0).gas_each is None
    with pytest.raises(InputError, match="--batches"):
        year(batches=0)


def test_a_chain_without_fees_costs_nothing() -> None:
    assert year(price=0).coin == 0


def test_a_rollup_is_said_to_cost_more() -> None:
    request = ForecastRequest(1, 1, 0, 1)
    assert any("rollup" in sentence for sentence in forecast(request, 8453).assumptions)
    assert not any("rollup" in sentence for sentence in forecast(request, 1).assumptions)


def test_the_price_now_is_base_fee_and_tip_or_the_gas_price() -> None:
    assert price_now(FakeChain(base_fee=7)) == 7 + 10**9
    assert price_now(FakeChain(base_fee=None)) == FakeChain(base_fee=None).fee_quote().gas_price


def run(directory: Path, *options: str) -> None:
    command(args=[str(directory), "--per-year", "100", "--batches", "4", *options], standalone_mode=False)


def test_the_command_answers_in_exact_decimals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_node(tmp_path / "n")
    run(tmp_path / "n", "--gas-price", "0.5", "--coin-price", "2500", "--json")
    value = json.loads(capsys.readouterr().out)
    assert value["gasPriceWei"] == "500000000"
    assert Decimal(value["perYear"]["money"]) == Decimal(4 * gas_of("anchor, steady state")) * 2500 / (2 * 10**9)
    run(tmp_path / "n", "--gas-price", "0.5")
    assert "a credential:" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["x", "-1", "NaN", "Infinity", "1e30"])
def test_a_price_that_is_none_is_refused(tmp_path: Path, wrong: str) -> None:
    make_node(tmp_path / "n")
    with pytest.raises(InputError, match="--gas-price"):
        run(tmp_path / "n", "--gas-price", wrong)


def test_without_a_price_and_a_chain_it_says_what_to_give(tmp_path: Path) -> None:
    make_node(tmp_path / "n")
    with pytest.raises(UndeterminedError, match="--gas-price"):
        run(tmp_path / "n")
