"""The groups of claims that a learner ticks, and what a form asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from werkzeug.datastructures import MultiDict

from rootseal.claims import Claim, Path
from rootseal.credential import read_document
from rootseal.errors import InputError
from rootseal.files import CredentialFile
from rootseal.opened import always_shown
from rootseal.presentation import Presentation
from wallet.box import Box, Held
from wallet.console import harmless
from wallet.copies import Pick, pick
from wallet.disclosing import Disclosure, path_text
from wallet.page.reading import value_text
from wallet.page.speaking import Speaker
from wallet.phrases import Phrase
from wallet.presenting import Question, assemble_each
from wallet.shown import clean_who
from wallet.spending import Plan, Wish, plan

__all__ = ["LIFETIMES", "PRESETS", "Draft", "Group", "groups"]

_SUBJECT: Final = "credentialSubject"
_ACHIEVEMENT: Final = (_SUBJECT, "achievement")
_TOPS: Final[Mapping[Path, str]] = {
    ("name",): "title",
    ("issuer",): "issuer",
    ("validFrom",): "dates",
    ("validUntil",): "dates",
    (_SUBJECT, "result"): "grade",
    (*_ACHIEVEMENT, "resultDescription"): "grade",
    (_SUBJECT, "creditsEarned"): "credits",
    (*_ACHIEVEMENT, "creditsAvailable"): "credits",
    (*_ACHIEVEMENT, "alignment"): "level",
    (*_ACHIEVEMENT, "criteria"): "outcomes",
    (*_ACHIEVEMENT, "description"): "description",
    (*_ACHIEVEMENT, "fieldOfStudy"): "field",
}
_NAMES: Final = {
    "title": "Title of the document",
    "issuer": "Name and country of the issuer",
    "dates": "Dates of validity",
    "learner": "Your name",
    "learner_id": "Your learner id",
    "grade": "Grade, with its scale",
    "credits": "ECTS credits",
    "level": "Level",
    "outcomes": "Learning outcomes, workload, level, assessment and quality assurance",
    "description": "Description",
    "field": "Field of study",
}
_BASE: Final = frozenset(("title", "issuer", "dates"))
PRESETS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "title": ("Title and date", _BASE),
    "grade": ("With the grade", _BASE | {"grade"}),
    "credits": ("With ECTS credits and level", _BASE | {"credits", "level", "outcomes"}),
    "learner": ("With your name", _BASE | {"learner"}),
    "all": ("Everything", frozenset(_NAMES)),
}
LIFETIMES: Final = {3_600: "1 hour", 86_400: "1 day", 604_800: "7 days", 2_592_000: "30 days"}


@dataclass(frozen=True, slots=True)
class Group:
    """Claims that are shown or hidden together. `common` ones have a name of their own."""

    key: str
    label: str
    value: str
    paths: tuple[Path, ...]
    common: bool


def groups(file: CredentialFile, speak: Speaker) -> list[Group]:
    """Every claim that may be hidden, once, the usual ones first."""
    claims = [claim for claim in file.salted()[0] if not always_shown(claim.path)]
    names = _name_places(claims)
    found: dict[str, list[Claim]] = {key: [] for key in _NAMES}
    for claim in claims:
        found.setdefault(_key(claim.path, names), []).append(claim)
    values = _values(file)
    return [
        Group(
            key,
            speak(_NAMES[key]) if key in _NAMES else harmless(key, 200),
            values.get(key) or "; ".join(value_text(claim.value) for claim in members[:3]),
            tuple(claim.path for claim in members),
            key in _NAMES,
        )
        for key, members in found.items()
        if members
    ]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a form asks for: credentials, ticked groups as `<commitment>:<key>`, for whom, and a verifier's question.

    `planned` are the ids of the copies that a preview showed: nothing else may be made.
    """

    picks: tuple[Pick, ...]
    ticked: frozenset[str]
    subject: bool
    who: str
    reuse: bool
    planned: tuple[str, ...]
    audience: str
    nonce: str
    life: int
    created: int

    @classmethod
    def read(cls, box: Box, form: MultiDict[str, str], now: int) -> Draft:
        """Raises `InputError` where a credential is not there, or the question is not whole."""
        audience, nonce = form.get("audience", ""), form.get("nonce", "")
        if bool(audience) != bool(nonce):
            raise InputError("question", Phrase("has two parts, who asked and their word: give both, or neither"))
        life, created = form.get("life", "3600"), form.get("created", "")
        if not life.isascii() or not life.isdigit() or int(life[:9]) not in LIFETIMES:
            raise InputError("question", Phrase("counts for a time that is not offered"))
        made = int(created) if created.isascii() and created.isdigit() and len(created) < 12 else now
        return cls(
            # An id on the page stands for the credential, whichever of its copies will be shown.
            tuple(replace(one, exact=False) for one in pick(box, form.getlist("id"))) if form.getlist("id") else (),
            frozenset(form.getlist("show")),
            form.get("subject") == "yes",
            form.get("who", ""),
            form.get("reuse") == "yes",
            tuple(form.getlist("copy")),
            audience,
            nonce,
            int(life),
            min(made, now),
        )

    @property
    def question(self) -> Question | None:
        """What the verifier asked, if anything."""
        if not self.audience:
            return None
        return Question(self.audience, self.nonce, self.created, self.created + self.life)

    @property
    def named(self) -> tuple[Held, ...]:
        """What the form's ids name: one copy of each credential, whose parts are ticked."""
        return tuple(one.named for one in self.picks)

    def plan(self, box: Box) -> Plan:
        """Which copies would go to whom. Raises `InputError`, and as `spending.plan`."""
        if not self.picks:
            raise InputError("credentials", Phrase("choose at least one"))
        named = self.who if self.who.strip() else self.audience
        who = clean_who(named, "who it is for") if named.strip() else None
        return plan(box, self.picks, Wish(who, self.subject, self.question is not None, self.reuse))

    def assembled(self, planned: Plan, speak: Speaker) -> Presentation:
        """Unsigned. The address is shown where a question is answered. Raises `InputError`."""
        pairs = zip(self.named, planned.held, strict=True)
        chosen = [(held.file, self._disclosure(named, speak)) for named, held in pairs]
        return assemble_each(chosen, self.subject or self.question is not None)

    def _disclosure(self, held: Held, speak: Speaker) -> Disclosure:
        mine = f"{held.commitment.hex()}:"
        ticked = [group for group in groups(held.file, speak) if mine + group.key in self.ticked]
        return Disclosure(tuple(path for group in ticked for path in group.paths))


