"""The report for people: plain sentences first, hostile text made harmless, altered content never read out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rootseal.explaining import headline
from rootseal.facts import AnchorFact, BlockFact, DocumentFact, Facts, KeyFact, LedgerFacts, StatusFact
from rootseal.files import CredentialFile
from rootseal.merkle import leaf_hash
from rootseal.policy import LedgerPolicy, Policy
from rootseal.verification import verify
from tests.support.issued import DAY, Institution, address_of, paper_institution
from tests.support.program import Program
from wallet.console import harmless
from wallet.disk import write_atomically
from wallet.report import print_report

NOW = 1_791_000_000


def facts_of(institution: Institution, revoked: int = 0, now: int = NOW) -> Facts:
    """What a chain would say that holds the institution's one anchor."""
    anchor = institution.anchors[0]
    block = BlockFact(anchor.block.number, anchor.block.hash, anchor.block.timestamp)
    head = BlockFact(500, bytes(32), now - 60)
    keys = (KeyFact(address_of(institution.key), 1, 0, 0, 0),)
    home = institution.home
    ledger = LedgerFacts(
        home.chain_id, home.ledger, home.issuer, head, anchor.size,
        {anchor.root: AnchorFact(anchor.sequence, anchor.size, anchor.previous_size, 0, block)},
        keys, (DocumentFact(institution.document_hash, 0, 1),), (), StatusFact(head, (revoked,), (0,)),
    )  # fmt: skip
    return Facts({home.key: ledger})


def policy_of(institution: Institution, chain_id: int = 31337) -> Policy:
    ledger = LedgerPolicy(chain_id, institution.home.ledger, bytes(32), issuers=((1, "University of Example"),))
    return Policy((ledger,))


def report(file: CredentialFile, policy: Policy | None, facts: Facts, capsys: pytest.CaptureFixture[str]) -> str:
    data = file.to_bytes()
    print_report("x.json", data, verify(data, policy, facts, now=NOW), NOW)
    return capsys.readouterr().out


def test_genuine_comes_first_with_the_verifiers_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    institution = paper_institution()
    out = report(institution.file(0), policy_of(institution), facts_of(institution), capsys)
    first = out.split("\n\n")[1]
    assert first.startswith("TEST. Genuine. Issued by University of Example")
    assert "Valid on" in first
    assert "What was issued" in out
    assert "Grade: 71" in out
    assert "does not prove" in out
    assert "1 minute ago" in out
    assert "eip155:31337" in out


def test_a_real_chain_does_not_say_test(capsys: pytest.CaptureFixture[str]) -> None:
    institution = Institution(replace(paper_institution().home, chain_id=1))
    institution.issue()
    institution.seal(NOW - DAY)
    institution.publish()
    out = report(institution.file(0), policy_of(institution, 1), facts_of(institution), capsys)
    assert "TEST" not in out
    assert "\nGenuine. " in out


def test_revoked_is_genuine_but(capsys: pytest.CaptureFixture[str]) -> None:
    institution = paper_institution()
    out = report(institution.file(0), policy_of(institution), facts_of(institution, revoked=1), capsys)
    assert "Genuine, but: The issuer has revoked it" in out
    assert "6  Not revoked: FAIL" in out
    assert "What was issued" in out


def test_altered_content_is_not_read_out(capsys: pytest.CaptureFixture[str]) -> None:
    institution = paper_institution()
    file = institution.file(0)
    forged = replace(file, credential={**file.credential, "name": "Doctor of Everything"})
    out = report(forged, policy_of(institution), facts_of(institution), capsys)
    assert "Not accepted: What is shown is not what the issuer entered" in out
    assert "Doctor" not in out
    assert "FinTech" not in out


def test_undetermined_content_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    out = report(paper_institution().file(0), None, Facts(), capsys)
    assert "Could not be decided" in out
    assert "not confirmed" in out
    assert "Not known: whether it was published on the chain, who issued it, whether it was revoked." in " ".join(
        out.split()
    )


HOSTILE = "\x1b[2J\x1b]0;owned\x07 \u202egnp.exe\u2066 \r\n\x00 \u200bTitle " + "x" * 10_000


def test_hostile_text_is_made_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    file = paper_institution().file(0)
    achievement = {**file.credential["credentialSubject"]["achievement"], "name": HOSTILE}  # type: ignore[dict-item,call-overload,index]
    subject = {**file.credential["credentialSubject"], "achievement": achievement}  # type: ignore[dict-item]
    hostile = Institution(file.home)
    made = replace(file, credential={**file.credential, "credentialSubject": subject}, proofs=replace(file.proofs))
    hostile.tree.extend([leaf_hash(made.commitment)])
    hostile.sealed.append(made)
    hostile.publish()
    file = made.with_proofs(replace(hostile.proofs(0), promise=None), hostile.document)
    out = report(file, policy_of(hostile), facts_of(hostile), capsys)
    assert "Genuine. " in out
    assert "Title" in out
    assert len(out) < 10_000
    assert not set(out) & set("\x1b\x07\x00\r\u202e\u2066\u200b")


@pytest.mark.parametrize("name", ["\x1b[31mx.json", "a\nGenuine. Issued by X", "\u202ex"])
def test_a_hostile_file_name_is_made_harmless(name: str) -> None:
    assert "\x1b" not in harmless(name)
    assert "\n" not in harmless(name)
    assert "\u202e" not in harmless(name)


@pytest.mark.parametrize("value", [None, 3, b"\xff", "", "\ud800", "a" * 100_000])
def test_harmless_never_raises(value: object) -> None:
    assert len(harmless(value)) <= 2000


@pytest.mark.parametrize("data", [b"", b"[]", b"\x00" * 100, b'{"format":"rootseal/credential/1"}', b"x" * 2_000_000])
def test_a_malformed_file_is_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    program = Program(capsys)
    write_atomically(tmp_path / "f", data)
    run = program("verify", tmp_path / "f", "--offline", "--json")
    assert run.code == 1
    (verdict,) = run.objects
    assert verdict["overall"] == "rejected"
    assert verdict["credentials"][0]["checks"][0]["code"] == "format.malformed"
    people = program("verify", tmp_path / "f", "--offline")
    assert people.code == 1
    assert "Not accepted: The file is not a credential" in people.out


def test_headline_of_an_answer_says_so() -> None:
    institution = paper_institution()
    verdict = verify(
        institution.file(0).to_bytes(),
        replace(policy_of(institution), holder_required=True),
        facts_of(institution),
        now=NOW,
    )
    assert (
        headline(verdict.credentials[0], False) == "Could not be decided: Nobody was asked to prove that it is theirs."
    )
