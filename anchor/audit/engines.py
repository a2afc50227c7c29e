"""Chains that an auditor can steer: whose turn it is, what time it is, and what stands in the next block.

Both kinds do the same under other names. Only a chain with no block but its first is taken: nothing of anybody
else's can then have a part in the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from anchor.audit.json_rpc import Rpc
from anchor.audit.transactions import Call
from anchor.chain import ChainUnavailable
from rootseal.errors import InputError

__all__ = ["Engine", "open_engine"]

_RICH: Final = hex(10**27)
_PRICE: Final = 10**12  # wei; each call of a block offers one less than the one before, so that they stay in order


class Engine(Protocol):
    """A fresh chain. `name` is its program and version."""

    name: str

    def admit(self, senders: Sequence[bytes]) -> None:
        """Let these accounts send, with funds. Before the first block."""

    def set_nonce(self, account: bytes, nonce: int) -> None:
        """The next transaction of `account` has this number; it decides where a created contract stands."""

    def play(self, time: int, calls: Sequence[Call]) -> list[Mapping[str, Any] | None]:
        """One block at `time` (UTC seconds) with these calls in order; their receipts, None for one not mined."""


def open_engine(rpc: Rpc, chain_id: int, first_time: int) -> Engine:
    """The chain behind `rpc`. Raises `InputError` where it is no fresh Anvil or Ganache of that chain id and time."""
    name = str(rpc.ask("web3_clientVersion"))
    if "anvil" in name.lower():
        engine: Engine = _Anvil(rpc, name)
    elif "ganache" in name.lower():
        engine = _Ganache(rpc, name)
    else:
        raise InputError("--replay-rpc", "must be an Anvil or a Ganache, which can be told what time it is", name)
    found = int(rpc.ask("eth_chainId"), 16)
    if found != chain_id:
        raise InputError("--replay-rpc", f"must have chain id {chain_id}: start it with that", found)
    head = rpc.ask("eth_getBlockByNumber", "latest", False)
    if int(head["number"], 16):
        raise InputError("--replay-rpc", "must be a fresh chain with no block but its first: start it again")
    if int(head["timestamp"], 16) >= first_time:
        way = f"start it with a time before {first_time} (anvil --timestamp, ganache --chain.time)"
        raise InputError("--replay-rpc", f"begins later than the history: {way}", int(head["timestamp"], 16))
    return engine


def _request(call: Call, place: int) -> dict[str, str]:
    request = {
        "from": "0x" + call.sender.hex(),
        "data": "0x" + call.data.hex(),
        "gas": hex(call.gas),
        "gasPrice": hex(_PRICE - place),
    }
    return request if call.to is None else request | {"to": "0x" + call.to.hex()}


def _receipts(rpc: Rpc, hashes: Sequence[object]) -> list[Mapping[str, Any] | None]:
    found = [rpc.ask("eth_getTransactionReceipt", sent) for sent in hashes]
    if not all(receipt is None or isinstance(receipt, Mapping) for receipt in found):
        raise ChainUnavailable("eth_getTransactionReceipt", "the replay chain's receipts cannot be read")
    return found


class _Anvil:
    def __init__(self, rpc: Rpc, name: str) -> None:
        self.name = name
        self._rpc = rpc

    def admit(self, senders: Sequence[bytes]) -> None:
        self._rpc.ask("evm_setAutomine", False)
        for sender in senders:
            self._rpc.ask("anvil_impersonateAccount", "0x" + sender.hex())
            self._rpc.ask("anvil_setBalance", "0x" + sender.hex(), _RICH)

    def set_nonce(self, account: bytes, nonce: int) -> None:
        self._rpc.ask("anvil_setNonce", "0x" + account.hex(), hex(nonce))

    def play(self, time: int, calls: Sequence[Call]) -> list[Mapping[str, Any] | None]:
        hashes = [self._rpc.ask("eth_sendTransaction", _request(call, at)) for at, call in enumerate(calls)]
        self._rpc.ask("evm_setNextBlockTimestamp", time)
        self._rpc.ask("evm_mine")
        return _receipts(self._rpc, hashes)


class _Ganache:
    def __init__(self, rpc: Rpc, name: str) -> None:
        self.name = name
        self._rpc = rpc

    def admit(self, senders: Sequence[bytes]) -> None:
        for sender in senders:
            account = "0x" + sender.hex()
            # False: an account of its own that it can sign for already.
            self._rpc.ask("evm_addAccount", account, "")
            self._rpc.ask("personal_unlockAccount", account, "", 0)
            self._rpc.ask("evm_setAccountBalance", account, _RICH)
        self._rpc.ask("miner_stop")

    def set_nonce(self, account: bytes, nonce: int) -> None:
        self._rpc.ask("evm_setAccountNonce", "0x" + account.hex(), hex(nonce))

    def play(self, time: int, calls: Sequence[Call]) -> list[Mapping[str, Any] | None]:
        hashes = [self._rpc.ask("eth_sendTransaction", _request(call, at)) for at, call in enumerate(calls)]
        self._rpc.ask("evm_mine", {"timestamp": time})
        return _receipts(self._rpc, hashes)
