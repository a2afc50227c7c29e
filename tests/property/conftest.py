"""Hypothesis: bounded, without deadlines (machines differ), and the same examples every time in CI."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "rootseal",
    deadline=None,
    max_examples=int(os.environ.get("ROOTSEAL_EXAMPLES", "60")),
    derandomize=bool(os.environ.get("CI") or os.environ.get("ROOTSEAL_REQUIRE_ALL")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("rootseal")
