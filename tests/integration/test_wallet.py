"""A learner's way from an empty folder to an answered question, with only a chain running."""

from __future__ import annotations

from pathlib import Path

import pytest

from rootseal.canonical import dumps
from rootseal.ethereum import parse_address
from tests.support.fake_node import fake_node
from tests.support.issued import ChainPublisher
from tests.support.program import Program
from wallet.settings import write_policy


def test_from_an_empty_folder_to_an_answered_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], publisher: ChainPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    program, box, passphrase = Program(capsys), tmp_path / "box", tmp_path / "passphrase"
    passphrase.write_text("correct horse battery staple\n")

    made = program("wallet", "init", box, "--passphrase-file", passphrase, "--json")
    assert made.code == 0
    institution = publisher.register()
    institution.issue("Ana Novak", parse_address(made.objects[0]["address"]))
    institution.issue("Ana Novak", parse_address(made.objects[0]["address"]), "endnote-workshop")
    institution.seal()
    files = [tmp_path / f"{index}.credential.json" for index in (0, 1)]
    for path, file in zip(files, institution.sealed, strict=True):
        path.write_bytes(file.to_bytes())

    assert program("wallet", "receive", box, *files).code == 0
    listed = program("wallet", "list", box, "--json").objects[0]["credentials"]
    assert {entry["state"] for entry in listed} == {"promise"}
    early = program("wallet", "present", box, listed[0]["id"], "--disclose", "title", "-o", tmp_path / "early")
    assert "cannot decide on it" in " ".join(early.out.split())

    institution.publish()
    with fake_node() as node:
        for index, file in enumerate(institution.sealed):
            node.say(f"/v1/proofs/{file.commitment.hex()}", institution.proof_answer(index))
        node.say("/v1/issuer", dumps(institution.document))
        assert program("wallet", "update", box, "--from", node.url, "--rpc", publisher.url).code == 0
    listed = program("wallet", "list", box, "--json").objects[0]["credentials"]
    assert {entry["state"] for entry in listed} == {"anchored"}

    out = tmp_path / "for-employer.presentation.json"
    shown = program(
        "wallet", "present", box, *(entry["id"][:10] for entry in listed), "--disclose", "grade", "--audience",
        "Example Ltd", "--nonce", "8c1f02", "--passphrase-file", passphrase, "-o", out,
    )  # fmt: skip
    assert shown.code == 0, shown.err
    assert "Signed for Example Ltd" in shown.out

    policy = tmp_path / "policy.toml"
    write_policy(policy, publisher.policy(institution.home, publisher.url))
    words = ("verify", out, "--policy", policy)
    good = program(*words, "--audience", "Example Ltd", "--nonce", "8c1f02")
    assert good.code == 0, good.out
    assert "answered your question" in " ".join(good.out.split())
    assert program(*words, "--audience", "Example Ltd", "--nonce", "another").code == 1
    assert program(*words, "--audience", "Somebody else", "--nonce", "8c1f02").code == 1
    assert program(*words).code == 3
    late = program(*words, "--audience", "Example Ltd", "--nonce", "8c1f02", "--at", "2090-01-01", "--json")
    assert late.objects[0]["credentials"][0]["checks"][7]["code"] == "holder.expired"
