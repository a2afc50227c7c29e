"""The JSON-RPC methods by name. Each takes the chain and the request's parameters."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from anchor.embedded import forms, params
from anchor.embedded.admission import admit
from anchor.embedded.chain import CHAIN_ID, EmbeddedChain
from anchor.embedded.errors import METHOD_NOT_FOUND, RpcError, invalid_params
from anchor.embedded.execution import call, estimate
from anchor.embedded.proofs import account_proof
from anchor.embedded.unlocked import TIP, next_base_fee, sign_unlocked

Method = Callable[..., Any]

_FEE_HISTORY_LIMIT = 1_024
_PROOF_KEYS_LIMIT = 1_024


def answer(chain: EmbeddedChain, method: str, arguments: list[Any]) -> Any:
    """The `result` of one request. Raises RpcError with what the client is told."""
    try:
        function, least, most = METHODS[method]
    except KeyError:
        text = f"the method {method[:80]} does not exist/is not available"
        raise RpcError(METHOD_NOT_FOUND, text) from None
    if len(arguments) > most:
        raise invalid_params(f"too many arguments, want at most {most}")
    if len(arguments) < least:
        raise invalid_params(f"missing value for required argument {len(arguments)}")
    return function(chain, *arguments)


def _block(chain: EmbeddedChain, tag: Any, full: Any = False) -> Any:
    if tag == "pending":
        return forms.pending_json(chain.next_header())
    header = params.find_header(chain, tag)
    return None if header is None else forms.block_json(chain, header, full=_flag(full))


def _block_by_hash(chain: EmbeddedChain, block_hash: Any, full: Any = False) -> Any:
    header = chain.header_by_hash(params.data(block_hash, "block hash", 32))
    return None if header is None else forms.block_json(chain, header, full=_flag(full))


def _transaction(chain: EmbeddedChain, tx_hash: Any) -> Any:
    place = chain.place_of(params.data(tx_hash, "transaction hash", 32))
    if place is None:
        return None
    header, index = place
    return forms.transaction_json(chain.transactions(header)[index], header, index)


def _receipt(chain: EmbeddedChain, tx_hash: Any) -> Any:
    place = chain.place_of(params.data(tx_hash, "transaction hash", 32))
    return None if place is None else forms.receipts_json(chain, place[0])[place[1]]


def _block_receipts(chain: EmbeddedChain, tag: Any) -> Any:
    if isinstance(tag, str) and len(tag) == 66:
        tag = {"blockHash": tag}
    header = params.find_header(chain, tag)
    if header is None:
        return None
    return [] if tag == "pending" else forms.receipts_json(chain, header)


def _nonce(chain: EmbeddedChain, address: Any, tag: Any = None) -> str:
    state: Any = chain.state_at(params.header(chain, tag))
    return forms.quantity(state.get_nonce(params.address(address)))


def _balance(chain: EmbeddedChain, address: Any, tag: Any = None) -> str:
    state: Any = chain.state_at(params.header(chain, tag))
    return forms.quantity(state.get_balance(params.address(address)))


def _code(chain: EmbeddedChain, address: Any, tag: Any = None) -> str:
    state: Any = chain.state_at(params.header(chain, tag))
    return forms.data(state.get_code(params.address(address)))


def _storage(chain: EmbeddedChain, address: Any, slot: Any, tag: Any = None) -> str:
    state: Any = chain.state_at(params.header(chain, tag))
    value = state.get_storage(params.address(address), params.storage_slot(slot))
    return forms.data(value.to_bytes(32, "big"))


def _call(chain: EmbeddedChain, fields: Any, tag: Any = None, overrides: Any = None) -> str:
    if overrides:
        raise invalid_params("state overrides are not supported by this chain")
    return forms.data(call(chain, params.header(chain, tag), params.call(fields)))


def _estimate(chain: EmbeddedChain, fields: Any, tag: Any = "pending") -> str:
    # What is asked is the cost in the next block; its time is then the right one.
    header = params.header(chain, "pending" if tag in (None, "latest") else tag)
    return forms.quantity(estimate(chain, header, params.call(fields)))


def _gas_price(chain: EmbeddedChain) -> str:
    return forms.quantity(next_base_fee(chain) + TIP)


def _fee_history(chain: EmbeddedChain, count: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
    # web3 sends the count as number, geth takes both
    number = count if type(count) is int else params.quantity(count, "blockCount")
    last = params.header(chain, "latest" if newest == "pending" else newest).block_number
    first = max(0, last - min(number, _FEE_HISTORY_LIMIT) + 1)
    headers: list[Any] = [chain.header_by_number(n) for n in range(first, last + 1 if number else 0)]
    after: Any = chain.header_by_number(last + 1) or chain.next_header()
    history: dict[str, Any] = {
        "oldestBlock": forms.quantity(first),
        "baseFeePerGas": [forms.quantity(h.base_fee_per_gas) for h in (*headers, after)],
        "gasUsedRatio": [h.gas_used / h.gas_limit for h in headers],
        "baseFeePerBlobGas": ["0x1"] * (len(headers) + 1),
        "blobGasUsedRatio": [0.0] * len(headers),
    }
    if percentiles:
        history["reward"] = [_rewards(chain, h, len(percentiles)) for h in headers]
    return history


def _rewards(chain: EmbeddedChain, header: Any, width: int) -> list[str]:
    """A block holds at most one transaction: every percentile is its tip."""
    prices = [forms.effective_price(t, header) for t in chain.transactions(header)]
    tip = prices[0] - header.base_fee_per_gas if prices else 0
    return [forms.quantity(tip)] * width


def _logs(chain: EmbeddedChain, wanted: Any) -> list[Any]:
    return [forms.log_json(row) for row in chain.logs(params.log_query(chain, wanted))]


def _send_raw(chain: EmbeddedChain, raw: Any) -> str:
    return forms.data(admit(chain, params.data(raw, "transaction")))


def _send(chain: EmbeddedChain, wanted: Any) -> str:
    """Fills what is missing and signs with an unlocked key; then as any raw transaction."""
    return forms.data(admit(chain, sign_unlocked(chain, params.transaction_fields(wanted))))


def _proof(chain: EmbeddedChain, address: Any, keys: Any, tag: Any = None) -> dict[str, Any]:
    if not isinstance(keys, list) or len(keys) > _PROOF_KEYS_LIMIT:
        raise invalid_params(f"expected a list of at most {_PROOF_KEYS_LIMIT} storage keys")
    slots = [params.storage_slot(key) for key in keys]
    header = params.header(chain, tag)
    return account_proof(chain, header, params.address(address), slots)


def _mine(chain: EmbeddedChain, _options: Any = None) -> str:
    chain.append([])
    return "0x0"


def _count(chain: EmbeddedChain, tag: Any) -> str | None:
    header = params.find_header(chain, tag)
    if header is None:
        return None
    return forms.quantity(0 if tag == "pending" else len(chain.transactions(header)))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid_params("expected true or false")
    return value


def _constant(value: Any) -> Method:
    return lambda _chain: value


# name: (function, least and most number of parameters)
METHODS: dict[str, tuple[Method, int, int]] = {
    "web3_clientVersion": (
        _constant(f"RootsealEmbedded/1/py-evm-prague/python{platform.python_version()}"),
        0,
        0,
    ),
    "net_version": (_constant(str(CHAIN_ID)), 0, 0),
    "net_listening": (_constant(True), 0, 0),
    "eth_chainId": (_constant(hex(CHAIN_ID)), 0, 0),
    "eth_syncing": (_constant(False), 0, 0),
    "eth_accounts": (lambda chain: [forms.data(a.address) for a in chain.accounts], 0, 0),
    "eth_blockNumber": (lambda chain: forms.quantity(chain.head().block_number), 0, 0),
    "eth_getBlockByNumber": (_block, 1, 2),
    "eth_getBlockByHash": (_block_by_hash, 1, 2),
    "eth_getBlockTransactionCountByNumber": (_count, 1, 1),
    "eth_getBlockReceipts": (_block_receipts, 1, 1),
    "eth_getTransactionByHash": (_transaction, 1, 1),
    "eth_getTransactionReceipt": (_receipt, 1, 1),
    "eth_getTransactionCount": (_nonce, 1, 2),
    "eth_getBalance": (_balance, 1, 2),
    "eth_getCode": (_code, 1, 2),
    "eth_getStorageAt": (_storage, 2, 3),
    "eth_getProof": (_proof, 2, 3),
    "eth_getLogs": (_logs, 1, 1),
    "eth_call": (_call, 1, 3),
    "eth_estimateGas": (_estimate, 1, 2),
    "eth_gasPrice": (_gas_price, 0, 0),
    "eth_maxPriorityFeePerGas": (_constant(hex(TIP)), 0, 0),
    "eth_feeHistory": (_fee_history, 2, 3),
    "eth_sendRawTransaction": (_send_raw, 1, 1),
    "eth_sendTransaction": (_send, 1, 1),
    "evm_mine": (_mine, 0, 1),
}
