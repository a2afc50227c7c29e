"""What Rootseal asks of a chain: the `Chain` protocol, its data, and how it fails.

Nothing here knows web3, HTTP or the ledger contract. Addresses are 20 bytes, hashes 32 bytes,
amounts wei, times UTC seconds. `anchor.web3_chain` implements the protocol over JSON-RPC; the
tests drive a double of it; one contract test holds both to the same behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, Protocol

from rootseal.errors import AnchoringError, UndeterminedError, shorten

__all__ = [
    "Block",
    "BlockTag",
    "Chain",
    "ChainUnavailable",
    "FeeQuote",
    "Fees",
    "LogEntry",
    "Receipt",
    "Rejection",
    "Reverted",
    "RpcError",
    "SendRejected",
    "SignedTransaction",
    "TransactionRequest",
    "WrongChain",
    "classify_rejection",
]

BlockTag = int | Literal["latest", "safe", "finalized", "earliest", "pending"]


@dataclass(frozen=True, slots=True)
class Block:
    """One block header as the node told it. `base_fee` is None before EIP-1559.

    `header` holds the node's own JSON fields, for encoding the header again (`anchor.evidence`).
    """

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    base_fee: int | None
    transactions: tuple[bytes, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event. `log_index` is block-wide, as JSON-RPC counts it (not as a receipt counts)."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    transaction: bytes
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """One mined transaction. `status` is 1 or 0; `kind` is the EIP-2718 type; `contract` as created."""

    transaction: bytes
    index: int
    block_number: int
    block_hash: bytes
    status: int
    kind: int
    gas_used: int
    cumulative_gas: int
    bloom: bytes
    logs: tuple[LogEntry, ...]
    contract: bytes | None = None


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers per gas, in wei; with `legacy` both are the one gas price."""

    max_fee: int
    tip: int
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """What the chain asks per gas now, in wei. `base_fee` is None where there is no EIP-1559."""

    base_fee: int | None
    tip: int
    gas_price: int


