"""Everything that the wallet's page says is there in German and Slovene, with the same placeholders."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from wallet import claiming_link, shown
from wallet.credits import State
from wallet.page import answering, app, choosing
from wallet.page.speaking import TRANSLATIONS

PAGE = Path(__file__).parents[3] / "wallet" / "page"
_IN_TEMPLATE = re.compile(r"\b_\(\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')")
_SPEAKING = ("speak", "speaker", "_begun")


def said() -> set[str]:
    """Every English sentence: in templates, in code, and in the tables that code speaks from."""
    found = {m[1] or m[2] for path in PAGE.rglob("*.html") for m in _IN_TEMPLATE.finditer(path.read_text())}
    for path in PAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) in _SPEAKING and isinstance(node.args[0], ast.Constant):
                found.add(str(node.args[0].value))
    found |= set(app._SENTENCES.values()) | set(choosing._NAMES.values()) | set(choosing.LIFETIMES.values())
    found |= {name for name, _ in choosing.PRESETS.values()} | set(get_args(State))
    found |= {answering._NOBODY, shown.FORGOTTEN}
    found |= {claiming_link.STRANGE, claiming_link.UNSAFE, claiming_link.INCOMPLETE}
    return found | {answering._UNPROVEN, "This could not be understood. Nothing was changed."}


def _name(function: ast.expr) -> str:
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


@pytest.mark.parametrize("language", ["de", "sl"])
def test_every_sentence_is_translated(language: str) -> None:
    texts, told = TRANSLATIONS[language], said()
    assert len(told) > 150
    assert told - set(texts) == set()
    # Nothing is kept for nobody: what is left over are the answers to what was received.
    assert set(texts) - told <= {
        text for text in texts if text.startswith(("Received.", "Your wallet had", "Refused."))
    }


@pytest.mark.parametrize("language", ["de", "sl"])
def test_placeholders_are_the_same(language: str) -> None:
    for english, text in TRANSLATIONS[language].items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", english)), english
        assert text.strip() == text and text
