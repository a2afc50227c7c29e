"""The way back: what is read from a document is all that was put in, and anything at all can be read."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootseal.canonical import Json
from rootseal.claims import walk
from rootseal.credential import CredentialFacts, DocumentBuilder, read_document
from rootseal.microcredential import MicroCredential
from tests.support.sample_awards import ID, ISSUER, SAMPLES, at, award_for, built


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
