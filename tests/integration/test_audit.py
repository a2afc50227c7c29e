"""`rootseal audit` on a real chain with the real ledger: clean is clean, what is missing could not be checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchor.audit import log_head
from tests.support import auditing
from tests.support.auditing import Auditor
from tests.support.ledger_world import ACCOUNTS, LedgerWorld, WorldIssuer, publish
from tests.support.program import Program
from tests.support.serving import file_server

audit, url, small = auditing.audit, auditing.url, auditing.small


@pytest.fixture(scope="module")
def rich(url: str) -> tuple[LedgerWorld, list[WorldIssuer]]:
    """A lawful history with everything in it: rotation, statuses, accreditation, a new admin, succession."""
    world = LedgerWorld(url)
    first, second = world.register("Uni \x1b[31mOne", 0), world.register("College Two", 1)
    third = world.register("Three", 2)
    document = world.ledger.documents(1)[0].document_hash
    world.send(5, "accredit", 1, document, "EQF 5", 0)
    world.send(5, "accredit", 1, document, "EQF 5 and 6", world.now + 10**6)
    world.send(6, "accredit", 1, document, "", 0)
    world.send(6, "withdraw", 1, document)
    for count in (7, 300, 249, 1):
        first.anchor(count)
    first.send("addKey", ACCOUNTS[7].address, 3)
    first.send("retireKey", ACCOUNTS[0].address, 0)
    first.key = 7
    first.anchor(20)
    world.send(7, "revoke", 1, [0, 1], [0b1011, 1], 1)
    world.send(7, "suspend", 1, [2], [1 << 5], 0)
    world.send(7, "reinstate", 1, [2], [1 << 5], 0)
    first.send("setUri", "https://one.example")
    first.send("transferAdmin", ACCOUNTS[8].address)
    world.send(8, "acceptAdmin", 1)
    first.admin = 8
    second.anchor(3)
    second.send("succeed", third.number)
    world.send(2, "acceptSuccession", second.number)
    return world, [first, second, third]


def test_clean_history_is_clean_and_the_same_input_gives_the_same_bytes(
    rich: tuple[LedgerWorld, list[WorldIssuer]], audit: Auditor, tmp_path: Path
) -> None:
    world, issuers = rich
    logs = [word for i in issuers[:2] for word in ("--log", publish(i, tmp_path / f"log{i.number}"))]
    first, again = audit(world, *logs), audit(world, *logs)
    assert (first.code, first.report["verdict"], first.codes, first.report["unchecked"]) == (0, "clean", [], [])
    assert [len(i["anchors"]) for i in first.report["issuers"]] == [5, 1, 0]
    assert all(anchor["reproduced"] for i in first.report["issuers"] for anchor in i["anchors"])
    assert [i["revoked"] for i in first.report["issuers"]] == [4, 0, 0]
    assert first.report["test"] is True
    assert (again.out / "report.json").read_bytes() == (first.out / "report.json").read_bytes()
    assert "CLEAN" in first.text
    assert "\x1b" not in first.text


def test_log_over_http_and_growing_beyond_the_last_anchor_is_clean(
    small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    small.append(5)
    publish(small, tmp_path / "site" / "log")
    with file_server(tmp_path / "site") as address:
        for given in (address, f"{address}/log", f"{address}/log/"):
            result = audit(small.world, "--log", given)
            assert (result.code, result.report["issuers"][0]["log"]["size"]) == (0, 525)


def test_log_not_given_is_could_not_check(small: WorldIssuer, audit: Auditor) -> None:
    result = audit(small.world)
    assert (result.code, result.report["verdict"], result.codes) == (3, "unchecked", [])
    assert [item["why"] for item in result.report["unchecked"]] == ["none was given"]


def test_log_not_reachable_and_log_of_another_ledger_are_could_not_check(
    small: WorldIssuer, url: str, audit: Auditor, tmp_path: Path
) -> None:
    stranger = LedgerWorld(url).register("Small")
    stranger.anchor(4)
    foreign = publish(stranger, tmp_path / "foreign")
    (tmp_path / "empty").mkdir()
    with file_server(tmp_path / "empty") as address:
        gone = address
        absent = audit(small.world, "--log", address)
    for result in (absent, audit(small.world, "--log", gone), audit(small.world, "--log", foreign)):
        assert (result.code, result.codes, len(result.report["unchecked"])) == (3, [], 2)


def test_missing_issuer_document_and_missing_cryptography_are_could_not_check(
    small: WorldIssuer, audit: Auditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = publish(small, tmp_path / "log")
    with monkeypatch.context() as patch:
        patch.setattr(log_head, "_ed25519", lambda: None)
        without = audit(small.world, "--log", log)
    (log / "issuer.json").unlink()
    for result in (without, audit(small.world, "--log", log)):
        assert (result.code, result.codes) == (3, [])
        assert [item["what"] for item in result.report["unchecked"]] == ["the signature of the published log"]


def test_one_issuer_alone_needs_only_its_own_log(
    rich: tuple[LedgerWorld, list[WorldIssuer]], audit: Auditor, tmp_path: Path
) -> None:
    world, issuers = rich
    result = audit(world, "--issuer", 2, "--log", publish(issuers[1], tmp_path / "log"), "--finality", "depth:1")
    assert (result.code, [issuer["issuer"] for issuer in result.report["issuers"]]) == (0, [2])
    assert result.report["issuers"][0]["successor"] == 3


def test_bad_input_is_refused_and_changes_nothing(
    small: WorldIssuer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program, ledger = Program(capsys), small.world.address_text
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "thesis.txt").write_text("mine")
    out = tmp_path / "out"
    base = ["audit", "--rpc", small.world.url, "--ledger", ledger]
    wrong: list[list[object]] = [
        [*base, "--out", occupied],
        [*base, "--out", occupied / "thesis.txt"],
        [*base, "--out", out, "--issuer", 9],
        [*base, "--out", out, "--finality", "soon"],
        [*base, "--out", out, "--log", tmp_path / "nowhere"],
        [*base, "--out", out, "--log", "ftp://example"],
        [*base, "--out", out, "--from-block", small.world.head],
        [*base, "--out", out, "--from-block", small.world.head + 10_000],
        [*base, "--out", out, "--promise", occupied / "thesis.txt"],
        ["audit", "--rpc", small.world.url, "--ledger", "0x12", "--out", out],
    ]
    assert [program(*words).code for words in wrong] == [2] * len(wrong)
    assert not out.exists()
    assert [path.name for path in occupied.iterdir()] == ["thesis.txt"]


def test_no_chain_and_no_contract_are_could_not_check(
    small: WorldIssuer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program, out = Program(capsys), tmp_path / "out"
    nobody = "0x" + "12" * 20
    assert program("audit", "--rpc", small.world.url, "--ledger", nobody, "--out", out).code == 3
    unreachable = program("audit", "--rpc", "http://127.0.0.1:9", "--ledger", small.world.address_text, "--out", out)
    assert unreachable.code == 3
    assert not out.exists()


def test_earlier_report_is_replaced_and_json_on_stdout_is_the_file(
    small: WorldIssuer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program, out, log = Program(capsys), tmp_path / "out", publish(small, tmp_path / "log")
    words = ["audit", "--rpc", small.world.url, "--ledger", small.world.address_text, "--out", out, "--json"]
    assert program(*words).code == 3
    (out / ".audit-part.0").write_bytes(b"left by a crash")
    run = program(*words, "--log", log, "--from-block", 0, "--issuer", 1)
    assert run.code == 0
    assert run.objects == [json.loads((out / "report.json").read_bytes())]
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json", "report.txt"]
