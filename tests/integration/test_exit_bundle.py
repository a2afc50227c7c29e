"""The exit drill: the node is deleted, a plain file server has the folder, and old credentials still verify."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import pytest

from node.services import Services
from rootseal.anchoring import Proofs
from rootseal.canonical import loads
from rootseal.files import CredentialFile
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program
from tests.unit.node.nodes import TEMPLATES, roster


@dataclass
class Left:
    """What is left of a node: the bundle, files that learners had, and the chain."""

    bundle: Path
    chain: ChainProcess
    ledger: str
    issuer: int
    old: Path
    revoked: Path
    promise_only: Path
    answer: dict[str, object]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain")) as running:
        yield running


@pytest.fixture
def left(tmp_path: Path, chain: ChainProcess, capsys: pytest.CaptureFixture[str]) -> Left:
    """Two batches, one revocation; then the node goes."""
    program, node = Program(capsys), tmp_path / "node"
    made = program("node", "init", node, "--chain-url", chain.url, "--deploy", "--name", "Uni of Nowhere")
    assert made.code == 0, made
    nothing = program("node", "exit-bundle", node, tmp_path / "bundle")
    assert (nothing.code, (tmp_path / "bundle").exists()) == (3, False)
    with Services.open(node) as services:
        services.add_templates(TEMPLATES)
        services.issue(roster(20, date="2026-01-01"), "r.csv")
        services.seal()
        services.export(None, tmp_path / "early")
        assert services.anchor(timeout=60).reached
        services.issue(roster(7, date="2026-02-01"), "s.csv")
        services.seal()
        early = program("node", "exit-bundle", node, tmp_path / "early-bundle", "--no-proofs", "--json")
        assert (early.code, early.objects[0]["size"] - early.objects[0]["anchored"]) == (3, 7)
        assert services.anchor(timeout=60).reached
        entry = services.store.entries.sealed(3, 4)[0]
        services.revoke([entry.id])
        assert services.anchor(timeout=60).reached
        services.export(None, tmp_path / "out")
        home = services.home
    run = program("node", "exit-bundle", node, tmp_path / "bundle", "--json")
    assert run.code == 0, run
    assert program("node", "exit-bundle", node, tmp_path / "bundle").code == 2
    shutil.rmtree(node)
    name = entry.id.removeprefix("urn:uuid:") + ".credential.json"
    old = next(path for path in sorted((tmp_path / "out").glob("*.credential.json")) if path.name != name)
    early_file = next(path for path in (tmp_path / "early").glob("*.credential.json") if path.name != name)
    ledger = "0x" + home.ledger.hex()
    return Left(
        tmp_path / "bundle", chain, ledger, home.issuer, old, tmp_path / "out" / name, early_file, run.objects[0]
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`python -m http.server`, as a library may run it."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                get(f"{url}/README.txt")
                break
            except urllib.error.URLError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield url
    finally:
        child.kill()
        child.wait()


def get(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=20) as answer:
        return bytes(answer.read())


def test_old_credentials_verify_and_the_audit_runs_when_the_node_is_gone(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Program(capsys)
    block = left.answer["block"]
    assert isinstance(block, dict)
    chain_id = 31338
    with served(left.bundle) as url:
        here = tmp_path / "library"
        here.mkdir()
        for name in ("policy.toml", "register.snapshot.json", "evidence.tar"):
            (here / name).write_bytes(get(f"{url}/{name}"))
        online = ("--policy", here / "policy.toml", "--rpc", left.chain.url)
        assert program("verify", left.old, *online).code == 0
        assert program("verify", left.revoked, *online).code == 1
        offline = (
            "--policy", here / "policy.toml", "--status", here / "register.snapshot.json",
            "--block-hash", f"eip155:{chain_id}:{block['hash']}",
        )  # fmt: skip
        assert program("verify", left.old, *offline).code == 0
        assert program("verify", left.revoked, *offline).code == 1
        # A learner who has only a promise finds the proofs in the folder.
        file = CredentialFile.from_bytes(left.promise_only.read_bytes())
        assert program("verify", left.promise_only, *online).code == 3
        answer = loads(get(f"{url}/v1/proofs/{file.commitment.hex()}"))
        assert isinstance(answer, dict)
        whole = here / "whole.credential.json"
        whole.write_bytes(file.with_proofs(Proofs.from_json(answer, "proof"), file.issuer_document).to_bytes())
        assert program("verify", whole, *online).code == 0
        audit = ("audit", "--rpc", left.chain.url, "--ledger", left.ledger, "--issuer", left.issuer)
        assert program(*audit, "--log", url, "--out", tmp_path / "one").code == 0
        assert program(*audit, "--log", f"{url}/log", "--out", tmp_path / "two").code == 0
        assert program("audit", "--from", here / "evidence.tar", "--out", tmp_path / "three").code == 0
        page = get(f"{url}/verify.html")
    assert b"<html" in page.lower()
    assert (tmp_path / "one" / "report.json").exists()


def test_folder_is_whole_and_names_nobody(left: Left) -> None:
    told = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=left.bundle, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told
    files = sorted(str(path.relative_to(left.bundle)) for path in left.bundle.rglob("*") if path.is_file())
    listed = [line[66:] for line in (left.bundle / "SHA256SUMS").read_text().splitlines()]
    assert sorted([*listed, "SHA256SUMS"]) == files
    assert left.answer["files"] == len(files)
    assert left.answer["missing"] == []
    assert len(list((left.bundle / "v1" / "proofs").iterdir())) == left.answer["size"] == 27
    assert "spec/README.md" in files
    readme = (left.bundle / "README.txt").read_text()
    assert "Uni of Nowhere" in readme
    assert left.ledger in readme
    learner = CredentialFile.from_bytes(left.old.read_bytes())
    for path in left.bundle.rglob("*"):
        if path.is_file() and "spec" not in path.parts:
            data = path.read_bytes()
            assert learner.seed.hex().encode() not in data
            assert b"@example" not in data, path
            assert b'"credentialSubject"' not in data or path.name == "verify.html", path


def test_folder_that_failed_halfway_is_not_there(
    left: Left, tmp_path: Path, chain: ChainProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    node = tmp_path / "other"
    program = Program(capsys)
    assert program("node", "init", node, "--chain-url", chain.url, "--deploy", "--name", "Other").code == 0
    with Services.open(node) as services:
        services.add_templates(TEMPLATES)
        services.issue(roster(3, date="2026-01-01"), "r.csv")
        services.seal()
    config = node / "node.toml"
    config.write_text(config.read_text().replace(chain.url, "http://127.0.0.1:9"))
    run = program("node", "exit-bundle", node, tmp_path / "half")
    assert run.code == 3, run
    assert [path.name for path in tmp_path.iterdir() if "half" in path.name] == []
