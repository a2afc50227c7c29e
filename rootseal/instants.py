"""RFC 3339 date-times with a zone and whole seconds, as UTC seconds since 1970, and back.

Consensus-critical: the dates of every issued credential pass through here.
"""

from __future__ import annotations

import calendar
import re
from functools import lru_cache

from rootseal.errors import InputError

__all__ = ["LAST_INSTANT", "format_date", "format_instant", "parse_instant"]

_INSTANT = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:(Z)|([+-])(\d{2}):(\d{2}))", re.ASCII)
LAST_INSTANT = 253_402_300_799
"""9999-12-31T23:59:59Z."""


def parse_instant(text: object, where: str = "date") -> int:
    """UTC seconds of an RFC 3339 §5.6 date-time; zone obligatory, no fraction, second ≤ 59, year ≥ 1970.

    Raises `InputError` naming `where` and the value.
    """
    match = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(where, "must be a date-time such as 2026-10-01T00:00:00Z", text)
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    offset_hour, offset_minute = int(match[9] or 0), int(match[10] or 0)
    if not (
        year >= 1970
        and 1 <= month <= 12
        and 1 <= day <= calendar.monthrange(year, month)[1]
        and hour <= 23
        and minute <= 59
        and second <= 59
        and offset_hour <= 23
        and offset_minute <= 59
    ):
        raise InputError(where, "is no real date-time from 1970 on (leap seconds are not allowed)", text)
    offset = (offset_hour * 60 + offset_minute) * (-60 if match[8] == "-" else 60)
    seconds = calendar.timegm((year, month, day, hour, minute, second)) - offset
    if not 0 <= seconds <= LAST_INSTANT:
        raise InputError(where, "lies outside the years 1970 to 9999 in UTC", text)
    return seconds


def format_instant(seconds: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` of UTC seconds (0 … year 9999)."""
    if not 0 <= seconds <= LAST_INSTANT:
        raise InputError("date", "lies outside the years 1970 to 9999", seconds)
    days, rest = divmod(seconds, 86_400)
    return f"{_date(days)}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def format_date(seconds: int) -> str:
    """`YYYY-MM-DD` of UTC seconds (0 … year 9999)."""
    if not 0 <= seconds <= LAST_INSTANT:
        raise InputError("date", "lies outside the years 1970 to 9999", seconds)
    return _date(seconds // 86_400)


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    year, month, day = _civil(days)
    return f"{year:04}-{month:02}-{day:02}"


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month, day of a day count since 1970-01-01 in the proleptic Gregorian calendar.

    Counts in eras of 400 years that begin on 1 March, so that the leap day is the last of its year
    (Howard Hinnant, chrono-compatible low-level date algorithms).
    """
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return 400 * era + year_of_era + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1
