"""Calendar dates (text `YYYY-MM-DD`) and ISO 8601 durations, without a clock.

CONSENSUS-CRITICAL: `midnight` and `Validity.end` give the dates that a commitment binds.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from functools import lru_cache

from rootseal.errors import InputError
from rootseal.instants import format_date, parse_instant

__all__ = ["Validity", "check_date", "midnight"]

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DURATION = re.compile(r"P(?:([0-9]{1,2})Y)?(?:([0-9]{1,3})M)?(?:([0-9]{1,4})D)?")
_DAY = 86_400


def check_date(value: object, where: str, what: str = "the date") -> str:
    """`value` itself, if it is a day of the calendar after 1970-01-01, written `YYYY-MM-DD`."""
    if isinstance(value, str) and _parts(value) is not None:
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        problem = f"{what} lies before 1970-01-02" if value < "1970-01-02" else f"{what}: there is no such day"
        raise InputError(where, problem, value)
    raise InputError(where, f"{what} is not a day written YYYY-MM-DD, for example 2026-09-30", value)


@lru_cache(maxsize=4096)
def midnight(date: str) -> int:
    """UTC seconds at 00:00:00Z on `date`. Raises `InputError` for what is no such day."""
    return parse_instant(f"{date}T00:00:00Z")


@lru_cache(maxsize=4096)
def _parts(date: str) -> tuple[int, int, int] | None:
    match = _DATE.fullmatch(date)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    # Second 0 of 1970 means "no date" in a commitment, so the first possible day is the one after.
    if year < 1970 or not 1 <= month <= 12 or date == "1970-01-01":
        return None
    return (year, month, day) if 1 <= day <= calendar.monthrange(year, month)[1] else None


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a credential is valid: years and months first, then days (ISO 8601, `P1Y6M`)."""

    years: int = 0
    months: int = 0
    days: int = 0

    @classmethod
    def from_text(cls, value: object, where: str) -> Validity:
        """Parses `P2Y`, `P18M`, `P1Y6M10D`; refuses weeks, times and the empty duration."""
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        counts = [int(count or 0) for count in match.groups()] if match else []
        if not any(counts):
            problem = "validity is not a duration in years, months and days, for example P2Y"
            raise InputError(where, problem, value)
        return cls(*counts)

    def text(self) -> str:
        """The ISO 8601 form, without zero parts."""
        counts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + "".join(f"{count}{unit}" for count, unit in counts if count)

    def words(self) -> str:
        """For people: `1 year, 6 months`."""
        counts = ((self.years, "year"), (self.months, "month"), (self.days, "day"))
        return ", ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in counts if n)

    def end(self, date: str) -> str:
        """The first day on which a credential awarded on `date` is no longer valid.

        A day that its month does not have becomes the month's last (29 February plus a year
        is 28 February). Raises `InputError` beyond the year 9999.
        """
        return _end(self, check_date(date, "awarded_on"))


@lru_cache(maxsize=4096)
def _end(validity: Validity, date: str) -> str:
    year, month, day = (int(part) for part in date.split("-"))
    months = year * 12 + month - 1 + validity.years * 12 + validity.months
    year, month = months // 12, months % 12 + 1
    if year > 9998:
        raise InputError("valid_for", "validity ends after the year 9998", validity.text())
    day = min(day, calendar.monthrange(year, month)[1])
    return format_date(calendar.timegm((year, month, day, 0, 0, 0)) + validity.days * _DAY)
