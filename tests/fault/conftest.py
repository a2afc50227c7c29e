"""Fixtures of the fault kit, and what each of its tests adds to the table at the end of a run (`tests/conftest.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault.scene import Scene, scene
from tests.fault.table import FAULT


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(name, how): what the test survives, and how it is brought about")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    marker = item.get_closest_marker("fault")
    if marker is None or not (report.when == "call" or report.outcome != "passed"):
        return
    # With the report it reaches the process that prints, also where others run the tests.
    report.user_properties.append((FAULT, list(marker.args)))


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """A node over Anvil with geth's rules."""
    with scene(tmp_path, request.node.name) as made:
        yield made
