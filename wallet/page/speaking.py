"""The page in three languages: English sentences stand in the code, `languages/*.json` translate them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

from werkzeug.datastructures import LanguageAccept

from rootseal.languages import LANGUAGES, TEXTS, say
from rootseal.verdict import Check
from wallet.phrases import Phrase, Remark

__all__ = ["LANGUAGES", "TRANSLATIONS", "Speaker", "language_of"]


def _load(language: str) -> dict[str, str]:
    text = files("wallet.page").joinpath("languages", f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


TRANSLATIONS: Final = {language: _load(language) for language in LANGUAGES if language != "en"}
"""Language → English sentence → sentence."""

_PROBLEMS: Final = {sentence: key for key, sentence in TEXTS["en"].items() if key.startswith("problem.")}
"""Sentences of the catalogue that all verifiers share."""


class Speaker:
    """Says a sentence in one language, its placeholders filled."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, sentence: str, **values: object) -> str:
        text = TRANSLATIONS.get(self.language, {}).get(sentence, sentence)
        return text.format_map(values) if values else text

    def said(self, text: str) -> str:
        """What a module of the wallet said, in this language; what is nowhere translated stays."""
        return text if (found := self.known(text)) is None else found

    def known(self, text: object) -> str | None:
        """As `said`; None for what is neither a phrase, nor a remark, nor a sentence that is translated."""
        if isinstance(text, Phrase):
            return self(text.sentence, **{name: self._value(value) for name, value in text.values.items()})
        if isinstance(text, Remark):
            return self._remark(text)
        return TRANSLATIONS.get(self.language, {}).get(str(text))

    def _remark(self, text: Remark) -> str:
        if self.language == "en":
            return str(text)
        if text in _PROBLEMS:
            return TEXTS[self.language][_PROBLEMS[text]]
        return self.said(text.instead) if text.instead else str(text)

    def _value(self, value: object) -> object:
        """A part of a phrase. A plain string is somebody's own word, and never translated."""
        if isinstance(value, Check):
            return value.reason_in(self.language)
        return self.said(value) if isinstance(value, (Phrase, Remark)) else value

    def label(self, name: str, number: int = 0) -> str:
        """The word for a fact of a credential, from the catalogue that all verifiers share."""
        return say(f"label.{name}", {"number": number}, self.language)


def language_of(chosen: object, accepted: LanguageAccept) -> str:
    """The language chosen, else the browser's, else English."""
    if isinstance(chosen, str) and chosen in LANGUAGES:
        return chosen
    return accepted.best_match(LANGUAGES) or "en"