@dataclass(frozen=True, slots=True)
class TransactionRequest:
    """A transaction to sign: EIP-1559 (type 2), or EIP-155 legacy where `fees.legacy`. `to` None creates."""

    chain_id: int
    nonce: int
    to: bytes | None
    data: bytes
    gas: int
    fees: Fees
    value: int = 0


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Raw bytes ready to broadcast, and their keccak256."""

    raw: bytes
    hash: bytes


class ChainUnavailable(UndeterminedError):  # noqa: N818 - reads as what happened
    """The chain could not be asked, or its answer makes no sense. `method` and `value` say where."""

    def __init__(self, method: str, problem: str, value: object = None) -> None:
        self.method = method
        self.value = value
        shown = "" if value is None else f" (found {shorten(value)})"
        super().__init__(f"{method}: {problem}{shown}", "chain.unavailable")


class RpcError(ChainUnavailable):
    """The node answered with a JSON-RPC error object that is not a revert."""

    def __init__(self, method: str, number: int, message: str) -> None:
        self.number = number
        self.message = message
        super().__init__(method, f"the node answered with error {number}: {shorten(message, 200)}")


class WrongChain(UndeterminedError):  # noqa: N818 - reads as what happened
    """The node serves another chain or ledger than the pinned one. Never trust, never send."""

    def __init__(self, what: str, expected: object, found: object) -> None:
        self.what = what
        self.expected = expected
        self.found = found
        super().__init__(f"wrong chain: {what} should be {_shown(expected)} but is {_shown(found)}", "chain.wrong")


class Reverted(AnchoringError):  # noqa: N818 - reads as what happened
    """A contract refused the call. `name` is the custom error, or empty where it is not known."""

    def __init__(self, name: str, arguments: Mapping[str, object], data: bytes, sentence: str | None = None) -> None:
        self.name = name
        self.arguments = dict(arguments)
        self.data = data
        shown = ", ".join(f"{key}={_shown(value)}" for key, value in self.arguments.items())
        plain = sentence or f"the contract refused the call: {name or '0x' + data[:36].hex() or 'no reason given'}"
        super().__init__(f"{plain} [{name}({shown})]" if name else plain)


class Rejection(Enum):
    """Why a node did not take a raw transaction."""

    ALREADY_KNOWN = "already known"
    NONCE_TOO_LOW = "nonce too low"
    UNDERPRICED = "replacement underpriced"
    FEE_TOO_LOW = "fee too low"
    INSUFFICIENT_FUNDS = "insufficient funds"
    OTHER = "other"


class SendRejected(AnchoringError):  # noqa: N818 - reads as what happened
    """The node refused a raw transaction; `kind` is the reason in one vocabulary."""

    def __init__(self, kind: Rejection, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(f"the node refused the transaction ({kind.value}): {shorten(message, 200)}")


# The first fragment found in the lower-case message wins, so that the narrow stand before the wide:
# "transaction underpriced" (a floor on the fee) must not swallow "replacement transaction underpriced".
_WORDINGS: Final[tuple[tuple[str, Rejection], ...]] = (
    ("already known", Rejection.ALREADY_KNOWN),  # geth, reth, Besu ("Known transaction" below)
    ("already imported", Rejection.ALREADY_KNOWN),  # Anvil; OpenEthereum "with the same hash was already imported"
    ("known transaction", Rejection.ALREADY_KNOWN),  # Besu, old geth ("known transaction: <hash>")
    ("alreadyknown", Rejection.ALREADY_KNOWN),  # Nethermind
    ("already exists", Rejection.ALREADY_KNOWN),  # Erigon, some gateways
    ("nonce too low", Rejection.NONCE_TOO_LOW),  # geth, Anvil, Besu
    ("nonce below", Rejection.NONCE_TOO_LOW),  # Besu ("Transaction nonce … below sender account nonce")
    ("below sender account nonce", Rejection.NONCE_TOO_LOW),
    ("oldnonce", Rejection.NONCE_TOO_LOW),  # Nethermind
    ("nonce is too low", Rejection.NONCE_TOO_LOW),
    ("the tx doesn't have the correct nonce", Rejection.NONCE_TOO_LOW),  # Ganache
    ("invalid transaction nonce", Rejection.NONCE_TOO_LOW),  # py-evm
    ("replacement transaction underpriced", Rejection.UNDERPRICED),  # geth, Anvil
    ("replacement fee too low", Rejection.UNDERPRICED),
    ("replacementnotallowed", Rejection.UNDERPRICED),  # Nethermind
    ("underpriced replacement", Rejection.UNDERPRICED),  # Besu ("Transaction underpriced replacement")
    ("could not replace existing", Rejection.UNDERPRICED),  # Erigon
    ("less than block base fee", Rejection.FEE_TOO_LOW),  # geth, Anvil
    ("less than the current base fee", Rejection.FEE_TOO_LOW),
    ("below configured minimum gas price", Rejection.FEE_TOO_LOW),  # Besu
    ("below the minimum", Rejection.FEE_TOO_LOW),
    ("gas tip cap", Rejection.FEE_TOO_LOW),  # geth ("transaction underpriced: gas tip cap 1, minimum needed 25")
    ("gas price below", Rejection.FEE_TOO_LOW),  # Besu, py-evm
    ("gas price too low", Rejection.FEE_TOO_LOW),  # Besu
    ("feetoolow", Rejection.FEE_TOO_LOW),  # Nethermind
    ("max fee per gas less", Rejection.FEE_TOO_LOW),
    ("transaction underpriced", Rejection.FEE_TOO_LOW),
    ("insufficient funds", Rejection.INSUFFICIENT_FUNDS),  # geth, Anvil
    ("insufficientfunds", Rejection.INSUFFICIENT_FUNDS),  # Nethermind
    ("exceeds account balance", Rejection.INSUFFICIENT_FUNDS),  # Besu
    ("doesn't have enough funds", Rejection.INSUFFICIENT_FUNDS),  # Ganache, Hardhat
    ("does not have enough balance", Rejection.INSUFFICIENT_FUNDS),
    ("insufficient balance", Rejection.INSUFFICIENT_FUNDS),  # py-evm
    ("sender account balance cannot afford", Rejection.INSUFFICIENT_FUNDS),  # py-evm
    ("sender does not have enough", Rejection.INSUFFICIENT_FUNDS),
)


def classify_rejection(message: str) -> Rejection:
    """The one vocabulary for the wordings of geth, Besu, Nethermind, Anvil, Ganache and py-evm."""
    lowered = message.lower()
    return next((kind for words, kind in _WORDINGS if words in lowered), Rejection.OTHER)


class Chain(Protocol):
    """One chain, asked synchronously. Every method may raise `ChainUnavailable`."""

    def chain_id(self) -> int:
        """The EIP-155 chain id."""

    def block(self, at: BlockTag) -> Block | None:
        """The canonical block at a number or tag; None where there is none (yet)."""

    def code(self, address: bytes, at: BlockTag = "latest") -> bytes:
        """The runtime code; empty for an account without code."""

    def balance(self, address: bytes) -> int:
        """The balance at latest, in wei."""

    def nonce(self, address: bytes) -> int:
        """The number of *mined* transactions of `address`, at latest (never the pool's)."""

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """The return data of a read-only call. Raises `Reverted`; `RpcError` where state at `at` is gone."""

    def estimate_gas(self, sender: bytes, to: bytes | None, data: bytes, value: int = 0) -> int:
        """Gas for the call at latest. Raises `Reverted` where it would revert."""

    def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt on the node's canonical chain; None where it is not mined."""

    def block_receipts(self, block: Block) -> tuple[Receipt, ...]:
        """All receipts of `block` in order. Raises `ChainUnavailable` where one is missing."""

    def logs(
        self,
        address: bytes,
        topics: Sequence[bytes | Sequence[bytes] | None],
        first: int,
        last: int,
    ) -> tuple[LogEntry, ...]:
        """Events of blocks first..last, both included, in chain order; topics as eth_getLogs takes them."""

    def fee_quote(self) -> FeeQuote:
        """What a transaction must offer now."""

    def send_raw(self, raw: bytes) -> bytes:
        """Hand a signed transaction to the node *once*; returns its hash.

        Raises `SendRejected`; after `ChainUnavailable` the node may or may not have it.
        """

    def accounts(self) -> tuple[bytes, ...]:
        """Addresses that the node signs for: not empty only on development chains."""

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        """Have the node sign and send for one of `accounts()`; returns the hash. Raises `Reverted`."""


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
