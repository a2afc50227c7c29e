"""From a file and a policy to `Facts`: asks the chains of the policy, and checks the file's own evidence.

Nothing here raises for a chain that is down, slow, wrong or not final: that becomes a sentence in
`Facts.problems`, and the verdict says "could not check". Only ledgers that the policy lists are asked, at
addresses that the policy or the user gives; none stands in the file. web3 is imported only if an RPC is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rootseal.anchoring import Anchor
from rootseal.commitment import Home, parse_chain
from rootseal.errors import InputError, RootsealError
from rootseal.facts import EvidenceFact, Facts, LedgerFacts
from rootseal.opening import WalletQuestion, open_file, questions
from rootseal.policy import LedgerPolicy, Policy
from rootseal.strict import ethereum_hex

__all__ = ["Sources", "check_evidence", "collect_facts", "ledger_facts", "ledger_policy", "parse_block_hash"]

_TIMEOUT = 15.0  # seconds of silence after which an endpoint counts as unreachable

BlockHash = tuple[int, bytes]
EvidenceFacts = Mapping[tuple[int, bytes, int, bytes], EvidenceFact]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to ask: `rpc` replaces the policy's own; `block_hashes` are (chain id, hash) that the user trusts."""

    rpc: str | None = None
    block_hashes: frozenset[BlockHash] = frozenset()
    offline: bool = False

    def __post_init__(self) -> None:
        if self.rpc is not None and not self.rpc.startswith(("http://", "https://")):
            raise InputError("--rpc", "must be an http:// or https:// address", self.rpc)


def parse_block_hash(text: str) -> BlockHash:
    """`eip155:1:0x…`, a block hash that the user has from a source of its own. Raises `InputError`."""
    chain, _, block_hash = text.rpartition(":")
    return parse_chain(chain, "--block-hash"), ethereum_hex(block_hash.lower(), "--block-hash", 32)


def collect_facts(data: bytes, policy: Policy | None, sources: Sources) -> Facts:
    """All that a verification of `data` may use. Never raises for what the file or a chain does."""
    ledgers: dict[tuple[int, bytes, int], LedgerFacts] = {}
    problems: dict[tuple[int, bytes, int], str] = {}
    for question in questions(data):
        found = ledger_facts(question.home, question.roots, question.wallets, policy, sources)
        if isinstance(found, str):
            problems[question.home.key] = found
        else:
            ledgers[question.home.key] = found
    # Evidence is heavy to import, and decides nothing where nobody said which blocks are real.
    evidence = check_evidence(data, sources.block_hashes) if sources.block_hashes or ledgers else {}
    return Facts(ledgers, problems, evidence)


def check_evidence(data: bytes, trusted: frozenset[BlockHash] = frozenset()) -> EvidenceFacts:
    """The outcome for every publication that the file has evidence for; empty for a file that cannot be read."""
    try:
        credentials = open_file(data).credentials
    except InputError:
        return {}
    publications: dict[tuple[int, bytes, int, bytes], list[Anchor]] = {}
    for anchor in (anchor for credential in credentials for anchor in credential.proofs.anchors):
        publications.setdefault((*anchor.home.key, anchor.root), []).append(anchor)
    return {
        key: _check_publication(anchors, trusted)
        for key, anchors in publications.items()
        if any(anchor.evidence is not None for anchor in anchors)
    }


def _check_publication(anchors: Sequence[Anchor], trusted: frozenset[BlockHash]) -> EvidenceFact:
    """The outcome for the anchors of one root; a file that tells it in two ways was refused when it was opened."""
    from anchor.evidence import check  # half a second of imports

    first = anchors[0]
    outcomes = [check(anchor, anchor.evidence) for anchor in anchors if anchor.evidence is not None]
    wrong = next((outcome for outcome in outcomes if outcome.problem is not None), None)
    return wrong or replace(outcomes[0], trusted_hash=(first.home.chain_id, first.block.hash) in trusted)


def ledger_facts(
    home: Home, roots: Sequence[bytes], wallets: Sequence[WalletQuestion], policy: Policy | None, sources: Sources
) -> LedgerFacts | str:
    """The facts of one home, or a sentence that says why there are none. Each endpoint is asked in turn."""
    if sources.offline:
        return "you asked for no connection (--offline)."
    ledger = ledger_policy(home, policy, sources)
    if ledger is None:
        if policy is None:
            return "you have not said yet whom you trust (see: rootseal trust), so nobody was asked."
        return "your policy does not list its ledger, so nobody was asked."
    rpcs = ledger.rpcs if sources.rpc is None else (sources.rpc,)
    if not rpcs:
        return "no connection to it was given; use --rpc, or add one with `rootseal trust add`."
    failures: list[str] = []
    for rpc in rpcs:
        try:
            facts = _ask(home, roots, wallets, ledger, rpc)
        except RootsealError as error:
            failures.append(f"{rpc}: {error.diagnostics().rstrip('.')}.")
            continue
        return _contradiction(rpcs, ledger) or facts
    return " ".join(failures)


def _contradiction(rpcs: Sequence[str], ledger: LedgerPolicy) -> str | None:
    """A sentence where two endpoints of one policy differ about a final block: then neither is believed."""
    if len(rpcs) < 2:
        return None
    from anchor.endpoint import EndpointsDisagree
    from anchor.pins import Pins
    from anchor.pool import open_pool

    pins = Pins(ledger.chain_id, ledger.genesis, ledger.address, ledger.code)
    try:
        open_pool(rpcs, pins, ledger.finality, timeout=_TIMEOUT).block("finalized")
    except EndpointsDisagree as error:
        return f"{str(error).rstrip('.')}."
    except RootsealError:
        return None
    return None


def ledger_policy(home: Home, policy: Policy | None, sources: Sources) -> LedgerPolicy | None:
    """What is pinned of a home's ledger; with `--rpc` an unlisted one may be asked, with nothing pinned.

    What such a node says can speak against a file, and is never enough for it: the issuer stays unknown.
    """
    listed = None if policy is None else policy.ledger(home)
    if listed is None and sources.rpc is not None:
        return LedgerPolicy(home.chain_id, home.ledger)
    return listed


def _ask(
    home: Home, roots: Sequence[bytes], wallets: Sequence[WalletQuestion], ledger: LedgerPolicy, rpc: str
) -> LedgerFacts:
    from anchor import reader  # brings eth_abi
    from anchor.web3_chain import open_chain  # brings web3: a second of imports

    asked = tuple(reader.WalletQuestion(w.holder, w.digest, w.signature) for w in wallets)
    request = reader.LedgerRequest(home.issuer, tuple(roots), asked)
    return reader.collect(open_chain(rpc, timeout=_TIMEOUT), ledger, request)
