"""Whether a signed transaction may enter the next block, in the order and words of geth.

Source: go-ethereum `core/txpool/validation.go` and `core/state_transition.go`. There is no
pool here: what is admitted is mined at once, so that a gap in the nonces is an error.
"""

from __future__ import annotations

import math
from typing import Any

from eth.abc import BlockHeaderAPI, SignedTransactionAPI, StateAPI
from eth.constants import CREATE_CONTRACT_ADDRESS, GAS_TX
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE
from eth.vm.forks.prague.constants import STANDARD_TOKEN_COST, TOTAL_COST_FLOOR_PER_TOKEN
from eth.vm.forks.prague.transactions import PragueTypedTransaction

from anchor.embedded.chain import CHAIN_ID, EmbeddedChain
from anchor.embedded.errors import RpcError, rejected

_MAX_BYTES = 128 * 1024
_MAX_INITCODE = 2 * 24_576  # EIP-3860
_INITCODE_WORD_GAS = 2
_DELEGATION = bytes.fromhex("ef0100")  # EIP-7702: code of an account that may still send


def admit(chain: EmbeddedChain, raw: bytes) -> bytes:
    """Checks and mines one raw transaction; returns its hash once its block is on disk.

    Raises RpcError with geth's message. A transaction that reverts is mined with status 0.
    """
    if len(raw) > _MAX_BYTES:
        raise rejected(f"oversized data: transaction size {len(raw)}, limit {_MAX_BYTES}")
    transaction = _decode(chain, raw)
    # Sent again after a lost answer: not an error of the sender, and never a second block.
    if chain.place_of(transaction.hash) is not None:
        raise rejected("already known")
    header = chain.next_header()
    _check_form(transaction, header)
    _check_gas(transaction)
    _check_account(transaction, chain.state_at(header))
    chain.append([transaction])
    return bytes(transaction.hash)


def minimum_gas(data: bytes, intrinsic: int, *, create: bool) -> tuple[int, int]:
    """(intrinsic gas with EIP-3860's price of initcode, the floor of EIP-7623)."""
    words = math.ceil(len(data) / 32) if create else 0
    zeros = data.count(0)
    tokens = zeros + (len(data) - zeros) * STANDARD_TOKEN_COST
    return intrinsic + _INITCODE_WORD_GAS * words, GAS_TX + TOTAL_COST_FLOOR_PER_TOKEN * tokens


def transaction_type(transaction: SignedTransactionAPI) -> int:
    """The EIP-2718 type, 0 for legacy."""
    # py-evm gives its legacy transactions a type_id of None, which their receipts lack.
    return (transaction.type_id or 0) if isinstance(transaction, PragueTypedTransaction) else 0


def _decode(chain: EmbeddedChain, raw: bytes) -> SignedTransactionAPI:
    try:
        transaction = chain.decode(raw)
        if transaction_type(transaction) == BLOB_TX_TYPE:
            raise rejected("transaction type not supported: blob transactions")
        if transaction.chain_id is None:
            raise rejected("only replay-protected (EIP-155) transactions allowed over RPC")
        if transaction.chain_id != CHAIN_ID:
            raise rejected(f"invalid chain id for signer: have {transaction.chain_id} want {CHAIN_ID}")
        transaction.check_signature_validity()
        transaction.sender  # noqa: B018 - recovered here, so that a bad signature shows now
        return transaction
    except RpcError:
        raise
    except Exception as error:
        # rlp, eth-keys and py-evm raise a dozen unrelated types on hostile bytes.
        raise rejected(f"invalid transaction: {error}"[:300]) from error


def _check_form(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> None:
    initcode = len(transaction.data) if transaction.to == CREATE_CONTRACT_ADDRESS else 0
    if initcode > _MAX_INITCODE:
        raise rejected(f"max initcode size exceeded: code size {initcode}, limit {_MAX_INITCODE}")
    if transaction.gas > header.gas_limit:
        raise rejected(f"exceeds block gas limit: gas {transaction.gas}, limit {header.gas_limit}")
    fees: Any = transaction
    cap, tip, base = fees.max_fee_per_gas, fees.max_priority_fee_per_gas, header.base_fee_per_gas
    if tip > cap:
        raise rejected(
            f"max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}"
        )
    if base is not None and cap < base:
        raise rejected(
            "max fee per gas less than block base fee: "
            f"address 0x{transaction.sender.hex()}, maxFeePerGas: {cap}, baseFee: {base}"
        )


def _check_gas(transaction: SignedTransactionAPI) -> None:
    create = transaction.to == CREATE_CONTRACT_ADDRESS
    intrinsic, floor = minimum_gas(transaction.data, transaction.intrinsic_gas, create=create)
    if transaction.gas < intrinsic:
        raise rejected(f"intrinsic gas too low: gas {transaction.gas}, minimum needed {intrinsic}")
    if transaction.gas < floor:
        raise rejected(f"insufficient gas for floor data gas cost: gas {transaction.gas}, minimum needed {floor}")


def _check_account(transaction: SignedTransactionAPI, state: StateAPI) -> None:
    sender = transaction.sender
    nonce, expected = transaction.nonce, state.get_nonce(sender)
    if nonce < expected:
        raise rejected(f"nonce too low: next nonce {expected}, tx nonce {nonce}")
    if nonce > expected:
        raise rejected(
            f"nonce too high: next nonce {expected}, tx nonce {nonce}; "
            "this chain keeps no queue, send the missing nonces first"
        )
    code = state.get_code(sender)
    if code and not code.startswith(_DELEGATION):
        raise rejected(f"sender not an eoa: address 0x{sender.hex()}")
    fees: Any = transaction
    cost = transaction.gas * fees.max_fee_per_gas + transaction.value
    balance = state.get_balance(sender)
    if balance < cost:
        raise rejected(
            f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {cost - balance}"
        )
