"""The TypeScript core as one process: requests in bulk, one JSON line each, answers in order."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from scripts.build_web import node_command
from tests.support.devchain import ROOT

__all__ = ["Core", "Refused", "build_core", "require_web_tools", "run_build"]


class Refused(str):
    """The core refused the input; the text is the member that it blames."""


def require_web_tools(left_out: str) -> str:
    """The path of node. Skips the test, naming what it leaves out; where everything is required, that fails the run."""
    node = node_command()
    if node is None:
        pytest.skip(f"Node.js or esbuild is not installed (npm ci); left out: {left_out}")
    return node


def run_build(node: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`node web/build.mjs …`."""
    command = [node, str(ROOT / "web" / "build.mjs"), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def build_core(node: str, folder: Path) -> Path:
    """The core for tests, bundled into one file."""
    target = folder / "core.mjs"
    done = run_build(node, "--interop", str(target))
    assert done.returncode == 0, done.stderr
    return target


class Core:
    """Asks the bundled core. Each `ask` is one process, so put many requests into one."""

    def __init__(self, node: str, program: Path) -> None:
        self._command = [node, str(program)]

    def ask(self, requests: Iterable[dict[str, Any]]) -> list[Any]:
        """The answers in order; `Refused` where the core refused. A crash of the core fails the test."""
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        done = subprocess.run(self._command, input=lines, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        answers = [
            json.loads(line) for line in done.stdout.split("\n") if line
        ]  # not splitlines: U+2028 is no line end here
        assert len(answers) == lines.count("\n")
        return [Refused(answer["refused"]) if "refused" in answer else answer["ok"] for answer in answers]
