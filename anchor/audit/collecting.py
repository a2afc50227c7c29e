"""Reading a ledger's whole history: from its deployment to the final head, every event placed in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anchor.audit.events import LedgerEvent
from anchor.chain import Block, Chain, ChainUnavailable, RpcError
from anchor.finality import final_block
from anchor.ledger_events import decode_event, events_between
from anchor.pins import read_pins
from rootseal.errors import InputError, UndeterminedError
from rootseal.ethereum import address_text, keccak256

__all__ = ["Basis", "Progress", "check_unmoved", "collect", "read_basis"]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Basis:
    """What the audit stands on: the chain, the ledger's code at the final block, and the blocks looked at.

    `deployed_at` is None where the node keeps too little history to say; `first` is then 0 or what was asked.
    """

    chain_id: int
    genesis: bytes
    ledger: bytes
    code_hash: bytes
    deployed_at: int | None
    first: int
    final: Block


def read_basis(chain: Chain, ledger: bytes, finality: str, from_block: int | None) -> Basis:
    """Raises `UndeterminedError` without a final block or code there, `InputError` for an impossible `from_block`."""
    pins = read_pins(chain)
    final = final_block(chain, finality)
    if final is None or pins.genesis is None:
        raise UndeterminedError("the chain has no final block yet; try again later", "chain.not_final")
    code = chain.code(ledger, final.number)
    if not code:
        raise UndeterminedError(
            f"{address_text(ledger)} holds no contract on eip155:{pins.chain_id} at block {final.number}: "
            "check the address, and that the RPC serves the chain that you mean",
            "ledger.absent",
        )
    deployed = _deployment(chain, ledger, final.number, from_block)
    first = from_block if from_block is not None else deployed or 0
    return Basis(pins.chain_id, pins.genesis, ledger, keccak256(code), deployed, first, final)


def collect(chain: Chain, basis: Basis, progress: Progress) -> tuple[LedgerEvent, ...]:
    """Every event of the ledger in blocks first..final, in chain order.

    Raises `ChainUnavailable` where the node cannot serve them, or contradicts itself about a block.
    """

    def reached(block: int) -> None:
        progress(f"events read to block {block} of {basis.final.number}")

    logs = events_between(chain, basis.ledger, (), basis.first, basis.final.number, reached)
    blocks: dict[int, Block] = {basis.final.number: basis.final}
    events = []
    for done, log in enumerate(logs, 1):
        block = blocks.get(log.block_number)
        if block is None:
            block = blocks[log.block_number] = _block(chain, log.block_number)
            if len(blocks) % 100 == 0:
                progress(f"block times read for {done} of {len(logs)} events")
        if block.hash != log.block_hash:
            raise ChainUnavailable("eth_getLogs", "names another block than the node itself has", log.block_number)
        decoded = decode_event(log)
        events.append(
            LedgerEvent(decoded.name, decoded.arguments, block.number, block.timestamp, log.transaction, log.log_index)
        )
    return tuple(events)


def check_unmoved(chain: Chain, basis: Basis) -> None:
    """What was read belongs together only if the final block is still the same. Raises `ChainUnavailable`."""
    block = chain.block(basis.final.number)
    if block is None or block.hash != basis.final.hash:
        raise ChainUnavailable(
            "eth_getBlockByNumber",
            "a block called final was replaced during the audit; set a deeper finality",
            basis.final.number,
        )


def _deployment(chain: Chain, ledger: bytes, final: int, from_block: int | None) -> int | None:
    """The first block at whose end the ledger has code; None where the node keeps no state of old blocks."""
    if from_block is not None and not 0 <= from_block <= final:
        raise InputError("--from-block", f"must be 0 to {final}, the final block", from_block)
    try:
        if from_block and chain.code(ledger, from_block - 1):
            raise InputError(
                "--from-block", "lies after the ledger's deployment: earlier events would be missed", from_block
            )
        return _first_with_code(chain, ledger, from_block or 0, final)
    except RpcError:
        return None


def _first_with_code(chain: Chain, ledger: bytes, low: int, high: int) -> int:
    """Bisection: the ledger cannot destroy itself, so that code once there stays."""
    while low < high:
        middle = (low + high) // 2
        if chain.code(ledger, middle):
            high = middle
        else:
            low = middle + 1
    return low


def _block(chain: Chain, number: int) -> Block:
    block = chain.block(number)
    if block is None:
        raise ChainUnavailable("eth_getBlockByNumber", "the node lacks a block that holds an event", number)
    return block
