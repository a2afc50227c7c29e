"""The two implementations on thousands of damaged files: equal codes, or one of them is wrong.

Everything is seeded: the same files every time. With ROOTSEAL_REQUIRE_ALL=1 there are six times as many.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest

import rootseal
from anchor.collecting import check_evidence
from anchor.evidence import encode_header
from anchor.receipt_proof import encode_receipt, prove
from rootseal.anchoring import Anchor, Evidence
from rootseal.canonical import Json, dumps
from rootseal.claims import encode_document, salt_claims
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import keccak256
from rootseal.facts import BlockFact, Facts
from rootseal.policy import LedgerPolicy, Policy, format_policy, parse_policy
from rootseal.verification import Expected, verify
from tests.support.damage import MAKERS, SCALE, anything
from tests.support.evidence_cases import a_receipt, anchored_log, foreign_log, header_fields, receipts_root
from tests.support.typescript import Core, Refused
from tests.support.world import ACCREDITOR, AUDIENCE, GENESIS, LEDGER, NONCE, START, World, disclose
from tests.vectors.facts_json import facts_to_json

INDEX = 4


class ProvenWorld(World):
    """A world whose blocks have headers, and whose anchors have evidence that fits."""

    def block(self, sequence: int) -> BlockFact:
        block = super().block(sequence)
        return replace(block, hash=keccak256(self._proof(sequence).header))

    def anchor(self, sequence: int, index: int, *, evidence: bool = False) -> Anchor:
        anchor = super().anchor(sequence, index)
        return replace(anchor, evidence=self._proof(sequence) if evidence else None)

    def _proof(self, sequence: int) -> Evidence:
        if sequence not in self._proofs:
            self._proofs[sequence] = self._prove(sequence)
        return self._proofs[sequence]

    @property
    def _proofs(self) -> dict[int, Evidence]:
        return self.__dict__.setdefault("_made", {})  # type: ignore[no-any-return]

    def _prove(self, sequence: int) -> Evidence:
        plain = World.block(self, sequence)
        size, previous = self.sizes[sequence - 1], self.sizes[sequence - 2] if sequence > 1 else 0
        words = (size, previous, 0xBEEF)
        base = anchored_log(address=self.home.ledger, data=b"".join(word.to_bytes(32) for word in words))
        topics = (base.topics[0], self.home.issuer.to_bytes(32), sequence.to_bytes(32), self.tree.root(size))
        receipts = [a_receipt([foreign_log()] * (n % 3), index=n, kind=n % 3) for n in range(20)]
        receipts[17] = a_receipt([foreign_log(), replace(base, topics=topics)], index=17)
        root = receipts_root(receipts)
        header = encode_header(header_fields(root, number=hex(plain.number), timestamp=hex(plain.timestamp)))
        proof = prove([encode_receipt(receipt) for receipt in receipts], 17, root)
        assert header is not None and proof is not None
        return Evidence(header, 17, proof, 1)


W = ProvenWorld(chain_id=100, until=START + 1000 * 86_400)
PRESENTED = [W.presented(INDEX, disclose("name", "credentialSubject.result")), W.presented(2, subject=True)]


def _complete() -> bytes:
    file = W.file(INDEX, anchors=(2, 3), evidence=True)
    witness = replace(W.anchor(3, INDEX, evidence=True), home=replace(W.home, chain_id=1, issuer=9))
    return replace(file, proofs=replace(file.proofs, anchors=(*file.proofs.anchors, witness))).to_bytes()


FILES = {
    "complete file": _complete(),
    "promised": W.file(INDEX, anchors=()).to_bytes(),
    "presentation": rootseal.Presentation(tuple(PRESENTED)).to_bytes(),
    "presentation with an answer": W.answer(PRESENTED, W.holder(INDEX), W.holder(2)).to_bytes(),
}
BOTH = Policy((W.ledger_policy(issuers=(), accreditors=((ACCREDITOR, "Quality Agency"),)),), accredited_now=True)
POLICIES: tuple[Policy | None, ...] = (W.policy, BOTH, None)
FACTS = (
    W.facts(),
    W.facts(W.ledger_facts(revoked=(2,), suspended=(INDEX,))),
    W.facts(W.ledger_facts(anchors={}, head_size=3, keys=W.ledger_facts().keys[1:])),
    Facts(),
)


@dataclass(frozen=True, slots=True)
class Try:
    """One file and one way of asking about it."""

    data: bytes
    policy: int
    facts: int
    now: int
    at: int | None
    expected: Expected | None
    trusted: bool


def test_the_originals_are_verified_by_both(core: Core) -> None:
    tries = [Try(data, 0, 0, W.now, None, Expected(AUDIENCE, NONCE) if "answer" in name else None, True)
             for name, data in FILES.items() if name != "promised"]  # fmt: skip
    assert [in_python(one)[0] for one in tries] == ["verified"] * 3
    compare(core, tries)


def test_evidence_that_fits_is_found_to_fit_by_both(core: Core) -> None:
    data = FILES["complete file"]
    (found,) = core.ask([{"op": "evidence", "data": data.hex()}])
    facts = check_evidence(data)
    assert [fact.problem for fact in facts.values()] == [None, None, "the event has another issuer"]
    assert [f["problem"] for f in found.values()] == [fact.problem for fact in facts.values()]
    assert [f["key"] for f in found.values()] == [None if f.key is None else f.key.hex() for f in facts.values()]


@pytest.mark.parametrize("kind", MAKERS)
def test_both_give_equal_codes(core: Core, kind: str) -> None:
    chance = random.Random(f"rootseal {kind}")
    damaged = [data for original in FILES.values() for data in MAKERS[kind](original, chance)]
    compare(core, [asked_somehow(data, chance) for data in damaged])


def asked_somehow(data: bytes, chance: random.Random) -> Try:
    expected = chance.choice((None, Expected(AUDIENCE, NONCE), Expected(AUDIENCE, "other"), Expected("", NONCE)))
    now = W.now + chance.choice((0, 0, 0, -9 * 86_400, 700, 90_000, 2000 * 86_400))
    at = chance.choice((None, None, START, W.now + 5))
    return Try(
        data, chance.choice((0, 0, 1, 2)), chance.choice((0, 0, 0, 1, 2, 3)), now, at, expected, chance.random() < 0.5
    )


def compare(core: Core, tries: list[Try]) -> None:
    """Both cores on every try; the cores must agree, and the tries must not all be refused for one reason."""
    setup: list[dict[str, Any]] = [{"op": "addPolicy", "policy": format_policy(p)} for p in POLICIES if p is not None]
    setup += [{"op": "addFacts", "facts": facts_to_json(facts)} for facts in FACTS]
    answers = core.ask([*setup, *map(request, tries)])[len(setup) :]
    codes: Counter[str] = Counter()
    for one, found in zip(tries, answers, strict=True):
        wanted = in_python(one)
        assert found == wanted, one
        codes.update(code for credential in wanted[3:] for code in credential)
    assert len(tries) < 100 or len(codes) > 10, codes


def request(one: Try) -> dict[str, Any]:
    expected = None if one.expected is None else {"audience": one.expected.audience, "nonce": one.expected.nonce}
    policy = None if POLICIES[one.policy] is None else one.policy
    trusted = [f"{W.home.chain}:{W.block(2).hash.hex()}"] if one.trusted else []
    return {"op": "codes", "data": one.data.hex(), "policy": policy, "facts": one.facts, "now": one.now, "at": one.at,
            "expected": expected, "trusted": trusted}  # fmt: skip


def in_python(one: Try) -> list[Any]:
    trusted = frozenset({(W.home.chain_id, W.block(2).hash)}) if one.trusted else frozenset()
    facts = replace(FACTS[one.facts], evidence=check_evidence(one.data, trusted))
    verdict = verify(one.data, POLICIES[one.policy], facts, now=one.now, at=one.at, expected=one.expected)
    said = [[[c.code for c in v.checks], [s.code for s in v.statements]] for v in verdict.credentials]
    return [verdict.overall, verdict.test, verdict.as_of, *(code for pair in said for code in pair)]


def test_any_document_has_one_commitment(core: Core) -> None:
    """Written canonically by Python, read by both: equal hashes, or both refuse."""
    chance = random.Random("rootseal documents")
    template = W.file(0, anchors=())
    base = {name: W.entries[0].document[name] for name in ("@context", "type", "issuer")}
    outcomes: Counter[bool] = Counter()
    tries: list[tuple[bytes, str | None]] = []
    while len(tries) < 500 * SCALE:
        extra = anything(chance, 4)
        document = {**base, **(extra if isinstance(extra, dict) else {"x": extra})}
        try:
            data = replace(template, credential=document).to_bytes()
        except InputError:
            continue  # no JSON at all: infinite, or beyond 2^53
        try:
            (opened,) = rootseal.open_file(data).credentials
            tries.append((data, opened.commitment.hex()))
        except InputError:
            tries.append((data, None))
    found = core.ask({"op": "open", "data": data.hex()} for data, _ in tries)
    for (data, commitment), answer in zip(tries, found, strict=True):
        outcomes[commitment is None] += 1
        assert (None if isinstance(answer, Refused) else answer["commitments"][0]) == commitment, data
    assert min(outcomes.values()) > 20


def test_any_claims_have_one_tree(core: Core) -> None:
    """Salts, decoys and order for every count of claims up to 40."""
    requests, wanted = [], []
    for count in range(1, 41):
        document: Json = {str(n): n for n in range(count)}
        seed = count.to_bytes(32)
        salted = salt_claims(encode_document(document), seed)
        wanted.append([leaf.hex() for leaf in salted.leaves])
        requests.append({"op": "commitment", "document": dumps(document).decode(), "seed": seed.hex(), "validFrom": 0,
                         "validUntil": 0, "subject": '{"creditId":null,"credits":0,"holder":null}',
                         "home": {"chain": "eip155:1", "ledger": "0x" + LEDGER.hex(), "issuer": 1}})  # fmt: skip
    assert [answer["leaves"] for answer in core.ask(requests)] == wanted


# ----------------------------------------------------------------------------------------------------- policies


def test_policies_are_read_alike(core: Core) -> None:
    """What the browser's small TOML reader accepts, it reads as the whole reader does; and it accepts what we write."""
    chance = random.Random("rootseal policies")
    ledger = LedgerPolicy(
        10, LEDGER, GENESIS, bytes(32), ("https://a.example", "http://127.0.0.1:8545"), "depth:12", True, 60,
        ((1, 'A "quoted" name'), (7, "Univerza v Ljubljani \u007f\t\\ 😀")), ((ACCREDITOR, "NAKVIS"),), "Main",
    )  # fmt: skip
    texts = [format_policy(Policy((ledger, replace(ledger, chain_id=11)), True, True)), format_policy(W.policy)]
    assert core.ask({"op": "policy", "policy": text} for text in texts) == texts
    damaged = []
    for _ in range(400 * SCALE):
        text = chance.choice(texts)
        at = chance.randrange(len(text))
        piece = chance.choice(
            [
                '"',
                "'",
                "[",
                "]",
                "\n",
                "#",
                "=",
                ",",
                "{",
                "}",
                " ",
                "0",
                "_",
                "\\",
                "true",
                "x = 1\n",
                "[ledgers]\n",
                "[[ledgers]]\n",
                "",
            ]
        )
        damaged.append(text[:at] + piece + text[at + chance.randrange(2) :])
    accepted = 0
    for text, found in zip(damaged, core.ask({"op": "policy", "policy": t} for t in damaged), strict=True):
        if not isinstance(found, Refused):
            accepted += 1
            assert parse_policy(text) == parse_policy(found), text
            continue
        try:
            parse_policy(text)
        except ConfigError:
            continue
        raise AssertionError(f"only the browser refuses this policy ({found}):\n{text}")
    assert 20 < accepted < len(damaged)
