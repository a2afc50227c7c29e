"""Everything that the wallet's page says is there in German and Slovene, with the same placeholders."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rootseal.errors import ConfigError, ConflictError, InputError, RootsealError, UndeterminedError, VerificationError
from rootseal.verdict import check
from tests.support.wallet_sentences import modules, phrases, refusals, said_below, said_by_the_page
from wallet.page.refusing import why
from wallet.page.speaking import TRANSLATIONS, Speaker
from wallet.phrases import Phrase, Remark

_PLACEHOLDER = re.compile(r"\{\w+\}")

# What only commands refuse, and what is said within another refusal, which has its own words for it.
_ELSEWHERE = {
    ("accounts.py", "accounts_of"), ("disclosing.py", "_path"), ("keyring.py", "_read"), ("keyring.py", "_usable"),
    ("keyring.py", "_require_terminal"), ("serving.py", "_require_free"), ("shown.py", "read_record"),
    ("shown.py", "_showing"), ("standing.py", "_entry"), ("updating.py", "read_proofs"),
    ("updating.py", "read_issuer_document"),
}  # fmt: skip
_PHRASES = ("Phrase", "unreached", "too_much")


@pytest.mark.parametrize("language", ["de", "sl"])
def test_every_sentence_is_translated(language: str) -> None:
    texts, told = TRANSLATIONS[language], said_by_the_page() | phrases() | said_below()
    assert len(told) > 390 and len(phrases()) > 110 and len(said_below()) > 15
    assert told - set(texts) == set()
    # Nothing is kept for nobody: what is left over are the answers to what was received.
    assert set(texts) - told <= {
        "This could not be understood. Nothing was changed.",
        *(text for text in texts if text.startswith(("Received.", "Your wallet had", "Refused."))),
    }


@pytest.mark.parametrize("language", ["de", "sl"])
def test_placeholders_are_the_same(language: str) -> None:
    for english, text in TRANSLATIONS[language].items():
        assert sorted(_PLACEHOLDER.findall(text)) == sorted(_PLACEHOLDER.findall(english)), english
        assert text.strip() == text and text


def test_every_refusal_of_a_module_that_the_page_uses_is_a_phrase() -> None:
    """So that no English sentence can come to stand on a page in another language unnoticed."""
    plain = {
        (path.name, function, ast.unparse(said))
        for path in modules()
        for function, _, said in refusals(path)
        if not _is_phrase(path, said) and (path.name, function) not in _ELSEWHERE
    }
    assert plain == set()
    assert {path.name for path in modules()} >= {name for name, _ in _ELSEWHERE}


def _is_phrase(path: Path, said: ast.expr) -> bool:
    """A phrase itself, or a name that holds one, or the problem of another refusal."""
    if isinstance(said, ast.Name):
        held = rf"\b{said.id}(?:: (?:Final|str))? = (?:\(\n\s*)?Phrase\("
        return re.search(held, path.read_text()) is not None
    if isinstance(said, ast.Attribute):
        return said.attr == "problem"
    return isinstance(said, ast.Call) and isinstance(said.func, ast.Name) and said.func.id in _PHRASES


def errors(said: str) -> list[RootsealError]:
    """One of every family that says it."""
    return [
        InputError("--from", said, "x"), InputError("/home/a/b.json", said), ConfigError("shown.json", said, "/home"),
        VerificationError("merge.index", said), UndeterminedError(said, "chain.unavailable"), ConflictError(said),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["de", "sl"])
def test_no_english_sentence_of_any_refusal_is_left(language: str) -> None:
    speak, english = Speaker(language), Speaker("en")
    for sentence in sorted(phrases() | said_below()):
        values = {name[1:-1]: "7" for name in _PLACEHOLDER.findall(sentence)}
        said = Phrase(sentence, **values)
        for error in errors(said):
            assert str(said) not in why(error, speak), sentence
            assert TRANSLATIONS[language][sentence].format_map(values) in why(error, speak)
            assert str(said) in why(error, english)


@pytest.mark.parametrize("language", ["de", "sl"])
def test_a_phrase_within_a_phrase_is_said_in_the_same_language_and_a_plain_word_stays(language: str) -> None:
    speak, texts = Speaker(language), TRANSLATIONS[language]
    expired = check("validity.expired", date="2026-01-02")
    inner = Phrase("nothing was changed: {reason}", reason=expired)
    outer = Phrase("{node} gave no usable answer: {why}", node="Add", why=inner)
    assert outer == "Add gave no usable answer: nothing was changed: It expired on 2026-01-02."
    told = texts[inner.sentence].format(reason=expired.reason_in(language))
    assert speak.said(outer) == texts[outer.sentence].format(node="Add", why=told)
    known = Remark("[Errno 28] No space left on device", "the disk is full")
    assert speak.said(Phrase("cannot be written: {why}", why=known)).endswith(texts["the disk is full"])
    assert Speaker("en").said(known) == "[Errno 28] No space left on device"


@pytest.mark.parametrize("language", ["de", "sl"])
def test_what_nobody_translated_is_said_to_be_english(language: str) -> None:
    said = why(UndeterminedError("the moon is down"), Speaker(language))
    assert said != "the moon is down" and said.endswith("the moon is down")
    assert why(UndeterminedError("the moon is down"), Speaker("en")) == "the moon is down"
    assert "must be" not in why(InputError("file.anchors[0].size", "must be 0 to 7", 9), Speaker(language))
    assert "file.anchors[0].size" in why(InputError("file.anchors[0].size", "must be 0 to 7", 9), Speaker(language))
