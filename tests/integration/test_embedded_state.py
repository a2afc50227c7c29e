"""The embedded chain's state file: what was acknowledged is there after any death, and nothing half-done."""

from __future__ import annotations

import random
import sqlite3
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_hash.auto import keccak
from web3 import Web3

from anchor.embedded import CHAIN_ID, EmbeddedChain
from rootseal.errors import ConfigError, StoreError
from tests.support.devchain import running_chain
from tests.support.embedded_world import CHANGED, KEY, tiny_contract


class TestStateFile:
    def test_reopened_chain_goes_on_where_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "chain.db"
        with EmbeddedChain.open(path) as first:
            first.append([])
            head, genesis = first.head(), first.genesis
        with EmbeddedChain.open(path) as second:
            assert second.head() == head
            assert second.genesis.hash == genesis.hash
            assert second.append([]).block_number == 2

    def test_every_new_chain_has_its_own_genesis(self) -> None:
        hashes = set()
        for _ in range(3):
            with EmbeddedChain.open(None, lambda: 1_900_000_000) as chain:
                hashes.add(chain.genesis.hash)
        assert len(hashes) == 3

    def test_file_in_use_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "chain.db"
        with EmbeddedChain.open(path) as first:
            with pytest.raises(StoreError, match="in use"):
                EmbeddedChain.open(path)
            first.append([])

    def test_foreign_and_damaged_files_are_left_alone(self, tmp_path: Path) -> None:
        text, database = tmp_path / "notes.txt", tmp_path / "other.db"
        text.write_bytes(b"my notes, and not a database at all" * 50)
        with sqlite3.connect(database) as other:
            other.execute("CREATE TABLE precious(x)")
        other.close()
        damaged = tmp_path / "damaged.db"
        EmbeddedChain.open(damaged).close()
        content = bytearray(damaged.read_bytes())
        content[8192:12288] = b"\xff" * 4096
        damaged.write_bytes(content)
        for path in (text, database, damaged):
            before = path.read_bytes()
            with pytest.raises((ConfigError, StoreError)):
                EmbeddedChain.open(path)
            assert path.read_bytes() == before
        with pytest.raises(ConfigError, match="does not exist"):
            EmbeddedChain.open(tmp_path / "no" / "chain.db")

    def test_newer_format_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "chain.db"
        EmbeddedChain.open(path).close()
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version=2")
        database.close()
        with pytest.raises(StoreError, match="newer"):
            EmbeddedChain.open(path)

    def test_block_that_cannot_be_written_leaves_the_old_head(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full_disk(_rows: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with EmbeddedChain.open(None) as chain:
            head = chain.append([])
            with monkeypatch.context() as patch:
                patch.setattr(chain.store, "add_logs", full_disk)
                with pytest.raises(StoreError, match="full"):
                    chain.append([])
            assert chain.head() == head
            assert chain.append([]).parent_hash == head.hash


def test_kill_in_mid_load_keeps_exactly_what_was_acknowledged(tmp_path: Path) -> None:
    rng = random.Random(20_251)
    account = Account.from_key(KEY)
    with running_chain("embedded", tmp_path) as chain:
        accounts = chain.rpc("eth_accounts")
        chain.rpc("eth_sendTransaction", {"from": accounts[0], "to": account.address, "value": hex(10**20)})
        deploy = {"from": accounts[0], "data": "0x" + tiny_contract().hex()}
        target = chain.rpc("eth_getTransactionReceipt", chain.rpc("eth_sendTransaction", deploy))["contractAddress"]
        genesis = chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
        acknowledged: list[str] = []
        for _ in range(3):
            nonce = int(chain.rpc("eth_getTransactionCount", account.address, "latest"), 16)
            sent = load_until_killed(chain, target, nonce, acknowledged, rng.uniform(0.1, 0.6))
            chain.restart()
            assert chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"] == genesis
            assert chain.rpc("eth_accounts") == accounts
            check_consistent(chain, account.address, acknowledged, sent)
        assert len(acknowledged) > 5


def load_until_killed(chain: Any, target: str, nonce: int, acknowledged: list[str], seconds: float) -> list[str]:
    """Sends one transaction after the other until the chain dies; returns all that were sent."""
    sent: list[str] = []
    killer = threading.Timer(seconds, chain.kill9)
    killer.start()
    value = bytes(keccak(b"set(uint256)")[:4]).hex()
    try:
        for step in range(nonce, nonce + 1_000):
            fields = {
                "chainId": CHAIN_ID, "nonce": step, "to": Web3.to_checksum_address(target), "gas": 100_000,
                "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 1, "data": f"0x{value}{step:064x}",
            }  # fmt: skip
            raw_tx = Account.sign_transaction(fields, KEY)
            sent.append(raw_tx.hash.to_0x_hex())
            acknowledged.append(chain.rpc("eth_sendRawTransaction", raw_tx.raw_transaction.to_0x_hex()))
    except OSError:
        pass  # killed: the connection broke or was refused
    killer.join()
    return sent


def check_consistent(chain: Any, sender: str, acknowledged: list[str], sent: list[str]) -> None:
    head = int(chain.rpc("eth_blockNumber"), 16)
    blocks = [chain.rpc("eth_getBlockByNumber", hex(n), True) for n in range(head + 1)]
    assert all(child["parentHash"] == parent["hash"] for parent, child in pairwise(blocks))
    ours = [tx["hash"] for block in blocks for tx in block["transactions"] if tx["from"] == sender.lower()]
    # What was in flight may have been committed without its answer: one at most, the last sent.
    extra = [tx for tx in ours if tx not in acknowledged]
    assert [tx for tx in ours if tx in acknowledged] == acknowledged
    assert extra in ([], [sent[-1]])
    acknowledged.extend(extra)
    assert int(chain.rpc("eth_getTransactionCount", sender, "latest"), 16) == len(ours)
    logs = chain.rpc("eth_getLogs", {"fromBlock": "0x0", "topics": ["0x" + CHANGED.hex()]})
    assert [log["transactionHash"] for log in logs[::2]] == ours
    for block in blocks:
        receipts = chain.rpc("eth_getBlockReceipts", block["number"])
        assert [receipt["transactionHash"] for receipt in receipts] == [tx["hash"] for tx in block["transactions"]]
        assert all(receipt["status"] == "0x1" for receipt in receipts)
