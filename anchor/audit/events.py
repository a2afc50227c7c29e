"""One event of the ledger as the replay reads it: decoded, and placed in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LedgerEvent"]


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event with its arguments by the names of `ICredentialLedger`; `time` is the block's, in UTC seconds.

    Addresses are 20 bytes, hashes 32 bytes. `log_index` is block-wide.
    """

    name: str
    arguments: Mapping[str, Any]
    block: int
    time: int
    transaction: bytes
    log_index: int = 0

    @property
    def issuer(self) -> int:
        """The issuer that it is about: every event of the ledger names one."""
        return int(self.arguments["issuer"])
