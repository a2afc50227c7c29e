"""A verdict on a terminal: one sentence first, then what was issued, the checks, and what they do not prove."""

from __future__ import annotations

from rootseal.errors import InputError
from rootseal.explaining import balance, content_heading, content_lines, headline, is_unaltered, times
from rootseal.languages import say
from rootseal.opened import OpenedCredential
from rootseal.opening import OpenedFile, open_file
from rootseal.verdict import Check, CredentialVerdict, Verdict
from wallet.console import heading, line, paragraph

__all__ = ["print_report"]


def print_report(name: str, data: bytes, verdict: Verdict, now: int, language: str = "en") -> None:
    """Print the verdict on the file called `name`, whose bytes are `data`. `now` in UTC seconds."""
    opened = _open(data)
    line(name)
    count = len(verdict.credentials)
    for number, credential in enumerate(verdict.credentials, 1):
        if count > 1:
            heading(say("report.number", {"number": number, "count": count}, language))
        _print_credential(credential, opened.credentials[number - 1] if opened else None, verdict.test, language)
    heading(say("report.limits_heading", None, language))
    paragraph(say("report.limits", None, language), 2)
    heading(say("report.as_of", None, language))
    for told in times(opened, verdict, now, language):
        line(told, 2)


def _print_credential(verdict: CredentialVerdict, opened: OpenedCredential | None, test: bool, language: str) -> None:
    line()
    paragraph(headline(verdict, test, language))
    if verdict.overall == "undetermined":
        paragraph(balance(verdict, language))
    if test:
        paragraph(say("report.test", None, language))
    if opened is not None and is_unaltered(verdict):
        heading(content_heading(verdict, language))
        for label, value in content_lines(opened, language):
            paragraph(f"{label}: {value}", 2, 2)
        if opened.complete:
            paragraph(say("report.complete", None, language), 2)
    heading(say("report.checks", None, language))
    for check in verdict.checks:
        _print_check(check, language)
    for statement in verdict.statements:
        paragraph(say("report.note", {"sentence": statement.text(language)}, language), 2, 2)


def _print_check(check: Check, language: str) -> None:
    title, word = say(f"title.{check.name}", None, language), say(f"report.{check.outcome}", None, language)
    line(f"{check.number}  {title}: {word}", 2)
    paragraph(check.reason_in(language), 5)


def _open(data: bytes) -> OpenedFile | None:
    try:
        return open_file(data)
    except InputError:
        return None
