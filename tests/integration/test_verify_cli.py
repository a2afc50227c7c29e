"""`rootseal verify` with only a chain running: what is genuine, what is not, and what could not be decided."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey

from anchor.collecting import Sources, check_evidence, collect_facts
from anchor.deploying import deploy_unlocked, wait_for_receipt
from anchor.ledger_abi import load_contract
from anchor.web3_chain import open_chain
from rootseal.canonical import Json, dumps, loads
from rootseal.files import CredentialFile
from rootseal.instants import format_instant
from rootseal.merkle import leaf_hash
from rootseal.policy import CreditsContract, Policy
from rootseal.presentation import Presentation, present
from rootseal.verification import verify
from tests.support.devchain import ROOT, running_chain
from tests.support.fake_node import fake_node
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.issued import ChainPublisher, Institution
from tests.support.program import Program, Run
from wallet.settings import read_policy, write_policy


@dataclass
class World:
    """A chain with one issuer (three anchored, one revoked; one only promised) and a verifier's policy."""

    url: str
    publisher: ChainPublisher
    institution: Institution
    policy: Policy

    def file(self, index: int = 0) -> CredentialFile:
        return self.institution.file(index)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        publisher = ChainPublisher(open_chain(chain.url))
        institution = publisher.register()
        for learner in ("Ana Novak", "Bor Kos", "Cene Zupan"):
            institution.issue(learner)
        institution.seal()
        institution.publish()
        publisher.revoke(institution.home, 2)
        yield World(chain.url, publisher, institution, publisher.policy(institution.home, chain.url))


class Employer:
    """Somebody who got files, with a policy of his own, and no node in sight."""

    def __init__(self, folder: Path, program: Program, world: World) -> None:
        self.folder = folder
        self.program = program
        self.policy = folder / "policy.toml"
        write_policy(self.policy, world.policy)

    def save(self, content: CredentialFile | Presentation | bytes, name: str = "a.json") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.to_bytes())
        return path

    def verify(self, content: CredentialFile | Presentation | bytes, *words: object) -> tuple[int, dict[str, Any]]:
        """Exit code and verdict."""
        run = self.program("verify", self.save(content), "--policy", self.policy, "--json", *words)
        assert run.err == ""
        (verdict,) = run.objects
        return run.code, verdict

    def people(self, content: CredentialFile | Presentation | bytes, *words: object) -> Run:
        return self.program("verify", self.save(content), "--policy", self.policy, *words)


@pytest.fixture
def employer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], world: World, monkeypatch: pytest.MonkeyPatch
) -> Employer:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Employer(tmp_path, Program(capsys), world)


def codes(verdict: dict[str, Any]) -> list[str]:
    return [check["code"] for check in verdict["credentials"][0]["checks"]]


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


def with_anchor(file: CredentialFile, **changes: object) -> CredentialFile:
    anchor = replace(file.proofs.anchors[0], **changes)  # type: ignore[arg-type]
    return file.with_proofs(replace(file.proofs, anchors=(anchor,)), file.issuer_document)


def test_a_block_hash_does_not_vouch_for_a_changed_publication(employer: Employer, world: World) -> None:
    anchor = world.file().proofs.anchors[0]
    named = f"{world.institution.home.chain}:0x{anchor.block.hash.hex()}"
    for changes in (
        {"sequence": 2},
        {"previous_size": 0, "size": 4},
        {"block": replace(anchor.block, timestamp=anchor.block.timestamp - 86_400)},
        {"block": replace(anchor.block, number=anchor.block.number + 1)},
    ):
        code, verdict = employer.verify(with_anchor(world.file(), **changes), "--offline", "--block-hash", named)
        assert code == 1, changes
        assert codes(verdict)[2:4] != ["inclusion.ok", "anchor.block_hash"]


def one_letter(file: CredentialFile) -> bytes:
    data = file.to_bytes()
    assert data.count(b"Ana Novak") == 1
    return data.replace(b"Ana Novak", b"Eva Novak")


def index_of(world: World, learner: str) -> int:
    return next(at for at in range(3) if learner.encode() in world.file(at).to_bytes())


