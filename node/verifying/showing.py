"""A verdict as the page shows it: every word chosen and made harmless before a template sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.verifying.wording import TEXTS
from rootseal.explaining import balance, content_heading, content_lines, headline, is_unaltered, times
from rootseal.languages import say
from rootseal.microcredential import display_text
from rootseal.opened import OpenedCredential
from rootseal.verdict import CredentialVerdict

if TYPE_CHECKING:
    from node.verifying.judging import Judged

__all__ = ["ShownCheck", "ShownCredential", "ShownVerdict", "shown_verdict"]


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One of the eight. `outcome` is pass, fail or unknown; `word` says it."""

    number: int
    title: str
    outcome: str
    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """One credential, from the first sentence to the last check; `content_heading` None: nothing may be read out."""

    number: str | None
    overall: str
    word: str
    sentence: str
    balance: str | None
    content_heading: str | None
    content: tuple[tuple[str, str], ...]
    complete: str | None
    checks_heading: str
    checks: tuple[ShownCheck, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """The whole result."""

    title: str
    test: str | None
    credentials: tuple[ShownCredential, ...]
    limits_heading: str
    limits: str
    as_of_heading: str
    times: tuple[str, ...]


def shown_verdict(judged: Judged, language: str) -> ShownVerdict:
    """Everything that the page says of `judged`."""
    verdict, opened = judged.verdict, judged.opened
    count = len(verdict.credentials)
    shown = tuple(
        _credential(one, opened.credentials[at] if opened else None, verdict.test, language, at + 1, count)
        for at, one in enumerate(verdict.credentials)
    )
    return ShownVerdict(
        TEXTS[language][f"word_{verdict.overall}"],
        say("report.test", None, language) if verdict.test else None,
        shown,
        say("report.limits_heading", None, language),
        say("report.limits", None, language),
        say("report.as_of", None, language),
        tuple(_harmless(line) for line in times(opened, verdict, judged.now, language)),
    )


def _credential(
    verdict: CredentialVerdict, opened: OpenedCredential | None, test: bool, language: str, number: int, count: int
) -> ShownCredential:
    readable = opened if opened is not None and is_unaltered(verdict) else None
    return ShownCredential(
        say("report.number", {"number": number, "count": count}, language) if count > 1 else None,
        verdict.overall,
        TEXTS[language][f"word_{verdict.overall}"],
        _harmless(headline(verdict, test, language)),
        balance(verdict, language) if verdict.overall == "undetermined" else None,
        None if readable is None else content_heading(verdict, language),
        ()
        if readable is None
        else tuple((label, _harmless(text)) for label, text in content_lines(readable, language)),
        say("report.complete", None, language) if readable is not None and readable.complete else None,
        say("report.checks", None, language),
        tuple(
            ShownCheck(
                check.number,
                say(f"title.{check.name}", None, language),
                check.outcome,
                say(f"report.{check.outcome}", None, language),
                _harmless(check.reason_in(language)),
            )
            for check in verdict.checks
        ),
        tuple(_harmless(say("report.note", {"sentence": one.text(language)}, language)) for one in verdict.statements),
    )


def _harmless(text: str, limit: int = 2000) -> str:
    """Without control characters and overrides of direction, on one line, cut; markup is the template's affair."""
    return display_text(" ".join(text[: 4 * limit].splitlines()), limit) or ""
