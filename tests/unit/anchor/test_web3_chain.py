"""A node that misbehaves: each answer is refused with method and value, and nothing is ever sent twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from anchor.chain import ChainUnavailable, Rejection, Reverted, RpcError, SendRejected
from anchor.web3_chain import Web3Chain, open_chain
from rootseal.errors import ConfigError
from tests.support.serving import serving

WORD = "0x" + "11" * 32
BLOCK = {"number": "0x5", "hash": WORD, "parentHash": WORD, "timestamp": "0x6", "transactions": [WORD]}
RECEIPT: dict[str, Any] = {
    "transactionHash": WORD, "transactionIndex": "0x0", "blockNumber": "0x5", "blockHash": WORD, "status": "0x1",
    "type": "0x2", "gasUsed": "0x1", "cumulativeGasUsed": "0x1", "logsBloom": "0x" + "00" * 256, "logs": [],
    "contractAddress": None,
}  # fmt: skip
LOG = {
    "address": "0x" + "22" * 20, "topics": [WORD], "data": "0x", "blockNumber": "0x5", "blockHash": WORD,
    "transactionHash": WORD, "logIndex": "0x0",
}  # fmt: skip


class Node:
    """Answers by method: a result, an `{"error": …}` object, raw bytes, or an (HTTP status, bytes) pair."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                node.asked.append(request)
                status, body = node.body(request)
                self.send_response(status)
                if status == 307:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/secret-api-key"

    def body(self, request: dict[str, Any]) -> tuple[int, bytes]:
        found = self.answers.get(request["method"], {"error": {"code": -32601, "message": "method not found"}})
        if isinstance(found, tuple):
            return found[0], found[1]
        if isinstance(found, bytes):
            return 200, found
        member = found if isinstance(found, dict) and "error" in found else {"result": found}
        return 200, json.dumps({"jsonrpc": "2.0", "id": request["id"], **member}).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Node]:
    node = Node()
    with serving(node.server):
        yield node


@pytest.fixture
def node(server: Node) -> Node:
    server.answers.clear()
    server.asked.clear()
    return server


@pytest.fixture
def chain(node: Node) -> Web3Chain:
    return Web3Chain(node.url, timeout=5.0, max_answer=100_000)


@pytest.mark.parametrize(
    "answer", [None, 5, "5", "0x", "0xzz", "0x" + "1" * 65, True, [], {}, "0x5\n", "０x5"], ids=repr
)
def test_a_quantity_that_is_none_names_method_and_value(chain: Web3Chain, node: Node, answer: object) -> None:
    node.answers["eth_chainId"] = answer
    with pytest.raises(ChainUnavailable, match="eth_chainId: result should be a hexadecimal quantity"):
        chain.chain_id()


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"7", b"{}", b"{", b"\xff\xfe", b"<html>", b"[" * 50_000, b'{"jsonrpc":"2.0","id":0}',
     b'{"error":"text"}', b'{"error":7}'],
)  # fmt: skip
def test_what_is_no_json_rpc_is_unavailable(chain: Web3Chain, node: Node, body: bytes) -> None:
    node.answers["eth_chainId"] = body
    with pytest.raises(ChainUnavailable, match="eth_chainId"):
        chain.chain_id()


@pytest.mark.parametrize("status", [307, 401, 429, 500, 503])
def test_an_http_error_is_unavailable_and_shows_no_secret(chain: Web3Chain, node: Node, status: int) -> None:
    node.answers["eth_chainId"] = (status, b"nope")
    with pytest.raises(ChainUnavailable, match="eth_chainId") as found:
        chain.chain_id()
    assert "secret-api-key" not in str(found.value)


