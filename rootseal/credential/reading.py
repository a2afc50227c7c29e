"""What a credential document says, for people: the inverse of `rootseal.credential.document`.

Tolerant on purpose: the document may be anybody's, or have most of its claims hidden. What is
missing or malformed is None; nothing here raises, and nothing here says that it is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from rootseal.credential.narrative import LABELS, OUTCOME, read_lines
from rootseal.microcredential import display_text

__all__ = ["CredentialFacts", "read_document"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?=T|\Z)")
_MAX_ITEMS = 50
_MAX_TEXT = 200_000

_OWN_LABELS = {
    "learner_name": "Learner",
    "learner_id": "Learner id",
    "title": "Title",
    "issuer_name": "Issuer",
    "issuer_id": "Issuer id",
    "awarded_on": "Date of issuing",
    "valid_until": "Valid until",
    "credits": "Credits (ECTS)",
    "grade": "Grade",
    "description": "Description",
    "field_of_study": "Field of study",
}


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """The facts of one document, as text fit for display; None where absent or unreadable.

    `awarded_on` and `valid_until` are days (`YYYY-MM-DD`; the credential is no longer valid on
    the latter), `credits` is a decimal number, `level` may be "not applicable".
    """

    learner_name: str | None = None
    learner_id: str | None = None
    title: str | None = None
    issuer_name: str | None = None
    issuer_id: str | None = None
    awarded_on: str | None = None
    valid_until: str | None = None
    credits: str | None = None
    grade: str | None = None
    description: str | None = None
    field_of_study: str | None = None
    awarding_body: str | None = None
    country: str | None = None
    learning_outcomes: tuple[str, ...] = ()
    workload: str | None = None
    level: str | None = None
    assessment: str | None = None
    participation: str | None = None
    quality_assurance: str | None = None
    prerequisites: str | None = None
    supervision: str | None = None
    grade_scale: str | None = None
    stackability: str | None = None
    language: str | None = None
    validity: str | None = None
    further_information: str | None = None

    def labelled(self) -> tuple[tuple[str, str], ...]:
        """(English label, value) of every fact there is, in fixed order; each learning outcome apart."""
        return tuple(
            (f"{OUTCOME} {number}" if number else _OWN_LABELS.get(name) or LABELS[name], value)
            for name, number, value in self.named()
        )

    def named(self) -> tuple[tuple[str, int, str], ...]:
        """(name of the fact, number of the learning outcome or 0, value) of every fact there is, in fixed order."""
        found: list[tuple[str, int, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                found += [("learning_outcome", number, text) for number, text in enumerate(value, 1)]
            elif value is not None:
                found.append((field.name, 0, value))
        return tuple(found)


def read_document(document: object) -> CredentialFacts:
    """The facts found in `document`, which may be any value whatever. Never raises."""
    subject = _member(document, "credentialSubject")
    achievement = _member(subject, "achievement")
    name, learner_id = _identities(_member(subject, "identifier"))
    lines = _lines(achievement)
    outcomes = lines.pop("learning_outcomes", [])
    return CredentialFacts(
        learner_name=name,
        learner_id=learner_id,
        title=display_text(_member(achievement, "name")) or display_text(_member(document, "name")),
        issuer_name=display_text(_member(_member(document, "issuer"), "name")),
        issuer_id=_issuer_id(_member(document, "issuer")),
        awarded_on=_day(_member(document, "validFrom")),
        valid_until=_day(_member(document, "validUntil")),
        credits=_number(_member(subject, "creditsEarned")),
        grade=_grade(_member(subject, "result")),
        description=display_text(_member(achievement, "description")),
        field_of_study=display_text(_member(achievement, "fieldOfStudy")),
        learning_outcomes=tuple(outcomes[:_MAX_ITEMS]),
        **{element: values[0] for element, values in lines.items()},
    )


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _items(value: object) -> Iterable[object]:
    """The elements of an array; of a partly hidden one, whose indexes may be keys, those shown."""
    if isinstance(value, Mapping):
        return list(value.values())[:_MAX_ITEMS]
    return value[:_MAX_ITEMS] if isinstance(value, (list, tuple)) else ()


def _lines(achievement: object) -> dict[str, list[str]]:
    """The labelled lines, made fit for display; the achievement's own level where no line has one."""
    narrative = _member(_member(achievement, "criteria"), "narrative")
    text = narrative[:_MAX_TEXT] if isinstance(narrative, str) else ""
    shown = {name: [t for t in map(display_text, values) if t] for name, values in read_lines(text).items()}
    found = {name: values for name, values in shown.items() if values}
    language = display_text(_member(achievement, "inLanguage"), 20)
    if language is not None:
        found.setdefault("language", [language])
    for alignment in _items(_member(achievement, "alignment")):
        target = display_text(_member(alignment, "targetName"))
        if target is not None and target.startswith("EQF level "):
            found.setdefault("level", [target])
    return found


def _identities(value: object) -> tuple[str | None, str | None]:
    """The learner's name and id: what is shown in the clear, the first of each."""
    name = learner_id = None
    for item in _items(value):
        kind, text = _member(item, "identityType"), display_text(_member(item, "identityHash"), 500)
        if _member(item, "hashed") is True:
            continue
        if kind == "name":
            name = name or text
        elif kind == "identifier":
            learner_id = learner_id or text
    return name, learner_id


def _grade(results: object) -> str | None:
    grades = (display_text(_member(result, "value"), 100) for result in _items(results))
    return next((grade for grade in grades if grade), None)


def _issuer_id(issuer: object) -> str | None:
    """Open Badges lets `issuer` be the id alone."""
    return display_text(issuer if isinstance(issuer, str) else _member(issuer, "id"))


def _day(value: object) -> str | None:
    match = _DAY.match(value) if isinstance(value, str) else None
    return match.group() if match else None


def _number(value: object) -> str | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    if not 0 < value < 1_000_000:
        return None
    return str(int(value)) if value == int(value) else str(value)
