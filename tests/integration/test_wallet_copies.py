"""A learner with copies, from the addresses to the employers' verdicts, with only a chain running."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from anchor.keys import create_keystore
from node.services import Services
from rootseal.canonical import dumps
from rootseal.ethereum import parse_address
from rootseal.files import CredentialFile
from rootseal.presentation import Presentation
from tests.support.copies import issue_copies, own_values, place_of, public_values
from tests.support.devchain import ROOT
from tests.support.fake_node import fake_node
from tests.support.issued import ChainPublisher, Institution
from tests.support.program import Program, Run
from tests.unit.node.nodes import HEADER, TEMPLATES, roster
from wallet import accounts
from wallet.box import Box
from wallet.settings import write_policy
from wallet.shown import read_record

SECRET = "correct horse battery staple"


class Learner:
    """A wallet of words, and an institution that issued `count` copies to its addresses."""

    def __init__(self, folder: Path, publisher: ChainPublisher, program: Program, count: int) -> None:
        self.folder, self.program, self.publisher = folder, program, publisher
        self.box, self.secret = Box(folder / "box"), folder / "secret"
        self.secret.write_text(SECRET + "\n")
        keys = ("--words-file", folder / "words", "--passphrase-file", self.secret)
        assert program("wallet", "init", self.box.directory, *keys).code == 0
        asked = program("wallet", "addresses", self.box.directory, "--issuer", "University", "--copies", count)
        self.addresses = [parse_address(text.lower()) for text in asked.out.split()]
        self.institution: Institution = publisher.register()
        self.files = issue_copies(self.institution, self.addresses)
        self.policy = folder / "policy.toml"
        write_policy(self.policy, publisher.policy(self.institution.home, publisher.url))

    def receive(self, *files: CredentialFile) -> Run:
        paths = []
        for number, file in enumerate(files):
            paths.append(self.folder / f"{number}.credential.json")
            paths[-1].write_bytes(file.to_bytes())
        return self.program("wallet", "receive", self.box.directory, *paths)

    @property
    def credential(self) -> str:
        found = self.program("wallet", "list", self.box.directory, "--json").objects[0]["credentials"]
        (one,) = [entry for entry in found if entry["state"] != "damaged"]
        return str(one["shortId"])

    def show(self, who: str, *words: object) -> Run:
        """Answer the question of `who`, to the file of their name."""
        asked = ("--audience", who, "--nonce", f"word of {who}", "--passphrase-file", self.secret)
        out = ("-o", self.out(who), "--force")
        return self.program(
            "wallet", "present", self.box.directory, self.credential, "--disclose", "grade", *asked, *out, *words
        )

    def out(self, who: str) -> Path:
        return self.folder / f"{who}.presentation.json"

    def verified(self, who: str) -> Run:
        policy = ("--policy", self.policy, "--audience", who, "--nonce", f"word of {who}")
        return self.program("verify", self.out(who), *policy)


@pytest.fixture
def learner(
    tmp_path: Path, publisher: ChainPublisher, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Learner:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(accounts, "_COST", {"n": 1 << 14, "r": 8, "p": 1})
    return Learner(tmp_path, publisher, Program(capsys), 3)


def test_three_employers_who_compare_find_nothing_and_the_fourth_is_refused(learner: Learner) -> None:
    received = learner.receive(*learner.files)
    assert received.code == 0 and received.out.endswith("\n3 copies of one credential.\n")
    for left, who in zip((2, 1, 0), ("Ayanda Ltd", "Bor d.o.o.", "Cleo GmbH"), strict=True):
        run = learner.show(who)
        assert run.code == 0, run.err
        said = {2: "; 2 are left.", 1: "; 1 is left.", 0: ". No other is left. Ask the issuer for more"}[left]
        assert f"of 3, for “{who}”{said}" in " ".join(run.out.split())
        good = learner.verified(who)
        assert good.code == 0, good.out
    given = [learner.out(who).read_bytes() for who in ("Ayanda Ltd", "Bor d.o.o.", "Cleo GmbH")]
    pairs = zip(reversed(learner.files), given, strict=True)
    for (one, first), (other, second) in combinations(pairs, 2):
        assert own_values(first) & own_values(second) <= public_values(learner.institution, one, other)
    shown = [Presentation.from_bytes(data).credentials[0] for data in given]
    assert len({one.open().commitment for one in shown}) == len({one.proofs.index for one in shown}) == 3
    refused = learner.show("Duna Kft.")
    assert refused.code == 1 and not learner.out("Duna Kft.").exists()
    said = " ".join(refused.err.split())
    assert "copy 3: Ayanda Ltd" in said and "copy 1: Cleo GmbH" in said and "--reuse" in said
    same = " ".join(learner.show("Cleo GmbH", "--dry-run").out.split())
    assert "Copy 1 of 3, for “Cleo GmbH”, who saw this one before." in same and "No other is left" not in same
    assert "3 copies, 3 shown" in learner.program("wallet", "list", learner.box.directory).out
    again = learner.show("Duna Kft.", "--reuse")
    assert again.code == 0 and "shown to Ayanda Ltd too" in " ".join(again.out.split())
    assert learner.verified("Duna Kft.").code == 0


def test_the_same_employer_gets_the_same_copy_and_a_rehearsal_spends_none(learner: Learner) -> None:
    learner.receive(*learner.files)
    rehearsal = learner.show("Ayanda Ltd", "--dry-run")
    assert rehearsal.code == 0 and not learner.out("Ayanda Ltd").exists() and not learner.box.shown.exists()
    assert "no copy counts as shown" in rehearsal.out and "Copy 3 of 3" in rehearsal.out
    copies = []
    for who in ("Ayanda Ltd", "Bor d.o.o.", "Ayanda Ltd", "AYANDA ltd"):
        run = learner.show(who, "--json")
        copies.append(run.objects[0]["credentials"][0]["copy"])
    assert [copy["number"] for copy in copies] == [3, 2, 3, 3]
    assert [copy["left"] for copy in copies] == [2, 1, 1, 1] and copies[0]["of"] == 3
    assert [one.who for one in read_record(learner.box).showings] == ["Ayanda Ltd", "Bor d.o.o."]


def test_nobody_named_is_refused_and_a_hostile_name_too(learner: Learner) -> None:
    learner.receive(*learner.files)
    plain = (
        "wallet",
        "present",
        learner.box.directory,
        learner.credential,
        "--disclose",
        "title",
        "-o",
        learner.out("x"),
    )
    assert learner.program(*plain).code == 2
    for who in ("a\nb", "\x1b[2J", "A" * 10_000, "  "):
        run = learner.program(*plain, "--for", who)
        assert run.code == 2 and "--for" in run.err and "\x1b" not in run.err
    assert not learner.out("x").exists() and not learner.box.shown.exists()


def test_the_copy_with_the_credits_goes_where_they_are_to_be_shown(learner: Learner) -> None:
    learner.receive(*learner.files)
    run = learner.show("Ayanda Ltd", "--subject")
    assert run.code == 0 and "Copy 1 of 3" in run.out and "claim on the chain" in " ".join(run.out.split())
    (shown,) = Presentation.from_bytes(learner.out("Ayanda Ltd").read_bytes()).credentials
    assert not isinstance(shown.subject, bytes) and shown.subject[0].credits > 0
    assert learner.verified("Ayanda Ltd").code == 0
    assert learner.show("Bor d.o.o.", "--subject").code == 1
    assert "Copy 3 of 3" in learner.show("Bor d.o.o.").out


def test_a_promise_becomes_a_proof_for_all_copies_at_once(learner: Learner) -> None:
    places = [place_of(learner.institution, number) for number in (0, 4, 8)]
    assert learner.receive(*(learner.institution.sealed[place] for place in places)).code == 0
    assert "without its issuer" not in learner.program("wallet", "list", learner.box.directory).out
    with fake_node() as node:
        for place in places:
            commitment = learner.institution.sealed[place].commitment.hex()
            node.say(f"/v1/proofs/{commitment}", learner.institution.proof_answer(place))
        node.say("/v1/issuer", dumps(learner.institution.document))
        update = ("wallet", "update", learner.box.directory, learner.credential, "--from", node.url)
        run = learner.program(*update, "--rpc", learner.publisher.url, "--json")
    assert run.code == 0 and len(run.objects) == 3, run
    assert learner.show("Ayanda Ltd").code == 0 and learner.verified("Ayanda Ltd").code == 0


def test_paper_and_codes_carry_the_copy_that_was_chosen(learner: Learner) -> None:
    learner.receive(*learner.files)
    assert learner.show("Ayanda Ltd", "--small").code == 0
    out = learner.out("Ayanda Ltd")
    assert learner.program("wallet", "pdf", out, "-o", learner.folder / "c.pdf").code == 0
    policy = ("--policy", learner.policy, "--audience", "Ayanda Ltd", "--nonce", "word of Ayanda Ltd")
    assert learner.program("verify", learner.folder / "c.pdf", *policy).code == 0


def test_credits_are_claimed_with_the_copy_that_carries_them(learner: Learner) -> None:
    """An id of the credential means the copy with the credits; without a contract to claim from nothing is written."""
    learner.receive(*learner.files)
    contract = ("--contract", "0x" + "11" * 20, "--passphrase-file", learner.secret, "--digest")
    claim = ("wallet", "claim", learner.box.directory)
    run = learner.program(*claim, learner.files[2].commitment.hex()[:12], *contract, "--json")
    assert run.code == 0, run.err
    assert run.objects[0]["id"] == learner.files[0].commitment.hex()
    assert learner.program(*claim, learner.files[2].commitment.hex(), *contract).code == 2


def test_killed_with_the_record_written_the_same_employer_gets_the_same_copy(learner: Learner) -> None:
    """The program dies in the one place between the two files: where OUT would be put into its folder."""
    learner.receive(*learner.files)
    killer = (
        "import os, signal, sys\n"
        "from anchor import files\n"
        "write = files.write_atomically\n"
        "def die(path, data, mode):\n"
        "    if path.name == 'shown.json': return write(path, data, mode)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_atomically = die\n"
        "from rootseal.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["wallet", "present", str(learner.box.directory), learner.credential, "--disclose", "title"]
    words += ["--for", "Ayanda Ltd", "-o", str(learner.out("Ayanda Ltd"))]
    ended = subprocess.run([sys.executable, "-c", killer, *words], cwd=ROOT, env=dict(os.environ), capture_output=True)
    assert ended.returncode == -9, ended.stderr
    assert not learner.out("Ayanda Ltd").exists()
    assert [one.who for one in read_record(learner.box).showings] == ["Ayanda Ltd"]
    assert "Copy 2 of 3" in learner.show("Bor d.o.o.").out
    assert "Copy 3 of 3" in learner.show("Ayanda Ltd").out


def test_what_an_institution_issues_is_what_the_wallet_spends(learner: Learner) -> None:
    """From the addresses pasted into a list, over the institution's node, to employers who check under its policy."""
    program, folder = learner.program, learner.folder / "node"
    folder.mkdir()
    (folder / "passphrase.txt").write_text("correct horse\n")
    for name in ("key.json", "admin-key.json"):
        create_keystore(folder / name, "correct horse", "pbkdf2", 2)
    init = program(
        "node", "init", folder, "--chain-url", learner.publisher.url, "--deploy", "--name", "Example College"
    )
    assert init.code == 0, init.err
    asked = program("wallet", "addresses", learner.box.directory, "--issuer", "Example College", "--copies", 3).out
    with Services.open(folder) as services:
        services.add_templates(TEMPLATES)
        row = dict(zip(HEADER.strip().split(","), roster_row(), strict=True)) | {"holder": asked.strip()}
        report = services.issue((HEADER + ",".join(row.values()) + "\n").encode(), "list.csv", copies=3)
        assert len(report.issued) == 1, report
        while services.seal() is not None:
            assert services.anchor(timeout=60).reached
        assert services.export([report.issued[0].id], learner.folder / "out").written == 3
    files = sorted((learner.folder / "out").glob("*.credential.json"))
    assert program("wallet", "receive", learner.box.directory, *files).code == 0
    (held,) = program("wallet", "list", learner.box.directory, "--json").objects[0]["credentials"]
    holders = [copy["holder"] for copy in held["copies"]]
    assert holders == asked.lower().split() and [copy["credits"] > 0 for copy in held["copies"]] == [True, False, False]
    learner.policy = folder / "policy.toml"
    for who in ("Ayanda Ltd", "Bor d.o.o.", "Cleo GmbH"):
        assert learner.show(who).code == 0
        assert learner.verified(who).code == 0, learner.verified(who).out
    assert learner.show("Duna Kft.").code == 1


def roster_row() -> list[str]:
    """One learner of today's list, whose holder cell is still empty."""
    return roster(1).decode().splitlines()[1].split(",")
