"""The core touches no socket, disk, clock or environment, and imports nothing that could."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rootseal
from tests.support.world import AUDIENCE, NONCE, World, disclose

PACKAGE = Path(rootseal.__file__).parent
FORBIDDEN = {
    "asyncio", "datetime", "eth_account", "flask", "http", "io", "locale", "multiprocessing", "os", "pathlib",
    "platform", "random", "requests", "secrets", "shutil", "socket", "sqlite3", "sqlite_utils", "ssl", "subprocess",
    "tempfile", "threading", "time", "urllib", "web3",
    "anchor", "node", "wallet",
}  # fmt: skip
HEAVY = (
    "web3",
    "flask",
    "sqlite_utils",
    "sqlite3",
    "eth_account",
    "eth_abi",
    "click",
    "requests",
    "cryptography",
    "trie",
)


def modules() -> Iterator[Path]:
    """Every module of the core but the dispatcher, which is the program around it."""
    return (path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_nothing_that_reaches_outside(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "input", "eval", "exec", "__import__"}
        assert not {name.partition(".")[0] for name in names} & FORBIDDEN


def test_import_of_the_library_loads_nothing_heavy() -> None:
    code = f"import sys, rootseal; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.strip() == ""


_WATCHED = ("open", "socket", "subprocess", "os.", "shutil", "glob", "sqlite3", "urllib", "http")
_seen: list[str] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    # An audit hook stays for the life of the process; it listens only while `_seen` is a list.
    if _seen is not None and event.startswith(_WATCHED):
        _seen.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_hook)


def test_whole_story_opens_nothing_and_never_asks_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    global _seen

    def no_clock() -> float:
        raise AssertionError("the core takes the time as an argument")

    world = World((2, 2))
    for name in ("time", "time_ns"):
        monkeypatch.setattr(time, name, no_clock)
    _seen = []
    try:
        file = rootseal.CredentialFile.from_bytes(world.file(1).to_bytes())
        answer = world.answer([rootseal.present(file, disclose("name"), show_subject=True)], world.holder(1)).to_bytes()
        rootseal.questions(answer)
        policy = rootseal.parse_policy(rootseal.format_policy(world.policy))
        expected = rootseal.Expected(AUDIENCE, NONCE)
        verdict = rootseal.verify(answer, policy, world.facts(), now=world.now, expected=expected)
        assert _seen == []
    finally:
        _seen = None
    assert verdict.overall == "verified"


def test_public_names_are_there_and_say_what_they_are() -> None:
    for name in rootseal.__all__:
        assert getattr(rootseal, name) is not None
        assert name == "__version__" or getattr(rootseal, name).__doc__
