"""Verdicts: three-valued checks and how they add up (DESIGN §7).

"Could not check" is never green and never an accusation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rootseal.canonical import Json
from rootseal.catalogue import CATALOGUE, CHECKS, STATEMENTS, Outcome
from rootseal.languages import say

__all__ = [
    "VERDICT_FORMAT",
    "Check",
    "CredentialVerdict",
    "Details",
    "Overall",
    "Statement",
    "Verdict",
    "check",
    "statement",
    "worst",
]

VERDICT_FORMAT = "rootseal/verdict/1"
Overall = Literal["verified", "rejected", "undetermined"]
Details = Mapping[str, str | int]
"""What fills the placeholders of a sentence: days as YYYY-MM-DD, names, counts."""

_EXIT = {"verified": 0, "rejected": 1, "undetermined": 3}


@dataclass(frozen=True, slots=True)
class Check:
    """One of the eight checks: `number` 1 to 8, `code` stable, `reason` a plain English sentence."""

    number: int
    name: str
    outcome: Outcome
    code: str
    reason: str
    details: Details = field(default_factory=dict)

    def reason_in(self, language: str) -> str:
        """`reason` in one of `rootseal.languages.LANGUAGES`."""
        return self.reason if language == "en" else say(self.code, self.details, language)

    def to_json(self, language: str = "en") -> Json:
        """One element of `checks`."""
        return {
            "number": self.number,
            "name": self.name,
            "outcome": self.outcome,
            "code": self.code,
            "reason": self.reason_in(language),
            "details": dict(self.details),
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """A plain sentence beside the checks, which no outcome depends on: `code` is `note.…` or `at.…`."""

    code: str
    details: Details

    def text(self, language: str = "en") -> str:
        """The sentence."""
        return say(self.code, self.details, language)

    def to_json(self, language: str = "en") -> Json:
        """One element of `statements`."""
        return {"code": self.code, "text": self.text(language), "details": dict(self.details)}


def check(code: str, **details: object) -> Check:
    """The check that `code` belongs to, with the catalogue's outcome and sentence."""
    name = code.partition(".")[0]
    outcome, _ = CATALOGUE[code]
    known = _plain(details)
    return Check(CHECKS.index(name) + 1, name, outcome, code, say(code, known), known)


def statement(code: str, **details: object) -> Statement:
    """The statement `code` of the catalogue. Raises KeyError for another."""
    if code not in STATEMENTS:
        raise KeyError(code)
    return Statement(code, _plain(details))


def _plain(details: Mapping[str, object]) -> dict[str, str | int]:
    return {name: value if isinstance(value, int) else str(value) for name, value in details.items()}


@dataclass(frozen=True, slots=True)
class CredentialVerdict:
    """The eight checks of one credential.

    `holder_asked`: whether policy or the file's `holder` member makes check 8 count for "verified".
    `statements` stand beside the checks (a later withdrawal, a promise kept late, what held on the day asked
    for); `issuer_name` is the verifier's own name for the issuer, or None where nobody trusted vouches for it.
    """

    checks: tuple[Check, ...]
    holder_asked: bool = False
    statements: tuple[Statement, ...] = ()
    issuer_name: str | None = None

    @property
    def overall(self) -> Overall:
        """rejected if any check fails; verified if 1–7 pass, and 8 where asked; else undetermined."""
        if any(c.outcome == "fail" for c in self.checks):
            return "rejected"
        needed = self.checks if self.holder_asked else self.checks[:7]
        return "verified" if all(c.outcome == "pass" for c in needed) else "undetermined"

    @property
    def sentence(self) -> str:
        """The one plain sentence that comes first, in English."""
        return self.sentence_in("en")

    @property
    def notes(self) -> tuple[str, ...]:
        """The statements' sentences, in English."""
        return tuple(statement.text() for statement in self.statements)

    def sentence_in(self, language: str) -> str:
        """The one plain sentence that comes first."""
        word, decisive = self._decisive()
        return say(f"verdict.{word}", {"reason": decisive.reason_in(language)}, language)

    def _decisive(self) -> tuple[str, Check]:
        """How the sentence begins, and the check that it tells of."""
        failed = [c for c in self.checks if c.outcome == "fail"]
        genuine = all(c.outcome == "pass" for c in self.checks[:5])
        if self.overall == "verified":
            return "genuine", self.checks[4]
        if failed and genuine and all(c.number in (6, 7, 8) for c in failed):
            return "genuine_but", failed[0]
        if failed:
            return "rejected", failed[0]
        open_checks = [c for c in self.checks[: 8 if self.holder_asked else 7] if c.outcome == "unknown"]
        return "undetermined", open_checks[0]

    def to_json(self, language: str = "en") -> Json:
        """One element of `credentials`."""
        return {
            "overall": self.overall,
            "checks": [c.to_json(language) for c in self.checks],
            "statements": [s.to_json(language) for s in self.statements],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one file. `as_of`: UTC seconds of the oldest chain data used, or None where none was."""

    credentials: tuple[CredentialVerdict, ...]
    as_of: int | None
    test: bool

    @property
    def overall(self) -> Overall:
        """The worst of the credentials'."""
        return worst(c.overall for c in self.credentials)

    @property
    def exit_code(self) -> int:
        """0 verified, 1 rejected, 3 undetermined."""
        return _EXIT[self.overall]

    def to_json(self, language: str = "en") -> Json:
        """The format `rootseal/verdict/1`, its sentences in one of `rootseal.languages.LANGUAGES`."""
        return {
            "format": VERDICT_FORMAT,
            "overall": self.overall,
            "asOf": self.as_of,
            "test": self.test,
            "credentials": [c.to_json(language) for c in self.credentials],
        }


def worst(overalls: Iterable[Overall]) -> Overall:
    """rejected before undetermined before verified; of nothing: undetermined."""
    seen: Sequence[Overall] = tuple(overalls)
    order: tuple[Overall, ...] = ("rejected", "undetermined", "verified")
    return next((o for o in order if o in seen), "undetermined")
