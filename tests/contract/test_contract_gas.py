"""What transactions cost is committed, fresh, and within what the design allows."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("measure_gas", Path(__file__).with_name("measure_gas.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    content: dict[str, Any] = json.loads(module.snapshot())
    return content


def test_snapshot_is_fresh(measured: dict[str, Any]) -> None:
    committed = json.loads((REPOSITORY / "contracts" / "gas.json").read_text(encoding="utf-8"))
    assert measured == committed, "run python tests/contract/measure_gas.py"


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("anchor, steady state", 56_000),
        ("revoke 1, fresh word", 51_000),
        ("revoke 100, scattered", 100 * 25_500),
        ("revoke 100, one word", 100 * 520),
    ],
)
def test_transactions_stay_within_bounds(measured: dict[str, Any], name: str, most: int) -> None:
    assert measured["transactionGas"][name] <= most


@pytest.mark.parametrize(("name", "most"), [("claim, next", 185_000), ("redeem", 70_000)])
def test_credits_stay_within_bounds(measured: dict[str, Any], name: str, most: int) -> None:
    assert measured["EctxCredits"]["transactionGas"][name] <= most


def test_readme_quotes_the_snapshot(measured: dict[str, Any]) -> None:
    readme = (REPOSITORY / "contracts" / "README.md").read_text(encoding="utf-8")
    for part in (measured, measured["EctxCredits"]):
        assert f"runtime code {part['runtimeBytes']:,} bytes, initcode {part['initcodeBytes']:,} bytes" in readme
        for name, gas in part["transactionGas"].items():
            assert f"| {name} | {gas:,} |" in readme
