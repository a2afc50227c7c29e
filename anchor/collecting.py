"""From a file and a policy to `Facts`: asks the chains of the policy, and checks the file's own evidence.

Nothing here raises for a chain that is down, slow, wrong or not final: that becomes a sentence in
`Facts.problems`, and the verdict says "could not check". Only ledgers that the policy lists are asked, at
addresses that the policy or the user gives; none stands in the file. web3 is imported only if an RPC is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rootseal.anchoring import Anchor
from rootseal.commitment import Home, parse_chain
from rootseal.errors import InputError, RootsealError
from rootseal.facts import EvidenceFact, Facts, LedgerFacts
from rootseal.languages import say
from rootseal.opening import OpenedFile, Question, WalletQuestion, open_file, questions_of
from rootseal.policy import LedgerPolicy, Policy
from rootseal.strict import ethereum_hex

if TYPE_CHECKING:
    from anchor.chain import Chain

__all__ = [
    "Answers",
    "Sources",
    "ask_ledgers",
    "check_evidence",
    "collect_facts",
    "evidence_of",
    "facts_for",
    "ledger_facts",
    "ledger_policy",
    "parse_block_hash",
]

_TIMEOUT = 15.0  # seconds of silence after which an endpoint counts as unreachable

BlockHash = tuple[int, bytes]
Answers = Mapping[tuple[int, bytes, int], LedgerFacts | str]
"""By (chain id, ledger, issuer): the facts, or a sentence that says why there are none."""

EvidenceFacts = Mapping[tuple[int, bytes, int, bytes], EvidenceFact]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to ask: `rpc` replaces the policy's own; `block_hashes` are (chain id, hash) that the user trusts.

    `snapshots` are the bytes of snapshot files: where there are any, no chain is asked. `events`: read the changes
    of the status too, for what it was on a day.
    """

    rpc: str | None = None
    block_hashes: frozenset[BlockHash] = frozenset()
    offline: bool = False
    snapshots: tuple[bytes, ...] = ()
    events: bool = False

    def __post_init__(self) -> None:
        if self.rpc is not None and not self.rpc.startswith(("http://", "https://")):
            raise InputError("--rpc", "must be an http:// or https:// address", self.rpc)


def parse_block_hash(text: str) -> BlockHash:
    """`eip155:1:0x…`, a block hash that the user has from a source of its own. Raises `InputError`."""
    chain, _, block_hash = text.rpartition(":")
    return parse_chain(chain, "--block-hash"), ethereum_hex(block_hash.lower(), "--block-hash", 32)


def collect_facts(data: bytes, policy: Policy | None, sources: Sources) -> Facts:
    """All that a verification of `data` may use. Never raises for what the file or a chain does."""
    try:
        opened = open_file(data)
    except InputError:
        return Facts()
    return facts_for(opened, ask_ledgers(questions_of(opened), policy, sources), sources.block_hashes)


def ask_ledgers(asked: Iterable[Question], policy: Policy | None, sources: Sources) -> Answers:
    """What the ledgers answer to the questions of any number of files: each issuer's is asked once."""
    return {question.home.key: _answer(question, policy, sources) for question in _merged(asked)}


def facts_for(opened: OpenedFile, answers: Answers, block_hashes: frozenset[BlockHash] = frozenset()) -> Facts:
    """The facts about one of the files whose questions were answered."""
    homes = [question.home.key for question in questions_of(opened)]
    ledgers = {key: found for key in homes if isinstance(found := answers.get(key), LedgerFacts)}
    problems = {key: found for key in homes if isinstance(found := answers.get(key), str)}
    # Evidence is heavy to import, and decides nothing where nobody said which blocks are real.
    evidence = evidence_of(opened, block_hashes) if block_hashes or ledgers else {}
    return Facts(ledgers, problems, evidence)


def _merged(asked: Iterable[Question]) -> list[Question]:
    """One question a home, with the roots and signatures of all."""
    found: dict[Home, tuple[dict[bytes, None], dict[WalletQuestion, None]]] = {}
    for question in asked:
        roots, wallets = found.setdefault(question.home, ({}, {}))
        roots.update(dict.fromkeys(question.roots))
        wallets.update(dict.fromkeys(question.wallets))
    return [Question(home, tuple(roots), tuple(wallets)) for home, (roots, wallets) in found.items()]


