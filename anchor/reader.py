"""Everything that one verification asks of a ledger, read as `rootseal.facts`.

The register (keys, documents, accreditations) and the anchors are read at the final head, one block
number and hash for all; the status map at latest, because a revocation must not wait for
finality. If either block leaves the chain meanwhile, everything is read again.

A node that keeps no state of the final head (a pruned node, where finality lags) is read at latest
instead, and what is newer than the final block is dropped by block number and time. What such a
reading cannot undo is kept, and it is always the cautious side: a retirement, a compromise or a
withdrawal that is mined but not final yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anchor.chain import Block, Chain, ChainUnavailable, Reverted, RpcError
from anchor.finality import final_block
from anchor.ledger import REVOKED, SUSPENDED, Ledger
from anchor.ledger_abi import encode_values
from anchor.ledger_events import anchored_events
from anchor.pins import Pins
from rootseal.errors import AnchoringError, UndeterminedError
from rootseal.facts import AnchorFact, BlockFact, DocumentFact, KeyFact, LedgerFacts, StatusFact
from rootseal.policy import LedgerPolicy

__all__ = [
    "LedgerKey",
    "LedgerRequest",
    "WalletQuestion",
    "anchored_events",
    "collect",
    "collect_all",
    "wallet_answers",
]

LedgerKey = tuple[int, bytes, int]
_TRIES: Final = 3
# Anybody may register, and anchor any size: a file must not make its verifier fetch a map without end.
_MAX_MAPPED: Final = 1 << 26
# EIP-1271: isValidSignature(bytes32,bytes) answers its own selector.
_IS_VALID_SIGNATURE: Final = bytes.fromhex("1626ba7e")


@dataclass(frozen=True, slots=True)
class WalletQuestion:
    """Does the contract wallet `holder` accept `signature` over the 32-byte `digest`?"""

    holder: bytes
    digest: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class LedgerRequest:
    """What to ask about one issuer: the roots that files claim, and signatures of possible contract wallets."""

    issuer: int
    roots: tuple[bytes, ...] = ()
    wallets: tuple[WalletQuestion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """One consistent look: `at` is the block number whose state is asked; `exact` iff it is the final one."""

    ledger: Ledger
    final: Block
    head: Block
    exact: bool

    @property
    def at(self) -> int:
        return self.final.number if self.exact else self.head.number


def collect(chain: Chain, policy: LedgerPolicy, request: LedgerRequest) -> LedgerFacts:
    """All facts about one issuer on the ledger of `policy`.

    Raises `WrongChain` where chain id, genesis or code differ from the policy's, `ChainUnavailable`
    where the node does not answer, `UndeterminedError` where nothing is final yet or the chain
    keeps moving.
    """
    Pins(policy.chain_id, policy.genesis, policy.address, policy.code).check(chain)
    for _ in range(_TRIES):
        final, head = final_block(chain, policy.finality), chain.block("latest")
        if final is None or head is None:
            raise UndeterminedError("the chain has no final block yet", "chain.not_final")
        if head.number < final.number:
            continue
        ledger = Ledger(chain, policy.address)
        facts = _read(_Reading(ledger, final, head, _serves_state(ledger, final)), policy, request)
        if _still_there(chain, final) and _still_there(chain, head):
            return facts
    raise ChainUnavailable("eth_getBlockByNumber", f"the chain moved {_TRIES} times while it was read")


def collect_all(
    requests: Mapping[LedgerKey, LedgerRequest],
    policies: Sequence[LedgerPolicy],
    open_chain: Callable[[str], Chain],
) -> tuple[dict[LedgerKey, LedgerFacts], dict[LedgerKey, str]]:
    """Facts, and for each ledger without facts a sentence why; the endpoints of a policy in turn. Never raises
    for what a chain does. Ledgers that no policy covers are not asked: an RPC URL comes from nowhere else.
    """
    facts: dict[LedgerKey, LedgerFacts] = {}
    problems: dict[LedgerKey, str] = {}
    for key, request in requests.items():
        policy = next((p for p in policies if (p.chain_id, p.address) == key[:2]), None)
        if policy is None:
            problems[key] = "the policy does not cover this ledger"
            continue
        found = _first_answer(policy, request, open_chain)
        if isinstance(found, str):
            problems[key] = found
        else:
            facts[key] = found
    return facts, problems


def wallet_answers(
    chain: Chain, questions: Sequence[WalletQuestion], at: int
) -> dict[bytes, dict[tuple[bytes, bytes], bool] | None]:
    """ERC-1271 answers of the holders at block `at`, None for those that are no contract; a revert is a no."""
    answers: dict[bytes, dict[tuple[bytes, bytes], bool] | None] = {}
    for question in questions:
        if question.holder not in answers:
            answers[question.holder] = {} if chain.code(question.holder, at) else None
        given = answers[question.holder]
        if given is not None:
            given[question.digest, question.signature] = _accepts(chain, question, at)
    return answers


def _first_answer(
    policy: LedgerPolicy, request: LedgerRequest, open_chain: Callable[[str], Chain]
) -> LedgerFacts | str:
    problem = "no RPC endpoint is configured for this ledger"
    for url in policy.rpcs:
        try:
            return collect(open_chain(url), policy, request)
        except (UndeterminedError, AnchoringError) as error:
            problem = str(error)
    return problem


def _read(reading: _Reading, policy: LedgerPolicy, request: LedgerRequest) -> LedgerFacts:
    ledger, at, issuer = reading.ledger, reading.at, request.issuer
    accreditations = [
        given for address, _ in policy.accreditors for given in ledger.accreditations(issuer, address, at)
    ]
    return LedgerFacts(
        chain_id=policy.chain_id,
        ledger=policy.address,
        issuer=issuer,
        final=_fact(reading.final),
        head_size=_head_size(reading, issuer),
        anchors={root: _anchor(reading, issuer, root) for root in dict.fromkeys(request.roots)},
        keys=_keys(reading, issuer),
        documents=_documents(reading, issuer),
        accreditations=tuple(given for given in accreditations if given.since <= reading.final.timestamp),
        status=_status(reading, issuer),
        contract_wallets=wallet_answers(ledger.chain, request.wallets, reading.head.number),
    )


def _serves_state(ledger: Ledger, final: Block) -> bool:
    """Does the node still have the state of the final block? Raises `UndeterminedError` before the deployment."""
    try:
        code = ledger.chain.code(ledger.address, final.number)
    except RpcError:
        return False
    if not code:
        raise UndeterminedError("the ledger contract is newer than the chain's final block", "chain.not_final")
    return True


def _anchor(reading: _Reading, issuer: int, root: bytes) -> AnchorFact | None:
    found = reading.ledger.anchor_of(issuer, root, reading.at)
    if found is None or found.block_number > reading.final.number:
        return None
    block = reading.ledger.chain.block(found.block_number)
    if block is None:
        raise ChainUnavailable("eth_getBlockByNumber", "the node lacks an anchor's block", found.block_number)
    if block.timestamp != found.time:
        # Where the NUMBER instruction is not the block number (some rollups), blocks cannot be named.
        raise ChainUnavailable(
            "eth_getBlockByNumber", "an anchor's block has another time than the ledger says", found.block_number
        )
    return AnchorFact(found.sequence, found.size, found.previous_size, found.key_index, _fact(block))


def _keys(reading: _Reading, issuer: int) -> tuple[KeyFact, ...]:
    found = reading.ledger.keys(issuer, reading.at)
    return tuple(key for key in found if key.added_at <= reading.final.timestamp)


def _documents(reading: _Reading, issuer: int) -> tuple[DocumentFact, ...]:
    found = reading.ledger.documents(issuer, reading.at)
    return tuple(document for document in found if document.block_number <= reading.final.number)


def _head_size(reading: _Reading, issuer: int) -> int:
    size = reading.ledger.head(issuer, reading.at).size
    if reading.exact:
        return size
    newer = anchored_events(
        reading.ledger.chain, reading.ledger.address, issuer, reading.final.number + 1, reading.head.number
    )
    return newer[0].previous_size if newer else size


def _status(reading: _Reading, issuer: int) -> StatusFact | None:
    at = reading.head.number
    size = reading.ledger.head(issuer, at).size
    if size > _MAX_MAPPED:
        return None
    return StatusFact(
        _fact(reading.head),
        reading.ledger.status_words(issuer, REVOKED, size, at),
        reading.ledger.status_words(issuer, SUSPENDED, size, at),
    )


def _accepts(chain: Chain, question: WalletQuestion, at: int) -> bool:
    arguments = encode_values("isValidSignature", ("bytes32", "bytes"), (question.digest, question.signature))
    try:
        answer = chain.call(question.holder, _IS_VALID_SIGNATURE + arguments, at)
    except Reverted:
        return False
    return answer[:32] == _IS_VALID_SIGNATURE + bytes(28)


def _still_there(chain: Chain, block: Block) -> bool:
    again = chain.block(block.number)
    return again is not None and again.hash == block.hash


def _fact(block: Block) -> BlockFact:
    return BlockFact(block.number, block.hash, block.timestamp)
