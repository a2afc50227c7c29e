"""`make test-all`: a test that is left out fails the run, whoever skips it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPS = {
    "in a test": "import pytest\ndef test_one(): pass\ndef test_two(): pytest.skip('no tool')\n",
    "of a module": "import pytest\npytest.skip('no tool', allow_module_level=True)\n",
}


@pytest.mark.parametrize("body", SKIPS.values(), ids=SKIPS.keys())
@pytest.mark.parametrize("required", [True, False])
def test_a_skip_fails_exactly_where_everything_is_required(tmp_path: Path, body: str, required: bool) -> None:
    (tmp_path / "test_skips.py").write_text(body)
    (tmp_path / "test_runs.py").write_text("def test_runs(): pass\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment |= {"ROOTSEAL_REQUIRE_ALL": "1" if required else "", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    command += ["--rootdir", str(tmp_path), str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == int(required), run.stdout
    assert ("left out, although everything is required" in run.stdout) == required
