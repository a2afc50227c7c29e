"""`rootseal audit` as it is typed; every report must fit its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger_world import LedgerWorld, WorldIssuer, embedded_chain
from tests.support.program import Program
from tests.support.schemas import validate


@dataclass(frozen=True)
class Audited:
    """How an audit ended."""

    code: int
    report: dict[str, Any]
    text: str
    out: Path

    @property
    def codes(self) -> list[str]:
        return [found["code"] for found in self.report["findings"]]


@dataclass
class Auditor:
    """`rootseal audit` with its output below `folder`; every report must fit its schema."""

    program: Program
    folder: Path
    runs: int = 0

    def __call__(self, world: LedgerWorld, *words: object, rpc: str | None = None) -> Audited:
        self.runs += 1
        out = self.folder / f"report-{self.runs}"
        run = self.program("audit", "--rpc", rpc or world.url, "--ledger", world.address_text, "--out", out, *words)
        assert (out / "report.json").exists(), run
        report = json.loads((out / "report.json").read_bytes())
        validate(report, "audit")
        text = (out / "report.txt").read_text(encoding="utf-8")
        assert sha256((out / "report.json").read_bytes()).hexdigest() in text
        return Audited(run.code, report, text, out)


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    """The command, its reports below the test's folder."""
    return Auditor(Program(capsys), tmp_path)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A chain for a module of tests."""
    with embedded_chain() as chain:
        yield chain.info.url


@pytest.fixture
def small(url: str) -> WorldIssuer:
    """A fresh ledger with one issuer and three anchors over 520 entries."""
    issuer = LedgerWorld(url).register("Small")
    for count in (10, 500, 10):
        issuer.anchor(count)
    return issuer
