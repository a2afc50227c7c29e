"""Many files at once: one line each, a table, a count; every issuer's ledger is asked once for all of them."""

from __future__ import annotations

import csv
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import click

from anchor.collecting import Answers, Sources, ask_ledgers, facts_for
from rootseal.canonical import Json
from rootseal.checks import Expected
from rootseal.credential import read_document
from rootseal.errors import InputError
from rootseal.explaining import headline, is_unaltered
from rootseal.instants import format_date, format_instant
from rootseal.opened import OpenedCredential
from rootseal.opening import open_file, questions
from rootseal.policy import Policy
from rootseal.verdict import CredentialVerdict, Overall, Verdict
from rootseal.verification import malformed, verify_opened
from wallet.console import harmless, line, print_json
from wallet.disk import write_atomically
from wallet.gathering import Gathered, gather

__all__ = ["Judgement", "Outcome", "Terms", "exit_code", "judge_all", "verify_many"]

Outcome = Literal["verified", "rejected", "undetermined", "unread", "skipped"]
"""A verdict's; or the file could not be read as one of ours; or it does not look like one and was passed over."""

_OUTCOMES: Final[tuple[Outcome, ...]] = ("verified", "rejected", "undetermined", "unread", "skipped")
_COLUMNS: Final = (
    "file", "outcome", "test", "sentence", "title", "learner", "issuer", "valid_from", "valid_until", "not_passed",
    "checked_on", "chain_as_of",
)  # fmt: skip
_SKIPPED: Final = "is no credential file, presentation or certificate by its name; it was passed over"
# What begins a formula in a spreadsheet (OWASP, CSV injection), after apostrophes that stand there already.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n]")
_EVERY: Final = 20


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what everything is judged: whom to believe, whom to ask, as of when, which question, which language."""

    policy: Policy | None
    sources: Sources
    at: int | None = None
    expected: Expected | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one file. `cells` is its row of the table; `verdict` None where there is none."""

    name: str
    outcome: Outcome
    sentence: str
    verdict: Verdict | None
    cells: tuple[str, ...]

    def to_json(self, language: str) -> Json:
        """One line of `--json`, format `rootseal/verify-file/1`."""
        return {
            "format": "rootseal/verify-file/1",
            "file": self.name,
            "outcome": self.outcome,
            "sentence": self.sentence,
            "verdict": None if self.verdict is None else self.verdict.to_json(language),
        }


def verify_many(paths: Sequence[Path], terms: Terms, table: Path | None, as_json: bool) -> int:
    """Judge everything in `paths`, print a line for each file and the counts, write `table`; gives the exit code.

    Raises `InputError` for a path that is not there, or a table that is there already.
    """
    if table is not None and table.exists():
        raise InputError("--csv", "exists already; give another name", str(table))
    counts: Counter[Outcome] = Counter()
    rows: list[tuple[str, ...]] = []
    with _progress() as tell:
        for found in judge_all(list(gather(paths)), terms, int(time.time()), tell):
            counts[found.outcome] += 1
            rows.append(found.cells)
            if as_json:
                print_json(found.to_json(terms.language))
            elif found.outcome != "skipped":
                line(f"{_word(found.outcome):12}  {found.name}: {found.sentence}")
    if table is not None:
        write_atomically(table, _csv(rows), 0o600)
    if as_json:
        numbers: dict[str, Json] = {name: counts[name] for name in _OUTCOMES}
        print_json({"format": "rootseal/verify-summary/1", **numbers})
    else:
        line(", ".join(f"{counts[name]} {name}" for name in _OUTCOMES if counts[name] or name != "skipped") + ".")
    return exit_code(counts)


def exit_code(counts: Counter[Outcome]) -> int:
    """The worst: 1 rejected or not to be read, 3 undetermined or nothing there at all, 0."""
    if counts["rejected"] or counts["unread"]:
        return 1
    return 3 if counts["undetermined"] or not counts["verified"] else 0


