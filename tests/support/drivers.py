"""Chains that a test can drive, behind one interface: the fake, Anvil without mining, the embedded chain.

`StrictChain` gives Anvil geth's replacement rule and lets a test lose an answer.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from anchor.chain import Chain, ChainUnavailable, Rejection, SendRejected
from anchor.devchain import find_anvil
from anchor.pins import read_pins
from anchor.pool import PooledChain
from anchor.web3_chain import Web3Chain
from tests.support.devchain import require_anvil, rpc, running_chain
from tests.support.fake_blocks import decode_transaction
from tests.support.fake_chain import FakeChain

ENGINES = ("fake", "embedded", "anvil")
DRIVEN = ("fake", "anvil")


class Driver(Protocol):
    """What a test may do to a chain."""

    @property
    def chain(self) -> Chain: ...
    def mine(self, count: int = 1) -> None: ...
    def drop(self) -> None: ...
    def reorg(self, depth: int) -> None: ...
    def rollback(self, depth: int) -> None: ...
    def set_base_fee(self, base_fee: int) -> None: ...
    def set_balance(self, address: bytes, amount: int) -> None: ...
    def spend_nonce(self, sender: bytes) -> None: ...
    def lose_response(self) -> None: ...


class FakeDriver:
    """The fake chain, mining only when told."""

    def __init__(self, **settings: Any) -> None:
        self.chain: FakeChain = FakeChain(auto_mine=False, finality_lag=4, **settings)
        self.mine = self.chain.mine
        self.reorg = self.chain.reorg
        self.rollback = self.chain.rollback
        self.set_base_fee = self.chain.set_base_fee
        self.set_balance = self.chain.set_balance
        self.spend_nonce = self.chain.spend_nonce
        self.lose_response = self.chain.lose_response
        self.drop = self.chain.drop


class StrictChain(Web3Chain):
    """Anvil with geth's rule for replacements (10 % on both fees) and an answer that can be lost."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._offers: dict[tuple[bytes, int], tuple[bytes, int, int]] = {}
        self._lose = False

    def lose_response(self) -> None:
        self._lose = True

    def forget(self) -> None:
        self._offers.clear()

    def send_raw(self, raw: bytes) -> bytes:
        tx = decode_transaction(raw)
        rival = self._offers.get((tx.sender, tx.nonce))
        cheap = rival is not None and (tx.max_fee * 100 < rival[1] * 110 or tx.tip * 100 < rival[2] * 110)
        if cheap and rival is not None and rival[0] != tx.hash:
            raise SendRejected(Rejection.UNDERPRICED, "replacement transaction underpriced")
        found = super().send_raw(raw)
        self._offers[tx.sender, tx.nonce] = (tx.hash, tx.max_fee, tx.tip)
        if self._lose:
            self._lose = False
            raise ChainUnavailable("eth_sendRawTransaction", "the answer was lost")
        return found


class AnvilDriver:
    """A running Anvil."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.chain: StrictChain = StrictChain(url)
        self.lose_response = self.chain.lose_response

    def rpc(self, method: str, *params: object) -> Any:
        return rpc(self.url, method, *params)

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.rpc("evm_mine")

    def drop(self) -> None:
        self.rpc("anvil_dropAllTransactions")
        self.chain.forget()

    def reorg(self, depth: int) -> None:
        self.rpc("anvil_reorg", depth, [])
        self.chain.forget()

    def rollback(self, depth: int) -> None:
        self.rpc("anvil_rollback", depth)
        self.chain.forget()

    def set_base_fee(self, base_fee: int) -> None:
        self.rpc("anvil_setNextBlockBaseFeePerGas", hex(base_fee))

    def set_balance(self, address: bytes, amount: int) -> None:
        self.rpc("anvil_setBalance", "0x" + address.hex(), hex(amount))

    def spend_nonce(self, sender: bytes) -> None:
        self.drop()
        address = "0x" + sender.hex()
        self.rpc("anvil_impersonateAccount", address)
        self.rpc("eth_sendTransaction", {"from": address, "to": address, "gas": "0x5208"})
        self.rpc("anvil_stopImpersonatingAccount", address)
        self.mine()


@contextmanager
def anvil(left_out: str, *arguments: str) -> Iterator[str]:
    """The URL of a fresh Anvil on a free port; ended by its own process id."""
    require_anvil(left_out)
    binary = find_anvil()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        command = [str(binary), "--host", "127.0.0.1", "--port", str(port), "--silent", *arguments]
        process = subprocess.Popen(command, env=os.environ | {"HOME": home}, stdout=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _await_answer(url)
            yield url
        finally:
            process.kill()
            process.wait()


@contextmanager
def driver(engine: str, left_out: str) -> Iterator[Driver]:
    """A driven chain that mines only when told; finality four blocks behind."""
    if engine == "fake":
        yield FakeDriver()
        return
    with anvil(left_out, "--no-mining", "--slots-in-an-epoch", "2") as url:
        yield AnvilDriver(url)


@contextmanager
def open_engine(engine: str, folder: Path, left_out: str) -> Iterator[Chain]:
    """A chain that mines each transaction at once, of any engine, or `pool`: the embedded one behind two endpoints."""
    if engine == "fake":
        yield FakeChain()
    elif engine == "embedded":
        with running_chain("embedded", folder, state=False) as process:
            yield Web3Chain(process.url)
    elif engine == "pool":
        with running_chain("embedded", folder, state=False) as process:
            one, other = Web3Chain(process.url), Web3Chain(process.url)
            yield PooledChain({"one": one, "other": other}, read_pins(one))
    else:
        with anvil(left_out, "--slots-in-an-epoch", "1") as url:
            yield Web3Chain(url)


def _await_answer(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            rpc(url, "eth_chainId")
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
