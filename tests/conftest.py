"""What holds for every run: where everything is required, a test that is left out fails it; what was survived is told.

Both stand here and not beside the tests, for with several workers only this file is read by the process that prints.
So do Hypothesis' settings, for only this file is read before every test module.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.fault.table import as_json, console, rows_of, survived

# Sentences are compared in English, whatever the machine speaks.
os.environ["LC_ALL"] = "C.UTF-8"

# Without deadlines, for machines differ; the same examples every time where everything is required.
settings.register_profile(
    "rootseal",
    deadline=None,
    max_examples=int(os.environ.get("ROOTSEAL_EXAMPLES", "100")),
    derandomize=bool(os.environ.get("CI") or os.environ.get("ROOTSEAL_REQUIRE_ALL")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("rootseal")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ROOTSEAL_REQUIRE_ALL=1 a skip, wherever it comes from, ends the run as a failure does."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    left_out = reporter.stats.get("skipped", []) if isinstance(reporter, pytest.TerminalReporter) else []
    if left_out and os.environ.get("ROOTSEAL_REQUIRE_ALL") == "1":
        reporter.write_line(f"\n{len(left_out)} left out, although everything is required")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The fault kit's table, where any of it ran."""
    rows = rows_of(survived(report for reports in terminalreporter.stats.values() for report in reports))
    if rows:
        terminalreporter.section("what was survived")
        terminalreporter.write_line(console(rows))
    target = os.environ.get("ROOTSEAL_FAULT_TABLE")
    if target:
        Path(target).write_text(as_json(rows), encoding="utf-8")
