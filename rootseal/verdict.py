"""Verdicts: three-valued checks and how they add up (DESIGN §7).

"Could not check" is never green and never an accusation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rootseal.canonical import Json
from rootseal.catalogue import CATALOGUE, CHECKS, Outcome

__all__ = ["VERDICT_FORMAT", "Check", "CredentialVerdict", "Overall", "Verdict", "check", "worst"]

VERDICT_FORMAT = "rootseal/verdict/1"
Overall = Literal["verified", "rejected", "undetermined"]

_EXIT = {"verified": 0, "rejected": 1, "undetermined": 3}


@dataclass(frozen=True, slots=True)
class Check:
    """One of the eight checks: `number` 1 to 8, `code` stable, `reason` a plain sentence."""

    number: int
    name: str
    outcome: Outcome
    code: str
    reason: str

    def to_json(self) -> Json:
        """One element of `checks`."""
        return {
            "number": self.number,
            "name": self.name,
            "outcome": self.outcome,
            "code": self.code,
            "reason": self.reason,
        }


def check(code: str, **values: object) -> Check:
    """The check that `code` belongs to, with the catalogue's outcome and sentence."""
    name = code.partition(".")[0]
    outcome, sentence = CATALOGUE[code]
    return Check(CHECKS.index(name) + 1, name, outcome, code, sentence.format(**values))


@dataclass(frozen=True, slots=True)
class CredentialVerdict:
    """The eight checks of one credential.

    `holder_asked`: whether policy or the file's `holder` member makes check 8 count for "verified".
    `notes` are plain sentences beside the checks (a later withdrawal, a promise kept late); `issuer_name` is
    the verifier's own name for the issuer, or None where nobody trusted vouches for it.
    """

    checks: tuple[Check, ...]
    holder_asked: bool = False
    notes: tuple[str, ...] = ()
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
        """The one plain sentence that comes first."""
        failed = [c for c in self.checks if c.outcome == "fail"]
        genuine = all(c.outcome == "pass" for c in self.checks[:5])
        if self.overall == "verified":
            return f"Genuine. {self.checks[4].reason}"
        if failed and genuine and all(c.number in (6, 7, 8) for c in failed):
            return f"Genuine, but: {failed[0].reason}"
        if failed:
            return f"Not accepted: {failed[0].reason}"
        open_checks = [c for c in self.checks[: 8 if self.holder_asked else 7] if c.outcome == "unknown"]
        return f"Could not be decided: {open_checks[0].reason}"

    def to_json(self) -> Json:
        """One element of `credentials`."""
        return {"overall": self.overall, "checks": [c.to_json() for c in self.checks]}


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

    def to_json(self) -> Json:
        """The format `rootseal/verdict/1`."""
        return {
            "format": VERDICT_FORMAT,
            "overall": self.overall,
            "asOf": self.as_of,
            "test": self.test,
            "credentials": [c.to_json() for c in self.credentials],
        }


def worst(overalls: Iterable[Overall]) -> Overall:
    """rejected before undetermined before verified; of nothing: undetermined."""
    seen: Sequence[Overall] = tuple(overalls)
    order: tuple[Overall, ...] = ("rejected", "undetermined", "verified")
    return next((o for o in order if o in seen), "undetermined")
