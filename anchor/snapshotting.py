"""Snapshots for the verifier and the holder: what an issuer's ledger says after one block, proven without a node.

`rootseal snapshot` makes one; `rootseal verify --status` reads it under a block hash that the verifier names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from anchor.chain import Block, Chain
from anchor.ledger_events import anchored_events, events_between, issuer_topic
from anchor.pins import Pins
from anchor.snapshot import build_snapshot, snapshot_facts
from anchor.snapshot_file import Snapshot, read_snapshot
from anchor.storage_proof import ProofSource
from rootseal.commitment import Home
from rootseal.errors import InputError, UndeterminedError
from rootseal.ethereum import keccak256
from rootseal.facts import LedgerFacts
from rootseal.languages import say
from rootseal.policy import LedgerPolicy, Policy

__all__ = ["facts_from_snapshots", "make_snapshot"]

MAX_ANCHORS: Final = 4096
_MAX_ACCREDITORS: Final = 256
_ACCREDITED: Final = keccak256(b"Accredited(uint64,address,bytes32,uint64,uint64,bool,string)")


def facts_from_snapshots(
    home: Home, policy: Policy | None, files: Sequence[bytes], trusted: frozenset[tuple[int, bytes]]
) -> LedgerFacts | str:
    """What the snapshots prove of `home`, or a sentence why they prove nothing.

    Raises `InputError` for a file that is no snapshot: the verifier chose it, not whoever is verified.
    """
    listed = None if policy is None else policy.ledger(home)
    problem = say("problem.snapshot_other")
    for data in files:
        snapshot = read_snapshot(data)
        if snapshot.home != home:
            continue
        found = snapshot_facts(snapshot, trusted, None if listed is None else listed.code)
        if not isinstance(found, str):
            return found
        problem = found
    return problem


def make_snapshot(
    url: str,
    ledger: LedgerPolicy,
    issuer: int,
    roots: Sequence[bytes],
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Snapshot, Block]:
    """The snapshot after the newest final block, and that block.

    Without `roots` it holds every anchor. Of accreditors it holds those of the policy, and others that accredited the
    issuer, up to 256 in all. Raises `InputError` for an issuer that is unknown or has too many anchors,
    `WrongChain`, `ChainUnavailable`, `UndeterminedError`.
    """
    from anchor.audit.collecting import read_basis
    from anchor.web3_chain import Web3Chain  # a second of imports, which verifying does without

    chain = Web3Chain(url)
    Pins(ledger.chain_id, ledger.genesis, ledger.address, ledger.code).check(chain)
    basis = read_basis(chain, ledger.address, ledger.finality, None)
    home, final = Home(ledger.chain_id, ledger.address, issuer), basis.final
    progress("reading which publications and accreditations there are")
    anchors = list(roots) or _roots(chain, home, basis.first, final.number)
    accreditors = _accreditors(chain, home, [a for a, _ in ledger.accreditors], basis.first, final.number)
    progress(f"asking for proofs: {len(anchors)} publications, {len(accreditors)} accreditors")
    return _built(chain, chain, home, final, anchors, accreditors), final


def _built(
    chain: Chain, proofs: ProofSource, home: Home, final: Block, roots: list[bytes], accreditors: list[bytes]
) -> Snapshot:
    snapshot = build_snapshot(chain, proofs, home, final, roots, accreditors)
    if not snapshot.state.keys and not snapshot.state.documents:
        raise InputError("--issuer", "is not registered on this ledger, or not finally yet", home.issuer)
    return snapshot


def _roots(chain: Chain, home: Home, first: int, last: int) -> list[bytes]:
    found = [event.root for event in anchored_events(chain, home.ledger, home.issuer, first, last)]
    if len(found) > MAX_ANCHORS:
        raise InputError("--for", f"is needed: the issuer published more than {MAX_ANCHORS} times", len(found))
    return found


def _accreditors(chain: Chain, home: Home, trusted: list[bytes], first: int, last: int) -> list[bytes]:
    logs = events_between(chain, home.ledger, [_ACCREDITED, issuer_topic(home.issuer)], first, last)
    if any(len(log.topics) != 4 for log in logs):
        raise UndeterminedError("the node answered with an event that is none of the ledger's", "chain.unavailable")
    return list(dict.fromkeys((*trusted, *(log.topics[2][12:] for log in logs))))[:_MAX_ACCREDITORS]
