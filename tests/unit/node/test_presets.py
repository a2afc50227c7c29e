"""Presets: each is complete, sends nobody to a third party, and is refused on another chain."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from anchor.chain import WrongChain
from node.config import TEST_CHAINS, read_config
from node.init import InitRequest, initialise
from node.presets import PRESETS, read_preset
from rootseal.errors import ConfigError
from tests.support.fake_chain import FakeChain

KNOWN = {"sepolia": 11155111, "polygon": 137, "base": 8453, "gnosis": 100, "besu": None}


def test_every_file_is_listed_and_the_other_way_round() -> None:
    found = {path.name for path in files("node.presets").iterdir() if path.name.endswith(".toml")}
    assert found == {f"{name}.toml" for name in PRESETS}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_parses_and_names_no_endpoint(name: str) -> None:
    preset = read_preset(name)
    assert preset.chain_id == KNOWN[name]
    assert preset.chain_id not in TEST_CHAINS
    assert preset.max_fee_per_gas > 0
    assert preset.notes
    assert "://" not in files("node.presets").joinpath(f"{name}.toml").read_text()
    assert preset.test == (name == "sepolia")


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="sepolia, polygon, base, gnosis, besu"):
        read_preset("../sepolia")


@pytest.mark.parametrize("name", [name for name in PRESETS if KNOWN[name]])
def test_another_chain_is_refused_before_anything_is_made(tmp_path: Path, name: str) -> None:
    request = InitRequest(chain_url="http://127.0.0.1:1", name="Uni", deploy=True, preset=name)
    with pytest.raises(WrongChain, match=f"the preset {name} should be {KNOWN[name]} but is 31337"):
        initialise(tmp_path / "n", request, chain=FakeChain())
    assert not (tmp_path / "n").exists()


def begun(tmp_path: Path, chain: FakeChain, **more: object) -> Path:
    """A node as far as it gets without money or an admin: its settings are written."""
    request = InitRequest(chain_url="http://127.0.0.1:1", name="Uni", deploy=True, admin=bytes(19) + b"\1", **more)  # type: ignore[arg-type]
    initialise(tmp_path / "n", request, chain=chain)
    return tmp_path / "n"


def test_a_preset_fills_finality_ceiling_and_test(tmp_path: Path) -> None:
    chain = FakeChain()
    chain.id = 11155111
    config = read_config(begun(tmp_path, chain, preset="sepolia"))
    assert (config.chain_id, config.finality, config.test) == (11155111, "tag", True)
    assert config.max_fee_per_gas == read_preset("sepolia").max_fee_per_gas


def test_what_is_said_wins_over_the_preset(tmp_path: Path) -> None:
    chain = FakeChain()
    chain.id = 4242
    config = read_config(begun(tmp_path, chain, preset="besu", finality="depth:3"))
    assert (config.chain_id, config.finality, config.test) == (4242, "depth:3", False)


def test_a_run_that_goes_on_may_not_change_the_preset(tmp_path: Path) -> None:
    chain = FakeChain()
    chain.id = 100
    directory = begun(tmp_path, chain, preset="gnosis")
    with pytest.raises(WrongChain, match="polygon"):
        initialise(directory, InitRequest(preset="polygon"), chain=chain)
