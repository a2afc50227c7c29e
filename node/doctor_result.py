"""What one examination of the doctor says: ok, a problem, or could not check, each with the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

__all__ = ["DoctorReport", "Outcome", "Result", "named_hosts", "ok", "problem", "unknown"]

Outcome = Literal["ok", "problem", "unknown"]


@dataclass(frozen=True, slots=True)
class Result:
    """One check: its stable name, the outcome, a sentence, and what to do about it where it is not ok."""

    check: str
    outcome: Outcome
    sentence: str
    way_out: str | None = None

    def to_json(self) -> dict[str, Any]:
        """One element of `checks` in `rootseal/doctor/1`."""
        return {"check": self.check, "outcome": self.outcome, "sentence": self.sentence, "wayOut": self.way_out}


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All checks in order. `test` is None where not even the settings could be read."""

    test: bool | None
    results: tuple[Result, ...]

    @property
    def exit_code(self) -> int:
        """1 where there is a problem, else 3 where something could not be checked, else 0."""
        outcomes = {result.outcome for result in self.results}
        return 1 if "problem" in outcomes else 3 if "unknown" in outcomes else 0

    def of(self, check: str) -> Result:
        """The result of one check. Raises `KeyError` where it was not made."""
        for result in self.results:
            if result.check == check:
                return result
        raise KeyError(check)


def ok(check: str, sentence: str) -> Result:
    """All is well."""
    return Result(check, "ok", sentence)


def problem(check: str, sentence: str, way_out: str) -> Result:
    """Something must be done."""
    return Result(check, "problem", sentence, way_out)


def unknown(checks: str | Iterable[str], sentence: str, way_out: str) -> Result:
    """Could not be checked; says nothing about whether it is well."""
    name = checks if isinstance(checks, str) else ", ".join(checks)
    return Result(name, "unknown", sentence, way_out)


def named_hosts(urls: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each address with its host and port, numbered where another has the same: what a report may say of it.

    The rest of an address often holds a secret, and reports get pasted.
    """
    seen: set[str] = set()
    for number, url in enumerate(urls, 1):
        host = urlsplit(url).netloc.rpartition("@")[2]
        yield (f"{host} ({number})" if host in seen else host), url
        seen.add(host)
