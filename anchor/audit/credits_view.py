"""The credits contract as an auditor asks it: each view that has something to compare, with checked results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from anchor.chain import BlockTag, Chain, ChainUnavailable, Reverted
from anchor.ledger_abi import load_contract

__all__ = ["CreditsView", "TokenRecord"]

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """`tokenOf`: zeros where there never was such a token. Times in UTC seconds."""

    holder: bytes
    index: int
    anchored_at: int
    issuer: int
    credits: int
    key_index: int
    receiver: int
    redeemed_at: int
    burned: bool
    voided: bool


@dataclass(frozen=True, slots=True)
class CreditsView:
    """The contract at `address`, asked at block `at`. Every method raises `ChainUnavailable`."""

    chain: Chain
    address: bytes
    at: BlockTag

    def ledger(self) -> bytes:
        """The ledger that decides what counts."""
        return bytes(self._call("ledger")[0])

    def token(self, number: int) -> TokenRecord:
        """What is remembered of a token."""
        return TokenRecord(*self._call("tokenOf", number)[0])

    def worth(self, number: int) -> int:
        """What it is worth, as `Worth`."""
        return int(self._call("stateOf", number)[0])

    def token_count(self, holder: bytes, issuer: int) -> int:
        """How many tokens a holder ever received from one issuer."""
        return int(self._call("tokenCount", holder, issuer)[0])

    def credits(self, holder: bytes, issuer: int, count: int) -> tuple[int, int]:
        """Counted and redeemed credits of the first `count` tokens of a holder from one issuer."""
        parts = [
            self._call("creditsOf", holder, issuer, first, min(_PAGE, count - first))
            for first in range(0, count, _PAGE)
        ]  # fmt: skip
        return sum(int(part[0]) for part in parts), sum(int(part[1]) for part in parts)

    def _call(self, function: str, *arguments: object) -> tuple[Any, ...]:
        abi = load_contract("EctxCredits")
        try:
            data = self.chain.call(self.address, abi.encode_call(function, *arguments), self.at)
        except Reverted as error:
            raise ChainUnavailable("eth_call", f"the credits contract refused {function}", error.data) from error
        return abi.decode_result(function, data)
