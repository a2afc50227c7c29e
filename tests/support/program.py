"""Run the program `rootseal` in this process, as its dispatcher would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from rootseal.__main__ import main


@dataclass(frozen=True)
class Run:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[Any]:
        """The JSON objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines() if line]


class Program:
    """Call it with the words of a command line."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Run:
        self._capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return Run(code, out, err)
