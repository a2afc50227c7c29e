"""Fixtures of the fault kit, and the table of what was survived at the end of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault.scene import Scene, scene
from tests.fault.table import Row, console, rows_of

_REPORTS = pytest.StashKey[list[Row]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(name, how): what the test survives, and how it is brought about")
    config.stash[_REPORTS] = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    marker = item.get_closest_marker("fault")
    if marker is None or not (report.when == "call" or report.outcome != "passed"):
        return
    rounds = next((int(value) for name, value in item.user_properties if name == "rounds"), 1)
    item.config.stash[_REPORTS].append(Row(marker.args[0], marker.args[1], report.outcome, rounds))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = rows_of(config.stash[_REPORTS])
    if rows:
        terminalreporter.section("what was survived")
        terminalreporter.write_line(console(rows))
    target = os.environ.get("ROOTSEAL_FAULT_TABLE")
    if target:
        from tests.fault.table import as_json

        Path(target).write_text(as_json(rows), encoding="utf-8")


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """A node over Anvil with geth's rules."""
    with scene(tmp_path, request.node.name) as made:
        yield made
