"""One event of the ledger or of the credits contract as the replay reads it: decoded, and placed in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Contract", "LedgerEvent"]

Contract = Literal["ledger", "credits"]


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event with its arguments by the names of its contract's ABI; `time` is the block's, in UTC seconds.

    Addresses are 20 bytes, hashes 32 bytes. `log_index` is block-wide.
    """

    name: str
    arguments: Mapping[str, Any]
    block: int
    time: int
    transaction: bytes
    log_index: int = 0
    contract: Contract = "ledger"

    @property
    def issuer(self) -> int:
        """The issuer that it is about: every event of the ledger names one; 0 for credits events that do not."""
        return int(self.arguments["issuer"] if self.contract == "ledger" else self.arguments.get("issuer", 0))