def _key(path: Path, names: Mapping[Path, str]) -> str:
    for top in range(1, len(path) + 1):
        found = _TOPS.get(path[:top]) or names.get(path[:top])
        if found is not None:
            return found
    return path_text(path)


def _name_places(claims: list[Claim]) -> dict[Path, str]:
    """Where the learner's name and ids stand: the identity objects, by their type."""
    return {
        claim.path[:-1]: "learner" if claim.value == "name" else "learner_id"
        for claim in claims
        if len(claim.path) == 4 and claim.path[:2] == (_SUBJECT, "identifier") and claim.path[3] == "identityType"
    }


def _values(file: CredentialFile) -> dict[str, str]:
    """A short preview of the groups that people know."""
    facts = read_document(file.credential)
    found = {
        "title": facts.title,
        "issuer": facts.issuer_name,
        "dates": " – ".join(day for day in (facts.awarded_on, facts.valid_until) if day),
        "learner": facts.learner_name,
        "learner_id": facts.learner_id,
        "grade": facts.grade,
        "credits": facts.credits,
        "level": facts.level,
        "outcomes": "; ".join(facts.learning_outcomes),
        "description": facts.description,
        "field": facts.field_of_study,
    }
    return {key: harmless(value, 240) for key, value in found.items() if value}