def judge_all(
    files: Sequence[Gathered], terms: Terms, now: int, tell: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[Judgement]:
    """One judgement a file, in their order. Never raises for what a file holds or a chain does.

    `now` in UTC seconds; `tell` hears how many are done, and of how many.
    """
    # Opened twice rather than kept: ten thousand opened files would fill the memory.
    asked = [question for file in files if file.data is not None for question in questions(file.data)]
    answers = ask_ledgers(asked, terms.policy, terms.sources)
    for done, file in enumerate(files, 1):
        if done % _EVERY == 0 or done == len(files):
            tell(done, len(files))
        if file.data is None:
            outcome: Outcome = "skipped" if file.skipped else "unread"
            sentence = harmless(file.problem or _SKIPPED, 400)
            cells = (file.name, outcome, "", sentence, *[""] * 6, format_instant(now), "")
            yield Judgement(harmless(file.name, 400), outcome, sentence, None, cells)
            continue
        yield _judged(file.name, file.data, answers, terms, now)


def _judged(name: str, data: bytes, answers: Answers, terms: Terms, now: int) -> Judgement:
    try:
        opened = open_file(data)
    except InputError as error:
        return _judgement(name, (), malformed(error), now, terms.language)
    facts = facts_for(opened, answers, terms.sources.block_hashes)
    verdict = verify_opened(opened, terms.policy, facts, now=now, at=terms.at, expected=terms.expected)
    return _judgement(name, opened.credentials, verdict, now, terms.language)


def _judgement(name: str, opened: Sequence[OpenedCredential], verdict: Verdict, now: int, language: str) -> Judgement:
    sentence = " ".join(dict.fromkeys(headline(one, verdict.test, language) for one in _worst_first(verdict)))
    sentence = harmless(sentence, 600)
    cells = (
        name,
        verdict.overall,
        "TEST" if verdict.test else "",
        sentence,
        *_content(opened, verdict),
        " ".join(check.code for one in verdict.credentials for check in one.checks if check.outcome != "pass"),
        format_instant(now),
        "" if verdict.as_of is None else format_instant(verdict.as_of),
    )
    return Judgement(harmless(name, 400), verdict.overall, sentence, verdict, cells)


def _worst_first(verdict: Verdict) -> list[CredentialVerdict]:
    order: tuple[Overall, ...] = ("rejected", "undetermined", "verified")
    return sorted(verdict.credentials, key=lambda one: order.index(one.overall))


def _content(opened: Sequence[OpenedCredential], verdict: Verdict) -> tuple[str, str, str, str, str]:
    """Title, learner, issuer, first and last day, of the credentials whose content may be read out."""
    readable = [(one, v) for one, v in zip(opened, verdict.credentials, strict=False) if is_unaltered(v)]
    rows = [_facts(one, v.issuer_name) for one, v in readable]
    columns = (tuple(dict.fromkeys(cell for cell in column if cell)) for column in zip(*rows, strict=True))
    joined = tuple("; ".join(column) for column in columns)
    return joined if len(joined) == 5 else ("", "", "", "", "")


def _facts(opened: OpenedCredential, issuer: str | None) -> tuple[str, str, str, str, str]:
    named = {name: value for name, _, value in read_document(opened.document).named()}
    return (
        harmless(named.get("title", ""), 300),
        harmless(named.get("learner_name", ""), 300),
        harmless(issuer or "", 300),
        format_date(opened.valid_from) if opened.valid_from else "",
        format_date(opened.valid_until) if opened.valid_until else "",
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal and the lines go somewhere else."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label="Verifying", file=sys.stderr) as bar:

        def move(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield move


def _word(outcome: Outcome) -> str:
    """What is not verified stands out, also without colours."""
    return outcome if outcome == "verified" else outcome.upper()


def _csv(rows: Sequence[tuple[str, ...]]) -> bytes:
    """UTF-8 with the mark that spreadsheets want; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig", "backslashreplace")


def _cell(text: str) -> str:
    shown = harmless(text, 1000)
    return f"'{shown}" if _FORMULA.match(shown) else shown
