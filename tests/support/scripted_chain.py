"""Anvil driven block by block: anybody sends, several transactions a block, each block at the second that is asked."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from anchor.keys import Signer, signer_from_secret
from anchor.ledger_abi import load_contract
from anchor.web3_chain import open_chain
from tests.support.drivers import anvil

__all__ = ["ScriptedChain", "party", "scripted_chain"]

START = 1_693_526_400  # 2023-09-01T00:00:00Z
_GAS = hex(3_000_000)


def party(name: str) -> Signer:
    """The key of a name: whoever acts in a history."""
    return signer_from_secret(sha256(b"rootseal history " + name.encode()).digest())


@contextmanager
def scripted_chain(left_out: str, start: int = START) -> Iterator[ScriptedChain]:
    """A fresh Anvil whose first block is at `start`; final is what is two blocks old."""
    options = ("--no-mining", "--slots-in-an-epoch", "1", "--timestamp", str(start), "--order", "fifo")
    with anvil(left_out, *options, "--chain-id", "31337") as url:
        chain = ScriptedChain(url, start)
        yield chain
        chain.close()


class ScriptedChain:
    """`send` queues a call, `mine` makes the block and insists that every call in it succeeded."""

    def __init__(self, url: str, now: int) -> None:
        self.url = url
        self.now = now
        self.chain = open_chain(url)
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._waiting: list[tuple[str, dict[str, str]]] = []
        self._rich: set[bytes] = set()
        self.rpc("anvil_autoImpersonateAccount", True)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def rpc(self, method: str, *params: object) -> Any:
        """One request. Raises RuntimeError with the error object."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def send(self, sender: bytes, to: bytes | None, data: bytes, gas: str = _GAS) -> str:
        """Queue a transaction for the next block; returns its hash."""
        if sender not in self._rich:
            self.rpc("anvil_setBalance", "0x" + sender.hex(), hex(10**21))
            self._rich.add(sender)
        request = {"from": "0x" + sender.hex(), "data": "0x" + data.hex(), "gas": gas}
        if to is not None:
            request["to"] = "0x" + to.hex()
        sent: str = self.rpc("eth_sendTransaction", request)
        self._waiting.append((sent, request))
        return sent

    def mine(self, seconds: int = 12) -> list[dict[str, Any]]:
        """One block with everything that waits, `seconds` after the last; its receipts."""
        self.now += seconds
        self.rpc("evm_setNextBlockTimestamp", self.now)
        self.rpc("evm_mine")
        receipts: dict[str, Any] = {r["transactionHash"]: r for r in self.rpc("eth_getBlockReceipts", "latest") or []}
        for sent, request in self._waiting:
            assert sent in receipts, f"not mined: {request['data'][:10]}"
            if receipts[sent]["status"] != "0x1":
                raise AssertionError(self._why(request))
        self._waiting.clear()
        return list(receipts.values())

    def settle(self) -> None:
        """Blocks on top, so that everything is final."""
        for _ in range(3):
            self.mine(1)

    def create(self, sender: bytes, contract: str, arguments: bytes = b"", bytecode: bytes | None = None) -> bytes:
        """Deploy an artifact (or changed `bytecode`); its address."""
        code = load_contract(contract).bytecode if bytecode is None else bytecode
        self.send(sender, None, code + arguments, hex(8_000_000))
        return bytes.fromhex(self.mine()[-1]["contractAddress"][2:])

    def snapshot(self) -> tuple[str, int]:
        """What `revert` takes."""
        return self.rpc("evm_snapshot"), self.now

    def revert(self, taken: tuple[str, int]) -> None:
        """Everything since is undone."""
        assert self.rpc("evm_revert", taken[0])
        self.now = taken[1]
        self._waiting.clear()

    def store(self, contract: bytes, slot: int, value: int) -> None:
        """Write a storage slot, as no contract would."""
        self.rpc("anvil_setStorageAt", "0x" + contract.hex(), f"0x{slot:064x}", f"0x{value:064x}")

    def stored(self, contract: bytes, slot: int) -> int:
        """Read one."""
        return int(self.rpc("eth_getStorageAt", "0x" + contract.hex(), f"0x{slot:064x}", "latest"), 16)

    def _why(self, request: dict[str, str]) -> str:
        try:
            self.rpc("eth_call", request, "latest")
        except RuntimeError as error:
            return f"{request['data'][:10]} failed: {error}"
        return f"{request['data'][:10]} failed in its block, and would not now"
