"""Dates: what RFC 3339 with a zone and whole seconds allows from 1970 to 9999, and nothing else."""

from __future__ import annotations

import calendar

import pytest

from rootseal.errors import InputError
from rootseal.instants import format_date, format_instant, parse_instant

LAST = 253_402_300_799
GOOD = {
    "1970-01-01T00:00:00Z": 0,
    "1970-01-01T01:00:00+01:00": 0,
    "1969-12-31T23:00:00-01:00": None,
    "1970-01-01T00:00:00-23:59": 86_340,
    "2026-10-01T00:00:00Z": 1_790_812_800,
    "2026-10-01T02:00:00+02:00": 1_790_812_800,
    "2026-10-01T00:00:00-00:00": 1_790_812_800,
    "2024-02-29T12:34:56Z": 1_709_210_096,
    "2000-02-29T00:00:00Z": 951_782_400,
    "2038-01-19T03:14:08Z": 2**31,
    "9999-12-31T23:59:59Z": LAST,
}


@pytest.mark.parametrize(("text", "seconds"), [(t, s) for t, s in GOOD.items() if s is not None])
def test_reads(text: str, seconds: int) -> None:
    assert parse_instant(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-10-01", "2026-10-01T00:00:00", "2026-10-01 00:00:00Z", "2026-10-01t00:00:00z", "2026-10-01T00:00Z",
        "2026-10-01T00:00:00.0Z", "2026-10-01T00:00:00,5Z", "2026-10-01T00:00:60Z", "2026-12-31T23:59:60Z",
        "2026-10-01T24:00:00Z", "2026-10-01T00:60:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-10-00T00:00:00Z",
        "1969-12-31T23:59:59Z", "1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "-026-10-01T00:00:00Z", "2026-10-01T00:00:00+24:00",
        "2026-10-01T00:00:00+00:60", "2026-10-01T00:00:00+0000", "2026-10-01T00:00:00+00", "2026-10-01T00:00:00Z ",
        "2026-10-01T00:00:00Z\n", " 2026-10-01T00:00:00Z", "２026-10-01T00:00:00Z", "2026-10-01T00:00:00Ｚ",
    ],
)  # fmt: skip
def test_refuses(text: str) -> None:
    with pytest.raises(InputError, match=r"^validFrom: ") as caught:
        parse_instant(text, "validFrom")
    assert caught.value.value == text


@pytest.mark.parametrize("value", [None, 0, 1.5, True, [], {}, b"2026-10-01T00:00:00Z"])
def test_refuses_what_is_no_text(value: object) -> None:
    with pytest.raises(InputError):
        parse_instant(value)


@pytest.mark.parametrize(
    "seconds", [0, 1, 59, 86_399, 86_400, 951_782_399, 951_868_800, 1_709_164_800, 2**31, 4_107_542_399, LAST]
)
def test_writes_what_it_reads(seconds: int) -> None:
    assert parse_instant(format_instant(seconds)) == seconds


def test_every_day_of_four_centuries_is_written_in_order() -> None:
    for day in range(146_097):
        year, month, number = map(int, format_date(day * 86_400).split("-"))
        assert calendar.timegm((year, month, number, 0, 0, 0)) == day * 86_400


@pytest.mark.parametrize("seconds", [-1, LAST + 1, 2**63])
def test_writes_no_date_outside(seconds: int) -> None:
    with pytest.raises(InputError):
        format_instant(seconds)
