"""What `verify`, `update` and `trust` make of a chain or a node that answers, is down, lies, or is another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchor.deploying import deploy_unlocked, wait_for_receipt
from anchor.ledger_abi import load_contract
from rootseal.canonical import dumps
from rootseal.files import CredentialFile
from rootseal.merkle import leaf_hash
from rootseal.policy import CreditsContract, Policy
from tests.support import hiring
from tests.support.fake_node import fake_node
from tests.support.hiring import Employer, World
from tests.support.issued import Institution
from wallet.settings import read_policy, write_policy

world, employer = hiring.world, hiring.employer


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
    other: dict[str, Any] = {pin: b"\xee" * 32}
    ledger = replace(world.policy.ledgers[0], **other)
    write_policy(employer.policy, Policy((ledger,)))
    code, verdict = employer.verify(world.file())
    assert code == 3
    assert "wrong chain" in verdict["credentials"][0]["checks"][3]["reason"]


@pytest.mark.parametrize("answer", [b"", b"<html>", b"{}", b'{"jsonrpc":"2.0","id":1,"result":"0x"}', b"[" * 100_000])
def test_a_node_that_answers_nonsense_is_undetermined(employer: Employer, world: World, answer: bytes) -> None:
    with fake_node() as node:
        node.say("/", answer)
        assert employer.verify(world.file(), "--rpc", node.url)[0] == 3


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
