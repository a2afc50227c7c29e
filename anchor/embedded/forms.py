"""Blocks, transactions, receipts and logs as geth writes them in JSON.

A block holds every header field, so that a reader can encode the header again and get its hash;
receipts and logs hold what is needed to encode the receipts again and get their root.
"""

from __future__ import annotations

from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.abc import BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth_hash.auto import keccak

from anchor.embedded.admission import transaction_type
from anchor.embedded.chain import EmbeddedChain
from anchor.embedded.store import LogRow

Json = dict[str, Any]


def quantity(number: int) -> str:
    """An integer as JSON-RPC writes it: no leading zeros."""
    return hex(number)


def data(value: bytes) -> str:
    """Bytes as 0x and two digits each."""
    return "0x" + value.hex()


def block_json(chain: EmbeddedChain, header: BlockHeaderAPI, *, full: bool) -> Json:
    """A sealed block with its transactions, whole or as hashes."""
    transactions = chain.transactions(header)
    listed = [
        transaction_json(item, header, index) if full else data(item.hash) for index, item in enumerate(transactions)
    ]
    return header_json(header) | {
        "size": quantity(_block_size(header, transactions)),
        "transactions": listed,
        "uncles": [],
        "withdrawals": [],
    }


def pending_json(header: BlockHeaderAPI) -> Json:
    """The block that would come next: empty, with no hash, nonce or beneficiary yet."""
    unknown = {"hash": None, "nonce": None, "miner": None}
    empty: Json = {"transactions": [], "uncles": [], "withdrawals": []}
    return header_json(header) | unknown | empty | {"size": quantity(_block_size(header, ()))}


def header_json(header: BlockHeaderAPI) -> Json:
    """All 21 fields of a Prague header (EIP-7685 is the last) and its hash."""
    fields: Any = header
    return {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": _bloom(header.bloom),
        "difficulty": quantity(header.difficulty),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": quantity(fields.base_fee_per_gas),
        "withdrawalsRoot": data(fields.withdrawals_root),
        "blobGasUsed": quantity(fields.blob_gas_used),
        "excessBlobGas": quantity(fields.excess_blob_gas),
        "parentBeaconBlockRoot": data(fields.parent_beacon_block_root),
        "requestsHash": data(fields.requests_hash),
    }


def transaction_json(transaction: SignedTransactionAPI, header: BlockHeaderAPI, index: int) -> Json:
    """A mined transaction of type 0, 1, 2 or 4."""
    kind = transaction_type(transaction)
    create = transaction.to == CREATE_CONTRACT_ADDRESS
    body: Json = {
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "transactionIndex": quantity(index),
        "hash": data(transaction.hash),
        "type": quantity(kind),
        "nonce": quantity(transaction.nonce),
        "from": data(transaction.sender),
        "to": None if create else data(transaction.to),
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(effective_price(transaction, header)),
        "input": data(transaction.data),
        "chainId": quantity(transaction.chain_id or 0),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    return body | _typed_fields(transaction, kind)


def _typed_fields(transaction: Any, kind: int) -> Json:
    if kind == 0:
        return {"v": quantity(transaction.v)}
    fields: Json = {
        "v": quantity(transaction.y_parity),
        "yParity": quantity(transaction.y_parity),
        "accessList": [
            {
                "address": data(address),
                "storageKeys": [data(slot.to_bytes(32, "big")) for slot in slots],
            }
            for address, slots in transaction.access_list
        ],
    }
    if kind >= 2:
        fields["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        fields["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if kind == 4:
        fields["authorizationList"] = [
            {
                "chainId": quantity(item.chain_id),
                "address": data(item.address),
                "nonce": quantity(item.nonce),
                "yParity": quantity(item.y_parity),
                "r": quantity(item.r),
                "s": quantity(item.s),
            }
            for item in transaction._inner.authorization_list
        ]
    return fields


def effective_price(transaction: Any, header: Any) -> int:
    """Wei per gas that was paid (EIP-1559)."""
    cap, tip = transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas
    return int(min(cap, tip + header.base_fee_per_gas))


def receipts_json(chain: EmbeddedChain, header: BlockHeaderAPI) -> list[Json]:
    """The receipts of one block in order; `logIndex` counts through the block."""
    transactions, receipts = chain.transactions(header), chain.receipts(header)
    result: list[Json] = []
    gas_before = logs_before = 0
    for index, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=True)):
        place = (header, index, logs_before)
        gas = receipt.gas_used - gas_before  # the trie holds the running total
        result.append(_receipt_json(transaction, receipt, place, gas))
        gas_before, logs_before = receipt.gas_used, logs_before + len(receipt.logs)
    return result


def _receipt_json(
    transaction: SignedTransactionAPI,
    receipt: ReceiptAPI,
    place: tuple[BlockHeaderAPI, int, int],
    gas: int,
) -> Json:
    header, index, first_log = place
    create = transaction.to == CREATE_CONTRACT_ADDRESS
    logs = [
        LogRow(
            block=header.block_number,
            log_index=first_log + offset,
            tx_index=index,
            tx_hash=transaction.hash,
            block_hash=header.hash,
            timestamp=header.timestamp,
            address=log.address,
            topics=tuple(topic.to_bytes(32, "big") for topic in log.topics),
            data=log.data,
        )
        for offset, log in enumerate(receipt.logs)
    ]
    return {
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(index),
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "from": data(transaction.sender),
        "to": None if create else data(transaction.to),
        "cumulativeGasUsed": quantity(receipt.gas_used),
        "gasUsed": quantity(gas),
        "effectiveGasPrice": quantity(effective_price(transaction, header)),
        "contractAddress": data(_created(transaction)) if create else None,
        "logs": [log_json(log) for log in logs],
        "logsBloom": _bloom(receipt.bloom),
        "type": quantity(transaction_type(transaction)),
        # Since EIP-658 the first field of a receipt is the status: 1, or nothing for 0.
        "status": quantity(int.from_bytes(receipt.state_root)),
    }


def log_json(row: LogRow) -> Json:
    """One event log with its place."""
    return {
        "address": data(row.address),
        "topics": [data(topic) for topic in row.topics],
        "data": data(row.data),
        "blockNumber": quantity(row.block),
        "blockHash": data(row.block_hash),
        "blockTimestamp": quantity(row.timestamp),
        "transactionHash": data(row.tx_hash),
        "transactionIndex": quantity(row.tx_index),
        "logIndex": quantity(row.log_index),
        "removed": False,
    }


def _created(transaction: SignedTransactionAPI) -> bytes:
    """CREATE: the last 20 bytes of keccak(rlp([sender, nonce])); geth gives it on failure too."""
    encoded = rlp.encode([transaction.sender, transaction.nonce])
    return bytes(keccak(encoded)[12:])


def _bloom(bloom: int) -> str:
    return data(bloom.to_bytes(256, "big"))


def _block_size(header: Any, transactions: tuple[SignedTransactionAPI, ...]) -> int:
    """Length of the block's RLP: [header, transactions, no uncles, no withdrawals]."""
    listed = [item.encode() if transaction_type(item) else rlp.decode(item.encode()) for item in transactions]
    return len(rlp.encode([rlp.decode(rlp.encode(header)), listed, [], []]))
