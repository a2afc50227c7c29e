"""An embedded chain served in this process, a tiny contract on it, and a hand on its clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_hash.auto import keccak
from trie import hexary
from web3 import HTTPProvider, Web3

from anchor.embedded import CHAIN_ID, EmbeddedChain, RpcServer
from tests.support.devchain import post, rpc

HexaryTrie: Any = hexary.HexaryTrie  # published without annotations
KEY = "0x" + "11" * 32  # an account of nobody: the tests fund it
EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
ABI: list[dict[str, Any]] = [
    {"type": "function", "name": "set", "stateMutability": "nonpayable", "outputs": [],
     "inputs": [{"name": "value", "type": "uint256"}]},
    {"type": "function", "name": "get", "stateMutability": "view", "inputs": [],
     "outputs": [{"name": "", "type": "uint256"}]},
    {"type": "function", "name": "fail", "stateMutability": "nonpayable", "outputs": [],
     "inputs": [{"name": "value", "type": "uint256"}]},
    {"type": "event", "name": "Changed", "anonymous": False, "inputs": [
        {"name": "who", "type": "address", "indexed": True},
        {"name": "value", "type": "uint256", "indexed": False}]},
    {"type": "error", "name": "Refused", "inputs": [{"name": "value", "type": "uint256"}]},
]  # fmt: skip
CHANGED = bytes(keccak(b"Changed(address,uint256)"))


def tiny_contract() -> bytes:
    """Creation code by hand, so that these tests need no compiler: set logs twice, fail reverts."""

    def selector(signature: str) -> bytes:
        return bytes(keccak(signature.encode())[:4])

    log = bytes.fromhex("33 7f") + CHANGED + bytes.fromhex("6020 6000 a2")
    bodies = {
        "set(uint256)": bytes.fromhex("5b 6004 35 80 6000 55 6000 52") + log + log + b"\x00",
        "get()": bytes.fromhex("5b 6000 54 6000 52 6020 6000 f3"),
        "fail(uint256)": bytes.fromhex("5b 63")
        + selector("Refused(uint256)")
        + bytes.fromhex("60e0 1b 6000 52 6004 35 6004 52 6024 6000 fd"),
    }
    offset = 6 + 11 * len(bodies) + 5
    head, tail = bytes.fromhex("6000 35 60e0 1c"), b""
    for signature, body in bodies.items():
        target = (offset + len(tail)).to_bytes(2)
        head += b"\x80\x63" + selector(signature) + b"\x14\x61" + target + b"\x57"
        tail += body
    runtime = head + bytes.fromhex("6000 6000 fd") + tail
    size = len(runtime).to_bytes(2)
    return b"\x61" + size + bytes.fromhex("80 600a 3d 39 3d f3") + runtime


class Served:
    """A chain in this process with its server, web3 on it, and the hand on its clock."""

    def __init__(self, path: Path | None, clock: Callable[[], int] | None = None) -> None:
        self.chain = EmbeddedChain.open(path) if clock is None else EmbeddedChain.open(path, clock)
        self.server = RpcServer(self.chain, 0)
        self.url = self.server.url
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()
        self.web3: Any = Web3(HTTPProvider(self.url))

    def rpc(self, method: str, *params: object) -> Any:
        return rpc(self.url, method, *params)

    def error(self, method: str, *params: object) -> tuple[int, str]:
        reply = post(self.url, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return reply["error"]["code"], reply["error"]["message"]

    def with_contract(self) -> Any:
        """The tiny contract, deployed; and KEY's account has an ether."""
        factory = self.web3.eth.contract(abi=ABI, bytecode=tiny_contract())
        sent = factory.constructor().transact({"from": self.web3.eth.accounts[0]})
        address = self.web3.eth.wait_for_transaction_receipt(sent)["contractAddress"]
        funds = {"from": self.web3.eth.accounts[0], "to": Account.from_key(KEY).address, "value": 10**18}
        self.web3.eth.send_transaction(funds)
        return self.web3.eth.contract(address=address, abi=ABI)

    def close(self) -> None:
        self.server.stop()
        self._thread.join()
        self.chain.close()


@pytest.fixture(scope="module")
def node() -> Iterator[Served]:
    """A chain for a module of tests."""
    served = Served(None)
    yield served
    served.close()


@pytest.fixture(scope="module")
def contract(node: Served) -> Any:
    """The tiny contract on it."""
    return node.with_contract()


def signed(node: Served, **changes: Any) -> str:
    """A raw transfer of KEY's, with some fields as a test wants them."""
    fields = {
        "chainId": CHAIN_ID, "nonce": node.web3.eth.get_transaction_count(Account.from_key(KEY).address),
        "to": node.web3.eth.accounts[1], "value": 1, "gas": 21_000,
        "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 1,
    } | changes  # fmt: skip
    raw = Account.sign_transaction({k: v for k, v in fields.items() if v is not None}, KEY)
    return str(raw.raw_transaction.to_0x_hex())
