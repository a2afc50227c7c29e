"""The template of a micro-credential: the European standard elements, strictly read.

Source: Council Recommendation 2022/C 243/02, annex I. What the annex asks of each credential
(who learned, when it was issued, the grade) is in `rootseal.credential.Award`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from rootseal.canonical import Json
from rootseal.errors import InputError
from rootseal.microcredential.countries import COUNTRIES
from rootseal.microcredential.dates import Validity
from rootseal.microcredential.grading import Grading
from rootseal.microcredential.level import Level
from rootseal.microcredential.text import clean_text

__all__ = ["MicroCredential", "number_of", "templates_from_json"]

_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,4}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")

# Element → its plain name and what the way out is where a mandatory one is missing.
_MANDATORY = {
    "key": ("key", "a short name of small letters, digits and hyphens, for example lab-safety"),
    "title": ("title", "the name of the micro-credential"),
    "awarding_body": ("awarding body", "who awards it, for example a faculty and its university"),
    "country": ("country of the issuer", "an ISO 3166-1 code of two letters, for example IE"),
    "description": ("description", "one or two sentences"),
    "learning_outcomes": ("learning outcomes", "a list of what a learner can do afterwards"),
    "workload_hours": ("notional workload", "the hours that a learner needs"),
    "level": ("level", "the EQF or national level, or null, which states 'not applicable'"),
    "assessment": ("type of assessment", "how learning was assessed"),
    "participation": ("form of participation", "online, on-site or blended"),
    "quality_assurance": ("type of quality assurance", "who assures the quality, and how"),
}
_OPTIONAL_TEXT = {
    "prerequisites": ("prerequisites", 1000),
    "supervision": ("supervision and identity verification", 200),
    "stackability": ("stackability", 500),
    "further_information": ("further information", 2000),
    "field_of_study": ("field of study", 200),
}
_OPTIONAL = {*_OPTIONAL_TEXT, "ects", "language", "valid_for", "grade_scale", "pass_mark"}


@dataclass(frozen=True, slots=True)
class MicroCredential:
    """One template. All text is NFC, on one line, without control characters.

    `workload` counts hundredths of an hour and `credits` hundredths of an ECTS credit
    (0 = none), so that both are exact. `level` None states "not applicable".
    """

    key: str
    title: str
    awarding_body: str
    country: str
    description: str
    learning_outcomes: tuple[str, ...]
    workload: int
    credits: int
    level: Level | None
    assessment: str
    participation: str
    quality_assurance: str
    prerequisites: str | None = None
    supervision: str | None = None
    grading: Grading | None = None
    stackability: str | None = None
    further_information: str | None = None
    field_of_study: str | None = None
    language: str | None = None
    valid_for: Validity | None = None

    @classmethod
    def from_json(cls, value: object, where: str = "micro-credential") -> MicroCredential:
        """Reads one JSON object; `InputError` names the first element that is wrong."""
        source = _object(value, where)

        def text(name: str, limit: int) -> str:
            return clean_text(source[name], f"{where}.{name}", _MANDATORY[name][0], limit)

        return cls(
            key=_pattern(source["key"], f"{where}.key", _KEY, "key", 64, "lab-safety"),
            title=text("title", 200),
            awarding_body=text("awarding_body", 200),
            country=_country(source["country"], f"{where}.country"),
            description=text("description", 2000),
            learning_outcomes=_outcomes(source["learning_outcomes"], f"{where}.learning_outcomes"),
            workload=_hundredths(source["workload_hours"], f"{where}.workload_hours", _HOURS),
            credits=_credits(source.get("ects"), f"{where}.ects"),
            level=Level.from_json(source["level"], f"{where}.level"),
            assessment=text("assessment", 500),
            participation=text("participation", 200),
            quality_assurance=text("quality_assurance", 500),
            grading=Grading.from_json(source.get("grade_scale"), source.get("pass_mark"), where),
            language=_language(source.get("language"), f"{where}.language"),
            valid_for=_validity(source.get("valid_for"), f"{where}.valid_for"),
            **_optional_texts(source, where),
        )

    def to_json(self) -> dict[str, Json]:
        """The inverse of `from_json`; optional elements that are absent are null."""
        grading = self.grading
        return {
            "key": self.key,
            "title": self.title,
            "awarding_body": self.awarding_body,
            "country": self.country,
            "description": self.description,
            "learning_outcomes": [*self.learning_outcomes],
            "workload_hours": number_of(self.workload),
            "ects": number_of(self.credits) if self.credits else None,
            "level": self.level.to_json() if self.level else None,
            "assessment": self.assessment,
            "participation": self.participation,
            "quality_assurance": self.quality_assurance,
            "prerequisites": self.prerequisites,
            "supervision": self.supervision,
            "grade_scale": grading.scale if grading else None,
            "pass_mark": grading.pass_mark_json() if grading else None,
            "stackability": self.stackability,
            "further_information": self.further_information,
            "field_of_study": self.field_of_study,
            "language": self.language,
            "valid_for": self.valid_for.text() if self.valid_for else None,
        }

    def check_grade(self, grade: str | None, where: str = "grade") -> str | None:
        """The grade as the document carries it; `InputError` if off the scale or a fail."""
        if self.grading is not None:
            return self.grading.check(grade, where)
        if grade is not None:
            raise InputError(where, "this micro-credential has no grade; leave it empty", grade)
        return None


def templates_from_json(value: object, where: str = "templates") -> dict[str, MicroCredential]:
    """A JSON array of templates, by key; refuses two with one key."""
    if not isinstance(value, list):
        raise InputError(where, "must be a list of micro-credentials", value)
    templates: dict[str, MicroCredential] = {}
    for position, item in enumerate(value):
        template = MicroCredential.from_json(item, f"{where}[{position}]")
        if template.key in templates:
            raise InputError(f"{where}[{position}].key", "key is used twice", template.key)
        templates[template.key] = template
    return templates


def number_of(hundredths: int) -> int | float:
    """Hundredths as a JSON number: whole where it can be, else the shortest decimal (2.5)."""
    whole, rest = divmod(hundredths, 100)
    return hundredths / 100 if rest else whole


_HOURS = ("notional workload", 100_000)
_ECTS = ("ECTS", 1_000)


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InputError(where, "a micro-credential is a JSON object", value)
    for name in value:
        if name not in _MANDATORY and name not in _OPTIONAL:
            raise InputError(f"{where}.{name}", "no such element of a micro-credential", name)
    for name, (plain, hint) in _MANDATORY.items():
        absent = name not in value or value[name] in ("", [])
        if absent or (value[name] is None and name != "level"):
            raise InputError(f"{where}.{name}", f"{plain} is missing: {hint}")
    return value


def _optional_texts(source: Mapping[str, object], where: str) -> dict[str, str]:
    return {
        name: clean_text(source[name], f"{where}.{name}", plain, limit)
        for name, (plain, limit) in _OPTIONAL_TEXT.items()
        if source.get(name) is not None
    }


def _outcomes(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 50:
        raise InputError(where, "learning outcomes must be a list of 1 to 50 sentences", value)
    return tuple(clean_text(item, f"{where}[{n}]", "learning outcome", 500) for n, item in enumerate(value))


def _country(value: object, where: str) -> str:
    if not isinstance(value, str) or value not in COUNTRIES:
        problem = "country of the issuer is no ISO 3166-1 alpha-2 code, for example IE"
        raise InputError(where, problem, value)
    return value


def _pattern(value: object, where: str, pattern: re.Pattern[str], what: str, limit: int, example: str) -> str:
    text = clean_text(value, where, what, limit)
    if pattern.fullmatch(text) is None:
        raise InputError(where, f"{what} is malformed; for example {example}", value)
    return text


def _language(value: object, where: str) -> str | None:
    return None if value is None else _pattern(value, where, _LANGUAGE, "language", 12, "en")


def _validity(value: object, where: str) -> Validity | None:
    return None if value is None else Validity.from_text(value, where)


def _credits(value: object, where: str) -> int:
    return 0 if value is None else _hundredths(value, where, _ECTS)


def _hundredths(value: object, where: str, kind: tuple[str, int]) -> int:
    """A positive number with at most two decimals, times 100, exactly."""
    what, most = kind
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        try:
            scaled = Decimal(str(value)) * 100
        except (InvalidOperation, ValueError):
            scaled = Decimal(-1)
        if scaled.is_finite() and 0 < scaled <= most * 100 and scaled == scaled.to_integral():
            return int(scaled)
    problem = f"{what} must be a number above 0, at most {most}, with at most two decimals"
    raise InputError(where, problem, value)
