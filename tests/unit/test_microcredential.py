"""Templates: the European standard elements, strictly read and refused by name."""

from __future__ import annotations

import copy
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.samples import templates
from rootseal.errors import InputError
from rootseal.instants import parse_instant
from rootseal.microcredential import (
    Grading,
    Level,
    MicroCredential,
    Validity,
    check_date,
    clean_text,
    display_text,
    midnight,
    templates_from_json,
)

SAMPLES = templates()


def changed(key: str, /, **members: object) -> dict[str, object]:
    source: dict[str, object] = copy.deepcopy(dict(SAMPLES[key].to_json()))
    source.update(members)
    return source


def test_five_samples_parse() -> None:
    assert sorted(SAMPLES) == [
        "endnote-workshop",
        "fintech-innovation",
        "inshore-fishing",
        "lab-safety",
        "smart-literature",
    ]


@pytest.mark.parametrize("key", sorted(SAMPLES))
def test_a_template_round_trips(key: str) -> None:
    assert MicroCredential.from_json(SAMPLES[key].to_json()) == SAMPLES[key]


def test_samples_carry_exact_values() -> None:
    fintech, safety = SAMPLES["fintech-innovation"], SAMPLES["lab-safety"]
    assert (fintech.credits, fintech.workload) == (500, 12500)
    assert fintech.level == Level(7, "Irish NFQ level 9")
    assert fintech.grading == Grading("percentage", "50")
    assert safety.level is None
    assert safety.credits == 0
    assert safety.valid_for == Validity(years=2)


MANDATORY = {
    "key": "key",
    "title": "title",
    "awarding_body": "awarding body",
    "country": "country of the issuer",
    "description": "description",
    "learning_outcomes": "learning outcomes",
    "workload_hours": "notional workload",
    "level": "level",
    "assessment": "type of assessment",
    "participation": "form of participation",
    "quality_assurance": "type of quality assurance",
}


@pytest.mark.parametrize(("element", "plain"), MANDATORY.items())
def test_a_missing_mandatory_element_is_refused_by_name(element: str, plain: str) -> None:
    source = changed("lab-safety")
    del source[element]
    with pytest.raises(InputError, match=f"{element}: {plain} is missing: "):
        MicroCredential.from_json(source)


@pytest.mark.parametrize("element", sorted(set(MANDATORY) - {"level"}))
@pytest.mark.parametrize("empty", [None, "", []])
def test_an_empty_mandatory_element_is_refused(element: str, empty: object) -> None:
    with pytest.raises(InputError, match="is missing"):
        MicroCredential.from_json(changed("lab-safety", **{element: empty}))


