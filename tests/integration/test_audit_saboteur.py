"""A lawful history has no finding; each thing that the saboteur plants is found, and it alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from anchor.audit.catalogue import CATALOGUE, OF_THE_RECORD
from anchor.ledger_abi import load_contract
from rootseal.policy import CreditsContract, LedgerPolicy, Policy, format_policy
from tests.support.devchain import ROOT
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.history import FULL, SMALL, History, make_history
from tests.support.program import Program
from tests.support.saboteur import SABOTAGE, Scene, archived, claims_kept_back
from tests.support.scripted_chain import scripted_chain

SCHEMA = json.loads((ROOT / "docs" / "spec" / "schemas" / "audit.schema.json").read_text())
NOTICES = {code for code, (severity, _) in CATALOGUE.items() if severity == "notice"}


@pytest.fixture(scope="module")
def made() -> Iterator[History]:
    """A small history, made once."""
    with scripted_chain("the saboteur") as driver:
        yield make_history(driver, SMALL)


@pytest.fixture
def scene(made: History, tmp_path: Path) -> Iterator[Scene]:
    """The history as it was made: what a test does to chain and issuers is undone."""
    kept = [(i.entries[:], i.tree, i.anchored, i.sequence, i.version, i.anchor_key, i.status_key) for i in made.issuers]
    given, taken = len(made.given), made.driver.snapshot()
    with ExitStack() as stack:
        yield Scene(made, tmp_path, stack)
    made.driver.revert(taken)
    del made.given[given:]
    for issuer, was in zip(made.issuers, kept, strict=True):
        issuer.entries, issuer.anchored, issuer.sequence, issuer.version = was[0], was[2], was[3], was[4]
        issuer.anchor_key, issuer.status_key = was[5], was[6]
        issuer.tree = type(was[1])()
        issuer.tree.extend(was[1].leaf(index) for index in range(len(was[0])))


def audited(scene: Scene, capsys: pytest.CaptureFixture[str], name: str = "report") -> tuple[int, dict[str, Any]]:
    """Exit code and report; everything that was done is final first."""
    scene.history.driver.settle()
    out = scene.folder / name
    run = Program(capsys)(*scene.words(), "--out", out)
    assert (out / "report.json").exists(), run
    report = json.loads((out / "report.json").read_bytes())
    jsonschema.validate(report, SCHEMA)
    return run.code, report


def test_lawful_history_is_clean(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    issuer = scene.history.issuers[0]
    scene.promise(issuer, issuer.promise(issuer.anchored - 1, scene.history.now))
    for number, given in enumerate(scene.history.given):
        index = scene.history.issuers[given.issuer - 1].entries.index(given.commitment)
        scene.extra += ["--file", given.write(scene.folder / f"given{number}.json", index)]
    code, report = audited(scene, capsys)
    assert (code, report["findings"], report["unchecked"]) == (0, [], [])
    assert {file["outcome"] for file in report["files"]} == {"found"}
    assert len(report["files"]) == 4
    tokens = [issuer["credits"]["tokens"] for issuer in report["issuers"]]
    totals = {name: sum(each[name] for each in tokens) for name in tokens[0]}
    assert all(totals[name] for name in ("counted", "burned", "voided", "revoked", "suspended")), totals


@pytest.mark.parametrize("code", sorted(SABOTAGE))
def test_each_sabotage_is_found_alone(code: str, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    SABOTAGE[code](scene)
    ended, report = audited(scene, capsys)
    assert [found["code"] for found in report["findings"]] == [code], [f["sentence"] for f in report["findings"]]
    assert ended == (0 if code in NOTICES else 1)
    text = (scene.folder / "report" / "report.txt").read_text(encoding="utf-8")
    assert report["findings"][0]["sentence"].split(":")[0][:40] in " ".join(text.split())


def test_every_finding_is_planted_here_or_breaks_a_rule_that_the_contracts_hold() -> None:
    # Rules of the record are broken one by one in the unit tests; an entry that no claim can name is there too.
    # What a replay shows is planted in test_audit_replay.py.
    replayed = {code for code in CATALOGUE if code.startswith("replay.")}
    assert set(CATALOGUE) - set(SABOTAGE) - OF_THE_RECORD - replayed == {"credits.entry"}
    assert not set(SABOTAGE) - set(CATALOGUE)


def test_claims_that_a_provider_keeps_back_are_noticed_by_the_counters(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    claims_kept_back(scene)
    code, report = audited(scene, capsys)
    assert (code, [found["code"] for found in report["findings"]]) == (1, ["provider.incomplete"])
    assert "claims of credits" in report["findings"][0]["sentence"]


def test_two_honest_providers_agree_and_a_silent_second_is_could_not_check(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = scene.lie(lambda log: log)
    scene.rpcs = [scene.history.url, honest]
    code, report = audited(scene, capsys)
    assert (code, report["findings"], report["unchecked"], report["audited"]["providers"]) == (0, [], [], 2)
    scene.rpcs = [scene.history.url, "http://127.0.0.1:9"]
    code, report = audited(scene, capsys, "silent")
    assert (code, report["findings"], [u["what"] for u in report["unchecked"]]) == (3, [], ["the second provider"])


def test_second_provider_that_answers_about_the_state_differently_is_found(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(result: str) -> str:
        return result if len(result) != 130 else result[:-1] + "f"

    lying = scene.lie(lambda log: log, {"eth_call": change})
    scene.rpcs = [scene.history.url, lying]
    code, report = audited(scene, capsys)
    assert (code, [found["code"] for found in report["findings"]]) == (1, ["provider.disagree"])


def test_second_provider_without_state_is_could_not_check(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    with FaultyProxy(scene.history.url) as proxy:
        proxy.script("eth_call", Fault("error", code=-32000, message="missing trie node"))
        scene.rpcs = [scene.history.url, proxy.url]
        code, report = audited(scene, capsys)
    assert (code, report["findings"], len(report["unchecked"])) == (3, [], 1)
    assert "second provider" in report["unchecked"][0]["what"]


def test_credits_of_issuers_that_were_not_asked_for_are_left_alone(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    SABOTAGE["credits.total"](scene)
    code, report = audited(scene, capsys)
    whose = report["findings"][0]["issuer"]
    other = 1 + whose % 4
    scene.extra += ["--issuer", other]
    scene.logs = {other: scene.logs[other]}
    code, report = audited(scene, capsys, "other")
    assert (code, report["findings"]) == (0, [])


def test_log_in_an_archive_gives_the_same_report(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    for number in list(scene.logs):
        scene.logs[number] = str(archived(scene.log(number), f"log{number}"))
    code, report = audited(scene, capsys)
    assert (code, report["findings"], report["unchecked"]) == (0, [], [])
    assert report["issuers"][0]["log"]["source"] == "log1.tar.gz"


def with_policy(scene: Scene, **changes: Any) -> list[object]:
    """Words that take everything from a policy file instead of options."""
    h = scene.history
    code = load_contract("EctxCredits").code_hash
    trusted = tuple((accreditor.address, "an agency") for accreditor in h.accreditors)
    ledger = LedgerPolicy(31337, h.address, accreditors=trusted, credits=CreditsContract(h.credits.address, code))
    path = scene.folder / "policy.toml"
    path.write_text(format_policy(Policy((replace(ledger, **changes),))), encoding="utf-8")
    logs = [word for place in scene.logs.values() for word in ("--log", place)]
    return ["audit", "--rpc", h.url, "--ledger", scene.ledger, *logs, "--policy", path, "--out", scene.folder / "out"]


def test_policy_brings_accreditors_credits_contract_and_finality(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    SABOTAGE["accreditation.lapsed"](scene)
    scene.history.driver.settle()
    run = Program(capsys)(*with_policy(scene, finality="depth:1"), "--json")
    [report] = run.objects
    assert (run.code, [found["code"] for found in report["findings"]]) == (1, ["accreditation.lapsed"])
    assert report["audited"]["finality"] == "depth:1"
    assert report["audited"]["credits"]["contract"] == scene.credits
    assert len(report["audited"]["standards"]["accreditors"]) == 2


def test_policy_of_another_ledger_or_chain_and_wrong_numbers_are_refused(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    program, words = Program(capsys), scene.words()
    out = ["--out", scene.folder / "out"]
    assert program(*with_policy(scene, address=bytes(19) + b"\1")).code == 2
    assert program(*with_policy(scene, genesis=bytes(32))).code == 3
    for wrong in ("soon", "0", "=5", "x=5", "3=", "3=x", "9" * 30):
        assert program(*words, *out, "--silence", wrong).code == 2, wrong
    assert program(*words, *out, "--accreditor", "0x12").code == 2
    assert program(*words, *out, "--backdating", "-1").code == 2
    assert program(*words, *out, "--rpc", "http://127.0.0.1:9", "--rpc", "http://127.0.0.1:9").code == 2
    assert program(*words, *out, "--credits", "0x" + "12" * 20).code == 3
    assert not (scene.folder / "out").exists()


def test_silence_of_one_issuer_is_measured_by_its_own_number(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.extra += ["--silence", "2=5"]
    code, report = audited(scene, capsys)
    assert (code, [(found["code"], found["issuer"]) for found in report["findings"]]) == (1, [("issuer.silent", 2)])
    assert report["audited"]["standards"]["silenceDaysOf"] == {"2": 5}
    assert report["audited"]["standards"]["silenceDays"] == 120


def test_years_of_five_institutions_are_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_chain("the audit of a whole history") as driver, ExitStack() as stack:
        history = make_history(driver, FULL)
        code, report = audited(Scene(history, tmp_path, stack), capsys)
    assert (code, report["findings"], report["unchecked"]) == (0, [], [])
    assert sum(len(issuer["anchors"]) for issuer in report["issuers"]) >= FULL.anchors
    assert sum(issuer["log"]["size"] for issuer in report["issuers"]) >= FULL.entries
