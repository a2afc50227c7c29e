"""The Foundry tests pass, and they ran against the bytecode that is committed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def test_forge_passes_on_the_committed_bytecode(
    tool: Callable[[str], Path],
    compiler: ModuleType,
    artifact: dict[str, Any],
    credits_artifact: dict[str, Any],
) -> None:
    result = subprocess.run(
        [str(tool("forge")), "test"],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=REPOSITORY,
        env={**os.environ, "FOUNDRY_SOLC": str(compiler.SHIM)},
        check=False,
    )
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-5_000:]
    for expected in (artifact, credits_artifact):
        name = expected["contractName"]
        compiled = json.loads((REPOSITORY / "contracts" / "out" / f"{name}.sol" / f"{name}.json").read_text())
        assert compiled["bytecode"]["object"] == expected["bytecode"]
        assert compiled["deployedBytecode"]["object"] == expected["deployedBytecode"]
