"""The page in three languages: English sentences stand in the code, `languages/*.json` translate them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

from werkzeug.datastructures import LanguageAccept

from rootseal.errors import RootsealError
from rootseal.languages import LANGUAGES, say
from wallet.proving import CheckFailedError

__all__ = ["LANGUAGES", "TRANSLATIONS", "Speaker", "language_of", "why"]


def _load(language: str) -> dict[str, str]:
    text = files("wallet.page").joinpath("languages", f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


TRANSLATIONS: Final = {language: _load(language) for language in LANGUAGES if language != "en"}
"""Language → English sentence → sentence."""


class Speaker:
    """Says a sentence in one language, its placeholders filled."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, sentence: str, **values: object) -> str:
        text = TRANSLATIONS.get(self.language, {}).get(sentence, sentence)
        return text.format_map(values) if values else text

    def label(self, name: str, number: int = 0) -> str:
        """The word for a fact of a credential, from the catalogue that all verifiers share."""
        return say(f"label.{name}", {"number": number}, self.language)


def why(error: RootsealError, speak: Speaker) -> str:
    """The reason of a refusal: of a verifier's check in the page's language, all else in the error's own words."""
    found = error if isinstance(error, CheckFailedError) else error.__cause__
    if speak.language == "en" or not isinstance(found, CheckFailedError):
        return error.diagnostics()
    return found.check.reason_in(speak.language)


def language_of(chosen: object, accepted: LanguageAccept) -> str:
    """The language chosen, else the browser's, else English."""
    if isinstance(chosen, str) and chosen in LANGUAGES:
        return chosen
    return accepted.best_match(LANGUAGES) or "en"