def test_one_letter_changed(employer: Employer, world: World) -> None:
    file = world.file(index_of(world, "Ana Novak"))
    code, verdict = employer.verify(one_letter(file))
    assert (code, codes(verdict)[2]) == (1, "inclusion.mismatch")
    out = employer.people(one_letter(file)).out
    assert "Eva" not in out


def forgeries(world: World) -> dict[str, CredentialFile]:
    file, home = world.file(0), world.institution.home
    proofs = file.proofs
    return {
        "another index": file.with_proofs(replace(proofs, index=1), file.issuer_document),
        "an index beyond": file.with_proofs(replace(proofs, index=3), file.issuer_document),
        "another size": with_anchor(file, size=4),
        "another ledger": replace(file, home=replace(home, ledger=b"\x09" * 20)),
        "another chain": replace(file, home=replace(home, chain_id=1)),
        "another issuer": replace(file, home=replace(home, issuer=2)),
        "no such sequence": with_anchor(file, sequence=7, evidence=None),
    }


@pytest.mark.parametrize(
    "forgery",
    [
        "another index",
        "an index beyond",
        "another size",
        "another ledger",
        "another chain",
        "another issuer",
        "no such sequence",
    ],
)
def test_an_entry_presented_as_what_it_is_not_is_rejected(employer: Employer, world: World, forgery: str) -> None:
    code, verdict = employer.verify(forgeries(world)[forgery])
    assert (code, verdict["overall"]) == (1, "rejected"), codes(verdict)


def test_the_same_forged_home_everywhere_is_still_not_green(employer: Employer, world: World) -> None:
    file, home = world.file(0), world.institution.home
    for other in (replace(home, issuer=2), replace(home, chain_id=1), replace(home, ledger=b"\x09" * 20)):
        anchors = tuple(replace(anchor, home=other) for anchor in file.proofs.anchors)
        forged = replace(file.with_proofs(replace(file.proofs, anchors=anchors), file.issuer_document), home=other)
        assert employer.verify(forged)[0] == 1


def test_an_anchor_that_the_ledger_lacks_is_absent(employer: Employer, world: World) -> None:
    institution = world.institution
    paper = Institution(institution.home)
    paper.issue("Mallory Forger")
    paper.seal()
    paper.publish()
    anchor = paper.anchors[0]
    block = world.file().proofs.anchors[0].block
    paper.anchors[0] = replace(anchor, block=block)
    code, verdict = employer.verify(paper.file(0))
    assert (code, codes(verdict)[3]) == (1, "anchor.absent")


@pytest.fixture(scope="module")
def stranger(world: World) -> Institution:
    """The same code, the same name, the same chain: another ledger, deployed by a stranger."""
    publisher = ChainPublisher(world.publisher.chain)
    institution = publisher.register("Example University")
    institution.issue("Mallory Forger")
    institution.seal()
    institution.publish()
    return institution


def test_a_strangers_ledger_is_never_green(employer: Employer, world: World, stranger: Institution) -> None:
    assert stranger.home.ledger != world.institution.home.ledger
    for words in ([], ["--rpc", world.url]):
        code, verdict = employer.verify(stranger.file(0), *words)
        assert (code, verdict["overall"]) == (3, "undetermined")
        assert codes(verdict)[4] == "issuer.untrusted"
    out = " ".join(employer.people(stranger.file(0), "--rpc", world.url).out.split())
    assert "Genuine" not in out
    assert "vouches for it" in out


def test_a_stranger_on_the_trusted_ledger_is_never_green(employer: Employer, world: World) -> None:
    other = world.publisher.register("Example University", PrivateKey(b"\x22" * 32))
    other.issue("Mallory Forger")
    other.seal()
    other.publish()
    code, verdict = employer.verify(other.file(0))
    assert (code, codes(verdict)[4]) == (3, "issuer.untrusted")


def test_a_strangers_ledger_cannot_stand_in_by_a_pinned_chain(
    employer: Employer, world: World, stranger: Institution
) -> None:
    """The witness anchor of a stranger changes nothing of checks 4 to 6."""
    file = world.file(0)
    witness = replace(file.proofs.anchors[0], home=stranger.home, evidence=None)
    only = file.with_proofs(replace(file.proofs, anchors=(witness,)), file.issuer_document)
    code, verdict = employer.verify(only)
    assert code == 3
    assert codes(verdict)[3] == "anchor.pending"


