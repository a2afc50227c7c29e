"""Collecting facts without a chain: why there are none, and evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anchor.collecting import Sources, check_evidence, collect_facts, parse_block_hash
from rootseal.anchoring import Evidence
from rootseal.errors import InputError
from rootseal.files import CredentialFile
from rootseal.policy import LedgerPolicy, Policy
from rootseal.presentation import Presentation, present
from rootseal.verification import verify
from tests.support.issued import paper_institution

FILE = paper_institution().file(0)
DATA = FILE.to_bytes()
LISTED = Policy((LedgerPolicy(31337, b"\x05" * 20, issuers=((1, "Example"),)),))
FALSE_EVIDENCE = Evidence(b"\xc0", 0, (b"\xc0",), 0)


def with_evidence(file: CredentialFile, evidence: Evidence | None) -> CredentialFile:
    anchors = tuple(replace(anchor, evidence=evidence) for anchor in file.proofs.anchors)
    return file.with_proofs(replace(file.proofs, anchors=anchors), file.issuer_document)


@pytest.mark.parametrize(
    ("policy", "sources", "said"),
    [
        (None, Sources(), "not said yet whom you trust"),
        (Policy(), Sources(), "does not list its ledger"),
        (LISTED, Sources(), "use --rpc"),
        (LISTED, Sources("http://127.0.0.1:9", offline=True), "--offline"),
    ],
)
def test_without_a_chain_the_reason_is_said(policy: Policy | None, sources: Sources, said: str) -> None:
    facts = collect_facts(DATA, policy, sources)
    assert not facts.ledgers
    assert said in facts.problems[FILE.home.key]
    verdict = verify(DATA, policy, facts, now=1_800_000_000)
    assert verdict.overall == "undetermined"
    assert said in verdict.credentials[0].sentence


@pytest.mark.parametrize("data", [b"", b"{}", b"[", b"\xff" * 10, b'{"format":"rootseal/credential/1"}'])
def test_a_file_that_cannot_be_read_asks_nobody(data: bytes) -> None:
    facts = collect_facts(data, LISTED, Sources("http://127.0.0.1:9", frozenset({(31337, bytes(32))})))
    assert (facts.ledgers, facts.problems, facts.evidence) == ({}, {}, {})


def test_an_unreachable_chain_is_a_sentence() -> None:
    facts = collect_facts(DATA, LISTED, Sources("http://127.0.0.1:9"))
    assert "http://127.0.0.1:9" in facts.problems[FILE.home.key]


def test_false_evidence_fails() -> None:
    (outcome,) = check_evidence(with_evidence(FILE, FALSE_EVIDENCE).to_bytes()).values()
    assert outcome.problem is not None
    assert check_evidence(DATA) == {}


def test_a_true_publication_lends_nothing_to_a_lie_beside_it() -> None:
    """Two credentials of one file name one root; only one of them says when it was really published."""
    anchor = FILE.proofs.anchors[0]
    older = replace(anchor, block=replace(anchor.block, timestamp=1), evidence=None)
    liar = FILE.with_proofs(replace(FILE.proofs, anchors=(older,)), FILE.issuer_document)
    shown = [present(file, lambda path: True) for file in (with_evidence(FILE, FALSE_EVIDENCE), liar)]
    data = Presentation(tuple(shown)).to_bytes()
    assert check_evidence(data) == {}
    assert "one publication in two ways" in verify(data, LISTED, now=1_800_000_000).credentials[0].checks[0].reason


def test_block_hashes_are_read_strictly() -> None:
    assert parse_block_hash("eip155:1:0x" + "AB" * 32) == (1, b"\xab" * 32)
    for text in ("", "0x" + "ab" * 32, "eip155:1:" + "ab" * 32, "eip155:1:0xab", "eip155:x:0x" + "ab" * 32):
        with pytest.raises(InputError, match="--block-hash"):
            parse_block_hash(text)


def test_an_rpc_address_is_http() -> None:
    with pytest.raises(InputError, match="--rpc"):
        Sources("file:///etc/passwd")
