"""Credential documents: their shape, what is shared, and the way back."""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.samples import templates
from rootseal.canonical import Json, dumps, loads
from rootseal.claims import encode_document, walk
from rootseal.credential import (
    CONTEXTS,
    Award,
    CredentialFacts,
    DocumentBuilder,
    DocumentEncoder,
    IssuerProfile,
    credential_document,
    read_document,
)
from rootseal.credential.narrative import LABELS
from rootseal.errors import InputError
from rootseal.instants import parse_instant
from rootseal.microcredential import MicroCredential

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "vectors" / "documents"
SAMPLES = templates()
ISSUER = IssuerProfile("did:web:registrar.example.edu", "Example University", "https://registrar.example.edu", "SI")
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
PASSES = {"percentage": "71", "pass/fail": "pass", "achieved/not achieved": "achieved"}


def passing(template: MicroCredential) -> str | None:
    return PASSES[template.grading.scale] if template.grading else None


def award_for(template: MicroCredential, **members: Any) -> Award:
    values = {"learner_id": "00012345", "given_name": "Zoë", "family_name": "Müller", "awarded_on": "2026-10-01"}
    return Award(**{**values, "grade": passing(template), **members})


def built(key: str, **members: Any) -> dict[str, Any]:
    template = SAMPLES[key]
    return dict(DocumentBuilder(template, ISSUER).build(award_for(template, **members), ID).document)


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


# --- shape (Open Badges 3.0 JSON schema and context 3.0.3, what matters here)

TEXT = {"type": "string", "minLength": 1}


def typed(name: str, required: list[str], /, **properties: object) -> dict[str, object]:
    """An object with a `type` array that has `name`, and nothing that is not listed."""
    kind = {"type": "array", "items": TEXT, "contains": {"const": name}}
    members = {"type": kind, **properties}
    return {"type": "object", "required": ["type", *required], "properties": members, "additionalProperties": False}


IDENTITY = {
    "type": "object",
    "required": ["type", "hashed", "identityHash", "identityType"],
    "properties": {
        "type": {"const": "IdentityObject"},
        "hashed": {"const": False},
        "identityHash": TEXT,
        "identityType": {"enum": ["name", "identifier"]},
    },
    "additionalProperties": False,
}
ALIGNMENT = typed(
    "Alignment",
    ["targetName", "targetUrl"],
    targetName=TEXT,
    targetUrl={"type": "string", "format": "uri"},
    targetCode=TEXT,
    targetFramework=TEXT,
    targetType={"type": "string", "pattern": "^(ext:[a-zA-Z0-9._-]+|CFItem|CTDL)$"},
)
RESULT_DESCRIPTION = typed(
    "ResultDescription",
    ["id", "name", "resultType"],
    id=TEXT,
    name=TEXT,
    resultType={"enum": ["Percent", "Result"]},
    requiredValue=TEXT,
    valueMin=TEXT,
    valueMax=TEXT,
    allowedValue={"type": "array", "items": TEXT},
)
ACHIEVEMENT = typed(
    "Achievement",
    ["id", "name", "description", "criteria"],
    id=TEXT,
    name=TEXT,
    description=TEXT,
    achievementType={"const": "MicroCredential"},
    humanCode=TEXT,
    fieldOfStudy=TEXT,
    creditsAvailable={"type": "number"},
    criteria={"type": "object", "required": ["narrative"], "properties": {"narrative": TEXT}},
    alignment={"type": "array", "items": ALIGNMENT},
    resultDescription={"type": "array", "items": RESULT_DESCRIPTION},
)
SUBJECT = typed(
    "AchievementSubject",
    ["achievement"],
    achievement=ACHIEVEMENT,
    identifier={"type": "array", "items": IDENTITY},
    creditsEarned={"type": "number"},
    result={"type": "array", "items": typed("Result", [], resultDescription=TEXT, value=TEXT)},
)
DATE = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T00:00:00Z$"}
SCHEMA = {
    "type": "object",
    "required": ["@context", "id", "type", "credentialSubject", "issuer", "validFrom"],
    "properties": {
        "@context": {"const": list(CONTEXTS)},
        "id": {"type": "string", "pattern": "^urn:uuid:"},
        "type": {"const": ["VerifiableCredential", "OpenBadgeCredential"]},
        "name": TEXT,
        "issuer": typed("Profile", ["id", "name"], id=TEXT, name=TEXT, url=TEXT, address={"type": "object"}),
        "validFrom": DATE,
        "validUntil": DATE,
        "credentialSubject": SUBJECT,
    },
    # Neither `proof` nor `credentialStatus`: exports add them.
    "additionalProperties": False,
}


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


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


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


