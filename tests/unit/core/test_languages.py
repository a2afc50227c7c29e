"""One catalogue in every language: the same keys and placeholders, no sentence missing, none that nothing says."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields, replace
from pathlib import Path
from string import Formatter

import pytest

import rootseal
from rootseal.catalogue import CATALOGUE, CHECKS, STATEMENTS
from rootseal.credential import CredentialFacts
from rootseal.languages import LANGUAGES, TEXTS, say
from tests.unit.core.test_verdicts import run
from tests.vectors.verdict_cases import CASES

ROOT = Path(rootseal.__file__).parent.parent
ENGLISH = TEXTS["en"]
# A mark that is the same word everywhere.
SAME = {"verdict.test"}
# Sentences whose key is put together where they are said.
COMPOSED = (
    {f"title.{name}" for name in CHECKS}
    | {f"{kind}.{name}" for kind in ("shown", "open") for name in CHECKS if f"{kind}.{name}" in ENGLISH}
    | {f"verdict.{word}" for word in ("genuine", "genuine_but", "rejected", "undetermined")}
    | {f"report.{word}" for word in ("pass", "fail", "unknown", "day", "days", "hour", "hours", "minute", "minutes")}
    | {f"label.{field.name}" for field in fields(CredentialFacts)} - {"label.awarded_on"}
    | {"label.learning_outcome"}
)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_placeholders(language: str) -> None:
    assert list(TEXTS[language]) == list(ENGLISH)
    for key, sentence in TEXTS[language].items():
        assert placeholders(sentence) == placeholders(ENGLISH[key]), key
        assert sentence == sentence.strip() and "  " not in sentence and sentence.isprintable(), key


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_falls_back_to_english(language: str) -> None:
    same = {key for key in ENGLISH if TEXTS[language][key] == ENGLISH[key]}
    assert same == SAME


def test_codes_of_checks_and_statements_are_those_of_the_texts() -> None:
    checks = {key.partition(":")[0] for key in ENGLISH if key.partition(".")[0] in CHECKS}
    assert checks == set(CATALOGUE)
    for key in ENGLISH:
        base, colon, detail = key.partition(":")
        assert not colon or placeholders(ENGLISH[key]) == placeholders(ENGLISH[base]) | {detail}, key
    assert set(STATEMENTS) == {key for key in ENGLISH if key.startswith(("note.", "at."))}


def literals() -> set[str]:
    """Every string in the code that looks like a key of the catalogue."""
    kinds = {key.partition(".")[0] for key in ENGLISH}
    found: set[str] = set()
    for folder in ("rootseal", "anchor", "wallet"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent.name in ("languages", "audit") or path.name == "catalogue.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= {node.value} & set(ENGLISH)
                elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("check", "say", "statement"):
                    key = node.args[0] if node.args else None
                    if isinstance(key, ast.Constant) and str(key.value).partition(".")[0] in kinds:
                        assert key.value in ENGLISH, f"{path.name}: {key.value}"
    return found


def test_every_text_is_said_somewhere_and_nothing_unknown_is_said() -> None:
    composed = COMPOSED | {f"{name}.unchecked" for name in CHECKS[1:]} | {"anchor.pending", "anchor.overdue"}
    variants = {key for key in ENGLISH if ":" in key}
    assert composed <= set(ENGLISH)
    assert set(ENGLISH) - literals() - composed - variants == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_case_speaks_every_language(language: str) -> None:
    for name, case in CASES.items():
        verdict = run(case)
        value = verdict.to_json(language)
        english = verdict.to_json()
        for credential, said, original in zip(
            verdict.credentials,
            value["credentials"],
            english["credentials"],
            strict=True,  # type: ignore[index, call-overload, arg-type]
        ):
            assert credential.sentence_in(language).isprintable(), name
            for one, other in zip(said["checks"], original["checks"], strict=True):  # type: ignore[index, call-overload, arg-type]
                assert {**one, "reason": ""} == {**other, "reason": ""}, "codes, outcomes and details stay"  # type: ignore[dict-item]
                assert "{" not in one["reason"].replace(str(one["details"].get("problem")), ""), name  # type: ignore[index, union-attr, call-overload]
                assert language == "en" or one["reason"] != other["reason"], (name, one["code"])  # type: ignore[index, call-overload]


def test_a_known_problem_is_translated_and_a_technical_one_stays() -> None:
    assert say("anchor.unreachable", {"problem": ENGLISH["problem.offline"]}, "de").endswith(
        "Sie haben verlangt, dass keine Verbindung aufgebaut wird (--offline)."
    )
    assert say("anchor.unreachable", {"problem": "eth_call: refused"}, "sl").endswith(": eth_call: refused")


def test_a_hostile_detail_is_no_placeholder() -> None:
    assert say("issuer.pinned", {"name": "{0.__class__} {name}"}).startswith("Issued by {0.__class__} {name},")


def test_an_unknown_key_language_or_placeholder_is_a_bug() -> None:
    for arguments in (("status.ok", {}, "en"), ("no.key", {}, "en"), ("format.ok", {}, "fr")):
        with pytest.raises(KeyError):
            say(*arguments)


def test_a_programs_own_translation_needs_details_and_the_exported_texts_alone() -> None:
    """The rule of docs/spec/verdict.md, applied to the exported file as another implementation would."""
    texts = json.loads((ROOT / "docs" / "spec" / "catalogue.json").read_text(encoding="utf-8"))["languages"]
    problems = {text: key for key, text in texts["en"].items() if key.startswith("problem.")}
    for case in CASES.values():
        for credential in run(case).credentials:
            for check in credential.checks:
                variant = next((f"{check.code}:{d}" for d in check.details if f"{check.code}:{d}" in texts["sl"]), None)
                details = dict(check.details)
                if details.get("problem") in problems:
                    details["problem"] = texts["sl"][problems[str(details["problem"])]]
                sentence = re.sub(r"\{(\w+)\}", lambda m, d=details: str(d[m[1]]), texts["sl"][variant or check.code])  # type: ignore[misc]
                assert sentence == check.reason_in("sl")


def said(name: str) -> list[tuple[str, dict[str, object]]]:
    return [(s.code, dict(s.details)) for s in run(CASES[name]).credentials[0].statements]


def test_what_held_on_that_day_is_stated_and_changes_no_outcome() -> None:
    states = {"before": "clear", "while suspended": "suspended", "after": "clear", "when revoked": "revoked"}
    for name, state in states.items():
        assert f"at.status_{state}" in dict(said(f"revoked, asked of a time {name}")), name
    codes = dict(said("asked of a day before it was published"))
    assert {"at.unpublished", "at.status_clear", "at.document_same", "at.key_active"} <= set(codes)
    assert dict(said("asked of a day, without events"))["at.status_unknown"]["problem"] == ENGLISH["problem.no_events"]
    assert (
        dict(said("asked of a day, events withheld"))["at.status_unknown"]["problem"]
        == ENGLISH["problem.events_differ"]
    )
    assert said("asked of a day to come")[0][1]["problem"] == ENGLISH["problem.too_new"]
    assert len(said("asked of a day to come")) == 1, "what the register will say is not known"
    for name, case in CASES.items():
        if case.on is not None:
            plain = run(replace(case, on=None)).credentials[0].checks
            assert [c.code for c in run(case).credentials[0].checks[:6]] == [c.code for c in plain[:6]], name


def test_a_closed_school_is_judged_by_its_day_and_its_end_is_told() -> None:
    assert [code for code, _ in said("a school that closed years ago")] == ["note.lapsed"]
    then = dict(said("a school that closed years ago, on a day when it ran"))
    assert then["at.accredited"]["accreditor"] == "Quality Agency"
    assert "at.document_same" in then and "at.key_active" in then
    case = CASES["a school that closed years ago, on a day when it ran"]
    now = {s.code: s for s in run(replace(case, on=case.now - 600)).credentials[0].statements}
    assert {"at.not_accredited", "at.document_none", "at.key_retired"} <= set(now)


def test_the_other_days_of_a_key_and_a_document() -> None:
    case = CASES["key retired since"]
    day = 86_400
    early = run(replace(case, on=case.now - 400 * day)).credentials[0].statements
    assert {"at.key_absent", "at.document_none"} <= {s.code for s in early}
    stolen = run(replace(CASES["published before the key was stolen"], on=case.now - 3600)).credentials[0].statements
    assert "at.key_compromised" in {s.code for s in stolen}
    other = run(replace(CASES["a document registered only later"], on=case.now - 3600)).credentials[0]
    assert other.checks[4].code == "issuer.document", "a later document does not speak for an earlier entry"
    assert "at.document_other" in {s.code for s in other.statements}
