"""Every sentence that a verdict may say, in every language: key → sentence with named placeholders.

Keys that are codes of checks (`status.ok`) are those of `rootseal.catalogue`; `status.ok:x` is the sentence of the
same code where the detail `x` is there. `note.…` and `at.…` are statements beside the checks, `problem.…` what a
sentence's {problem} may be, `verdict.…` and `report.…` the words around them. All languages have the same keys and
the same placeholders. Exported to docs/spec/catalogue.json for other implementations.
"""

from __future__ import annotations

from collections.abc import Mapping

from rootseal.languages.de import TEXTS as _DE
from rootseal.languages.en import TEXTS as _EN
from rootseal.languages.sl import TEXTS as _SL

__all__ = ["LANGUAGES", "TEXTS", "say"]

TEXTS: Mapping[str, Mapping[str, str]] = {"en": _EN, "de": _DE, "sl": _SL}
"""Language (ISO 639-1) → key → sentence."""

LANGUAGES = tuple(TEXTS)
"""English first: the language of `Check.reason`."""

_PROBLEMS = {sentence: key for key, sentence in _EN.items() if key.startswith("problem.")}


def say(key: str, details: Mapping[str, str | int] | None = None, language: str = "en") -> str:
    """The sentence of `key`, its placeholders filled. Raises KeyError for an unknown key, language or placeholder.

    Where a detail names a variant of the key (`validity.ok:until`), that variant speaks. A {problem} that is
    itself a sentence of the catalogue is said in the same language; any other is a technical remark and stays.
    """
    texts, given = TEXTS[language], dict(details or {})
    variant = next((f"{key}:{name}" for name in given if f"{key}:{name}" in texts), key)
    problem = _PROBLEMS.get(str(given.get("problem")))
    if problem is not None:
        given["problem"] = texts[problem]
    return texts[variant].format_map(given)
