"""Credential documents: their shape, what is shared, and what is refused."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rootseal.canonical import dumps, loads
from rootseal.claims import encode_document
from rootseal.credential import DocumentBuilder, DocumentEncoder, IssuerProfile, credential_document, read_document
from rootseal.credential.narrative import LABELS
from rootseal.errors import InputError
from rootseal.instants import parse_instant
from rootseal.microcredential import MicroCredential
from tests.support.open_badge_schema import SCHEMA
from tests.support.sample_awards import ID, ISSUER, SAMPLES, at, award_for, built

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "vectors" / "documents"


# --- golden documents


def test_golden_documents_are_fresh() -> None:
    spec = importlib.util.spec_from_file_location("golden", ROOT / "scripts" / "make_golden_documents.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.stale_files() == []


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_document_reads_back_as_its_template_and_award(path: Path) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))
    template, facts = SAMPLES[path.stem], read_document(golden["document"])
    assert facts.title == template.title
    assert facts.learner_id == golden["award"]["learner_id"]
    assert facts.grade == golden["award"]["grade"]
    assert facts.learning_outcomes == template.learning_outcomes
    assert golden["validFrom"] == parse_instant(golden["document"]["validFrom"])


@pytest.mark.parametrize("key", sorted(SAMPLES))
def test_a_document_is_an_open_badge_of_known_terms_only(key: str) -> None:
    jsonschema.validate(built(key), SCHEMA)


@pytest.mark.parametrize("key", sorted(SAMPLES))
def test_a_document_survives_its_canonical_bytes(key: str) -> None:
    document = built(key)
    assert loads(dumps(document)) == document


@pytest.mark.parametrize("key", sorted(SAMPLES))
def test_labelled_lines_stand_in_fixed_order_and_state_every_mandatory_element(key: str) -> None:
    text = built(key)["credentialSubject"]["achievement"]["criteria"]["narrative"]
    labels = [line.partition(": ")[0].rstrip(" 0123456789") for line in text.split("\n\n")]
    positions = [list(LABELS.values()).index(label) for label in labels]
    assert positions == sorted(positions)
    assert set(labels) >= {
        "Awarding body",
        "Country of the issuer",
        "Learning outcome",
        "Workload",
        "Level",
        "Type of assessment",
        "Form of participation",
        "Type of quality assurance",
    }


def test_a_level_that_does_not_apply_is_stated() -> None:
    achievement = built("lab-safety")["credentialSubject"]["achievement"]
    assert "\n\nLevel: not applicable\n\n" in achievement["criteria"]["narrative"]
    assert "alignment" not in achievement
    assert read_document(built("lab-safety")).level == "not applicable"


def test_a_european_level_is_an_alignment() -> None:
    achievement = built("fintech-innovation")["credentialSubject"]["achievement"]
    assert achievement["alignment"][0]["targetUrl"] == "http://data.europa.eu/snb/eqf/7"
    assert "Level: EQF level 7; Irish NFQ level 9" in achievement["criteria"]["narrative"]


def test_dates_equal_the_seconds_beside_the_document() -> None:
    result = DocumentBuilder(SAMPLES["lab-safety"], ISSUER).build(award_for(SAMPLES["lab-safety"]), ID)
    assert result.valid_from == parse_instant(result.document["validFrom"]) == 1790812800
    assert result.valid_until == parse_instant(result.document["validUntil"]) == 1853971200


def test_without_validity_there_is_no_end() -> None:
    result = DocumentBuilder(SAMPLES["endnote-workshop"], ISSUER).build(award_for(SAMPLES["endnote-workshop"]), ID)
    assert result.valid_until == 0
    assert "validUntil" not in result.document


@pytest.mark.parametrize(("ects", "number"), [(5, "5"), (2.5, "2.5"), (0.01, "0.01"), (1000, "1000"), (0.07, "0.07")])
def test_credits_are_a_whole_number_where_they_can_be(ects: float, number: str) -> None:
    template = MicroCredential.from_json({**SAMPLES["fintech-innovation"].to_json(), "ects": ects})
    result = DocumentBuilder(template, ISSUER).build(award_for(template), ID)
    assert f'"creditsEarned":{number},'.encode() in dumps(result.document)
    assert read_document(result.document).credits == number
    assert result.credits == round(ects * 100)


def test_without_ects_there_are_no_credits() -> None:
    result = DocumentBuilder(SAMPLES["lab-safety"], ISSUER).build(award_for(SAMPLES["lab-safety"]), ID)
    assert result.credits == 0
    assert b"credits" not in dumps(result.document)


def test_holder_and_email_are_nowhere_in_the_document() -> None:
    document = dumps(built("lab-safety", holder=b"\xab" * 20))
    assert b"abab" not in document
    assert b"@example" not in document


# --- what is shared


@pytest.mark.parametrize("key", sorted(SAMPLES))
def test_constant_parts_are_shared_and_say_nothing_of_a_learner(key: str) -> None:
    template = SAMPLES[key]
    builder = DocumentBuilder(template, ISSUER)
    one = builder.build(award_for(template), ID).document
    other_award = award_for(template, learner_id="7", given_name=None, family_name="Nakamura", awarded_on="2025-01-02")
    other = builder.build(other_award, ID.replace("1", "2")).document
    for path in builder.constant_paths:
        first, second = at(one, path), at(other, path)
        assert first == second
        assert first is second or not isinstance(first, (dict, list))
    shared = dumps([at(one, path) for path in builder.constant_paths])
    assert not any(word in shared for word in ("Zoë".encode(), b"00012345", b"2026-10", ID.encode()))


@pytest.mark.parametrize("key", sorted(SAMPLES))
def test_reusing_the_bytes_of_constant_parts_changes_no_claim(key: str) -> None:
    template = SAMPLES[key]
    builder = DocumentBuilder(template, ISSUER)
    encoder = DocumentEncoder(builder.constant_paths)
    encoder.encode(builder.build(award_for(template), ID).document)
    other = builder.build(award_for(template, family_name="Horvat"), ID).document
    assert encoder.encode(other)[1] == encode_document(other)


def test_the_achievement_id_names_its_content() -> None:
    one = built("lab-safety")["credentialSubject"]["achievement"]
    source = {**SAMPLES["lab-safety"].to_json(), "description": "Another text"}
    template = MicroCredential.from_json(source)
    other: Any = credential_document(template, award_for(template), ISSUER, ID)
    assert built("lab-safety", family_name="X")["credentialSubject"]["achievement"]["id"] == one["id"]
    assert other["credentialSubject"]["achievement"]["id"] != one["id"]
    assert other["credentialSubject"]["achievement"]["humanCode"] == one["humanCode"] == "lab-safety"


# --- refusals


@pytest.mark.parametrize("wrong", ["", "urn:uuid:1", ID.upper(), ID + "0", "https://example.edu/1", ID + "\n"])
def test_an_id_must_be_a_urn_uuid(wrong: str) -> None:
    with pytest.raises(InputError, match="urn:uuid"):
        DocumentBuilder(SAMPLES["endnote-workshop"], ISSUER).build(award_for(SAMPLES["endnote-workshop"]), wrong)


def test_a_failing_grade_makes_no_document() -> None:
    with pytest.raises(InputError, match="pass mark"):
        built("fintech-innovation", grade="49")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("learner_id", ""),
        ("learner_id", 12345),
        ("learner_id", "1" * 65),
        ("family_name", " "),
        ("family_name", None),
        ("family_name", "a\u202eb"),
        ("given_name", ""),
        ("given_name", "Nul\0l"),
        ("given_name", "\ud800"),
        ("given_name", "a" * 201),
        ("awarded_on", "31/12/2026"),
        ("holder", b"\x01" * 19),
        ("holder", bytes(20)),
    ],
)
def test_an_award_refuses_and_names_the_element(member: str, value: object) -> None:
    with pytest.raises(InputError) as refusal:
        award_for(SAMPLES["endnote-workshop"], **{member: value})
    assert refusal.value.where == member


@pytest.mark.parametrize(
    "members",
    [
        {"id": "example"},
        {"id": "http://example.edu"},
        {"id": "did:web:a b"},
        {"name": ""},
        {"name": "a\nb"},
        {"url": "javascript:alert(1)"},
        {"country": "XX"},
    ],
)
def test_an_issuer_profile_refuses_what_it_cannot_be(members: dict[str, str]) -> None:
    with pytest.raises(InputError, match="issuer"):
        IssuerProfile(**{"id": "did:web:x", "name": "X", **members})
