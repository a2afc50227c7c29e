"""What holds for every test: where everything is required, a test that is left out fails the run."""

from __future__ import annotations

import os

import pytest

# Sentences are compared in English, whatever the machine speaks.
os.environ["LC_ALL"] = "C.UTF-8"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ROOTSEAL_REQUIRE_ALL=1 a skip, wherever it comes from, ends the run as a failure does."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    left_out = reporter.stats.get("skipped", []) if isinstance(reporter, pytest.TerminalReporter) else []
    if left_out and os.environ.get("ROOTSEAL_REQUIRE_ALL") == "1":
        reporter.write_line(f"\n{len(left_out)} left out, although everything is required")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