def test_an_unreachable_chain_is_undetermined(employer: Employer, world: World) -> None:
    code, verdict = employer.verify(world.file(), "--rpc", "http://127.0.0.1:9")
    assert (code, verdict["overall"]) == (3, "undetermined")
    assert "127.0.0.1:9" in verdict["credentials"][0]["checks"][3]["reason"]
    out = employer.people(world.file(), "--rpc", "http://127.0.0.1:9").out
    assert "could not check" in out
    assert "Not accepted" not in out
    assert "tamper" not in out.lower()


def test_the_second_node_is_asked_where_the_first_is_down(employer: Employer, world: World) -> None:
    ledger = replace(world.policy.ledgers[0], rpcs=("http://127.0.0.1:9", world.url))
    write_policy(employer.policy, Policy((ledger,)))
    assert employer.verify(world.file())[0] == 0


@pytest.mark.parametrize("pin", ["genesis", "code"])
def test_another_chain_than_the_pinned_one_is_undetermined(employer: Employer, world: World, pin: str) -> None:
    ledger = replace(world.policy.ledgers[0], **{pin: b"\xee" * 32})
    write_policy(employer.policy, Policy((ledger,)))
    code, verdict = employer.verify(world.file())
    assert code == 3
    assert "wrong chain" in verdict["credentials"][0]["checks"][3]["reason"]


@pytest.mark.parametrize("answer", [b"", b"<html>", b"{}", b'{"jsonrpc":"2.0","id":1,"result":"0x"}', b"[" * 100_000])
def test_a_node_that_answers_nonsense_is_undetermined(employer: Employer, world: World, answer: bytes) -> None:
    with fake_node() as node:
        node.say("/", answer)
        assert employer.verify(world.file(), "--rpc", node.url)[0] == 3


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
    assert "dokazilo ni bilo preklicano in ne začasno odvzeto" in " ".join(told.split())


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


