"""The `Chain` protocol over JSON-RPC through web3's HTTP provider: the only importer of web3.

Importing this module takes about a second, hence only command-line entry points import it at their
top. Every answer is checked before use: a node that lies about types is `ChainUnavailable` naming
method and value, never a KeyError. Nothing is retried here, least of all eth_sendRawTransaction:
when to send again is the sender's decision, because only it knows what it has stored.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

import requests
from eth_typing import URI
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from anchor.chain import (
    Block,
    BlockTag,
    Chain,
    ChainUnavailable,
    FeeQuote,
    LogEntry,
    Receipt,
    RpcError,
    SendRejected,
    classify_rejection,
)
from anchor.failing import known_why
from anchor.recursion import restore_limit
from anchor.rpc_values import (
    array_of,
    block_of,
    data_of,
    hex_data,
    log_of,
    object_of,
    quantity,
    receipt_of,
    revert_of,
)
from rootseal.errors import ConfigError

__all__ = ["Web3Chain", "open_chain"]

restore_limit()

_CONNECT_SECONDS: Final = 5.0
_NO_METHOD: Final = -32601
_CAN_REVERT: Final = ("eth_call", "eth_estimateGas", "eth_sendTransaction")
_MAX_ANSWER: Final = 64 * 1024 * 1024


def open_chain(url: str, *, timeout: float = 30.0, max_answer: int = _MAX_ANSWER) -> Chain:
    """A chain behind `url` (http or https). Nothing is asked yet.

    `timeout` in seconds bounds every wait for bytes, `max_answer` the bytes of one answer.
    Raises `ConfigError` where the URL is not one.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError("chain_url", "must begin with http:// or https://", url)
    return Web3Chain(url, timeout, max_answer)


