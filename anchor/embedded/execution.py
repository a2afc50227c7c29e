"""Running code without a transaction: eth_call and eth_estimateGas.

Both execute against a state that is thrown away, with a gas price of zero, so that the caller
needs no money (geth's behaviour for calls that name no price).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from eth.abc import BlockHeaderAPI, ComputationAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.exceptions import OutOfGas, Revert
from eth.vm.forks.berlin.transactions import calculate_txn_intrinsic_gas_berlin
from eth_utils.exceptions import ValidationError

from anchor.embedded.admission import minimum_gas
from anchor.embedded.chain import EmbeddedChain
from anchor.embedded.errors import RpcError, rejected, reverted

_TOLERANCE = 0.015  # geth's estimateGasErrorRatio: stops the search early, never too low


@dataclass(frozen=True, slots=True)
class Call:
    """What a caller wants executed; the fields that py-evm reads of a type 2 transaction.

    `gas` None means the block's limit; `price` (wei) only bounds an estimate by the balance.
    """

    sender: bytes
    to: bytes  # empty for contract creation
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    price: int = 0
    access_list: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    nonce: int = 0

    type_id = 2
    max_fee_per_gas = 0
    max_priority_fee_per_gas = 0
    gas_price = 0
    # homestead's rule wants a well-formed s; there is no signature
    s = 1
    r = 1
    y_parity = 0

    @property
    def intrinsic_gas(self) -> int:
        """Without EIP-3860's price of initcode, which py-evm charges while executing."""
        call: Any = self
        return calculate_txn_intrinsic_gas_berlin(call)

    def validate(self) -> None:
        """Nothing to check: there is no signature, and `minimum` has been compared already."""

    def minimum(self) -> int:
        """The gas below which the transaction could not be in a block."""
        create = self.to == CREATE_CONTRACT_ADDRESS
        return max(minimum_gas(self.data, self.intrinsic_gas, create=create))


def call(chain: EmbeddedChain, header: BlockHeaderAPI, wanted: Call) -> bytes:
    """The output of a call in the context of a block.

    Raises RpcError: code 3 with the revert data, -32000 for anything else that went wrong.
    """
    computation = _run(chain, header, wanted, wanted.gas or header.gas_limit)
    _raise_if_failed(computation)
    return computation.output


def estimate(chain: EmbeddedChain, header: BlockHeaderAPI, wanted: Call) -> int:
    """Gas that is enough for the call as a transaction, at most 1.5 % above the least.

    Raises RpcError as `call` does, and when the sender cannot pay for enough gas.
    """
    high = _ceiling(chain, header, wanted)
    low = wanted.minimum() - 1
    if high <= low:
        raise rejected(f"gas required exceeds allowance ({high})")
    first = _run(chain, header, wanted, high)
    if first.is_error and isinstance(first.error, OutOfGas):
        raise rejected(f"gas required exceeds allowance ({high})")
    _raise_if_failed(first)
    used = high - first.get_gas_remaining()
    low = max(low, used - 1 - first.get_gas_refund())
    # Most calls need just what they used, most others that plus the 1/64 that EIP-150 withholds.
    guesses = [max(used, low + 1), (used + 2_300) * 64 // 63]
    while low + 1 < high and (high - low) / high >= _TOLERANCE:
        guess = guesses.pop(0) if guesses else 0
        middle = guess if low < guess < high else (low + high) // 2
        if _run(chain, header, wanted, middle).is_success:
            high = middle
        else:
            low = middle
    return high


def _ceiling(chain: EmbeddedChain, header: BlockHeaderAPI, wanted: Call) -> int:
    """The gas that the block, the caller and the sender's balance allow."""
    high = min(wanted.gas or header.gas_limit, header.gas_limit)
    balance = chain.state_at(header).get_balance(_address(wanted.sender))
    if balance < wanted.value:
        raise rejected(f"insufficient funds for transfer: balance {balance}, value {wanted.value}")
    return min(high, (balance - wanted.value) // wanted.price) if wanted.price else high


def _run(chain: EmbeddedChain, header: BlockHeaderAPI, wanted: Call, gas: int) -> ComputationAPI:
    minimum = wanted.minimum()
    if gas < minimum:
        raise rejected(f"intrinsic gas too low: have {gas}, want {minimum}")
    state = chain.state_at(header, free=True)
    sender = _address(wanted.sender)
    if state.get_balance(sender) < wanted.value:
        raise rejected(
            "insufficient funds for gas * price + value: "
            f"address 0x{wanted.sender.hex()} have {state.get_balance(sender)} want {wanted.value}"
        )
    transaction: Any = replace(wanted, gas=gas, nonce=state.get_nonce(sender))
    try:
        return state.apply_transaction(transaction)
    except ValidationError as error:
        raise rejected(f"call refused: {error}"[:300]) from error


def _raise_if_failed(computation: ComputationAPI) -> None:
    if computation.is_success:
        return
    if isinstance(computation.error, Revert):
        raise reverted(computation.output)
    raise _halted(computation.error)


def _halted(error: Exception) -> RpcError:
    """geth's words for the halts that people meet, py-evm's for the rest."""
    if isinstance(error, OutOfGas):
        return rejected("out of gas")
    return rejected(f"execution failed: {type(error).__name__}: {error}"[:300])


def _address(raw: bytes) -> Any:
    """py-evm's Address is a NewType over bytes."""
    return raw
