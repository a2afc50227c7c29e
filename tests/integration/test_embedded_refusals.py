"""What the embedded chain refuses, in geth's words, and who may ask it over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from web3.exceptions import Web3RPCError

from anchor.embedded import CHAIN_ID, RpcServer
from rootseal.errors import ConfigError
from tests.support import embedded_world
from tests.support.devchain import post
from tests.support.embedded_world import Served, signed

node, contract = embedded_world.node, embedded_world.contract


class TestErrorsAsGethWordsThem:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"nonce": 0}, "nonce too low"),
            ({"nonce": 10_000}, "nonce too high"),
            ({"gas": 20_999}, "intrinsic gas too low"),
            ({"gas": 24_000, "data": "0x" + "11" * 200}, "intrinsic gas too low"),
            ({"gas": 24_300, "data": "0x" + "11" * 200}, "insufficient gas for floor data gas cost"),
            ({"gas": 30_000_001}, "exceeds block gas limit"),
            ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 0}, "max fee per gas less than block base fee"),
            ({"maxFeePerGas": 1}, "max fee per gas less than block base fee"),
            ({"maxFeePerGas": 5, "maxPriorityFeePerGas": 6}, "max priority fee per gas higher than max fee per gas"),
            ({"value": 10**20}, "insufficient funds for gas * price + value"),
            ({"chainId": 1}, "invalid chain id for signer"),
        ],
    )  # fmt: skip
    def test_refused_transaction(self, node: Served, contract: Any, changes: dict[str, Any], message: str) -> None:
        head = node.rpc("eth_blockNumber")
        if changes.get("nonce") == 0:
            node.rpc("eth_sendRawTransaction", signed(node, value=2))
            head = node.rpc("eth_blockNumber")
        if changes.get("maxFeePerGas") == 1:
            assert int(node.rpc("eth_getBlockByNumber", "pending", False)["baseFeePerGas"], 16) > 1
        code, text = node.error("eth_sendRawTransaction", signed(node, **changes))
        assert code == -32000
        assert text.startswith(message)
        assert node.rpc("eth_blockNumber") == head

    def test_same_bytes_again_are_already_known(self, node: Served, contract: Any) -> None:
        raw_tx = signed(node)
        node.rpc("eth_sendRawTransaction", raw_tx)
        head = node.rpc("eth_blockNumber")
        assert node.error("eth_sendRawTransaction", raw_tx) == (-32000, "already known")
        assert node.rpc("eth_blockNumber") == head

    @pytest.mark.parametrize("junk", ["0x", "0x02", "0xc0", "0x03c0", "0x02c0", "0x" + "ff" * 200, "0x05c0"])
    def test_hostile_bytes_are_refused_with_a_sentence(self, node: Served, junk: str) -> None:
        code, text = node.error("eth_sendRawTransaction", junk)
        assert code == -32000
        assert "Traceback" not in text

    def test_bytes_after_a_transaction_are_refused(self, node: Served, contract: Any) -> None:
        assert node.error("eth_sendRawTransaction", signed(node) + "00")[0] == -32000

    @pytest.mark.parametrize(
        ("method", "params", "code"),
        [
            ("eth_unheardOf", [], -32601),
            ("eth_getBalance", ["0x12"], -32602),
            ("eth_getBalance", [], -32602),
            ("eth_getBalance", ["0x" + "00" * 20, "latest", 3], -32602),
            ("eth_getBalance", ["0x" + "00" * 20, "newest"], -32602),
            ("eth_getBalance", ["0x" + "00" * 20, "0xffffff"], -32000),
            ("eth_getBlockByNumber", ["0x1", "yes"], -32602),
            ("eth_getBlockByNumber", [[1], False], -32602),
            ("eth_call", [{"to": 5}], -32602),
            ("eth_call", [{"to": "0x" + "00" * 20, "colour": 1}], -32602),
            ("eth_call", [[]], -32602),
            ("eth_getLogs", [{"fromBlock": "0x5", "toBlock": "0x1"}], -32602),
            ("eth_getLogs", [{"topics": [None] * 5}], -32602),
            ("eth_getLogs", [{"blockHash": "0x" + "00" * 32}], -32000),
            ("eth_getProof", ["0x" + "00" * 20, "0x0"], -32602),
            ("eth_sendTransaction", [{"from": "0x" + "00" * 20}], -32000),
        ],
    )  # fmt: skip
    def test_bad_request(self, node: Served, method: str, params: list[Any], code: int) -> None:
        assert node.error(method, *params)[0] == code

    def test_endless_recursion_of_a_contract_does_not_end_the_server(self, node: Served, contract: Any) -> None:
        calls_itself = bytes.fromhex("6000 6000 6000 6000 6000 30 5a f1 50 00")
        create = bytes.fromhex("600a 80 6009 3d 39 3d f3") + calls_itself
        tx_hash = node.web3.eth.send_transaction({"from": node.web3.eth.accounts[0], "data": create, "gas": 200_000})
        address = node.web3.eth.get_transaction_receipt(tx_hash)["contractAddress"]
        assert node.rpc("eth_call", {"to": address}) == "0x"

    def test_estimate_names_what_is_missing(self, node: Served, contract: Any) -> None:
        poor = "0x" + "22" * 20
        assert "insufficient funds" in node.error("eth_estimateGas", {"from": poor, "value": "0x1", "to": poor})[1]
        call = {"from": poor, "to": poor, "gasPrice": "0x1"}
        assert "gas required exceeds allowance" in node.error("eth_estimateGas", call)[1]
        assert node.rpc("eth_estimateGas", {"from": poor, "to": poor}) == hex(21_000)

    def test_web3_sees_an_rpc_error(self, node: Served) -> None:
        with pytest.raises(Web3RPCError, match="unknown account"):
            node.web3.eth.send_transaction({"from": "0x" + "33" * 20, "to": "0x" + "33" * 20, "gas": 21_000})


class TestHttp:
    def test_batch_answers_each_in_order(self, node: Served) -> None:
        request = {"jsonrpc": "2.0", "method": "eth_chainId"}
        replies = post(node.url, [request | {"id": 1}, request, request | {"id": "b", "method": "nope"}, 5])
        assert [reply["id"] for reply in replies] == [1, "b", None]
        assert replies[0]["result"] == hex(CHAIN_ID)
        assert [reply["error"]["code"] for reply in replies[1:]] == [-32601, -32600]
        assert post(node.url, [])["error"]["code"] == -32600

    @pytest.mark.parametrize("body", [b"{", b"\xff\xfe\x00", b"[" * 100_000, b""])
    def test_what_is_no_json_is_a_parse_error(self, node: Served, body: bytes) -> None:
        assert post(node.url, body)["error"]["code"] == -32700

    def test_large_body_is_refused_unread(self, node: Served) -> None:
        status, _ = http(node, {"Content-Length": str(6 * 1024 * 1024)})
        assert status == 413

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Origin": "http://127.0.0.1:5000"}, 200),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Host": "evil.example"}, 403),
        ],
    )
    def test_only_pages_of_this_machine_may_ask(self, node: Served, headers: dict[str, str], status: int) -> None:
        assert http(node, headers, b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')[0] == status

    def test_port_in_use_is_a_config_error(self, node: Served) -> None:
        with pytest.raises(ConfigError, match="cannot be used"):
            RpcServer(node.chain, int(node.url.rsplit(":", 1)[1]))


def http(node: Served, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", int(node.url.rsplit(":", 1)[1]), timeout=10)
    try:
        connection.request("POST", "/", body, {"Content-Length": str(len(body))} | headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
