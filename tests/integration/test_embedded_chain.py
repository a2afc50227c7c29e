"""The embedded chain as its clients see it: web3, logs, the clock, and proofs of all that was sent before."""

from __future__ import annotations

from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_hash.auto import keccak
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError

from anchor.embedded import CHAIN_ID
from tests.support import embedded_world
from tests.support.embedded_world import EMPTY_ROOT, KEY, HexaryTrie, Served, signed

node, contract = embedded_world.node, embedded_world.contract


def header_fields(block: dict[str, Any]) -> list[bytes]:
    """The header of a JSON block as the list that RLP encodes (Prague: 21 fields)."""
    names = (
        *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
        *("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"),
        *("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"),
    )
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed"}
    numbers.add("excessBlobGas")
    return [number(block[n]) if n in numbers else raw(block[n]) for n in names]


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def number(text: str) -> bytes:
    value = int(text, 16)
    return value.to_bytes((value.bit_length() + 7) // 8)


def encode_receipt(receipt: dict[str, Any]) -> bytes:
    logs = [[raw(log["address"]), [raw(t) for t in log["topics"]], raw(log["data"])] for log in receipt["logs"]]
    body = [number(receipt["status"]), number(receipt["cumulativeGasUsed"]), raw(receipt["logsBloom"]), logs]
    return number(receipt["type"]) + bytes(rlp.encode(body))


class TestAsAnOrdinaryNode:
    def test_names_itself_and_its_chain(self, node: Served) -> None:
        assert node.web3.eth.chain_id == CHAIN_ID == 31338
        assert node.rpc("net_version") == "31338"
        assert node.rpc("eth_syncing") is False
        assert "RootsealEmbedded" in node.rpc("web3_clientVersion")
        assert len(node.web3.eth.accounts) == 10
        assert node.web3.eth.accounts[0] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

    def test_contract_deploys_answers_and_logs(self, node: Served, contract: Any) -> None:
        sender = node.web3.eth.accounts[2]
        tx_hash = contract.functions.set(42).transact({"from": sender})
        receipt = node.web3.eth.wait_for_transaction_receipt(tx_hash)
        assert receipt["status"] == 1
        assert [log["logIndex"] for log in receipt["logs"]] == [0, 1]
        assert contract.functions.get().call() == 42
        events = contract.events.Changed().get_logs(from_block=receipt["blockNumber"], argument_filters={"who": sender})
        assert [(e["args"]["value"], e["transactionHash"]) for e in events] == [(42, tx_hash)] * 2
        estimate = contract.functions.set(43).estimate_gas({"from": sender})
        assert 0 <= estimate - contract_gas(node, contract, sender) < estimate * 0.03

    def test_revert_is_decoded_as_custom_error(self, node: Served, contract: Any) -> None:
        with pytest.raises(ContractCustomError) as caught:
            contract.functions.fail(7).call()
        assert str(caught.value.data).startswith("0x" + bytes(keccak(b"Refused(uint256)")[:4]).hex())
        with pytest.raises(ContractCustomError):
            contract.functions.fail(7).estimate_gas({"from": node.web3.eth.accounts[0]})
        with pytest.raises(ContractLogicError):
            node.web3.eth.call({"to": contract.address, "data": "0xdeadbeef"})

    def test_reverting_transaction_is_mined_with_status_0(self, node: Served, contract: Any) -> None:
        data = contract.encode_abi("fail", args=[1])
        tx_hash = node.rpc("eth_sendRawTransaction", signed(node, to=contract.address, value=0, gas=90_000, data=data))
        receipt = node.rpc("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x0"
        assert receipt["logs"] == []
        assert int(receipt["gasUsed"], 16) < 90_000

    def test_calls_see_the_state_of_the_block_named(self, node: Served, contract: Any) -> None:
        sender = node.web3.eth.accounts[0]
        places = []
        for value in (5, 6):
            tx_hash = contract.functions.set(value).transact({"from": sender})
            receipt = node.web3.eth.wait_for_transaction_receipt(tx_hash)
            places.append(receipt["blockNumber"])
        assert [contract.functions.get().call(block_identifier=place) for place in places] == [5, 6]
        slot = node.rpc("eth_getStorageAt", contract.address, "0x0", hex(places[0]))
        assert int(slot, 16) == 5
        by_hash = {"blockHash": node.rpc("eth_getBlockByNumber", hex(places[0]), False)["hash"]}
        call = {"to": contract.address, "data": contract.encode_abi("get")}
        assert int(node.rpc("eth_call", call, by_hash), 16) == 5

    def test_tags_name_the_head_and_the_block_to_come(self, node: Served) -> None:
        latest = node.rpc("eth_getBlockByNumber", "latest", False)
        assert latest == node.rpc("eth_getBlockByNumber", "finalized", False)
        assert latest == node.rpc("eth_getBlockByNumber", "safe", False)
        assert latest == node.rpc("eth_getBlockByHash", latest["hash"], False)
        assert node.rpc("eth_getBlockByNumber", "earliest", False)["number"] == "0x0"
        pending = node.rpc("eth_getBlockByNumber", "pending", True)
        assert pending["parentHash"] == latest["hash"]
        assert pending["hash"] is None
        assert node.web3.eth.get_block("pending")["number"] == int(latest["number"], 16) + 1
        assert node.rpc("eth_getBlockByNumber", "0xffffff", False) is None
        assert node.rpc("eth_getTransactionReceipt", "0x" + "00" * 32) is None

    def test_transactions_read_back_as_they_were_sent(self, node: Served, contract: Any) -> None:
        legacy = signed(node, maxFeePerGas=None, maxPriorityFeePerGas=None, gasPrice=10**11)
        for raw_tx, kind in ((legacy, "0x0"), (None, "0x2")):
            tx_hash = node.rpc("eth_sendRawTransaction", raw_tx or signed(node))
            found = node.rpc("eth_getTransactionByHash", tx_hash)
            assert found["type"] == kind
            assert found["from"] == Account.from_key(KEY).address.lower()
            block = node.rpc("eth_getBlockByHash", found["blockHash"], True)
            assert block["transactions"] == [found]
            assert node.web3.eth.get_transaction(tx_hash)["value"] == 1
            receipt = node.rpc("eth_getTransactionReceipt", tx_hash)
            assert receipt["effectiveGasPrice"] == found["gasPrice"]
            assert node.rpc("eth_getBlockReceipts", found["blockNumber"]) == [receipt]
            assert node.rpc("eth_getBlockReceipts", found["blockHash"]) == [receipt]

    def test_fee_history_lets_web3_fill_fees(self, node: Served) -> None:
        history = node.web3.eth.fee_history(4, "latest", [10, 90])
        assert len(history["baseFeePerGas"]) == len(history["gasUsedRatio"]) + 1
        assert node.web3.eth.gas_price >= history["baseFeePerGas"][-1]
        assert node.web3.eth.fee_history(1, "earliest")["gasUsedRatio"] == [0.0]


def contract_gas(node: Served, contract: Any, sender: str) -> int:
    tx_hash = contract.functions.set(44).transact({"from": sender})
    return int(node.web3.eth.wait_for_transaction_receipt(tx_hash)["gasUsed"])


class TestProvable:
    def test_header_encodes_to_block_hash(self, node: Served, contract: Any) -> None:
        for place in range(int(node.rpc("eth_blockNumber"), 16) + 1):
            block = node.rpc("eth_getBlockByNumber", hex(place), False)
            assert keccak(rlp.encode(header_fields(block))) == raw(block["hash"])

    def test_receipts_encode_to_receipts_root(self, node: Served, contract: Any) -> None:
        contract.functions.set(1).transact({"from": node.web3.eth.accounts[0]})
        seen = set()
        for place in range(int(node.rpc("eth_blockNumber"), 16) + 1):
            trie = HexaryTrie({})
            receipts = node.rpc("eth_getBlockReceipts", hex(place))
            for index, receipt in enumerate(receipts):
                trie[rlp.encode(index)] = encode_receipt(receipt)
                seen.add((receipt["type"], receipt["status"], len(receipt["logs"])))
            assert trie.root_hash == raw(node.rpc("eth_getBlockByNumber", hex(place), False)["receiptsRoot"])
        assert ("0x2", "0x1", 2) in seen

    def test_proof_of_account_and_storage(self, node: Served, contract: Any) -> None:
        contract.functions.set(77).transact({"from": node.web3.eth.accounts[0]})
        block = node.rpc("eth_getBlockByNumber", "latest", False)
        contract.functions.set(78).transact({"from": node.web3.eth.accounts[0]})
        proof = node.rpc("eth_getProof", contract.address, ["0x0", "0x1"], block["number"])
        account = HexaryTrie.get_from_proof(
            raw(block["stateRoot"]), keccak(raw(contract.address)), nodes(proof["accountProof"])
        )
        fields = [number(proof["nonce"]), number(proof["balance"]), raw(proof["storageHash"]), raw(proof["codeHash"])]
        assert account == rlp.encode(fields)
        assert keccak(raw(node.rpc("eth_getCode", contract.address))) == raw(proof["codeHash"])
        for slot, value in ((0, 77), (1, 0)):
            entry = proof["storageProof"][slot]
            found = HexaryTrie.get_from_proof(
                raw(proof["storageHash"]), keccak(slot.to_bytes(32)), nodes(entry["proof"])
            )
            assert int(entry["value"], 16) == value
            assert found == (rlp.encode(value) if value else b"")

    def test_proof_of_absent_account(self, node: Served) -> None:
        nobody = "0x" + "99" * 20
        proof = node.web3.eth.get_proof(Web3.to_checksum_address(nobody), [0])
        root = bytes(node.web3.eth.get_block("latest")["stateRoot"])
        path = [rlp.decode(bytes(item)) for item in proof["accountProof"]]
        assert HexaryTrie.get_from_proof(root, keccak(raw(nobody)), path) == b""
        assert bytes(proof["storageHash"]) == EMPTY_ROOT


def nodes(proof: list[str]) -> list[Any]:
    return [rlp.decode(raw(node)) for node in proof]


@pytest.fixture(scope="module")
def place(node: Served, contract: Any) -> dict[str, Any]:
    """The receipt of a transaction with two logs."""
    tx_hash = contract.functions.set(9).transact({"from": node.web3.eth.accounts[3]})
    return dict(node.rpc("eth_getTransactionReceipt", tx_hash.to_0x_hex()))


class TestLogs:
    def test_filters(self, node: Served, contract: Any, place: dict[str, Any]) -> None:
        topic, who = place["logs"][0]["topics"]
        other = "0x" + "77" * 32
        here = {"fromBlock": place["blockNumber"], "toBlock": "latest"}
        filters: list[tuple[dict[str, Any], int]] = [
            ({}, 2),
            ({"address": contract.address}, 2),
            ({"address": [node.web3.eth.accounts[0], contract.address]}, 2),
            ({"address": node.web3.eth.accounts[0]}, 0),
            ({"topics": [topic]}, 2),
            ({"topics": [None, who]}, 2),
            ({"topics": [[other, topic], [who, other]]}, 2),
            ({"topics": [other]}, 0),
            ({"topics": [topic, None]}, 2),
            ({"topics": [topic, None, None]}, 0),
            ({"topics": []}, 2),
        ]
        for wanted, count in filters:
            assert len(node.rpc("eth_getLogs", here | wanted)) == count, wanted
        assert node.rpc("eth_getLogs", {"blockHash": place["blockHash"]}) == place["logs"]
        assert node.rpc("eth_getLogs", {"fromBlock": "0xffffff", "toBlock": "0xfffffff"}) == []

    def test_cost_of_a_query_does_not_grow_with_the_chain(self, node: Served, place: dict[str, Any]) -> None:
        plan = node.chain.store._db.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM log WHERE block BETWEEN 1 AND 9 AND address IN (x'00')"
        ).fetchall()
        assert "log_by_address (address=? AND block>? AND block<?)" in plan[0][3]


class TestClock:
    def test_block_time_is_the_clock_but_never_stands_still(self) -> None:
        now = [1_900_000_000]
        served = Served(None, lambda: now[0])
        try:
            times = []
            for step in (0, 0, 100, -50, 3_600):
                now[0] += step
                served.rpc("evm_mine")
                times.append(int(served.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) - 1_900_000_000)
            assert times == [1, 2, 100, 101, 3_650]
        finally:
            served.close()