def test_an_rpc_error_under_an_http_error_is_read(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_sendRawTransaction"] = (400, b'{"error":{"code":-32000,"message":"Nonce too low"}}')
    with pytest.raises(SendRejected) as found:
        chain.send_raw(b"\x01")
    assert found.value.kind is Rejection.NONCE_TOO_LOW


def test_an_answer_that_is_too_long_is_refused(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getCode"] = "0x" + "00" * 100_000
    with pytest.raises(ChainUnavailable, match="longer than 100000 bytes"):
        chain.code(bytes(20))


def test_nobody_there_is_unavailable_and_shows_no_secret() -> None:
    with pytest.raises(ChainUnavailable, match=r"eth_chainId: the node at 127\.0\.0\.1:1 did not answer") as found:
        Web3Chain("http://user:password@127.0.0.1:1/secret-api-key").chain_id()
    assert not {"secret-api-key", "password"} & set(str(found.value).replace("/", " ").split())


@pytest.mark.parametrize("status", [200, 500, 503])
def test_a_raw_transaction_is_sent_once_whatever_happens(chain: Web3Chain, node: Node, status: int) -> None:
    node.answers["eth_sendRawTransaction"] = (status, b"")
    with pytest.raises(ChainUnavailable):
        chain.send_raw(b"\x01")
    assert len(node.asked) == 1


@pytest.mark.parametrize("field", ["number", "hash", "parentHash", "timestamp", "transactions"])
@pytest.mark.parametrize("value", [None, 7, "0x1234567", [1], {}], ids=repr)
def test_a_block_with_a_bad_field_names_it(chain: Web3Chain, node: Node, field: str, value: object) -> None:
    if field in ("number", "timestamp") and value == "0x1234567":
        return
    node.answers["eth_getBlockByNumber"] = BLOCK | {field: value}
    with pytest.raises(ChainUnavailable, match=f"eth_getBlockByNumber: block.{field}"):
        chain.block("latest")


@pytest.mark.parametrize("field", [name for name in RECEIPT if name not in ("contractAddress", "type")])
def test_a_receipt_with_a_missing_field_names_it(chain: Web3Chain, node: Node, field: str) -> None:
    node.answers["eth_getTransactionReceipt"] = {name: value for name, value in RECEIPT.items() if name != field}
    with pytest.raises(ChainUnavailable, match=f"eth_getTransactionReceipt: receipt.{field}"):
        chain.receipt(bytes(32))


@pytest.mark.parametrize("field", LOG)
def test_a_log_with_a_missing_field_names_it(chain: Web3Chain, node: Node, field: str) -> None:
    node.answers["eth_getLogs"] = [{name: value for name, value in LOG.items() if name != field}]
    with pytest.raises(ChainUnavailable, match=f"eth_getLogs: log.{field}"):
        chain.logs(b"\x22" * 20, [], 0, 9)


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"address": "0x" + "33" * 20}, "not asked for"), ({"blockNumber": "0x99"}, "not asked for"),
     ({"removed": True}, "removed by a reorganisation"), ({"topics": [WORD] * 5}, "four at most")],
)  # fmt: skip
def test_a_log_that_was_not_asked_for_is_refused(
    chain: Web3Chain, node: Node, change: dict[str, object], problem: str
) -> None:
    node.answers["eth_getLogs"] = [LOG | change]
    with pytest.raises(ChainUnavailable, match=problem):
        chain.logs(b"\x22" * 20, [], 0, 9)


