"""What a verdict says to a person, in the order in which it is read: the same words on a terminal and on a page.

Text from files comes out as it stands there: whoever shows it makes it harmless first.
"""

from __future__ import annotations

from collections.abc import Iterator

from rootseal.commitment import Home
from rootseal.credential import CredentialFacts, read_document
from rootseal.instants import format_date, format_instant
from rootseal.languages import TEXTS, say
from rootseal.opened import OpenedCredential
from rootseal.opening import OpenedFile
from rootseal.verdict import CredentialVerdict, Verdict

__all__ = ["balance", "content_heading", "content_lines", "headline", "is_unaltered", "times"]

# The dates shown are those that were committed to, not those that the document may or may not show.
_BY_COMMITMENT = ("awarded_on", "valid_until")
# What an employer looks for: said to be hidden rather than silently left out.
_EXPECTED = ("learner_name", "level", "credits", "grade", "workload", "learning_outcomes")


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


def is_unaltered(verdict: CredentialVerdict) -> bool:
    """Whether the content may be read out: altered content must not be, as if somebody had issued it."""
    return all(check.outcome != "fail" for check in verdict.checks[1:3])


def content_heading(verdict: CredentialVerdict, language: str = "en") -> str:
    """What stands above the content: it was issued, or the file only says so."""
    genuine = all(check.outcome == "pass" for check in verdict.checks[:5])
    return say("report.issued" if genuine else "report.claimed", None, language)


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


def times(opened: OpenedFile | None, verdict: Verdict, now: int, language: str = "en") -> Iterator[str]:
    """When it was checked, how old what the chain said is, and which chain that was. `now` in UTC seconds."""
    yield say("report.checked_on", {"date": format_instant(now)}, language)
    if verdict.as_of is None:
        yield say("report.no_chain", None, language)
    else:
        age = _age(now - verdict.as_of, language)
        yield say("report.chain_state", {"date": format_instant(verdict.as_of), "age": age}, language)
    homes: dict[Home, None] = dict.fromkeys(c.home for c in opened.credentials) if opened else {}
    for home in homes:
        yield say("report.chain", {"home": f"{home.chain}:0x{home.ledger.hex()}/{home.issuer}"}, language)


def _listed(keys: list[str], language: str) -> str:
    return ", ".join(say(key, None, language) for key in keys if key in TEXTS[language]) or say(
        "report.nothing", None, language
    )


def _dates(opened: OpenedCredential, language: str) -> list[tuple[str, str]]:
    end = format_date(opened.valid_until) if opened.valid_until else say("label.no_end", None, language)
    found = [("label.valid_from", format_date(opened.valid_from))] if opened.valid_from else []
    return [(say(key, None, language), value) for key, value in [*found, ("label.valid_until", end)]]


def _hidden(facts: CredentialFacts, language: str) -> list[tuple[str, str]]:
    hidden, left_out = say("label.hidden", None, language), say("label.left_out", None, language)
    lines = [(say(f"label.{field}", None, language), hidden) for field in _EXPECTED if not getattr(facts, field)]
    return [*lines, (say("label.anything_else", None, language), left_out)]


def _age(seconds: int, language: str) -> str:
    if seconds < -60:
        return say("report.ahead", None, language)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return say(f"report.{unit}s" if count > 1 else f"report.{unit}", {"count": count}, language)
    return say("report.now", None, language)
