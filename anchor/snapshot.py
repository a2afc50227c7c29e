"""Snapshots: built from a chain's storage proofs, and proven from a file under a block hash that the verifier knows.

Consensus-critical. A snapshot shows no more than its nodes do: everything it says is read from them again, by the
code that read it when it was built, and compared; every node must be needed. So a changed byte anywhere makes it
worthless, and never makes it say something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from anchor.chain import Block, Chain, ChainUnavailable
from anchor.evidence import encode_header
from anchor.ledger_abi import load_contract
from anchor.ledger_state import LedgerState, read_state
from anchor.snapshot_file import Snapshot
from anchor.storage_proof import NodePool, NotProven, ProofSource, ProvenStorage, state_root
from rootseal.commitment import Home
from rootseal.errors import UndeterminedError
from rootseal.ethereum import keccak256
from rootseal.facts import AnchorFact, BlockFact, LedgerFacts, StatusFact
from rootseal.languages import say

__all__ = ["build_snapshot", "snapshot_facts"]

_PAGE: Final = 200
# A snapshot knows number and time of a publication's block, and not its hash.
_UNTOLD: Final = b""


def build_snapshot(
    chain: Chain,
    proofs: ProofSource,
    home: Home,
    block: Block,
    roots: Sequence[bytes],
    accreditors: Sequence[bytes],
) -> Snapshot:
    """What the ledger says of `home` after `block`: the anchors with these roots, what these accreditors gave.

    It is proven before it is returned. Raises `UndeterminedError` where the chain's headers or proofs are not
    Ethereum's, or the ledger is not of this program's version; `ChainUnavailable` where the node does not serve proofs.
    """
    header = encode_header(block.header)
    if header is None or keccak256(header) != block.hash:
        raise UndeterminedError(
            "the chain's block headers are not Ethereum's, so that nothing can be proven by them", "snapshot.header"
        )
    fetching = _Fetching(proofs, home.ledger, block.number, header, NodePool())
    fetching.words([])
    state = read_state(fetching, home.issuer, roots, accreditors)
    pool = NodePool(fetching.pool.values())
    _read(pool, header, home, roots, accreditors)
    snapshot = Snapshot(home, header, state, tuple(sorted(pool[key] for key in list(pool.used))))
    found = snapshot_facts(snapshot, frozenset({(home.chain_id, block.hash)}))
    if isinstance(found, str):
        raise UndeterminedError(f"the node's proofs do not show what it says: {found}", "snapshot.not_proven")
    again = chain.block(block.number)
    if again is None or again.hash != block.hash:
        raise ChainUnavailable("eth_getBlockByNumber", "the block left the chain while it was read", block.number)
    return snapshot


def snapshot_facts(
    snapshot: Snapshot, trusted: frozenset[tuple[int, bytes]], code: bytes | None = None
) -> LedgerFacts | str:
    """The facts that a snapshot proves, or a sentence why it proves none. Never raises for what a file holds.

    `trusted` are (chain id, block hash) that the verifier has from a source of its own; `code` is the code hash that
    its policy pins. Contract wallets were not asked, and events are not at hand.
    """
    home, block_hash = snapshot.home, keccak256(snapshot.header)
    if (home.chain_id, block_hash) not in trusted:
        return say("problem.snapshot_hash")
    known = load_contract("CredentialLedger").code_hash
    if code not in (None, known):
        return say("problem.snapshot_code")
    try:
        pool = NodePool(snapshot.nodes)
        roots = [root for root, _ in snapshot.state.anchors]
        accreditors = [accreditor for accreditor, _ in snapshot.state.accreditations]
        state, code_hash = _read(pool, snapshot.header, home, roots, accreditors)
        _, number, timestamp = state_root(snapshot.header)
    except NotProven:
        return say("problem.snapshot_proof")
    if code_hash != known:
        return say("problem.snapshot_code")
    needed = sorted(pool[key] for key in list(pool.used))
    if state != snapshot.state or list(snapshot.nodes) != needed or _repeats(roots) or _repeats(accreditors):
        return say("problem.snapshot_proof")
    return _facts(home, state, BlockFact(number, block_hash, timestamp))


def _read(
    pool: NodePool, header: bytes, home: Home, roots: Sequence[bytes], accreditors: Sequence[bytes]
) -> tuple[LedgerState, bytes]:
    storage = ProvenStorage.of(pool, header, home.ledger)
    return read_state(storage, home.issuer, roots, accreditors), storage.code_hash


def _repeats(items: Sequence[bytes]) -> bool:
    return len(set(items)) != len(items)


def _facts(home: Home, state: LedgerState, block: BlockFact) -> LedgerFacts:
    return LedgerFacts(
        home.chain_id,
        home.ledger,
        home.issuer,
        block,
        state.head.size,
        {
            root: AnchorFact(
                record.sequence,
                record.size,
                record.previous_size,
                record.key_index,
                BlockFact(record.block_number, _UNTOLD, record.time),
            )
            for root, record in state.anchors
        },
        state.keys,
        state.documents,
        tuple(given for _, all_given in state.accreditations for given in all_given),
        StatusFact(block, state.revoked, state.suspended),
    )


@dataclass(frozen=True, slots=True)
class _Fetching:
    """Storage that asks the node for the proof of each slot, and believes the proof only."""

    proofs: ProofSource
    ledger: bytes
    block: int
    header: bytes
    pool: NodePool

    def words(self, slots: Sequence[int]) -> tuple[int, ...]:
        """As `Storage`; no slots: only the account."""
        for start in range(0, max(len(slots), 1), _PAGE):
            self.pool.add(self.proofs.proof_nodes(self.ledger, slots[start : start + _PAGE], self.block))
        return ProvenStorage.of(self.pool, self.header, self.ledger).words(slots)
