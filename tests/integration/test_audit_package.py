"""An evidence archive gives its report again with no network, and no byte of it can be changed unnoticed."""

from __future__ import annotations

import hashlib
import io
import json
import random
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from anchor.audit.package import reproduce
from anchor.audit.tarball import StrictTar, TarSpool
from rootseal.canonical import dumps
from rootseal.errors import InputError, RootsealError, UndeterminedError
from tests.support.fresh_chain import fresh_chain
from tests.support.history import SMALL, History, make_history
from tests.support.program import Program
from tests.support.sabotage_scene import Scene
from tests.support.scripted_chain import START, scripted_chain


@pytest.fixture(scope="module")
def made() -> Iterator[History]:
    with scripted_chain("the evidence of an audit") as driver:
        yield make_history(driver, SMALL)


@pytest.fixture(scope="module")
def evidence(made: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive with everything in it: logs, files, promises, a replay, two providers. Its report lies beside it."""
    from rootseal.__main__ import main

    folder = tmp_path_factory.mktemp("evidence")
    with ExitStack() as stack:
        words = story(made, folder, stack)
        fresh = stack.enter_context(fresh_chain("anvil", START - 60))
        more = [
            "--rpc",
            made.url,
            "--replay-rpc",
            fresh,
            "--evidence",
            folder / "evidence.tar",
            "--out",
            folder / "out",
        ]
        assert main([str(word) for word in [*words, *more]]) == 0
        yield folder / "evidence.tar"


def story(history: History, folder: Path, stack: ExitStack) -> list[object]:
    """The words of an audit with files of learners and a promise."""
    scene = Scene(history, folder, stack)
    issuer = history.issuers[0]
    scene.promise(issuer, issuer.promise(issuer.anchored - 1, history.now))
    for number, given in enumerate(history.given):
        index = history.issuers[given.issuer - 1].entries.index(given.commitment)
        scene.extra += ["--file", given.write(folder / f"Ada Lovelace {number}.json", index)]
    return [*scene.words(), "--sample", "0x5f3c:2"]


def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_same_report_with_no_network(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_network(monkeypatch)
    run = Program(capsys)("audit", "--from", evidence, "--out", tmp_path / "again")
    assert run.code == 0, run
    for name in ("report.json", "report.txt", "report.html"):
        assert (tmp_path / "again" / name).read_bytes() == (evidence.parent / "out" / name).read_bytes()
    with StrictTar(evidence) as tar:
        blocks = sum(name.startswith("chain/blocks/") for name in tar.names)
    assert f"{blocks} of {blocks} blocks proven" in run.err
    assert blocks > 40


def test_same_audit_gives_the_same_archive(made: History, evidence: Path, tmp_path: Path) -> None:
    """Under other names, read in other pages."""
    from rootseal.__main__ import main

    with ExitStack() as stack:
        words = story(made, tmp_path, stack)
        fresh = stack.enter_context(fresh_chain("anvil", START - 60))
        more = ["--rpc", made.url, "--replay-rpc", fresh, "--evidence", tmp_path / "two.tar", "--out", tmp_path / "out"]
        assert main([str(word) for word in [*words, *more]]) == 0
    assert (tmp_path / "two.tar").read_bytes() == evidence.read_bytes()


def test_archive_names_nobody(made: History, evidence: Path) -> None:
    data = evidence.read_bytes()
    seeds = [given.file.seed.hex().encode() for given in made.given]
    assert len(seeds) == 4
    for word in (b"Lovelace", b"credentialSubject", b"achievement", b"127.0.0.1", *seeds):
        assert word not in data


def test_other_programs_read_it(evidence: Path, tmp_path: Path) -> None:
    with tarfile.open(evidence) as tar:
        tar.extractall(tmp_path, filter="data")
    told = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.count(": OK") > 40
    assert (tmp_path / "logs" / "0" / "checkpoint").exists()
    assert len((tmp_path / "history.jsonl").read_text().splitlines()) > 100


def refused(path: Path) -> bool:
    try:
        reproduce(path, lambda sentence: None)
    except (InputError, UndeterminedError):
        return True
    return False


def test_any_changed_byte_is_refused(evidence: Path, tmp_path: Path) -> None:
    """Bytes all over the archive, and some of each of its kinds of file, headers and padding among them."""
    whole = evidence.read_bytes()
    chance = random.Random(11)
    places = {0, 150, 511, 512, len(whole) - 1, len(whole) - 600}
    places |= {chance.randrange(len(whole)) for _ in range(60)}
    with StrictTar(evidence) as tar:
        for name in tar.names:
            start, size = tar._places[name]
            places |= {start - 512 + chance.randrange(512), start + chance.randrange(max(size, 1))}
    target = tmp_path / "changed.tar"
    for place in sorted(places):
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        target.write_bytes(changed)
        assert refused(target), place
    for cut in (whole[:-1], whole[:-512], whole[: len(whole) // 2], whole + b"\0", whole + bytes(512), b""):
        target.write_bytes(cut)
        assert refused(target)


def rebuilt(evidence: Path, target: Path, change: dict[str, Any]) -> Path:
    """The archive with other files, and sums that fit them: what a forger would make."""
    with StrictTar(evidence) as tar, TarSpool() as spool:
        for name in tar.names:
            data = tar.read(name)
            assert data is not None
            if name in change:
                data = change[name](data)
            if name != "SHA256SUMS" and data is not None:
                spool.add(name, data)
        for name, make in change.items():
            if name not in tar.names:
                spool.add(name, make(b""))
        spool.write(target)
    return target


def redated(data: bytes) -> bytes:
    """The last block an hour later."""
    value = json.loads(data)
    for name in [name for name in value["answers"] if name == "first/block/finalized"]:
        value["answers"][name]["timestamp"] += 3600
    return dumps(value) + b"\n"


def test_forger_who_makes_the_sums_fit_is_refused(evidence: Path, tmp_path: Path) -> None:
    with StrictTar(evidence) as tar:
        block = next(name for name in tar.names if name.startswith("chain/blocks/"))
        tile = next(name for name in tar.names if "/tile/entries/" in name)
    swaps: list[dict[str, Any]] = [
        {"report.json": lambda data: data.replace(b'"clean"', b'"findings"')},
        {"report.html": lambda data: data.replace(b"CLEAN", b"FINE!")},
        {"history.jsonl": lambda data: data[: data.index(b"\n") + 1]},
        {"README.txt": lambda data: data + b"Trust me.\n"},
        {"artifacts/CredentialLedger.json": lambda data: data.replace(b"0x60", b"0x61", 1)},
        {"asked.json": lambda data: data.replace(b'"backdating":7776000', b'"backdating":8640000')},
        {tile: lambda data: data[:-1] + bytes([data[-1] ^ 1])},
        {tile: lambda data: None},
        {block: lambda data: None},
        {block: lambda data: data.replace(b'"proof":["', b'"proof":["00', 1)},
        {"chain/blocks/999999.json": lambda data: b"{}\n"},
        {"thesis.txt": lambda data: b"what is this\n"},
        {"chain/answers.json": redated},
        {"chain/answers.json": lambda data: b"[" * 100_000},
        {"asked.json": lambda data: b'{"format":1}\n'},
    ]
    for at, swap in enumerate(swaps):
        assert refused(rebuilt(evidence, tmp_path / f"{at}.tar", swap)), (at, swap)
    assert not refused(rebuilt(evidence, tmp_path / "same.tar", {}))


def test_event_that_no_receipt_holds_is_refused(evidence: Path, tmp_path: Path) -> None:
    """The whole story told anew with another root: answers and report agree, the receipts do not."""
    from anchor.audit.block_proofs import check_block_proof
    from anchor.audit.recording import RecordedChain, Recording
    from anchor.chain import LogEntry

    with StrictTar(evidence) as tar:
        answers = Recording.from_json(json.loads(tar.read("chain/answers.json") or b""))
        chain = RecordedChain(answers)
        name = next(
            name for name in tar.names if name.startswith("chain/blocks/") and b'"proof"' in (tar.read(name) or b"")
        )
        told = json.loads(tar.read(name) or b"")
    block = chain.block(told["number"])
    assert block is not None
    page = next(question for question in answers.answers if question.startswith("first/logs/"))
    address = bytes.fromhex(page.split("/")[2])
    logs: list[LogEntry] = [log for log in _all(chain, answers) if log.block_number == block.number]
    contracts = sorted({log.address for log in _all(chain, answers)})
    assert check_block_proof(told, block, logs, contracts)
    for wrong in (logs[:-1], [*logs, logs[-1]], []):
        with pytest.raises(ValueError, match="recorded events"):
            check_block_proof(told, block, wrong, contracts)
    with pytest.raises(ValueError, match="hash"):
        check_block_proof(told | {"header": told["header"][:-2] + "00"}, block, logs, contracts)
    assert address in contracts


def _all(chain: Any, answers: Any) -> list[Any]:
    found = []
    for question in answers.answers:
        if question.startswith("first/logs/"):
            _, _, address, first, last = question.split("/")
            found += chain.logs(bytes.fromhex(address), (), int(first), int(last))
    return sorted(found, key=lambda log: (log.block_number, log.log_index))


def test_other_archives_are_refused_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a"), io.BytesIO())
    for number, data in enumerate([buffer.getvalue(), b"PK\x03\x04", hashlib.sha256(b"x").digest() * 100]):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(data)
        run = Program(capsys)("audit", "--from", path, "--out", tmp_path / "out")
        assert run.code == 2
        assert "damaged or altered" in run.err
    assert not (tmp_path / "out").exists()


def test_findings_are_evidence_too(made: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as stack:
        scene = Scene(made, tmp_path, stack)
        scene.logs.pop(2)
        (scene.log(4) / "tile/entries/000").unlink()
        made.driver.settle()
        program = Program(capsys)
        run = program(*scene.words(), "--evidence", tmp_path / "e.tar", "--out", tmp_path / "one")
    assert run.code == 1, run
    again = program("audit", "--from", tmp_path / "e.tar", "--out", tmp_path / "two")
    assert again.code == 1, again
    assert (tmp_path / "one" / "report.json").read_bytes() == (tmp_path / "two" / "report.json").read_bytes()
    assert program("audit", "--from", tmp_path / "e.tar", "--gas", "--out", tmp_path / "two").code == 2


def test_reproduce_never_fails_otherwise(evidence: Path, tmp_path: Path) -> None:
    """Whatever is in a well-formed archive, the answer is a sentence."""
    chance = random.Random(5)
    for number in range(20):

        def garble(data: bytes) -> bytes:
            at = chance.randrange(len(data))
            return data[:at] + bytes([chance.randrange(32, 127)]) + data[at + 1 :]

        name = ("asked.json", "chain/answers.json")[number % 2]
        target = rebuilt(evidence, tmp_path / f"{number}.tar", {name: garble})
        try:
            reproduce(target, lambda sentence: None)
        except RootsealError:
            continue