def mutations(value: Json) -> Iterator[Json]:
    """Every member of a file once removed or replaced by something else of its kind."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield {key: item for key, item in value.items() if key != name}
            for changed in mutations(child):
                yield {**value, name: changed}
    elif isinstance(value, list) and value:
        yield value[:-1]
        for at, child in enumerate(value):
            for changed in mutations(child):
                yield [*value[:at], changed, *value[at + 1 :]]
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield value[:-1] + ("0" if value[-1:] != "0" else "1")


def test_no_mutation_of_a_file_stays_genuine_or_raises(world: World) -> None:
    """`note` and `transaction` are locators and bound by nothing; whatever else changes is not verified."""
    file, now = world.file(0), int(time.time())
    facts = collect_facts(file.to_bytes(), world.policy, Sources())
    assert verify(file.to_bytes(), world.policy, facts, now=now).overall == "verified"
    original = loads(file.to_bytes())
    seen = 0
    for changed in mutations(original):
        if without_locators(changed) == without_locators(original):
            continue
        data = dumps(changed)
        asked = replace(facts, evidence=check_evidence(data))
        assert verify(data, world.policy, asked, now=now).overall != "verified", changed
        seen += 1
    assert seen > 150


def without_locators(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            name: without_locators(child) if name not in ("note", "transaction") or not isinstance(child, str) else ""
            for name, child in value.items()
        }
    return [without_locators(child) for child in value] if isinstance(value, list) else value


def test_update_with_the_chain_alone_turns_a_kept_promise_into_an_anchor(employer: Employer, world: World) -> None:
    path = employer.save(world.institution.sealed[0])
    run = employer.program("update", path, "--rpc", world.url, "--policy", employer.policy, "--json")
    assert run.code == 0
    updated = CredentialFile.from_bytes(path.read_bytes())
    assert updated.proofs.anchors == world.file(0).proofs.anchors


def test_update_compares_the_nodes_answer_with_the_chain(employer: Employer, world: World) -> None:
    institution = world.institution
    commitment = institution.sealed[0].commitment.hex()
    with fake_node() as node:
        node.say(f"/v1/proofs/{commitment}", institution.proof_answer(0))
        node.say("/v1/issuer", dumps({**institution.document, "name": "Changed since"}))
        path = employer.save(institution.sealed[0])
        words = ("update", path, "--from", node.url, "--rpc", world.url, "--policy", employer.policy, "--json")
        run = employer.program(*words)
        assert run.code == 0
        assert "registered" in run.objects[0]["notes"][0]
        assert CredentialFile.from_bytes(path.read_bytes()).issuer_document is None
        node.say("/v1/issuer", dumps(institution.document))
        assert employer.program(*words).code == 0
        assert path.read_bytes() == world.file(0).to_bytes()


def test_update_refuses_an_anchor_that_the_chain_lacks(employer: Employer, world: World) -> None:
    institution = world.institution
    paper = Institution(institution.home)
    paper.tree.extend([leaf_hash(file.commitment) for file in institution.sealed])
    paper.sealed = list(institution.sealed)
    paper.publish()
    real = institution.anchors[0].block
    paper.anchors[0] = replace(paper.anchors[0], sequence=5, block=real)
    with fake_node() as node:
        node.say(f"/v1/proofs/{institution.sealed[0].commitment.hex()}", paper.proof_answer(0))
        path = employer.save(institution.sealed[0])
        before = path.read_bytes()
        run = employer.program("update", path, "--from", node.url, "--rpc", world.url, "--policy", employer.policy)
        assert run.code == 1
        assert path.read_bytes() == before
        down = employer.program("update", path, "--from", node.url, "--rpc", "http://127.0.0.1:9")
        assert down.code == 3
        assert path.read_bytes() == before


def test_trust_reads_the_pins_from_a_node(employer: Employer, world: World) -> None:
    home = world.institution.home
    place = f"{home.chain}:0x{home.ledger.hex()}"
    run = employer.program("trust", "add", f"{place}/{home.issuer}", "--pin-from", world.url, "--json")
    assert run.code == 0
    (ledger,) = run.objects[0]["ledgers"]
    assert ledger["genesis"] == "0x" + (world.policy.ledgers[0].genesis or b"").hex()
    assert ledger["rpcs"] == [world.url]
    assert employer.program("verify", employer.save(world.file())).code == 0
    wrong = employer.program("trust", "add", "eip155:1:0x" + "05" * 20, "--pin-from", world.url)
    assert wrong.code == 3


def test_trust_reads_the_credits_contract_from_a_node(employer: Employer, world: World, tmp_path: Path) -> None:
    chain, home, policy = world.publisher.chain, world.institution.home, tmp_path / "credits.toml"
    artifact = load_contract("EctxCredits")
    creation = artifact.bytecode + bytes(12) + home.ledger
    sent = chain.send_unlocked(world.publisher.account, None, creation, 0, 6_000_000)
    contract = wait_for_receipt(chain, sent, timeout=30).contract
    assert contract is not None
    place, words = f"{home.chain}:0x{home.ledger.hex()}", ("--pin-from", world.url, "--policy", policy, "--json")
    run = employer.program("trust", "add", place, "--credits", f"0x{contract.hex()}", *words)
    named = {"address": f"0x{contract.hex()}", "code": f"0x{artifact.code_hash.hex()}"}
    assert (run.code, run.objects[0]["ledgers"][0]["credits"]) == (0, named)
    wrong = ("--credits-code", "0x" + "11" * 32)
    assert employer.program("trust", "add", place, "--credits", f"0x{contract.hex()}", *wrong, *words).code == 2
    # The ledger itself is a contract, but no credits contract; nor is one of another ledger.
    assert employer.program("trust", "add", place, "--credits", f"0x{home.ledger.hex()}", *words).code == 2
    other = artifact.bytecode + bytes(12) + deploy_unlocked(chain).address
    assert read_policy(policy).ledgers[0].credits == CreditsContract(contract, artifact.code_hash), "left as it was"
    sent = chain.send_unlocked(world.publisher.account, None, other, 0, 6_000_000)
    stray = wait_for_receipt(chain, sent, timeout=30).contract
    assert stray is not None
    assert employer.program("trust", "add", place, "--credits", f"0x{stray.hex()}", *words).code == 2


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