def _answer(question: Question, policy: Policy | None, sources: Sources) -> LedgerFacts | str:
    if not sources.snapshots:
        return ledger_facts(question.home, question.roots, question.wallets, policy, sources)
    from anchor.snapshotting import facts_from_snapshots  # brings the tries

    return facts_from_snapshots(question.home, policy, sources.snapshots, sources.block_hashes)


def check_evidence(data: bytes, trusted: frozenset[BlockHash] = frozenset()) -> EvidenceFacts:
    """The outcome for every publication that the file has evidence for; empty for a file that cannot be read."""
    try:
        return evidence_of(open_file(data), trusted)
    except InputError:
        return {}


def evidence_of(opened: OpenedFile, trusted: frozenset[BlockHash] = frozenset()) -> EvidenceFacts:
    """The same for a file that was opened already."""
    publications: dict[tuple[int, bytes, int, bytes], list[Anchor]] = {}
    for anchor in (anchor for credential in opened.credentials for anchor in credential.proofs.anchors):
        publications.setdefault((*anchor.home.key, anchor.root), []).append(anchor)
    return {
        key: _check_publication(anchors, trusted)
        for key, anchors in publications.items()
        if any(anchor.evidence is not None for anchor in anchors)
    }


def _check_publication(anchors: Sequence[Anchor], trusted: frozenset[BlockHash]) -> EvidenceFact:
    """The outcome for the anchors of one root; a file that tells it in two ways was refused when it was opened."""
    first = anchors[0]
    # Files of one batch carry the same evidence: told without what is each file's own, it is checked once.
    told = [replace(anchor, path=(), transaction=b"") for anchor in anchors if anchor.evidence is not None]
    outcomes = [_checked(anchor) for anchor in told]
    wrong = next((outcome for outcome in outcomes if outcome.problem is not None), None)
    return wrong or replace(outcomes[0], trusted_hash=(first.home.chain_id, first.block.hash) in trusted)


@lru_cache(maxsize=256)
def _checked(anchor: Anchor) -> EvidenceFact:
    from anchor.evidence import check  # half a second of imports

    assert anchor.evidence is not None
    return check(anchor, anchor.evidence)


def ledger_facts(
    home: Home, roots: Sequence[bytes], wallets: Sequence[WalletQuestion], policy: Policy | None, sources: Sources
) -> LedgerFacts | str:
    """The facts of one home, or a sentence that says why there are none. Each endpoint is asked in turn."""
    if sources.offline:
        return say("problem.offline")
    ledger = ledger_policy(home, policy, sources)
    if ledger is None:
        if policy is None:
            return say("problem.no_policy")
        return say("problem.unlisted")
    rpcs = ledger.rpcs if sources.rpc is None else (sources.rpc,)
    if not rpcs:
        return say("problem.no_rpc")
    failures: list[str] = []
    for rpc in rpcs:
        try:
            facts = _ask(home, roots, wallets, ledger, rpc, sources.events)
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
    home: Home,
    roots: Sequence[bytes],
    wallets: Sequence[WalletQuestion],
    ledger: LedgerPolicy,
    rpc: str,
    events: bool,
) -> LedgerFacts:
    from anchor import reader  # brings eth_abi
    from anchor.web3_chain import open_chain  # brings web3: a second of imports

    asked = tuple(reader.WalletQuestion(w.holder, w.digest, w.signature) for w in wallets)
    request = reader.LedgerRequest(home.issuer, tuple(roots), asked)
    chain = open_chain(rpc, timeout=_TIMEOUT)
    facts = reader.collect(chain, ledger, request)
    return _with_events(facts, chain, ledger) if events else facts


def _with_events(facts: LedgerFacts, chain: Chain, ledger: LedgerPolicy) -> LedgerFacts:
    """With the changes of the status, where the node serves them; else the verdict says that they are not at hand."""
    from anchor.status_events import read_status_events

    if facts.status is None:
        return facts
    try:
        events = read_status_events(chain, facts.ledger, facts.issuer, facts.status.block.number, ledger.finality)
    except RootsealError:
        return facts
    return replace(facts, status_events=events)
