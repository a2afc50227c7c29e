"""Settings that are known to fit a chain, as files: `node init --preset NAME` starts from one.

A preset names no endpoint: whom to ask is the operator's choice.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from anchor.chain import Chain, WrongChain
from anchor.finality import parse_finality
from rootseal.errors import ConfigError

__all__ = ["PRESETS", "Preset", "read_preset"]

PRESETS: Final = ("sepolia", "polygon", "base", "gnosis", "besu")
_FORMAT: Final = "rootseal/preset/1"
_KEYS: Final = {
    "format": str, "title": str, "chain_id": int, "test": bool, "finality": str, "max_fee_per_gas": int, "notes": list,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """`chain_id` is None where every chain of this kind has its own. `notes` are sentences for the operator."""

    name: str
    title: str
    chain_id: int | None
    test: bool
    finality: str
    max_fee_per_gas: int
    notes: tuple[str, ...]

    def check(self, chain: Chain) -> None:
        """Raises `WrongChain` where `chain` is not the one that this preset is for."""
        if self.chain_id is None:
            return
        found = chain.chain_id()
        if found != self.chain_id:
            raise WrongChain(f"the chain id of the preset {self.name}", self.chain_id, found)


def read_preset(name: str) -> Preset:
    """The packaged preset. Raises `ConfigError` for an unknown name or a damaged file."""
    if name not in PRESETS:
        raise ConfigError("--preset", f"must be one of {', '.join(PRESETS)}", name)
    found = tomllib.loads(files("node.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    _check(name, found)
    parse_finality(found["finality"], f"{name}.finality")
    return Preset(
        name,
        found["title"],
        found.get("chain_id"),
        found["test"],
        found["finality"],
        found["max_fee_per_gas"],
        tuple(found["notes"]),
    )


def _check(name: str, found: dict[str, Any]) -> None:
    for key, value in found.items():
        if key not in _KEYS or type(value) is not _KEYS[key]:
            raise ConfigError(f"{name}.{key}", "is no setting of a preset, or of the wrong kind", value)
    missing = [key for key in _KEYS if key not in found and key != "chain_id"]
    if missing or found["format"] != _FORMAT:
        raise ConfigError(f"{name}.{missing[0] if missing else 'format'}", f"must be there, format {_FORMAT}")
