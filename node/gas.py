"""What each act costs in gas: the measured table of the contracts, packaged beside the code that reckons with it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["ANCHOR", "REVOKE_ALONE", "SETUP", "gas_of"]

ANCHOR: Final = "anchor, steady state"
REVOKE_ALONE: Final = "revoke 1, fresh word"
SETUP: Final = ("deploy", "register", "addKey", "setDocument")
"""What `node init --deploy` sends, once."""


def gas_of(act: str) -> int:
    """Gas of one whole transaction, as measured. Raises `KeyError` for an act that was not measured."""
    return _table()[act]


@cache
def _table() -> dict[str, int]:
    # Copied from contracts/gas.json, which is no package; a test holds the figures equal.
    found: dict[str, int] = json.loads(files("node").joinpath("gas.json").read_text(encoding="utf-8"))["transactionGas"]
    return found
