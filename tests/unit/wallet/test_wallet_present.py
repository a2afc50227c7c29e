"""Presenting: what is shown and hidden, and answers to a verifier's question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchor.keys import Signer, create_keystore
from rootseal.checks import Expected
from rootseal.errors import InputError
from rootseal.files import CredentialFile
from rootseal.opening import open_file
from rootseal.presentation import Presentation
from rootseal.verification import verify
from tests.support.issued import paper_institution
from tests.support.program import Program, Run
from wallet.box import Box
from wallet.disclosing import PRESETS, choose, path_text
from wallet.presenting import Answer, Question, answered, assemble, preview

NARRATIVE = ("credentialSubject", "achievement", "criteria", "narrative")
GRADE = ("credentialSubject", "result", 0, "value")
CREDITS = ("credentialSubject", "creditsEarned")
NAME = ("credentialSubject", "identifier", 0, "identityHash")
FILE = paper_institution().file(0)


class Learner:
    """A wallet with two credentials of one address and one of none."""

    def __init__(self, folder: Path, program: Program) -> None:
        self.folder = folder
        self.program = program
        self.box = Box.create(folder / "box")
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text("secret")
        self.signer: Signer = create_keystore(self.box.keystore, "secret", "pbkdf2", 2)
        mine = paper_institution(("Ana Novak", "Ana Novak"), holder=self.signer.address)
        self.ids = [self.box.keep(mine.file(index))[0].short_id for index in (0, 1)]
        self.nobodys = self.box.keep(FILE)[0].short_id

    def present(self, *words: object) -> Run:
        return self.program("wallet", "present", self.box.directory, *words, "-o", self.folder / "out")

    @property
    def out(self) -> bytes:
        return (self.folder / "out").read_bytes()

    @property
    def asked(self) -> list[object]:
        return ["--audience", "Example Ltd", "--nonce", "8c1f02", "--passphrase-file", self.passphrase]


@pytest.fixture
def learner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Learner:
    return Learner(tmp_path, Program(capsys))


def shown(wishes: list[str], file: CredentialFile = FILE) -> set[tuple[str | int, ...]]:
    (credential,) = assemble([file], wishes, False).credentials
    return {item.claim.path for item in credential.shown}


def test_presets_show_what_they_say_and_no_more() -> None:
    assert not shown(["title"]) & {NARRATIVE, GRADE, CREDITS, NAME}
    assert shown(["grade"]) & {NARRATIVE, GRADE, CREDITS, NAME} == {GRADE}
    assert shown(["credits"]) & {NARRATIVE, GRADE, CREDITS, NAME} == {NARRATIVE, CREDITS}
    assert shown(["learner"]) & {NARRATIVE, GRADE, CREDITS, NAME} == {NAME}
    claims, _ = FILE.salted()
    assert shown(["all"]) == {claim.path for claim in claims}


def test_presets_add_up() -> None:
    assert shown(["grade", "learner"]) == shown(["grade"]) | shown(["learner"])


@pytest.mark.parametrize(
    "wish",
    [
        "credentialSubject.achievement.criteria",
        '["credentialSubject","achievement","criteria","narrative"]',
    ],
)
def test_a_path_shows_that_part(wish: str) -> None:
    assert NARRATIVE in shown([wish])
    assert GRADE not in shown([wish])


def test_indexes_are_written_in_brackets_or_as_json() -> None:
    assert NAME in shown(["credentialSubject.identifier[0].identityHash"])
    assert NAME in shown(['["credentialSubject","identifier",0,"identityHash"]'])


@pytest.mark.parametrize(
    "wish",
    ["", "tilte", "credentialSubject.nothing", "[]", "[1.5]", '["a"', "..", "[[0]]", "name.", "name[", "name[0]"],
)
def test_a_wish_that_means_nothing_is_refused(wish: str) -> None:
    with pytest.raises(InputError, match="--disclose"):
        shown([wish])


def test_every_path_has_a_text_that_finds_it_again() -> None:
    claims, _ = FILE.salted()
    for claim in claims:
        assert choose([path_text(claim.path)], claims).below == (claim.path,)


def test_the_preview_is_exactly_the_file() -> None:
    for preset in PRESETS:
        presented = assemble([FILE], [preset], False).credentials[0]
        seen = preview(FILE, presented)
        assert {c.path for c in seen.shown} == {item.claim.path for item in presented.shown}
        assert {*seen.hidden} == {c.path for c in FILE.salted()[0]} - {c.path for c in seen.shown}


def test_a_presentation_proves_itself_and_says_what_is_hidden(learner: Learner) -> None:
    run = learner.present(learner.ids[0], "--disclose", "grade")
    assert run.code == 0
    checks = verify(learner.out, now=1_800_000_000).credentials[0].checks
    assert [check.outcome for check in checks[:3]] == ["pass"] * 3
    assert "Grade: 71" in run.out
    assert "Ana Novak" not in run.out
    assert b"Ana Novak" not in learner.out
    assert learner.signer.address.hex().encode() not in learner.out
    assert "Hidden" in run.out


def test_json_lists_shown_and_hidden(learner: Learner) -> None:
    run = learner.present(learner.ids[0], "--disclose", "title", "--json")
    (credential,) = run.objects[0]["credentials"]
    assert {"path": ["name"], "value": "FinTech – Financial Innovation Micro-credential"} in credential["shown"]
    assert list(NARRATIVE) in credential["hidden"]
    assert credential["holder"] is None


def test_the_seed_never_leaves_the_wallet(learner: Learner) -> None:
    learner.present(learner.ids[0], "--disclose", "all", "--subject")
    held = learner.box.find(learner.ids[0])
    assert held.file.seed.hex().encode() not in learner.out


def test_several_credentials_are_signed_once_for_one_address(learner: Learner) -> None:
    run = learner.present(*learner.ids, "--disclose", "title", *learner.asked)
    assert run.code == 0
    presentation = Presentation.from_bytes(learner.out)
    assert len(presentation.credentials) == 2
    assert presentation.holder is not None
    assert len(presentation.holder.signatures) == 1
    now = presentation.holder.created
    assert presentation.holder.expires == now + 3600
    for expected, code in (
        (Expected("Example Ltd", "8c1f02"), "holder.ok"),
        (Expected("Another Ltd", "8c1f02"), "holder.audience"),
        (Expected("Example Ltd", "8c1f03"), "holder.nonce"),
        (None, "holder.unasked"),
    ):
        verdict = verify(learner.out, now=now, expected=expected)
        assert {credential.checks[7].code for credential in verdict.credentials} == {code}
    late = verify(learner.out, now=now + 3600, expected=Expected("Example Ltd", "8c1f02"))
    assert late.credentials[0].checks[7].code == "holder.expired"


def test_a_credential_of_another_address_is_not_signed(learner: Learner) -> None:
    other = learner.box.keep(paper_institution(("Eva Zver",), holder=b"\x77" * 20).file(0))[0]
    run = learner.present(other.short_id, "--disclose", "title", *learner.asked)
    assert run.code == 2
    assert "does not hold the key" in run.err
    assert not (learner.folder / "out").exists()


def test_a_credential_of_no_address_is_not_signed(learner: Learner) -> None:
    run = learner.present(learner.nobodys, "--disclose", "title", *learner.asked)
    assert run.code == 2
    assert "no address" in run.err


def test_a_wrong_passphrase_writes_nothing(learner: Learner) -> None:
    learner.passphrase.write_text("guess")
    run = learner.present(learner.ids[0], "--disclose", "title", *learner.asked)
    assert run.code == 2
    assert "passphrase" in run.err
    assert not (learner.folder / "out").exists()


@pytest.mark.parametrize(
    "words",
    [["--audience", "A"], ["--nonce", "1"], ["--expires", "60"], ["--audience", "A", "--nonce", "1", "--expires", "0"]],
)
def test_half_a_question_is_usage(learner: Learner, words: list[str]) -> None:
    assert learner.present(learner.ids[0], "--disclose", "title", *words).code == 2
    assert not (learner.folder / "out").exists()


def test_out_is_replaced_only_by_force(learner: Learner) -> None:
    (learner.folder / "out").write_bytes(b"precious")
    assert learner.present(learner.ids[0], "--disclose", "title").code == 2
    assert learner.out == b"precious"
    assert learner.present(learner.ids[0], "--disclose", "title", "--force").code == 0
    assert open_file(learner.out).credentials


def test_the_same_credential_twice_is_shown_once(learner: Learner) -> None:
    learner.present(learner.ids[0], learner.ids[0], "--disclose", "title")
    assert len(json.loads(learner.out)["credentials"]) == 1


def test_subject_shows_address_and_credits(learner: Learner) -> None:
    run = learner.present(learner.ids[0], "--disclose", "title", "--subject", "--json")
    assert run.objects[0]["credentials"][0]["holder"].lower() == "0x" + learner.signer.address.hex()
    assert CREDITS in {claim.path for claim in open_file(learner.out).credentials[0].claims}


def test_more_than_sixteen_are_refused() -> None:
    with pytest.raises(InputError, match="1 to 16"):
        assemble([FILE] * 17, ["title"], False)


@pytest.mark.parametrize("text", ["", "x" * 1025, "a\nb", "a\x1b[31m", "a\u202eb"])
def test_a_question_must_be_plain_text(text: str) -> None:
    with pytest.raises(InputError, match="--audience"):
        Question(text, "1", 0, 1)


def test_signatures_ascend_by_address(learner: Learner) -> None:
    made = assemble([learner.box.find(name).file for name in learner.ids], ["title"], True)
    asked = Question("A", "1", 1_800_000_000, 1_800_000_100)
    signed = answered(made, asked, Answer(learner.signer.address, learner.signer.sign_digest))
    assert signed.holder is not None
    assert Presentation.from_bytes(signed.to_bytes()) == signed
