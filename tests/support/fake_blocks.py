"""What the chain in memory is made of: transactions, the state after a block, and the ledger's code."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources

from eth_account import Account

from anchor.chain import LogEntry, Receipt
from anchor.ledger import ledger_abi
from anchor.receipt_proof import decode_rlp
from anchor.recursion import restore_limit
from rootseal.ethereum import keccak256
from tests.support.fake_ledger import FakeLedger

restore_limit()  # eth-account was imported here too

RUNTIME_CODE_FIELD = "deployedBytecode"


@dataclass(frozen=True)
class Transaction:
    """A transaction in the pool or in a block."""

    hash: bytes
    sender: bytes
    nonce: int
    to: bytes | None
    data: bytes
    value: int
    gas: int
    max_fee: int
    tip: int
    kind: int = 2


@dataclass
class World:
    """State after a block."""

    balances: dict[bytes, int] = field(default_factory=dict)
    nonces: dict[bytes, int] = field(default_factory=dict)
    ledgers: dict[bytes, FakeLedger] = field(default_factory=dict)
    wallets: dict[bytes, Callable[[bytes], bytes]] = field(default_factory=dict)


def decode_transaction(raw: bytes) -> Transaction:
    """A signed raw transaction, type 2 or legacy, with its sender recovered."""
    sender = bytes.fromhex(Account.recover_transaction(raw)[2:])
    if raw[0] == 2:
        _, nonce, tip, fee, gas, to, value, data, *_ = decode_rlp(raw[1:])
    else:
        nonce, fee, gas, to, value, data, *_ = decode_rlp(raw)
        tip = fee
    number, amount, limit, max_fee, most = (int.from_bytes(item) for item in (nonce, value, gas, fee, tip))
    kind = 2 if raw[0] == 2 else 0
    return Transaction(keccak256(raw), sender, number, to or None, data, amount, limit, max_fee, most, kind)


def runtime_code() -> bytes:
    """The ledger's runtime code, whose hash is pinned."""
    artifact = json.loads(resources.files("anchor.artifacts").joinpath("CredentialLedger.json").read_bytes())
    code = bytes.fromhex(artifact[RUNTIME_CODE_FIELD].removeprefix("0x"))
    assert keccak256(code) == ledger_abi().code_hash
    return code


def located(receipt: Receipt, block_hash: bytes) -> Receipt:
    """The receipt and its logs with the hash of their block, which is known last."""
    logs = tuple(replace(log, block_hash=block_hash) for log in receipt.logs)
    return replace(receipt, block_hash=block_hash, logs=logs)


def matches(log: LogEntry, topics: Sequence[bytes | Sequence[bytes] | None]) -> bool:
    """As eth_getLogs: at each place the topic, one of several, or (None) any."""
    for position, wanted in enumerate(topics):
        if wanted is None:
            continue
        choices = (wanted,) if isinstance(wanted, bytes) else tuple(wanted)
        if position >= len(log.topics) or log.topics[position] not in choices:
            return False
    return True