WRONG: dict[str, dict[str, object]] = {
    "unknown element": {"colour": "red"},
    "key with capitals": {"key": "Lab-Safety"},
    "country unknown": {"country": "XX"},
    "country small letters": {"country": "nl"},
    "country a list": {"country": ["NL"]},
    "title too long": {"title": "x" * 201},
    "title a number": {"title": 7},
    "title with line break": {"title": "a\nb"},
    "title with bidi override": {"title": "a\u202eb"},
    "title with lone surrogate": {"title": "a\ud800b"},
    "title of spaces": {"title": "   "},
    "outcomes as text": {"learning_outcomes": "one"},
    "outcome a number": {"learning_outcomes": [1]},
    "outcome empty": {"learning_outcomes": ["a", " "]},
    "outcomes too many": {"learning_outcomes": ["a"] * 51},
    "workload zero": {"workload_hours": 0},
    "workload negative": {"workload_hours": -1},
    "workload text": {"workload_hours": "3"},
    "workload true": {"workload_hours": True},
    "workload three decimals": {"workload_hours": 1.125},
    "ects zero": {"ects": 0},
    "ects three decimals": {"ects": 2.505},
    "ects above the limit": {"ects": 1000.01},
    "ects infinite": {"ects": float("inf")},
    "ects not a number": {"ects": float("nan")},
    "ects of 400 digits": {"ects": 10**400},
    "level text": {"level": "EQF 7"},
    "level 9": {"level": {"framework": "EQF", "level": 9, "national": None}},
    "level true": {"level": {"framework": "EQF", "level": True, "national": None}},
    "level without number": {"level": {"framework": "EQF", "level": None, "national": "x"}},
    "level of another framework": {"level": {"framework": "CEFR", "level": 1, "national": None}},
    "level national without words": {"level": {"framework": "national", "level": None, "national": None}},
    "level with another member": {"level": {"framework": "EQF", "level": 7, "national": None, "x": 1}},
    "language in words": {"language": "English"},
    "validity in weeks": {"valid_for": "P3W"},
    "validity empty": {"valid_for": "P"},
    "validity zero": {"valid_for": "P0Y"},
    "validity a number": {"valid_for": 2},
    "grade scale unknown": {"grade_scale": "stars"},
    "pass mark without scale": {"grade_scale": None, "pass_mark": 50},
    "scale without pass mark": {"grade_scale": "percentage", "pass_mark": None},
    "pass mark that is a fail": {"grade_scale": "pass/fail", "pass_mark": "fail"},
    "pass mark above the scale": {"grade_scale": "percentage", "pass_mark": 101},
    "pass mark text": {"grade_scale": "percentage", "pass_mark": "50"},
    "prerequisites a list": {"prerequisites": ["x"]},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_element_is_refused_and_named(name: str) -> None:
    element = next(reversed(WRONG[name]))
    with pytest.raises(InputError) as refusal:
        MicroCredential.from_json(changed("lab-safety", **WRONG[name]), "templates[3]")
    assert refusal.value.where.startswith("templates[3].")
    assert element.split("_")[0] in refusal.value.where or "grade_scale" in refusal.value.where


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_a_template_must_be_an_object(value: object) -> None:
    with pytest.raises(InputError):
        MicroCredential.from_json(value)


def test_templates_refuse_two_with_one_key() -> None:
    one = SAMPLES["lab-safety"].to_json()
    with pytest.raises(InputError, match="used twice"):
        templates_from_json([one, one])
    with pytest.raises(InputError, match="must be a list"):
        templates_from_json({})


@given(st.integers(1, 100_000))
def test_credits_are_exactly_a_hundred_times_ects(credits: int) -> None:
    template = MicroCredential.from_json(changed("lab-safety", ects=credits / 100))
    assert template.credits == credits
    assert MicroCredential.from_json(template.to_json()) == template


def test_half_hours_of_workload_are_kept() -> None:
    assert MicroCredential.from_json(changed("lab-safety", workload_hours=1.5)).workload == 150


def test_text_is_normalised_to_nfc() -> None:
    assert clean_text(" Zoe\u0308 ", "x", "name", 10) == "Zoë"


def test_joiners_of_persian_and_indic_names_are_letters() -> None:
    assert clean_text("می\u200cخواهم", "x", "name", 20) == "می\u200cخواهم"


@pytest.mark.parametrize("bad", ["\0", "\t.", "\x7f", "\u2028", "\u202d", "\u2066", "\ufeff", "\u00ad", "\uffff"])
def test_invisible_characters_are_refused_by_name(bad: str) -> None:
    with pytest.raises(InputError, match=rf"U\+{ord(bad[0]):04X}"):
        clean_text(f"a{bad}b", "x", "name", 20)


@given(st.text(), st.integers(1, 50))
def test_display_text_never_raises_and_is_displayable(text: str, limit: int) -> None:
    shown = display_text(text, limit)
    assert shown is None or (0 < len(shown) <= limit and "\u202e" not in shown and "\n" not in shown)


@pytest.mark.parametrize("grade", ["50", "50.0", "71", "99.95", "100", "100.00"])
def test_a_passing_percentage_is_kept_as_written(grade: str) -> None:
    assert SAMPLES["fintech-innovation"].check_grade(grade) == grade


@pytest.mark.parametrize("grade", ["101", "131", "-1", "071", "71%", "71,5", "1e2", "NaN", "pass", "100.01", "٥٠"])
def test_a_percentage_off_the_scale_is_refused(grade: str) -> None:
    with pytest.raises(InputError, match="outside its scale"):
        SAMPLES["fintech-innovation"].check_grade(grade)


@pytest.mark.parametrize(
    ("key", "grade"),
    [
        ("fintech-innovation", "49"),
        ("fintech-innovation", "49.99"),
        ("fintech-innovation", "0"),
        ("smart-literature", "fail"),
        ("inshore-fishing", "Not achieved"),
    ],
)
def test_a_failing_grade_is_refused_with_the_reason(key: str, grade: str) -> None:
    with pytest.raises(InputError, match="does not reach the pass mark"):
        SAMPLES[key].check_grade(grade)


def test_grade_and_scale_go_together() -> None:
    assert SAMPLES["smart-literature"].check_grade("PASS") == "pass"
    assert SAMPLES["endnote-workshop"].check_grade(None) is None
    with pytest.raises(InputError, match="has no grade"):
        SAMPLES["endnote-workshop"].check_grade("pass")
    with pytest.raises(InputError, match="grade is missing"):
        SAMPLES["smart-literature"].check_grade(None)
    with pytest.raises(InputError, match="outside its scale"):
        SAMPLES["inshore-fishing"].check_grade("pass")


@pytest.mark.parametrize(
    ("duration", "start", "end"),
    [
        ("P2Y", "2026-10-01", "2028-10-01"),
        ("P1Y", "2028-02-29", "2029-02-28"),
        ("P4Y", "2028-02-29", "2032-02-29"),
        ("P1M", "2026-01-31", "2026-02-28"),
        ("P18M", "2026-10-15", "2028-04-15"),
        ("P90D", "2026-12-31", "2027-03-31"),
        ("P1Y2M3D", "2026-10-30", "2028-01-02"),
    ],
)
def test_validity_ends_on_the_calendar_day(duration: str, start: str, end: str) -> None:
    validity = Validity.from_text(duration, "valid_for")
    assert validity.end(start) == end
    assert validity.text() == duration


def test_validity_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(InputError, match="9998"):
        Validity(years=99).end("9950-01-01")


@pytest.mark.parametrize(
    "text",
    ["31/12/2026", "2026-2-1", "2026-02-30", "1969-12-31", "1970-01-01", "2026-13-01", "٢٠٢٦-01-01", "", 20260101],
)
def test_a_date_that_is_none_is_refused(text: object) -> None:
    with pytest.raises(InputError, match=r"YYYY-MM-DD|no such day|before 1970"):
        check_date(text, "awarded_on")


@given(st.dates(min_value=datetime.date(1970, 1, 2)))
def test_midnight_is_the_instant_that_the_document_states(day: object) -> None:
    assert midnight(check_date(str(day), "x")) == parse_instant(f"{day}T00:00:00Z") > 0
