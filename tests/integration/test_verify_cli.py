"""`rootseal verify` with only a chain running: how it decides, and what it tells people and programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rootseal.instants import format_instant
from rootseal.presentation import Presentation, present
from tests.support import hiring
from tests.support.devchain import ROOT
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.hiring import Employer, World, codes
from wallet.settings import write_policy

world, employer = hiring.world, hiring.employer


def test_genuine_with_only_a_chain_running(employer: Employer, world: World) -> None:
    code, verdict = employer.verify(world.file())
    assert (code, verdict["overall"], verdict["test"]) == (0, "verified", True)
    assert codes(verdict)[:7] == [
        "format.ok", "integrity.ok", "inclusion.ok", "anchor.ok", "issuer.pinned", "status.ok", "validity.ok",
    ]  # fmt: skip
    assert set(verdict) == {"format", "overall", "asOf", "test", "credentials"}
    assert abs(verdict["asOf"] - time.time()) < 300
    out = employer.people(world.file()).out
    assert "TEST. Genuine. Issued by Example University" in out
    assert "Grade: 71" in out


def test_the_users_own_policy_is_found(employer: Employer, world: World, tmp_path: Path) -> None:
    write_policy(tmp_path / "config" / "rootseal" / "policy.toml", world.policy)
    assert employer.program("verify", employer.save(world.file())).code == 0


def test_without_a_policy_nothing_is_decided(employer: Employer, world: World) -> None:
    run = employer.program("verify", employer.save(world.file()))
    assert run.code == 3
    assert "not said yet whom you trust" in " ".join(run.out.split())
    with_rpc = employer.program("verify", employer.save(world.file()), "--rpc", world.url, "--json")
    assert with_rpc.code == 3
    assert codes(with_rpc.objects[0])[3:5] == ["anchor.ok", "issuer.no_policy"]


def test_trust_on_the_command_line(employer: Employer, world: World) -> None:
    home = world.institution.home
    trust = f"{home.chain}:0x{home.ledger.hex()}/{home.issuer}"
    run = employer.program("verify", employer.save(world.file()), "--trust", trust, "--rpc", world.url, "--json")
    assert run.code == 0
    assert run.objects[0]["test"] is True


def test_revoked_is_rejected(employer: Employer, world: World) -> None:
    code, verdict = employer.verify(world.file(2))
    assert (code, verdict["overall"]) == (1, "rejected")
    assert codes(verdict)[5] == "status.revoked"
    assert "Genuine, but: The issuer has revoked it" in employer.people(world.file(2)).out


def test_from_a_block_hash_alone_the_status_is_not_known(employer: Employer, world: World) -> None:
    block = world.file().proofs.anchors[0].block
    named = f"{world.institution.home.chain}:0x{block.hash.hex()}"
    code, verdict = employer.verify(world.file(), "--offline", "--block-hash", named)
    assert (code, verdict["overall"]) == (3, "undetermined")
    assert codes(verdict)[3] == "anchor.block_hash"
    assert codes(verdict)[5] == "status.unreachable"
    out = " ".join(employer.people(world.file(), "--offline", "--block-hash", named).out.split())
    assert "Shown: nothing was altered, it was published on the chain, it is within its dates." in out
    assert "Not known: who issued it, whether it was revoked." in out
    assert "published in the block that you named" in out


def test_another_block_hash_proves_nothing(employer: Employer, world: World) -> None:
    code, verdict = employer.verify(world.file(), "--offline", "--block-hash", "eip155:31338:0x" + "ab" * 32)
    assert code == 3
    assert codes(verdict)[3] == "anchor.unreachable"


def test_only_a_promise_is_pending_with_its_date(employer: Employer, world: World) -> None:
    promised = world.institution.sealed[0]
    code, verdict = employer.verify(promised)
    assert (code, codes(verdict)[3]) == (3, "anchor.pending")


def test_a_date_in_the_past_is_judged_as_of_then(employer: Employer, world: World) -> None:
    code, verdict = employer.verify(world.file(), "--at", "2020-01-01")
    assert (code, codes(verdict)[6]) == (1, "validity.not_yet")
    for at in ("yesterday", "2020-13-01", ""):
        assert employer.people(world.file(), "--at", at).code == 2


def stated(verdict: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {s["code"]: s for s in verdict["credentials"][0]["statements"]}


def test_what_it_was_on_that_day_is_told_beside_todays_verdict(employer: Employer, world: World) -> None:
    anchor = world.file(2).proofs.anchors[0].block.timestamp
    before = format_instant(anchor)
    code, verdict = employer.verify(world.file(2), "--at", before)
    assert (code, codes(verdict)[5]) == (1, "status.revoked"), "today's status decides"
    assert "neither revoked" in stated(verdict)["at.status_clear"]["text"]
    assert {"at.document_same", "at.key_active"} <= set(stated(verdict))
    _, early = employer.verify(world.file(2), "--at", format_instant(anchor - 1))
    assert "at.unpublished" in stated(early)
    _, plain = employer.verify(world.file(2))
    assert stated(plain) == {}
    told = employer.people(world.file(2), "--at", before, "--language", "sl").out
    assert "Pristno, vendar: Izdajatelj je dokazilo preklical" in told
    assert "dokazilo ni bilo preklicano in njegova veljavnost ni bila začasno odvzeta" in " ".join(told.split())


def test_events_that_a_node_does_not_serve_are_said_to_be_missing(employer: Employer, world: World) -> None:
    at = ("--at", format_instant(world.file(2).proofs.anchors[0].block.timestamp))
    with FaultyProxy(world.url) as proxy:
        proxy.script("eth_getLogs", *[Fault("error")] * 40)
        _, verdict = employer.verify(world.file(2), "--rpc", proxy.url, *at)
        assert codes(verdict)[3] == "anchor.ok"
        assert "not at hand" in stated(verdict)["at.status_unknown"]["text"]
    with FaultyProxy(world.url) as proxy:
        proxy.blind = True
        _, withheld = employer.verify(world.file(2), "--rpc", proxy.url, *at)
    assert codes(withheld)[5] == "status.revoked"
    assert "do not lead to the status" in stated(withheld)["at.status_unknown"]["text"]


@pytest.mark.parametrize(
    ("given", "spoken", "word"),
    [
        ((), {"LANG": "de_AT.UTF-8"}, "Echt."),
        ((), {"LANG": "de_DE.UTF-8", "LC_ALL": "sl_SI.UTF-8"}, "Pristno."),
        ((), {"LANG": "fr_FR.UTF-8"}, "Genuine."),
        ((), {"LC_ALL": "C.UTF-8", "LANG": "de_DE"}, "Genuine."),
        (("--language", "en"), {"LC_ALL": "sl"}, "Genuine."),
    ],
)
def test_the_language_is_the_users(
    employer: Employer, world: World, monkeypatch: pytest.MonkeyPatch, given: Any, spoken: Any, word: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, spoken.get(name, ""))
    assert f"TEST. {word}" in employer.people(world.file(), *given).out


def test_an_unknown_language_is_usage(employer: Employer, world: World) -> None:
    assert employer.people(world.file(), "--language", "fr").code == 2


def test_a_question_wants_an_answer(employer: Employer, world: World) -> None:
    code, verdict = employer.verify(world.file(), "--audience", "Example Ltd", "--nonce", "1")
    assert (code, codes(verdict)[7]) == (3, "holder.absent")
    assert employer.people(world.file(), "--audience", "Example Ltd").code == 2


def test_a_presentation_is_verified_and_says_what_it_hides(employer: Employer, world: World) -> None:
    shown = Presentation((present(world.file(), lambda path: False),))
    code, _ = employer.verify(shown)
    assert code == 0
    out = employer.people(shown).out
    assert "Grade: (not shown)" in out
    assert "71" not in out.split("Checks")[0]


def test_several_files_end_with_the_worst(employer: Employer, world: World) -> None:
    paths = [employer.save(world.file(index), f"{index}.json") for index in (0, 2)]
    paths.append(employer.save(world.institution.sealed[1], "promise.json"))
    run = employer.program("verify", *paths, "--policy", employer.policy, "--json")
    assert run.code == 1
    assert [verdict["overall"] for verdict in run.objects] == ["verified", "rejected", "undetermined"]


def test_a_missing_file_is_usage_before_any_answer(employer: Employer, world: World) -> None:
    missing = employer.folder / "nowhere.json"
    for beside in (employer.save(world.file()), employer.folder):  # a file, and a folder of them
        run = employer.program("verify", beside, missing, "--policy", employer.policy, "--json")
        assert run.code == 2
        assert str(missing) in run.err
        assert run.out == ""


@pytest.mark.parametrize(
    "words", [["--policy", "nowhere.toml"], ["--trust", "me"], ["--block-hash", "0x12"], ["--rpc", "node"]]
)
def test_wrong_usage_is_code_2(employer: Employer, world: World, words: list[str]) -> None:
    assert employer.program("verify", employer.save(world.file()), *words).code == 2


def test_without_an_rpc_no_chain_software_is_loaded(employer: Employer, world: World) -> None:
    script = (
        "import sys; from rootseal.__main__ import main; code = main(sys.argv[1:]); "
        "heavy = {'web3', 'eth_account', 'eth_abi', 'rlp', 'requests', 'flask', 'node'} & set(sys.modules); "
        "print(sorted(heavy), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "verify", employer.save(world.file()), "--json"],
        cwd=ROOT,
        env={**os.environ, "XDG_CONFIG_HOME": str(employer.folder / "none")},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3
    assert done.stderr.strip() == b"[]"
    assert json.loads(done.stdout)["overall"] == "undetermined"
