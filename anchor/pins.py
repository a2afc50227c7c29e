"""Which chain and which contract are meant: checked before anything is believed or sent.

Two chains may share a chain id (every fresh development chain does); only the genesis hash tells
them apart. A contract address may hold other code on another chain, hence the code hash.
"""

from __future__ import annotations

from dataclasses import dataclass

from anchor.chain import Chain, ChainUnavailable, WrongChain
from rootseal.ethereum import keccak256

__all__ = ["Pins", "read_pins"]


@dataclass(frozen=True, slots=True)
class Pins:
    """What must hold; None is not pinned. `code_hash` is keccak256 of the runtime code at `contract`."""

    chain_id: int
    genesis: bytes | None = None
    contract: bytes | None = None
    code_hash: bytes | None = None

    def check_chain(self, chain: Chain) -> None:
        """Raises `WrongChain` where the chain id or the genesis hash differs. Two requests."""
        found = chain.chain_id()
        if found != self.chain_id:
            raise WrongChain("the chain id", self.chain_id, found)
        if self.genesis is not None:
            genesis = _genesis(chain)
            if genesis != self.genesis:
                raise WrongChain("the genesis hash", self.genesis, genesis)

    def check_code(self, chain: Chain) -> None:
        """Raises `WrongChain` where the contract has no code or other code. One request."""
        if self.contract is None:
            return
        code = chain.code(self.contract)
        if not code:
            raise WrongChain("the contract", self.contract, "an address without code")
        if self.code_hash is not None and keccak256(code) != self.code_hash:
            raise WrongChain("the contract's code hash", self.code_hash, keccak256(code))

    def check(self, chain: Chain) -> None:
        """Both checks."""
        self.check_chain(chain)
        self.check_code(chain)


def read_pins(chain: Chain, contract: bytes | None = None) -> Pins:
    """The pins of the chain as it is now: what `node init` writes down. Raises `WrongChain` without code."""
    code = None if contract is None else chain.code(contract)
    if code == b"":
        raise WrongChain("the contract", contract, "an address without code")
    return Pins(chain.chain_id(), _genesis(chain), contract, None if code is None else keccak256(code))


def _genesis(chain: Chain) -> bytes:
    block = chain.block(0)
    if block is None:
        raise ChainUnavailable("eth_getBlockByNumber", "the node does not serve block 0, whose hash is pinned")
    return block.hash
