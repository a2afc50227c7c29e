"""A verdict for people: one sentence first, then what was issued, the checks, and what they do not prove."""

from __future__ import annotations

from collections.abc import Iterator

from rootseal.commitment import Home
from rootseal.credential import CredentialFacts, read_document
from rootseal.errors import InputError
from rootseal.instants import format_date, format_instant
from rootseal.languages import TEXTS, say
from rootseal.opened import OpenedCredential
from rootseal.opening import OpenedFile, open_file
from rootseal.verdict import Check, CredentialVerdict, Verdict
from wallet.console import heading, line, paragraph

__all__ = ["balance", "content_lines", "headline", "print_report"]

# The dates shown are those that were committed to, not those that the document may or may not show.
_BY_COMMITMENT = ("awarded_on", "valid_until")
# What an employer looks for: said to be hidden rather than silently left out.
_EXPECTED = ("learner_name", "level", "credits", "grade", "workload", "learning_outcomes")


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
    for told in _times(opened, verdict, now, language):
        line(told, 2)


def headline(verdict: CredentialVerdict, test: bool, language: str = "en") -> str:
    """The one plain sentence, marked where it is only a test."""
    sentence = verdict.sentence_in(language)
    if verdict.overall == "verified":
        sentence += f" {verdict.checks[6].reason_in(language)}"
        if verdict.holder_asked:
            sentence += f" {verdict.checks[7].reason_in(language)}"
    return say("verdict.test", {"sentence": sentence}, language) if test else sentence


def balance(verdict: CredentialVerdict, language: str = "en") -> str:
    """For a verdict that could not be decided: what was shown, and what is not known."""
    asked = verdict.checks if verdict.holder_asked else verdict.checks[:7]
    shown = _listed([f"shown.{c.name}" for c in asked if c.outcome == "pass"], language)
    unknown = _listed([f"open.{c.name}" for c in asked if c.outcome == "unknown"], language)
    return say("report.balance", {"shown": shown, "unknown": unknown}, language)


def content_lines(opened: OpenedCredential, language: str = "en") -> list[tuple[str, str]]:
    """(label, value) of what is shown, dates as committed to; what is hidden is said to be."""
    facts = read_document(opened.document)
    lines = [
        (say(f"label.{name}", {"number": number}, language), value)
        for name, number, value in facts.named()
        if name not in _BY_COMMITMENT
    ]
    lines += _dates(opened, language)
    if not opened.complete:
        lines += _hidden(facts, language)
    return lines


def _listed(keys: list[str], language: str) -> str:
    return ", ".join(say(key, None, language) for key in keys if key in TEXTS[language]) or say(
        "report.nothing", None, language
    )


def _print_credential(verdict: CredentialVerdict, opened: OpenedCredential | None, test: bool, language: str) -> None:
    line()
    paragraph(headline(verdict, test, language))
    if verdict.overall == "undetermined":
        paragraph(balance(verdict, language))
    if test:
        paragraph(say("report.test", None, language))
    # Altered content must not be read out as if somebody had issued it.
    if opened is not None and all(check.outcome != "fail" for check in verdict.checks[1:3]):
        genuine = all(check.outcome == "pass" for check in verdict.checks[:5])
        heading(say("report.issued" if genuine else "report.claimed", None, language))
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


def _dates(opened: OpenedCredential, language: str) -> list[tuple[str, str]]:
    end = format_date(opened.valid_until) if opened.valid_until else say("label.no_end", None, language)
    found = [("label.valid_from", format_date(opened.valid_from))] if opened.valid_from else []
    return [(say(key, None, language), value) for key, value in [*found, ("label.valid_until", end)]]


def _hidden(facts: CredentialFacts, language: str) -> list[tuple[str, str]]:
    hidden, left_out = say("label.hidden", None, language), say("label.left_out", None, language)
    lines = [(say(f"label.{field}", None, language), hidden) for field in _EXPECTED if not getattr(facts, field)]
    return [*lines, (say("label.anything_else", None, language), left_out)]


def _times(opened: OpenedFile | None, verdict: Verdict, now: int, language: str) -> Iterator[str]:
    yield say("report.checked_on", {"date": format_instant(now)}, language)
    if verdict.as_of is None:
        yield say("report.no_chain", None, language)
    else:
        age = _age(now - verdict.as_of, language)
        yield say("report.chain_state", {"date": format_instant(verdict.as_of), "age": age}, language)
    homes: dict[Home, None] = dict.fromkeys(c.home for c in opened.credentials) if opened else {}
    for home in homes:
        yield say("report.chain", {"home": f"{home.chain}:0x{home.ledger.hex()}/{home.issuer}"}, language)


def _age(seconds: int, language: str) -> str:
    if seconds < -60:
        return say("report.ahead", None, language)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return say(f"report.{unit}s" if count > 1 else f"report.{unit}", {"count": count}, language)
    return say("report.now", None, language)


def _open(data: bytes) -> OpenedFile | None:
    try:
        return open_file(data)
    except InputError:
        return None