def test_a_formula_in_a_name_stays_text() -> None:
    name = '=HYPERLINK("http://x")'
    assert read_document(built("lab-safety", given_name=name, family_name="Formula")).learner_name == f"{name} Formula"


def test_one_name_is_enough() -> None:
    assert read_document(built("lab-safety", given_name=None, family_name="Nakamura")).learner_name == "Nakamura"


# --- the way back

WORDS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=60).map(
    lambda text: text.strip() or "x"
)


@st.composite
def any_template(draw: st.DrawFn) -> MicroCredential:
    texts = ("title", "awarding_body", "description", "assessment", "participation", "quality_assurance")
    optional = ("prerequisites", "supervision", "stackability", "further_information", "field_of_study")
    source = {**SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))].to_json()}
    source.update({name: draw(WORDS) for name in texts})
    source.update({name: draw(st.none() | WORDS) for name in optional})
    source["learning_outcomes"] = [*draw(st.lists(WORDS, min_size=1, max_size=12))]
    source["ects"] = draw(st.none() | st.integers(1, 100_000).map(lambda credits: credits / 100))
    source["workload_hours"] = draw(st.integers(1, 100_000).map(lambda hours: hours / 100))
    return MicroCredential.from_json(source)


@given(any_template(), WORDS, st.none() | WORDS)
def test_reading_a_document_gives_back_all_that_was_put_in(
    template: MicroCredential, family: str, given_name: str | None
) -> None:
    award = award_for(template, family_name=family, given_name=given_name)
    facts = read_document(DocumentBuilder(template, ISSUER).build(award, ID).document)
    assert facts == CredentialFacts(
        learner_name=award.full_name,
        learner_id=award.learner_id,
        title=template.title,
        issuer_name=ISSUER.name,
        issuer_id=ISSUER.id,
        awarded_on=award.awarded_on,
        valid_until=template.valid_for.end(award.awarded_on) if template.valid_for else None,
        credits=f"{template.credits / 100:.2f}".rstrip("0").rstrip(".") if template.credits else None,
        grade=award.grade,
        description=template.description,
        field_of_study=template.field_of_study,
        awarding_body=template.awarding_body,
        country=template.country,
        learning_outcomes=template.learning_outcomes,
        workload=facts.workload,
        level=template.level.words() if template.level else "not applicable",
        assessment=template.assessment,
        participation=template.participation,
        quality_assurance=template.quality_assurance,
        prerequisites=template.prerequisites,
        supervision=template.supervision,
        grade_scale=template.grading.words() if template.grading else None,
        stackability=template.stackability,
        language=template.language,
        validity=template.valid_for.words() if template.valid_for else None,
        further_information=template.further_information,
    )


def test_facts_are_labelled_in_fixed_order() -> None:
    pairs = read_document(built("fintech-innovation")).labelled()
    assert pairs[0] == ("Learner", "Zoë Müller")
    assert ("Workload", "125 hours (5 ECTS)") in pairs
    assert ("Credits (ECTS)", "5") in pairs
    assert ("Grade scale", "percentage, pass mark 50") in pairs
    assert [label for label, _ in pairs if label.startswith("Learning outcome")] == [
        "Learning outcome 1",
        "Learning outcome 2",
        "Learning outcome 3",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_reading_any_value_never_raises(value: Json) -> None:
    assert isinstance(read_document(value), CredentialFacts)


@given(st.data())
def test_reading_a_mutilated_document_never_raises(data: st.DataObject) -> None:
    document = copy.deepcopy(built("fintech-innovation"))
    claim = data.draw(st.sampled_from(list(walk(document))))
    cut = data.draw(st.integers(1, len(claim.path)))
    at(document, claim.path[: cut - 1])[claim.path[cut - 1]] = data.draw(JSON)
    facts = read_document(document)
    assert all(len(value) <= 2000 and value.strip() for _, value in facts.labelled())


@pytest.mark.parametrize("number", [10**400, -1, float("nan"), float("inf"), True, "5", 10**6])
def test_an_absurd_number_of_credits_is_not_shown(number: object) -> None:
    assert read_document({"credentialSubject": {"creditsEarned": number}}).credits is None


def test_hostile_text_is_made_fit_for_display() -> None:
    facts = read_document({"name": "Master\u202e of\0 \x1b[31mArts" + "x" * 9000, "issuer": "did:web:x\n"})
    assert facts.title is not None
    assert facts.title.startswith("Master of [31mArts")
    assert len(facts.title) == 2000
    assert facts.issuer_id == "did:web:x"


def test_what_is_hidden_is_none_and_the_rest_is_read() -> None:
    document = {"credentialSubject": {"identifier": {1: {"identityType": "identifier", "identityHash": "7"}}}}
    assert read_document(document) == CredentialFacts(learner_id="7")
