"""Putting a ledger on a chain, and money on a key, where the chain lets us.

A development chain is one that signs for accounts of its own. Elsewhere the operator pays: the
ledger is then deployed by a key of his, through the raw transaction that `deployment` signs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from anchor.chain import Chain, Receipt, TransactionRequest
from anchor.fees import DEFAULT_CEILING, first_fees
from anchor.ledger_abi import ContractAbi, load_contract
from anchor.pins import Pins
from anchor.sender import TransactionSigner
from rootseal.errors import AnchoringError

__all__ = ["Deployment", "deploy", "deploy_unlocked", "fund", "is_development_chain", "wait_for_receipt"]

_DEPLOY_GAS: Final = 8_000_000
_TRANSFER_GAS: Final = 21_000


@dataclass(frozen=True, slots=True)
class Deployment:
    """A contract just deployed: 20-byte address, transaction, block number."""

    address: bytes
    transaction: bytes
    block_number: int


def is_development_chain(chain: Chain) -> bool:
    """True iff the chain offers unlocked accounts."""
    return bool(chain.accounts())


def deploy_unlocked(chain: Chain, contract: ContractAbi | None = None, *, timeout: float = 30.0) -> Deployment:
    """Deploy by the first unlocked account. Raises `AnchoringError` where there is none or it fails."""
    abi = contract or load_contract("CredentialLedger")
    transaction = chain.send_unlocked(_unlocked(chain), None, abi.bytecode, 0, _DEPLOY_GAS)
    return _deployed(chain, abi, wait_for_receipt(chain, transaction, timeout=timeout))


def deploy(
    chain: Chain,
    signer: TransactionSigner,
    contract: ContractAbi | None = None,
    *,
    ceiling: int = DEFAULT_CEILING,
    timeout: float = 600.0,
    announce: Callable[[bytes, bytes], None] | None = None,
) -> Deployment:
    """Deploy by a key that has the money. `announce(hash, raw)` is called before it is broadcast.

    Raises `AnchoringError` where the fees exceed the ceiling, it fails, or is not mined in time:
    the address follows from key and nonce, so that nothing is lost with the announced bytes.
    """
    abi = contract or load_contract("CredentialLedger")
    fees = first_fees(chain.fee_quote(), ceiling)
    if fees is None:
        raise AnchoringError(f"the chain asks more than the ceiling of {ceiling} wei per gas")
    gas = chain.estimate_gas(signer.address, None, abi.bytecode) * 11 // 10
    request = TransactionRequest(chain.chain_id(), chain.nonce(signer.address), None, abi.bytecode, gas, fees)
    signed = signer.sign_transaction(request)
    if announce is not None:
        announce(signed.hash, signed.raw)
    chain.send_raw(signed.raw)
    return _deployed(chain, abi, wait_for_receipt(chain, signed.hash, timeout=timeout))


def fund(chain: Chain, address: bytes, amount: int, *, timeout: float = 30.0) -> bytes:
    """Send `amount` wei from an unlocked account; returns the transaction once it is mined."""
    transaction = chain.send_unlocked(_unlocked(chain), address, b"", amount, _TRANSFER_GAS)
    if wait_for_receipt(chain, transaction, timeout=timeout).status != 1:
        raise AnchoringError(f"funding failed: transaction 0x{transaction.hex()} reverted")
    return transaction


def wait_for_receipt(chain: Chain, transaction: bytes, *, timeout: float, pause: float = 0.05) -> Receipt:
    """The receipt once the transaction is mined (not final). Raises `AnchoringError` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        receipt = chain.receipt(transaction)
        if receipt is not None:
            return receipt
        if time.monotonic() >= deadline:
            raise AnchoringError(f"transaction 0x{transaction.hex()} was not mined within {timeout:g} seconds")
        time.sleep(pause)


def _deployed(chain: Chain, abi: ContractAbi, receipt: Receipt) -> Deployment:
    if receipt.status != 1 or receipt.contract is None:
        raise AnchoringError(f"the deployment 0x{receipt.transaction.hex()} failed")
    # An upgraded or translating chain (zkEVM) may store other code than we sent: its answers are then not ours.
    Pins(chain.chain_id(), contract=receipt.contract, code_hash=abi.code_hash).check_code(chain)
    return Deployment(receipt.contract, receipt.transaction, receipt.block_number)


def _unlocked(chain: Chain) -> bytes:
    accounts = chain.accounts()
    if not accounts:
        raise AnchoringError("the chain offers no unlocked account: this is no development chain")
    return accounts[0]
