"""Every English sentence that the wallet's page can say, read from the source of the wallet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

from tests.support.devchain import ROOT
from wallet.credits import State
from wallet.page import answering, app, choosing, refusing
from wallet.shown import FORGOTTEN

__all__ = ["PAGE", "modules", "phrases", "refusals", "said_below", "said_by_the_page"]

PAGE = ROOT / "wallet" / "page"
_IN_TEMPLATE = re.compile(r"\b_\(\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')")
_PLACEHOLDER = re.compile(r"\{\w+\}")
_WORD = re.compile(r"[^\W\d_]")
_SPEAKING = ("speak", "speaker", "_begun")
_FAMILIES = ("InputError", "ConfigError", "VerificationError", "UndeterminedError", "ConflictError")


@cache
def modules() -> tuple[Path, ...]:
    """The modules of the wallet that the page uses, its own among them."""
    waiting, found = sorted(PAGE.glob("*.py")), {}
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = None
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wallet."):
                named = ROOT / f"{str(node.module).replace('.', '/')}.py"
                waiting += [named] if named.exists() else []
    return tuple(sorted(found))


@cache
def phrases(*names: str) -> frozenset[str]:
    """The sentence of every `Phrase` in those modules, or in the ones named, but for those that only join others."""
    paths = [path for path in modules() if not names or path.name in names]
    found = (sentence for path in paths for sentence in _phrases(ast.parse(path.read_text())))
    return frozenset(sentence for sentence in found if _WORD.search(_PLACEHOLDER.sub("", sentence)))


def refusals(path: Path) -> Iterator[tuple[str, int, ast.expr]]:
    """(function, line, what is said) of every error of ours that a module makes."""
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _name(node.func) in _FAMILIES and node.args:
                at = {"UndeterminedError": 0, "ConflictError": 0}.get(_name(node.func), 1)
                yield function.name, node.lineno, node.args[at]


@cache
def said_by_the_page() -> frozenset[str]:
    """What stands in templates, in the page's code, and in the tables that it speaks from."""
    found = {m[1] or m[2] for path in PAGE.rglob("*.html") for m in _IN_TEMPLATE.finditer(path.read_text())}
    for path in PAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) in _SPEAKING and isinstance(node.args[0], ast.Constant):
                found.add(str(node.args[0].value))
    found.discard("{place}: {problem}")  # says nothing of its own
    found |= set(app._SENTENCES.values()) | set(choosing._NAMES.values()) | set(choosing.LIFETIMES.values())
    found |= {name for name, _ in choosing.PRESETS.values()} | set(get_args(State))
    found |= set(refusing._PLACES.values()) | set(refusing._BELOW.values()) | {refusing._FILE, refusing._ENGLISH}
    return frozenset(found | {answering._NOBODY, answering._UNPROVEN, FORGOTTEN})


@cache
def said_below() -> frozenset[str]:
    """What lies below the wallet and is said as it is: why a key, a file or a connection failed."""
    found = set()
    for name in ("keys", "collecting"):
        for node in ast.walk(ast.parse((ROOT / "anchor" / f"{name}.py").read_text())):
            if isinstance(node, ast.Call) and _name(node.func) in ("ConfigError", "WrongPassphrase", "InputError"):
                field, said = node.args[0], node.args[1]
                shown = isinstance(field, ast.Constant) and field.value in ("keystore", "--rpc")
                found |= {str(said.value)} if shown and isinstance(said, ast.Constant) else set()
    return frozenset(found | _known_whys())


def _known_whys() -> set[str]:
    """The sentences without placeholders of `anchor.failing.known_why`."""
    tree = ast.parse((ROOT / "anchor" / "failing.py").read_text())
    table = next(n for n in tree.body if isinstance(n, ast.AnnAssign) and _name(n.target) == "_WORDS")
    words = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "_words")
    found = {str(value.value) for value in getattr(table.value, "values", []) if isinstance(value, ast.Constant)}
    returned = [n.value for n in ast.walk(words) if isinstance(n, ast.Return)]
    return found | {str(value.value) for value in returned if isinstance(value, ast.Constant) and value.value}


def _phrases(tree: ast.Module) -> Iterator[str]:
    """A sentence stands in the call, or in a variable that has no other use than to be said."""
    named: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            named.setdefault(_name(target), set()).add(str(node.value.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "Phrase":
            sentence = node.args[0]
            if isinstance(sentence, ast.Constant):
                yield str(sentence.value)
            else:
                yield from named[_name(sentence)]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
