"""Reading a ledger's whole history: from its deployment to the final head, every event placed in time.

What was read lies in the auditor's database: `collect` fills it, `events` reads it back in chain order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from anchor.audit.database import AuditDatabase
from anchor.audit.decoding import decode
from anchor.audit.events import LedgerEvent
from anchor.audit.paging import pages
from anchor.chain import Block, Chain, ChainUnavailable, RpcError
from anchor.finality import final_block
from anchor.ledger_abi import load_contract
from anchor.pins import read_pins
from rootseal.errors import InputError, UndeterminedError
from rootseal.ethereum import address_text, keccak256

__all__ = [
    "Basis",
    "CreditsBasis",
    "Progress",
    "check_unmoved",
    "collect",
    "events",
    "read_basis",
    "read_credits_basis",
]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CreditsBasis:
    """The credits contract: its address, keccak-256 of its code at the final block, and its first block looked at."""

    address: bytes
    code_hash: bytes
    first: int


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
    credits: CreditsBasis | None = None

    @property
    def contracts(self) -> tuple[tuple[bytes, int], ...]:
        """Every contract whose events are read, and from which block on."""
        own = ((self.ledger, self.first),)
        return own if self.credits is None else (*own, (self.credits.address, self.credits.first))


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


def read_credits_basis(chain: Chain, basis: Basis, credits: bytes) -> Basis:
    """With the credits contract at `credits`. Raises `UndeterminedError` where there is no contract."""
    code = chain.code(credits, basis.final.number)
    if not code:
        raise UndeterminedError(
            f"{address_text(credits)} holds no contract at block {basis.final.number}: check --credits",
            "credits.absent",
        )
    deployed = _deployment(chain, credits, basis.final.number, None)
    # It stands on the ledger, and cannot be older.
    first = max(deployed or 0, basis.deployed_at or 0)
    return replace(basis, credits=CreditsBasis(credits, keccak256(code), first))


def collect(chain: Chain, basis: Basis, database: AuditDatabase, progress: Progress, provider: int = 0) -> None:
    """Bring the database up to the final block: whatever is there already is not asked for again.

    Raises `ChainUnavailable` where the node cannot serve the events, or contradicts itself about a block.
    """
    database.bind((basis.chain_id, basis.genesis, basis.ledger))
    _check_tip(chain, basis, database, progress, provider)
    last = basis.final.number
    for contract, first in basis.contracts:
        for page in pages(chain, contract, database.next_block(provider, contract, first), last):
            database.add_page(provider, contract, first, page)
            progress(f"events read to block {page.last} of {last}")
    tip = database.tip(provider)
    if tip is None or tip[0] < last:
        database.set_tip(provider, basis.final)
    if provider == 0:
        _collect_blocks(chain, basis, database, progress)


def events(basis: Basis, database: AuditDatabase) -> Iterator[LedgerEvent]:
    """Every event of the contracts in blocks first..final, in chain order, as `collect` stored them.

    Raises `ChainUnavailable` for what the contracts cannot have emitted.
    """
    ledger, credits = load_contract("CredentialLedger"), load_contract("EctxCredits")
    contracts = [contract for contract, _ in basis.contracts]
    for log in database.logs(contracts, basis.first, basis.final.number):
        block_hash, time = database.block(log.block_number)
        if block_hash != log.block_hash:
            raise ChainUnavailable("eth_getLogs", "names another block than the node itself has", log.block_number)
        own = log.address == basis.ledger
        name, arguments = decode(ledger if own else credits, log)
        yield LedgerEvent(
            name, arguments, log.block_number, time, log.transaction, log.log_index, "ledger" if own else "credits"
        )


def check_unmoved(chain: Chain, basis: Basis) -> None:
    """What was read belongs together only if the final block is still the same. Raises `ChainUnavailable`."""
    block = chain.block(basis.final.number)
    if block is None or block.hash != basis.final.hash:
        raise ChainUnavailable(
            "eth_getBlockByNumber",
            "a block called final was replaced during the audit; set a deeper finality",
            basis.final.number,
        )


def _check_tip(chain: Chain, basis: Basis, database: AuditDatabase, progress: Progress, provider: int) -> None:
    """Go on only from a block that is still there; a chain that went back further than its finality is read anew."""
    tip = database.tip(provider)
    if tip is None:
        return
    block = basis.final if tip[0] == basis.final.number else chain.block(tip[0])
    if block is None or block.hash != tip[1]:
        progress(f"block {tip[0]} was replaced since the last audit; reading everything again")
        database.forget(provider)


def _collect_blocks(chain: Chain, basis: Basis, database: AuditDatabase, progress: Progress) -> None:
    missing = database.unknown_blocks(basis.final.number)
    for done, number in enumerate(missing, 1):
        database.add_block(basis.final if number == basis.final.number else _block(chain, number))
        if done % 100 == 0:
            progress(f"block times read: {done} of {len(missing)}")


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
