"""The core in TypeScript, built once a run."""

from __future__ import annotations

import pytest

from tests.support.typescript import Core, build_core, require_web_tools


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    node = require_web_tools("the second implementation of the formats, in TypeScript")
    return Core(node, build_core(node, tmp_path_factory.mktemp("core")))
