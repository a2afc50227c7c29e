"""Several JSON-RPC endpoints of one chain as one `Chain`: failover, and an alarm where they contradict each other.

An endpoint is believed only after it has shown the pinned chain id, genesis and code, and again after each
failure: a node that comes back may come back with another chain. Endpoints differ by some blocks, so that
answers which must agree (one tick, one verification) are asked of one endpoint, inside `reading`. Nothing
is retried on the same endpoint; a transaction goes to all, because its bytes can be mined only once.

Statement of trust: one honest endpoint among those that answer is enough to notice a lie about a final
block, and none of the others can be told from it: hence an alarm, and never a vote.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar
from urllib.parse import urlsplit

from anchor.chain import (
    Block,
    BlockTag,
    Chain,
    ChainUnavailable,
    FeeQuote,
    LogEntry,
    Receipt,
    Rejection,
    SendRejected,
    WrongChain,
)
from anchor.endpoint import Endpoint, EndpointsDisagree, compare, nobody
from anchor.finality import final_block
from anchor.pins import Pins
from rootseal.errors import UndeterminedError

__all__ = ["EndpointsDisagree", "PooledChain", "open_pool"]

T = TypeVar("T")
_Failure = tuple[Endpoint, UndeterminedError]

_LAG: Final = 3  # blocks behind the best head before another endpoint is preferred


def open_pool(urls: Sequence[str], pins: Pins, finality: str = "tag", *, timeout: float = 30.0) -> Chain:
    """The chain behind `urls`, each named by host and port; with one URL that endpoint itself. Nothing is asked yet.

    `timeout` in seconds bounds each wait. Raises `ConfigError` where a URL is not one.
    """
    from anchor.web3_chain import open_chain  # a second of imports that the pool's own users are spared

    if len(urls) == 1:
        return open_chain(urls[0], timeout=timeout)
    chains: dict[str, Chain] = {}
    for url in urls:
        host = urlsplit(url).netloc.rpartition("@")[2]
        twin = sum(name.split(" ")[0] == host for name in chains)
        chains[f"{host} ({twin + 1})" if twin else host] = open_chain(url, timeout=timeout)
    return PooledChain(chains, pins, finality)


class PooledChain:
    """The `Chain` behind `endpoints` (name → chain, the first preferred). Threads may share it.

    `clock` gives seconds that never go back. Raises what a single chain raises; where nobody answers,
    one `ChainUnavailable` that names each endpoint and its failure, `WrongChain` where all are another chain.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Chain],
        pins: Pins,
        finality: str = "tag",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoints = [Endpoint(name, chain, pins, clock) for name, chain in endpoints.items()]
        self._finality = finality
        self._local = threading.local()

    def problems(self) -> dict[str, str]:
        """Endpoints that are left out now, and why."""
        return {endpoint.name: str(endpoint.problem) for endpoint in self._endpoints if endpoint.problem is not None}

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Everything inside is asked of one endpoint, the first that keeps up with the best head.

        Its failure inside is the caller's `ChainUnavailable`: two half readings make no whole one. Raises
        `EndpointsDisagree` before anything is read. Inside another `reading` of this thread it joins that.
        """
        if self._chosen is not None:
            yield
            return
        self._local.chosen = self._choose()
        try:
            self._agree()
            yield
        finally:
            self._local.chosen = None

    # --- anchor.chain.Chain ----------------------------------------------------------------------

    def chain_id(self) -> int:
        """See `Chain`; so are all the others."""
        return self._ask(lambda chain: chain.chain_id())

    def block(self, at: BlockTag) -> Block | None:
        """The finalized block is told only where no other endpoint contradicts it."""
        if at == "finalized" and self._chosen is None:
            self._agree()
        return self._ask(lambda chain: chain.block(at))

    def code(self, address: bytes, at: BlockTag = "latest") -> bytes:
        return self._ask(lambda chain: chain.code(address, at))

    def balance(self, address: bytes) -> int:
        return self._ask(lambda chain: chain.balance(address))

    def nonce(self, address: bytes) -> int:
        return self._ask(lambda chain: chain.nonce(address))

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        return self._ask(lambda chain: chain.call(to, data, at, sender))

    def estimate_gas(self, sender: bytes, to: bytes | None, data: bytes, value: int = 0) -> int:
        return self._ask(lambda chain: chain.estimate_gas(sender, to, data, value))

    def receipt(self, transaction: bytes) -> Receipt | None:
        return self._ask(lambda chain: chain.receipt(transaction))

    def block_receipts(self, block: Block) -> tuple[Receipt, ...]:
        return self._ask(lambda chain: chain.block_receipts(block))

    def logs(
        self, address: bytes, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> tuple[LogEntry, ...]:
        return self._ask(lambda chain: chain.logs(address, topics, first, last))

    def fee_quote(self) -> FeeQuote:
        return self._ask(lambda chain: chain.fee_quote())

    def accounts(self) -> tuple[bytes, ...]:
        return self._ask(lambda chain: chain.accounts())

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        """To one endpoint only: each would sign another transaction."""
        endpoint = self._chosen or self._choose()
        return endpoint.ask(lambda chain: chain.send_unlocked(sender, to, data, value, gas))

    def send_raw(self, raw: bytes) -> bytes:
        """To every endpoint that can be believed; one that takes it is enough.

        Where none took it anew, "already known" is the answer before any other refusal: it is there.
        """
        taken: bytes | None = None
        refusals: list[SendRejected] = []
        failures: list[_Failure] = []
        for endpoint in self._ordered():
            if taken is not None and endpoint.rests:
                continue
            try:
                taken = endpoint.ask(lambda chain: chain.send_raw(raw))
            except SendRejected as error:
                refusals.append(error)
            except (ChainUnavailable, WrongChain) as error:
                failures.append((endpoint, error))
        if taken is not None:
            return taken
        if refusals:
            raise min(refusals, key=lambda refusal: refusal.kind is not Rejection.ALREADY_KNOWN)
        raise nobody(failures)

    # --- inside ----------------------------------------------------------------------------------

    @property
    def _chosen(self) -> Endpoint | None:
        found: Endpoint | None = getattr(self._local, "chosen", None)
        return found

    def _ask(self, question: Callable[[Chain], T]) -> T:
        if self._chosen is not None:
            return self._chosen.ask(question)
        failures: list[_Failure] = []
        for endpoint in self._ordered():
            try:
                return endpoint.ask(question)
            except (ChainUnavailable, WrongChain) as error:
                failures.append((endpoint, error))
        raise nobody(failures)

    def _ordered(self) -> list[Endpoint]:
        """As configured; those that rest come last, for there must always be somebody to ask."""
        return sorted(self._endpoints, key=lambda endpoint: endpoint.rests_until if endpoint.rests else 0.0)

    def _choose(self) -> Endpoint:
        """The first endpoint that is not far behind; one that rests only where no other answers."""
        heads: list[tuple[Endpoint, int]] = []
        failures: list[_Failure] = []
        for endpoint in self._ordered():
            if heads and endpoint.rests:
                continue
            try:
                head = endpoint.ask(lambda chain: chain.block("latest"))
                heads.append((endpoint, 0 if head is None else head.number))
            except (ChainUnavailable, WrongChain) as error:
                failures.append((endpoint, error))
        if not heads:
            raise nobody(failures)
        best = max(number for _, number in heads)
        return next(endpoint for endpoint, number in heads if number >= best - _LAG)

    def _agree(self) -> None:
        """Raises `EndpointsDisagree` where two endpoints that answer differ about a block that both call final."""
        told: list[tuple[Endpoint, Block]] = []
        for endpoint in self._ordered():
            if endpoint.rests and endpoint is not self._chosen:
                continue
            try:
                final = endpoint.ask(lambda chain: final_block(chain, self._finality))
            except (ChainUnavailable, WrongChain):
                continue
            if final is not None:
                told.append((endpoint, final))
        compare(told)
