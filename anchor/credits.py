"""The credits contract as an object: each view of `IEctxCredits` that clients need, and its two calls.

Consensus-critical: which credits count is read here. Every view takes `at`, a block number or tag. A revert is
`Reverted` with a plain sentence. Credits are hundredths of an ECTS credit; a token's number is the commitment of its
entry, 32 bytes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from anchor.chain import BlockTag, Chain, Reverted, WrongChain
from anchor.ledger_abi import ContractAbi, load_contract
from anchor.pins import Pins
from rootseal.consents import Claim, Redemption

__all__ = [
    "CONTRACT",
    "Credits",
    "Token",
    "TokenState",
    "Totals",
    "check_contract",
    "claim_arguments",
    "credits_abi",
    "credits_settled",
    "redeem_arguments",
]

CONTRACT: Final = "EctxCredits"


class TokenState(Enum):
    """What a token is worth now; the numbers are the contract's."""

    NONE = 0
    COUNTED = 1
    BURNED = 2
    VOIDED = 3
    COMPROMISED = 4
    REVOKED = 5
    SUSPENDED = 6


@dataclass(frozen=True, slots=True)
class Token:
    """`tokenOf`. Times in UTC seconds; `receiver` and `redeemed_at` are 0 until it is redeemed."""

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
class Totals:
    """What counts now of a holder's credits from one issuer, how much of that was redeemed, in how many tokens."""

    counted: int
    redeemed: int
    tokens: int


def credits_abi() -> ContractAbi:
    """The committed artifact of the credits contract."""
    return load_contract(CONTRACT)


def claim_arguments(claim: Claim) -> tuple[object, ...]:
    """The arguments of `claim`."""
    subject = claim.subject
    entry = (
        claim.home.issuer,
        claim.index,
        claim.root,
        claim.claims_root,
        claim.salt,
        subject.holder,
        subject.credits,
        subject.credit_id,
    )
    return entry, list(claim.path), claim.deadline, claim.signature


def redeem_arguments(redemption: Redemption) -> tuple[object, ...]:
    """The arguments of `redeem`."""
    token = int.from_bytes(redemption.commitment)
    return token, redemption.receiver, redemption.award_hash, redemption.deadline, redemption.signature


def check_contract(chain: Chain, address: bytes, ledger: bytes, code_hash: bytes) -> None:
    """The contract at `address` has the pinned code and reads the right ledger. Raises `WrongChain`."""
    Pins(chain.chain_id(), contract=address, code_hash=code_hash).check_code(chain)
    try:
        found = Credits(chain, address).ledger()
    except Reverted as error:
        raise WrongChain("the credits contract", address, "a contract that names no ledger") from error
    if found != ledger:
        raise WrongChain("the ledger of the credits contract", ledger, found)


@dataclass(frozen=True, slots=True)
class Credits:
    """A credits contract at `address` on `chain`. Every method raises `ChainUnavailable` or `WrongChain`.

    `page` is how many tokens one question is about: each costs the node some 20,000 gas of a call.
    """

    chain: Chain
    address: bytes
    page: int = 100

    def ledger(self, at: BlockTag = "latest") -> bytes:
        """The ledger that it reads, 20 bytes."""
        return bytes(self._call("ledger", at=at)[0])

    def token(self, commitment: bytes, at: BlockTag = "latest") -> Token | None:
        """The record of a token, burned ones included; None where it was never claimed."""
        found = Token(*self._call("tokenOf", int.from_bytes(commitment), at=at)[0])
        return found if any(found.holder) else None

    def state(self, commitment: bytes, at: BlockTag = "latest") -> TokenState:
        """What it is worth by the ledger as it is at `at`."""
        number = int(self._call("stateOf", int.from_bytes(commitment), at=at)[0])
        try:
            return TokenState(number)
        except ValueError:
            raise WrongChain("the state of a token", "0 to 6", number) from None

    def token_of_credit(self, issuer: int, credit_id: bytes, at: BlockTag = "latest") -> bytes | None:
        """The last token of an issuer's creditId: the one that alone can count."""
        found = int(self._call("tokenOfCredit", issuer, credit_id, at=at)[0])
        return found.to_bytes(32) if found else None

    def tokens(self, holder: bytes, issuer: int, at: BlockTag = "latest") -> tuple[bytes, ...]:
        """All that a holder ever received from one issuer, oldest first, page by page."""
        count = int(self._call("tokenCount", holder, issuer, at=at)[0])
        found: list[bytes] = []
        while len(found) < count:
            page = self._call("tokensOf", holder, issuer, len(found), self.page, at=at)[0]
            if len(page) != min(self.page, count - len(found)):
                raise WrongChain("the length of a page of tokens", min(self.page, count - len(found)), len(page))
            found.extend(int(token).to_bytes(32) for token in page)
        return tuple(found)

    def totals(self, holder: bytes, issuer: int, at: BlockTag) -> Totals:
        """The contract's own sums, page by page. Give a block number: pages of two blocks do not add up."""
        count = int(self._call("tokenCount", holder, issuer, at=at)[0])
        counted = redeemed = 0
        for first in range(0, count, self.page):
            part = self._call("creditsOf", holder, issuer, first, self.page, at=at)
            counted, redeemed = counted + int(part[0]), redeemed + int(part[1])
        return Totals(counted, redeemed, count)

    def commitment_of(self, entry: tuple[object, ...], at: BlockTag = "latest") -> bytes:
        """The commitment as the contract computes it from the first argument of `claim`."""
        return bytes(self._call("commitmentOf", entry, at=at)[0])

    def _call(self, function: str, *arguments: object, at: BlockTag) -> tuple[Any, ...]:
        from anchor.ledger_errors import explained  # which knows the errors of both contracts

        abi = credits_abi()
        try:
            data = self.chain.call(self.address, abi.encode_call(function, *arguments), at)
        except Reverted as error:
            raise explained(error) from error
        if not data:
            raise WrongChain("the credits contract", self.address, "an address that does not answer")
        return abi.decode_result(function, data)


def credits_settled(chain: Chain, contract: bytes, data: bytes) -> bool:
    """True iff the contract at latest shows the effect of this call; False for calls that it does not have."""
    call = credits_abi().decode_call(data)
    if call is None:
        return False
    name, arguments = call
    credits = Credits(chain, contract)
    if name == "claim":
        return credits.token(credits.commitment_of(arguments[0])) is not None
    if name not in ("redeem", "burn"):
        return False
    token = credits.token(int(arguments[0]).to_bytes(32))
    if token is None:
        return False
    return token.burned if name == "burn" else bool(token.redeemed_at) and token.receiver == arguments[1]
