"""Grade scales: which grades exist, and which of them is a pass.

A micro-credential is only awarded for a pass, so a failing grade is refused and not issued
as a credential that says "failed".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from rootseal.errors import InputError

__all__ = ["SCALES", "Grading"]

_PERCENTAGE = re.compile(r"(?:100(?:\.0{1,2})?|(?:0|[1-9][0-9]?)(?:\.[0-9]{1,2})?)")

SCALES: dict[str, tuple[str, ...]] = {
    "percentage": (),
    "pass/fail": ("fail", "pass"),
    "achieved/not achieved": ("not achieved", "achieved"),
}
"""Scale → its values from low to high; empty for percentages, which are numbers 0 to 100."""


@dataclass(frozen=True, slots=True)
class Grading:
    """A scale of `SCALES` and the lowest grade that passes, as text (`"50"`, `"pass"`)."""

    scale: str
    pass_mark: str

    @classmethod
    def from_json(cls, scale: object, pass_mark: object, where: str) -> Grading | None:
        """From the two values of a template; both null means that no grade is given."""
        if scale is None and pass_mark is None:
            return None
        if not isinstance(scale, str) or scale not in SCALES:
            known = ", ".join(SCALES)
            raise InputError(f"{where}.grade_scale", f"grade scale is none of: {known}", scale)
        return cls(scale, _pass_mark(scale, pass_mark, f"{where}.pass_mark"))

    def pass_mark_json(self) -> int | str:
        """The pass mark as templates write it: a number for percentages, else text."""
        return int(self.pass_mark) if self.scale == "percentage" else self.pass_mark

    def check(self, grade: str | None, where: str = "grade") -> str:
        """The grade as it goes into the document; `InputError` if off the scale or a fail."""
        if grade is None:
            raise InputError(where, f"grade is missing; this micro-credential has {self.words()}")
        value = grade.casefold()
        if self.scale == "percentage":
            return self._check_percentage(value, where)
        if value not in SCALES[self.scale]:
            raise InputError(where, f"grade is outside its scale: {self.words()}", grade)
        if value != self.pass_mark:
            raise InputError(where, _failed(self.pass_mark), grade)
        return value

    def words(self) -> str:
        """For people: `percentage, pass mark 50`, or the scale alone where it names its pass."""
        return f"{self.scale}, pass mark {self.pass_mark}" if self.scale == "percentage" else self.scale

    def _check_percentage(self, grade: str, where: str) -> str:
        if _PERCENTAGE.fullmatch(grade) is None:
            problem = "grade is outside its scale: a percentage is a number from 0 to 100, without a sign"
            raise InputError(where, problem, grade)
        if Decimal(grade) < int(self.pass_mark):
            raise InputError(where, _failed(self.pass_mark), grade)
        return grade


def _pass_mark(scale: str, value: object, where: str) -> str:
    if scale != "percentage":
        passing = SCALES[scale][-1]
        if value != passing:
            raise InputError(where, f"pass mark of the scale {scale} is {passing!r}", value)
        return passing
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        raise InputError(where, "pass mark of percentages is a whole number, 0 to 100", value)
    return str(value)


def _failed(pass_mark: str) -> str:
    return f"grade does not reach the pass mark ({pass_mark}); a micro-credential is issued for a pass only"