class Web3Chain:
    """One JSON-RPC endpoint. Safe to share between threads as far as `requests.Session` is."""

    def __init__(self, url: str, timeout: float = 30.0, max_answer: int = _MAX_ANSWER) -> None:
        self.url = url
        session = requests.Session()
        # A proxy of the environment is for the outside world, not for a node on this machine.
        session.trust_env = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")
        session.hooks["response"].append(_bounded(max_answer))
        self._provider = HTTPProvider(
            URI(url),
            request_kwargs={"timeout": (min(timeout, _CONNECT_SECONDS), timeout), "allow_redirects": False},
            session=session,
            exception_retry_configuration=None,
        )

    def chain_id(self) -> int:
        """eth_chainId."""
        return quantity("eth_chainId", self._ask("eth_chainId"), "result")

    def block(self, at: BlockTag) -> Block | None:
        """eth_getBlockByNumber without transaction bodies."""
        method = "eth_getBlockByNumber"
        try:
            found = self._ask(method, _tag(at), False)
        except RpcError as error:
            # geth answers so before the first finalized block, others for a number beyond the head.
            if error.number != _NO_METHOD and any(
                words in error.message.lower() for words in ("not found", "unknown block", "outofrange")
            ):
                return None
            raise
        return None if found is None else block_of(method, found)

    def code(self, address: bytes, at: BlockTag = "latest") -> bytes:
        """eth_getCode."""
        return data_of("eth_getCode", self._ask("eth_getCode", _hex(address), _tag(at)), "result")

    def balance(self, address: bytes) -> int:
        """eth_getBalance at latest."""
        return quantity("eth_getBalance", self._ask("eth_getBalance", _hex(address), "latest"), "result")

    def nonce(self, address: bytes) -> int:
        """eth_getTransactionCount at latest."""
        method = "eth_getTransactionCount"
        return quantity(method, self._ask(method, _hex(address), "latest"), "result")

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """eth_call; a revert is `Reverted` with the raw reason."""
        request = {"to": _hex(to), "data": _hex(data)} | ({} if sender is None else {"from": _hex(sender)})
        return data_of("eth_call", self._ask("eth_call", request, _tag(at)), "result")

    def estimate_gas(self, sender: bytes, to: bytes | None, data: bytes, value: int = 0) -> int:
        """eth_estimateGas; a revert is `Reverted`."""
        method = "eth_estimateGas"
        # Named, because the default differs: on "pending" our own waiting transaction would be counted.
        return quantity(method, self._ask(method, _transaction(sender, to, data, value), "latest"), "result")

    def receipt(self, transaction: bytes) -> Receipt | None:
        """eth_getTransactionReceipt; None too where the node still says "pending" by a null block hash."""
        method = "eth_getTransactionReceipt"
        found = self._ask(method, _hex(transaction))
        if found is None or (isinstance(found, Mapping) and found.get("blockHash", "") is None):
            return None
        return receipt_of(method, found)

    def block_receipts(self, block: Block) -> tuple[Receipt, ...]:
        """eth_getBlockReceipts, or one receipt after the other where the node does not know it."""
        method = "eth_getBlockReceipts"
        try:
            found = self._ask(method, hex(block.number))
            receipts = [receipt_of(method, item) for item in array_of(method, found, "result")]
        except RpcError:
            receipts = [self._receipt_in(block, transaction) for transaction in block.transactions]
        if any(receipt.block_hash != block.hash for receipt in receipts):
            raise ChainUnavailable(method, "the block left the chain while it was read", _hex(block.hash))
        return tuple(receipts)

    def logs(
        self, address: bytes, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> tuple[LogEntry, ...]:
        """eth_getLogs over blocks first..last."""
        method = "eth_getLogs"
        wanted = {
            "address": _hex(address),
            "topics": [_topic(topic) for topic in topics],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        found = [log_of(method, item) for item in array_of(method, self._ask(method, wanted), "result")]
        for log in found:
            # A node that ignores the filter must not feed us another contract's events.
            if log.address != address or not first <= log.block_number <= last:
                raise ChainUnavailable(method, "answered with an event that was not asked for", _hex(log.transaction))
        return tuple(sorted(found, key=lambda log: (log.block_number, log.log_index)))

    def fee_quote(self) -> FeeQuote:
        """The base fee of the next block where the node tells it, and the tip that gets mined."""
        head = self.block("latest")
        if head is None:
            raise ChainUnavailable("eth_getBlockByNumber", "there is no latest block")
        if head.base_fee is None:
            price = quantity("eth_gasPrice", self._ask("eth_gasPrice"), "result")
            return FeeQuote(None, price, price)
        tip = self._tip()
        return FeeQuote(head.base_fee, tip, head.base_fee + tip)

    def send_raw(self, raw: bytes) -> bytes:
        """eth_sendRawTransaction, once. The node's hash must be 32 bytes; the caller compares it."""
        method = "eth_sendRawTransaction"
        try:
            return hex_data(method, self._ask(method, _hex(raw)), "result", 32)
        except RpcError as error:
            raise SendRejected(classify_rejection(error.message), error.message) from error

    def proof_nodes(self, address: bytes, slots: Sequence[int], at: int) -> tuple[bytes, ...]:
        """eth_getProof (EIP-1186): all trie nodes of the account and the slots, each once."""
        method = "eth_getProof"
        found = object_of(
            method, self._ask(method, _hex(address), [f"0x{slot:064x}" for slot in slots], hex(at)), "result"
        )
        proofs = [found.get("accountProof")]
        for item in array_of(method, found.get("storageProof"), "storageProof"):
            proofs.append(object_of(method, item, "storageProof[]").get("proof"))
        nodes = {data_of(method, n, "a node"): None for p in proofs for n in array_of(method, p, "proof")}
        return tuple(nodes)

    def accounts(self) -> tuple[bytes, ...]:
        """eth_accounts; nothing where the node does not offer the method."""
        try:
            found = self._ask("eth_accounts")
        except RpcError:
            return ()
        return tuple(
            hex_data("eth_accounts", item, "result[]", 20) for item in array_of("eth_accounts", found, "result")
        )

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        """eth_sendTransaction."""
        method = "eth_sendTransaction"
        request = _transaction(sender, to, data, value) | {"gas": hex(gas)}
        return hex_data(method, self._ask(method, request), "result", 32)

    def _tip(self) -> int:
        """Median tip of the last blocks and the node's own advice, the higher; 0 where both say so.

        A chain with a minimum tip tells it through eth_maxPriorityFeePerGas only.
        """
        offers = [tip for tip in (self._history_tip(), self._advised_tip()) if tip is not None]
        return max(offers) if offers else 10**9

    def _history_tip(self) -> int | None:
        method = "eth_feeHistory"
        try:
            found = self._ask(method, hex(10), "latest", [50])
        except RpcError:
            return None
        rows = found.get("reward") if isinstance(found, Mapping) else None
        if not isinstance(rows, list):
            return None
        tips = sorted(quantity(method, row[0], "reward") for row in rows if isinstance(row, list) and row)
        return tips[len(tips) // 2] if tips else None

    def _advised_tip(self) -> int | None:
        method = "eth_maxPriorityFeePerGas"
        try:
            return quantity(method, self._ask(method), "result")
        except RpcError:
            return None

    def _receipt_in(self, block: Block, transaction: bytes) -> Receipt:
        found = self.receipt(transaction)
        if found is None or found.block_hash != block.hash:
            raise ChainUnavailable(
                "eth_getTransactionReceipt", "a transaction of the block has no receipt in it", _hex(transaction)
            )
        return found

    def _ask(self, method: str, *parameters: object) -> Any:
        answer = self._exchange(method, parameters)
        error = answer.get("error")
        if error is None:
            if "result" not in answer:
                raise ChainUnavailable(method, "the answer has neither result nor error", answer)
            return answer["result"]
        raise _failure(method, error)

    def _exchange(self, method: str, parameters: Sequence[object]) -> Mapping[str, Any]:
        try:
            answer: object = self._provider.make_request(RPCEndpoint(method), list(parameters))
        except requests.HTTPError as error:
            answer = _error_body(method, error)
        except requests.RequestException as error:
            raise ChainUnavailable(method, f"the node at {_host(self.url)} did not answer: {_cause(error)}") from error
        except (Web3Exception, OSError, ValueError, RecursionError) as error:
            raise ChainUnavailable(method, f"the answer is not JSON-RPC: {_cause(error)}") from error
        if not isinstance(answer, Mapping):
            raise ChainUnavailable(method, "the answer is not a JSON-RPC object", answer)
        return answer


def _failure(method: str, error: object) -> Exception:
    if not isinstance(error, Mapping):
        return ChainUnavailable(method, "the error is not a JSON-RPC error object", error)
    reverted = revert_of(error) if method in _CAN_REVERT else None
    if reverted is not None:
        return reverted
    code = error.get("code")
    return RpcError(method, code if isinstance(code, int) else 0, str(error.get("message", ""))[:1000])


def _error_body(method: str, error: requests.HTTPError) -> object:
    """Some nodes (older Besu, gateways) send JSON-RPC errors under an HTTP error status."""
    response = error.response
    try:
        body = None if response is None else json.loads(response.content)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict) and "error" in body:
        return body
    status = "an error" if response is None else response.status_code
    raise ChainUnavailable(method, f"the node answered HTTP {status}") from error


def _bounded(limit: int) -> Any:
    """A response hook that reads at most `limit` bytes, so that no answer can fill the memory."""

    def read(response: requests.Response, *_: object, **__: object) -> None:
        pieces, size = [], 0
        for piece in response.raw.stream(65536, decode_content=True):
            size += len(piece)
            if size > limit:
                response.close()
                raise requests.exceptions.ContentDecodingError(f"answer longer than {limit} bytes")
            pieces.append(piece)
        response.raw = cast(Any, io.BytesIO(b"".join(pieces)))

    return read


def _transaction(sender: bytes, to: bytes | None, data: bytes, value: int) -> dict[str, str]:
    request = {"from": _hex(sender), "data": _hex(data), "value": hex(value)}
    return request if to is None else request | {"to": _hex(to)}


def _tag(at: BlockTag) -> str:
    return hex(at) if isinstance(at, int) else at


def _topic(topic: bytes | Sequence[bytes] | None) -> object:
    if topic is None or isinstance(topic, bytes):
        return None if topic is None else _hex(topic)
    return [_hex(item) for item in topic]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _host(url: str) -> str:
    """Host and port only: paths, queries and user names of RPC URLs carry secrets."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _cause(error: BaseException) -> str:
    """The kind of failure; a library's own message may quote the whole URL with its API key."""
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return str(error)
    if isinstance(error, requests.RequestException):
        return known_why(error) or type(error).__name__
    return f"{type(error).__name__}: {str(error)[:120]}"
