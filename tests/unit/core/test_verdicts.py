"""The table of verdicts: every code of the catalogue is produced, and the algebra holds over all outcomes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from string import Formatter

import pytest

import rootseal
from rootseal.catalogue import CATALOGUE, CHECKS, LIMITS, UNCHECKED
from rootseal.facts import Facts
from rootseal.verdict import Check, CredentialVerdict, Verdict, check, worst
from tests.support.world import START, World
from tests.vectors.verdict_cases import CASES, Case


def run(case: Case) -> rootseal.Verdict:
    return rootseal.verify(case.data, case.policy, case.facts, now=case.now, at=case.on, expected=case.expected)


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    case = CASES[name]
    verdict = run(case)
    shown = {c.name: c.code for c in verdict.credentials[case.credential].checks}
    assert case.code in shown.values(), shown
    assert verdict.overall == case.overall, shown
    assert [c.number for c in verdict.credentials[0].checks] == list(range(1, 9))
    assert tuple(shown) == CHECKS


def test_every_code_of_the_catalogue_is_produced_by_a_case() -> None:
    seen = {c.code for case in CASES.values() for credential in run(case).credentials for c in credential.checks}
    assert seen == set(CATALOGUE)


def test_no_reason_leaves_a_blank_and_every_one_is_one_printable_line() -> None:
    for case in CASES.values():
        verdict = run(case)
        for credential in verdict.credentials:
            for text in (credential.sentence, *credential.notes, *(c.reason for c in credential.checks)):
                assert text.isprintable() and "{" not in text and text[0].isupper() and len(text) < 600


def test_code_belongs_to_a_check_and_its_outcome_to_its_word() -> None:
    for code, (outcome, sentence) in CATALOGUE.items():
        name, _, word = code.partition(".")
        assert name in CHECKS and word.isidentifier()
        assert outcome in ("pass", "fail", "unknown")
        assert (word != UNCHECKED) or outcome == "unknown"
        assert sentence.rstrip("}").endswith((".", "problem")), code
        assert all(field is None or field.isidentifier() for _, field, _, _ in Formatter().parse(sentence))
    assert {f"{name}.{UNCHECKED}" for name in CHECKS[1:]} <= set(CATALOGUE)
    assert "does not show" in LIMITS


def _checks(outcomes: tuple[str, ...]) -> tuple[Check, ...]:
    return tuple(Check(i, CHECKS[i - 1], outcome, "x.y", "Z.") for i, outcome in enumerate(outcomes, 1))  # type: ignore[arg-type]


def test_algebra_over_every_combination_of_outcomes() -> None:
    for outcomes in product(("pass", "fail", "unknown"), repeat=8):
        for asked in (False, True):
            needed = outcomes if asked else outcomes[:7]
            verdict = CredentialVerdict(_checks(outcomes), asked)
            if "fail" in outcomes:
                assert verdict.overall == "rejected"
                assert verdict.sentence.startswith(("Genuine, but", "Not accepted"))
                assert verdict.sentence.startswith("Genuine") == (set(outcomes[:5]) == {"pass"})
            elif set(needed) == {"pass"}:
                assert verdict.overall == "verified" and verdict.sentence.startswith("Genuine.")
            else:
                assert verdict.overall == "undetermined" and verdict.sentence.startswith("Could not be decided")


def test_overall_is_the_worst_and_of_nothing_undetermined() -> None:
    order = ("verified", "undetermined", "rejected")
    for three in product(order, repeat=3):
        assert worst(three) == max(three, key=order.index)
    assert worst(()) == "undetermined"
    assert Verdict((), None, False).exit_code == 3


@pytest.mark.parametrize(("overall", "exit_code"), [("verified", 0), ("rejected", 1), ("undetermined", 3)])
def test_exit_codes(overall: str, exit_code: int) -> None:
    assert next(run(case) for case in CASES.values() if case.overall == overall).exit_code == exit_code


NEVER_GREEN_NEVER_AN_ACCUSATION = [
    "no policy", "policy for another ledger", "policy for another issuer", "accredited by a stranger", "no chain",
    "wrong chain", "the block is not final", "only a block hash", "evidence under an unknown block hash", "promised",
    "register not reached", "the same name on a stranger's ledger", "no status map", "unknown who published",
    "an index that nothing shows", "without the issuer's document", "neither promise nor anchor",
]  # fmt: skip


@pytest.mark.parametrize("name", NEVER_GREEN_NEVER_AN_ACCUSATION)
def test_what_could_not_be_checked_is_undetermined(name: str) -> None:
    verdict = run(CASES[name])
    assert verdict.overall == "undetermined"
    assert all(c.outcome != "fail" for c in verdict.credentials[0].checks)
    words = " ".join(c.reason for c in verdict.credentials[0].checks).lower()
    assert "altered" not in words and "tamper" not in words and "forged" not in words


def test_less_knowledge_never_makes_a_verdict_greener() -> None:
    """Taking facts, policy or both away from any case never turns it into "verified"."""
    for name, case in CASES.items():
        full = run(case)
        for less in (
            replace(case, facts=Facts()),
            replace(case, policy=None),
            replace(case, policy=None, facts=Facts()),
        ):
            assert run(less).overall != "verified", name
            if full.overall == "undetermined":
                assert run(less).overall != "verified", name


def test_facts_of_another_issuer_are_not_used() -> None:
    world = World(chain_id=100)
    other = World(chain_id=100, issuer=2)
    verdict = rootseal.verify(world.file(4).to_bytes(), world.policy, other.facts(), now=world.now)
    assert verdict.credentials[0].checks[3].code == "anchor.unreachable" and verdict.as_of is None


def test_revoked_reads_genuine_but() -> None:
    assert run(CASES["revoked"]).credentials[0].sentence.startswith("Genuine, but: The issuer has revoked it")
    assert run(CASES["expired"]).credentials[0].sentence.startswith("Genuine, but: It expired on 2026-10-31")
    assert run(CASES["grade altered"]).credentials[0].sentence.startswith("Not accepted: What is shown is not")


def test_later_withdrawal_is_stated() -> None:
    (note,) = run(CASES["accreditation withdrawn after"]).credentials[0].notes
    assert note == "The accreditation by Quality Agency ended on 2026-10-03, after this was issued."
    assert run(CASES["accreditation renewed"]).credentials[0].notes == ()


def test_late_publication_is_stated_and_only_where_it_was_checked() -> None:
    case = CASES["complete file, issuer pinned"]
    world = World(chain_id=100)
    file = world.file(4)
    from rootseal.typed_data import checkpoint_digest
    from tests.support.world import sign

    promise = file.proofs.promise
    assert promise is not None
    late = replace(promise, anchor_by=START)
    digest = checkpoint_digest(world.home, late.size, late.root, late.signed_at, late.anchor_by)
    late = replace(late, signature=sign(world.anchor_key, digest))
    data = replace(file, proofs=replace(file.proofs, promise=late)).to_bytes()
    (note,) = run(replace(case, data=data)).credentials[0].notes
    assert "later than the 2026-10-01 that it had promised" in note
    assert run(replace(case, data=data, facts=Facts())).credentials[0].notes == ()


def test_verdict_says_test_where_it_must() -> None:
    assert run(CASES["development chain"]).test
    assert not run(CASES["complete file, issuer pinned"]).test
    world = World(chain_id=100)
    trust = rootseal.parse_trust(f"eip155:100:0x{world.home.ledger.hex()}/1")
    verdict = rootseal.verify(world.file(4).to_bytes(), rootseal.Policy((trust,)), world.facts(), now=world.now)
    assert verdict.overall == "verified" and verdict.test


def test_json_of_a_verdict() -> None:
    verdict = run(CASES["complete file, issuer pinned"])
    value = verdict.to_json()
    assert isinstance(value, dict)
    assert list(value) == ["format", "overall", "asOf", "test", "credentials"]
    assert value["credentials"][0]["checks"][4] == {  # type: ignore[index, call-overload]
        "number": 5,
        "name": "issuer",
        "outcome": "pass",
        "code": "issuer.pinned",
        "reason": "Issued by Example University, Ljubljana, an issuer that you trust.",
        "details": {"name": "Example University, Ljubljana"},
    }
    assert value["credentials"][0]["statements"] == []  # type: ignore[index, call-overload]


def test_unknown_code_is_a_bug() -> None:
    with pytest.raises(KeyError):
        check("anchor.invented")