def test_logs_come_in_chain_order(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getLogs"] = [LOG | {"logIndex": "0x3"}, LOG | {"logIndex": "0x1"}, LOG | {"blockNumber": "0x1"}]
    found = [(log.block_number, log.log_index) for log in chain.logs(b"\x22" * 20, [], 0, 9)]
    assert found == [(1, 0), (5, 1), (5, 3)]


def test_a_pending_receipt_is_none(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getTransactionReceipt"] = RECEIPT | {"blockHash": None, "blockNumber": None}
    assert chain.receipt(bytes(32)) is None


@pytest.mark.parametrize("message", ["finalized block not found", "Unknown block", "BlockOutOfRangeError: 7 > 5"])
def test_a_block_that_the_node_does_not_have_is_none(chain: Web3Chain, node: Node, message: str) -> None:
    node.answers["eth_getBlockByNumber"] = {"error": {"code": -39001, "message": message}}
    assert chain.block("finalized") is None


def test_a_missing_method_is_not_a_missing_block(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getBlockByNumber"] = {"error": {"code": -32601, "message": "Method not found"}}
    with pytest.raises(RpcError):
        chain.block("latest")


def test_only_calls_can_revert(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getLogs"] = {"error": {"code": -32000, "message": "reverted to an older snapshot"}}
    with pytest.raises(RpcError):
        chain.logs(bytes(20), [], 0, 9)


REVERT = "0x08c379a0" + "00" * 28
REVERTS = {
    "geth": {"code": 3, "message": "execution reverted", "data": REVERT},
    "besu": {"code": -32000, "message": "Execution reverted", "data": REVERT},
    "nethermind": {"code": -32015, "message": "VM execution error.", "data": "Reverted " + REVERT},
    "ganache": {"code": -32000, "message": "VM Exception while processing transaction: revert", "data": REVERT},
    "ganache 6": {"code": -32000, "message": "VM Exception: revert", "data": {"0xab": {}, "result": REVERT}},
}


@pytest.mark.parametrize("node_name", REVERTS)
def test_a_revert_is_read_in_every_dialect(chain: Web3Chain, node: Node, node_name: str) -> None:
    node.answers["eth_call"] = {"error": REVERTS[node_name]}
    with pytest.raises(Reverted) as found:
        chain.call(bytes(20), b"")
    assert found.value.data == bytes.fromhex(REVERT[2:])


@pytest.mark.parametrize("data", [None, 7, [], "", "0x", "0xabc", {"data": {"data": {"data": {"data": REVERT}}}}])
def test_a_revert_without_readable_data_is_still_a_revert(chain: Web3Chain, node: Node, data: object) -> None:
    node.answers["eth_call"] = {"error": {"code": 3, "message": "execution reverted", "data": data}}
    with pytest.raises(Reverted) as found:
        chain.call(bytes(20), b"")
    assert found.value.data == b""


def test_any_other_error_is_not_a_revert(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_call"] = {"error": {"code": -32000, "message": "missing trie node"}}
    with pytest.raises(RpcError, match="missing trie node"):
        chain.call(bytes(20), b"")


@pytest.mark.parametrize("answer", ["0x", "0x1234", None, 5])
def test_a_transaction_hash_must_be_one(chain: Web3Chain, node: Node, answer: object) -> None:
    node.answers["eth_sendRawTransaction"] = answer
    with pytest.raises(ChainUnavailable, match="eth_sendRawTransaction"):
        chain.send_raw(b"\x01")


def test_fees_without_fee_history_and_without_advice(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getBlockByNumber"] = BLOCK | {"baseFeePerGas": "0x64"}
    assert chain.fee_quote().tip == 10**9
    node.answers["eth_maxPriorityFeePerGas"] = "0x5"
    assert (chain.fee_quote().base_fee, chain.fee_quote().tip) == (100, 5)
    node.answers["eth_feeHistory"] = {"reward": [["0x1"], ["0x9"], ["0x8"]]}
    assert chain.fee_quote().tip == 8
    odds: list[Any] = [7, None, {}, {"reward": None}, {"reward": []}, {"reward": [[]]}]
    for odd in odds:
        node.answers["eth_feeHistory"] = odd
        assert chain.fee_quote().tip == 5


def test_fees_before_eip_1559(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getBlockByNumber"] = BLOCK
    node.answers["eth_gasPrice"] = "0x7"
    assert (chain.fee_quote().base_fee, chain.fee_quote().gas_price) == (None, 7)


def test_block_receipts_without_the_method_come_one_by_one(chain: Web3Chain, node: Node) -> None:
    node.answers["eth_getBlockByNumber"] = BLOCK
    node.answers["eth_getTransactionReceipt"] = RECEIPT
    block = chain.block("latest")
    assert block is not None
    assert [receipt.index for receipt in chain.block_receipts(block)] == [0]
    node.answers["eth_getTransactionReceipt"] = RECEIPT | {"blockHash": "0x" + "33" * 32}
    with pytest.raises(ChainUnavailable, match="no receipt in it"):
        chain.block_receipts(block)
    node.answers["eth_getBlockReceipts"] = [RECEIPT | {"blockHash": "0x" + "33" * 32}]
    with pytest.raises(ChainUnavailable, match="left the chain"):
        chain.block_receipts(block)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8545", "ws://127.0.0.1", "ftp://x"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="chain_url"):
        open_chain(url)
