"""A verdict for people: one sentence first, then what was issued, the checks, and what they do not prove."""

from __future__ import annotations

from rootseal.catalogue import LIMITS
from rootseal.commitment import Home
from rootseal.credential import CredentialFacts, read_document
from rootseal.errors import InputError
from rootseal.instants import format_date, format_instant
from rootseal.opened import OpenedCredential
from rootseal.opening import OpenedFile, open_file
from rootseal.verdict import Check, CredentialVerdict, Verdict
from wallet.console import harmless, heading, line, paragraph

__all__ = ["balance", "content_lines", "headline", "print_report"]

_WORDS = {"pass": "pass", "fail": "FAIL", "unknown": "could not check"}
_TITLES = {
    "format": "Form of the file",
    "integrity": "Parts agree with each other",
    "inclusion": "Nothing was altered",
    "anchor": "Published on the chain",
    "issuer": "Who issued it",
    "status": "Not revoked",
    "validity": "Within its dates",
    "holder": "Belongs to the presenter",
}
_TEST = "TEST: this comes from a test ledger, on which anybody can issue anything. It is worth nothing elsewhere."
_SHOWN = {
    "inclusion": "nothing was altered",
    "anchor": "it was published on the chain",
    "issuer": "who issued it",
    "status": "it was not revoked",
    "validity": "it is within its dates",
    "holder": "it belongs to the presenter",
}
_OPEN = {
    "inclusion": "whether anything was altered",
    "anchor": "whether it was published on the chain",
    "issuer": "who issued it",
    "status": "whether it was revoked",
    "holder": "whether it belongs to the presenter",
}
_COMPLETE = (
    "Note: this is the holder's own complete file, which shows everything. A presentation made from it would have been "
    "enough for you; treat this one with care."
)
# The dates shown are those that were committed to, not those that the document may or may not show.
_BY_COMMITMENT = ("Date of issuing", "Valid until")
_LABELS = {"Issuer": "Issuer, as it calls itself"}
# What an employer looks for: said to be hidden rather than silently left out.
_EXPECTED = (
    ("learner_name", "Learner"),
    ("level", "Level"),
    ("credits", "Credits (ECTS)"),
    ("grade", "Grade"),
    ("workload", "Workload"),
    ("learning_outcomes", "Learning outcomes"),
)


def print_report(name: str, data: bytes, verdict: Verdict, now: int) -> None:
    """Print the verdict on the file called `name`, whose bytes are `data`. `now` in UTC seconds."""
    opened = _open(data)
    line(name)
    for number, credential in enumerate(verdict.credentials, 1):
        if len(verdict.credentials) > 1:
            heading(f"Credential {number} of {len(verdict.credentials)}")
        _print_credential(credential, opened.credentials[number - 1] if opened else None, verdict.test)
    heading("What a pass does not prove")
    paragraph(LIMITS, 2)
    heading("As of")
    _print_times(opened, verdict, now)


def headline(verdict: CredentialVerdict, test: bool) -> str:
    """The one plain sentence, marked where it is only a test."""
    sentence = verdict.sentence
    if verdict.overall == "verified":
        sentence += f" {verdict.checks[6].reason}"
        if verdict.holder_asked:
            sentence += f" {verdict.checks[7].reason}"
    return f"TEST. {sentence}" if test else sentence


def balance(verdict: CredentialVerdict) -> str:
    """For a verdict that could not be decided: what was shown, and what is not known."""
    asked = verdict.checks if verdict.holder_asked else verdict.checks[:7]
    shown = [_SHOWN[c.name] for c in asked if c.outcome == "pass" and c.name in _SHOWN]
    not_known = [_OPEN[c.name] for c in asked if c.outcome == "unknown" and c.name in _OPEN]
    return f"Shown: {', '.join(shown) or 'nothing'}. Not known: {', '.join(not_known) or 'nothing'}."


def content_lines(opened: OpenedCredential) -> list[tuple[str, str]]:
    """(label, value) of what is shown, dates as committed to; what is hidden is said to be."""
    facts = read_document(opened.document)
    lines = [(_LABELS.get(label, label), value) for label, value in facts.labelled() if label not in _BY_COMMITMENT]
    lines += _dates(opened)
    if not opened.complete:
        lines += _hidden(facts)
    return lines


def _print_credential(verdict: CredentialVerdict, opened: OpenedCredential | None, test: bool) -> None:
    line()
    paragraph(headline(verdict, test))
    if verdict.overall == "undetermined":
        paragraph(balance(verdict))
    if test:
        paragraph(_TEST)
    # Altered content must not be read out as if somebody had issued it.
    if opened is not None and all(check.outcome != "fail" for check in verdict.checks[1:3]):
        genuine = all(check.outcome == "pass" for check in verdict.checks[:5])
        heading("What was issued" if genuine else "What the file says (not confirmed, see the checks)")
        for label, value in content_lines(opened):
            paragraph(f"{label}: {value}", 2, 2)
        if opened.complete:
            paragraph(_COMPLETE, 2)
    heading("Checks")
    for check in verdict.checks:
        _print_check(check)
    for note in verdict.notes:
        paragraph(f"Note: {note}", 2, 2)


def _print_check(check: Check) -> None:
    line(f"{check.number}  {_TITLES[check.name]}: {_WORDS[check.outcome]}", 2)
    paragraph(check.reason, 5)


def _dates(opened: OpenedCredential) -> list[tuple[str, str]]:
    start = [("Valid from", format_date(opened.valid_from))] if opened.valid_from else []
    end = [("Valid until", format_date(opened.valid_until) if opened.valid_until else "no end")]
    return start + end


def _hidden(facts: CredentialFacts) -> list[tuple[str, str]]:
    missing = [label for field, label in _EXPECTED if not getattr(facts, field)]
    lines = [(label, "(not shown)") for label in missing]
    return [*lines, ("Anything else", "left out by the holder, or never stated")]


def _print_times(opened: OpenedFile | None, verdict: Verdict, now: int) -> None:
    line(f"Checked on {format_instant(now)}.", 2)
    if verdict.as_of is None:
        line("No chain was asked: nothing here says what is true today.", 2)
    else:
        line(f"State of the chain: {format_instant(verdict.as_of)} ({_age(now - verdict.as_of)}).", 2)
    homes: dict[Home, None] = dict.fromkeys(c.home for c in opened.credentials) if opened else {}
    for home in homes:
        line(f"Chain and ledger: {harmless(home)}.", 2)


def _age(seconds: int) -> str:
    if seconds < -60:
        return "ahead of this computer's clock"
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _open(data: bytes) -> OpenedFile | None:
    try:
        return open_file(data)
    except InputError:
        return None
