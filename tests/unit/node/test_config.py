"""`node.toml`: one typed file, refused by name."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from node.config import NodeConfig, read_config, write_config
from rootseal.commitment import Home
from rootseal.errors import ConfigError

LEDGER = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
CONFIG = NodeConfig(
    test=True,
    name='Université "Zoë" \\ Ljubljana',
    country="SI",
    url="https://example.edu",
    public_url="https://registrar.example.edu",
    chain_urls=("http://127.0.0.1:8545", "https://rpc.example"),
    chain_id=31338,
    genesis_hash=bytes([1]) * 32,
    finality="depth:12",
    ledger=LEDGER,
    ledger_code_hash=bytes([2]) * 32,
    deployment_block=7,
    issuer=3,
    passphrase_file="passphrase",
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_config(tmp_path, CONFIG)
    assert read_config(tmp_path) == CONFIG
    assert CONFIG.home == Home(31338, LEDGER, 3)


def test_absent_settings_stay_absent() -> None:
    bare = replace(CONFIG, ledger=None, ledger_code_hash=None, issuer=None, deployment_block=None, url=None)
    assert NodeConfig.from_toml(bare.to_toml()) == bare


def test_every_setting_says_what_it_is() -> None:
    text = CONFIG.to_toml()
    for setting in fields(NodeConfig):
        assert f"# {setting.metadata['doc']}" in text


def test_home_before_registration_names_the_command() -> None:
    with pytest.raises(ConfigError, match="rootseal node init"):
        _ = replace(CONFIG, issuer=None).home


def test_a_missing_file_is_an_error_whose_text_is_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rootseal node init DIR --chain-url"):
        read_config(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("colour", 'colour = "blue"'),
        ("format", 'format = "rootseal/node/2"'),
        ("test", 'test = "yes"'),
        ("name", 'name = " "'),
        ("country", 'country = "XX"'),
        ("url", 'url = "http://example.edu"'),
        ("public_url", 'public_url = "https://example.edu/path"'),
        ("chain_urls", "chain_urls = []"),
        ("chain_urls", 'chain_urls = ["ftp://x"]'),
        ("chain_id", "chain_id = 0"),
        ("chain_id", "chain_id = true"),
        ("genesis_hash", 'genesis_hash = "0x12"'),
        ("finality", 'finality = "safe"'),
        ("ledger", 'ledger = "0x5FbDB2315678afecb367f032d93F642f64180aa4"'),
        ("issuer", "issuer = -1"),
        ("promise_seconds", "promise_seconds = 1"),
        ("http_port", "http_port = 70000"),
        ("max_fee_per_gas", 'max_fee_per_gas = "much"'),
    ],
)
def test_a_wrong_setting_is_refused_by_name(key: str, line: str) -> None:
    lines = [kept for kept in CONFIG.to_toml().splitlines() if not kept.startswith(f"{key} =")]
    with pytest.raises(ConfigError) as caught:
        NodeConfig.from_toml("\n".join([*lines, line]))
    assert caught.value.key == key


@pytest.mark.parametrize("key", ["name", "test", "chain_urls", "chain_id", "genesis_hash", "format"])
def test_a_missing_setting_is_refused_by_name(key: str) -> None:
    lines = [kept for kept in CONFIG.to_toml().splitlines() if not kept.startswith(f"{key} =")]
    with pytest.raises(ConfigError) as caught:
        NodeConfig.from_toml("\n".join(lines))
    assert caught.value.key == key


def test_text_that_is_no_toml_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not TOML"):
        NodeConfig.from_toml("name = ")


def test_a_development_chain_is_always_a_test() -> None:
    with pytest.raises(ConfigError, match="development chain"):
        replace(CONFIG, test=False)
