"""Two providers against each other: what one keeps back or makes up, the other tells otherwise.

A disagreement says that one of the two is wrong, never which: nothing further is judged on either word.
"""

from __future__ import annotations

from dataclasses import replace

from anchor.audit.collecting import Basis, Progress, collect
from anchor.audit.database import AuditDatabase
from anchor.audit.findings import Finding, finding
from anchor.audit.reading import ReadingChain
from anchor.chain import Block, BlockTag, Chain, ChainUnavailable, Reverted
from anchor.finality import final_block
from anchor.pins import read_pins
from rootseal.ethereum import keccak256

__all__ = ["TwinChain", "common_basis", "differing_events", "disagreement"]


def common_basis(basis: Basis, first: Chain, second: Chain, finality: str) -> Basis | Finding:
    """The basis at the older of the two providers' final blocks, or in what they disagree already.

    Raises `ChainUnavailable` where the second cannot be asked.
    """
    pins = read_pins(second)
    if (pins.chain_id, pins.genesis) != (basis.chain_id, basis.genesis):
        return disagreement("they serve different chains", 0)
    theirs = final_block(second, finality)
    if theirs is None:
        raise ChainUnavailable("eth_getBlockByNumber", "the second provider has no final block yet")
    number = min(theirs.number, basis.final.number)
    one = basis.final if number == basis.final.number else _block(first, number)
    other = theirs if number == theirs.number else _block(second, number)
    if one.hash != other.hash:
        return disagreement(f"they name different blocks with number {number}", number)
    for contract in (basis.ledger, *(() if basis.credits is None else (basis.credits.address,))):
        if keccak256(second.code(contract, number)) != keccak256(first.code(contract, number)):
            return disagreement("they show different programs at the same address", number)
    return replace(basis, final=one)


def differing_events(basis: Basis, second: Chain, database: AuditDatabase, progress: Progress) -> Finding | None:
    """Read everything from the second provider too, and compare event by event."""
    progress("reading the events from the second provider")
    collect(second, basis, database, progress, provider=1)
    found = database.difference(basis.final.number)
    if found is None:
        return None
    block, one, other = found
    told = f"from block {block} on, {one} events only by the first and {other} only by the second"
    return disagreement(f"they tell different events ({told})", block)


def disagreement(problem: str, block: int) -> Finding:
    """The finding; `problem` completes "The two providers disagree: …"."""
    return finding("provider.disagree", None, block=block, problem=problem)


class TwinChain(ReadingChain):
    """Every question to a contract at a block goes to both; the first's answer is given, differences are counted.

    `silent` is why the second left a question unanswered, the first time that it did.
    """

    def __init__(self, first: Chain, second: Chain) -> None:
        super().__init__(first)
        self._second = second
        self.differing = 0
        self.silent: ChainUnavailable | None = None

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """At a tag the two may stand at different blocks: only the first is asked."""
        told = self.inner.call(to, data, at, sender)
        if isinstance(at, int) and self.silent is None:
            try:
                self.differing += self._other(to, data, at, sender) != told
            except ChainUnavailable as error:
                self.silent = error
        return told

    def _other(self, to: bytes, data: bytes, at: BlockTag, sender: bytes | None) -> bytes | None:
        try:
            return self._second.call(to, data, at, sender)
        except Reverted:
            return None


def _block(chain: Chain, number: int) -> Block:
    block = chain.block(number)
    if block is None:
        raise ChainUnavailable("eth_getBlockByNumber", "one of the providers lacks a final block of the other", number)
    return block
