"""One issuer gets as many addresses as it makes copies, always the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anchor.keys import signer_from_seed
from rootseal.errors import InputError
from rootseal.ethereum import checksum_address
from tests.support.copies import issue_copies
from tests.support.issued import paper_institution
from tests.support.program import Program
from tests.support.wallet_learner import Learner, page
from wallet import accounts
from wallet.accounts import MAX_COPIES, account_for, accounts_for, accounts_of, create_box
from wallet.box import Box
from wallet.shown import FORGOTTEN
from wallet.words import seed_of

WORDS = ("abandon",) * 23 + ("art",)
SEED = seed_of(WORDS)
SECRET = "wallet secret"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_COST", {"n": 1 << 14, "r": 8, "p": 1})


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return create_box(tmp_path / "box", SEED, SECRET)


def indexes(box: Box, issuer: str, count: int) -> list[int]:
    return [account.index for account in accounts_for(box, issuer, count)]


def test_the_same_call_gives_the_same_addresses_and_more_adds(box: Box) -> None:
    assert indexes(box, "University", 3) == [1, 2, 3]
    assert indexes(box, "College", 2) == [4, 5]
    assert indexes(Box.open(box.directory), "University", 3) == [1, 2, 3]
    assert indexes(box, "University", 5) == [1, 2, 3, 6, 7]
    assert indexes(box, "University", 2) == [1, 2]
    assert account_for(box, "University").index == 1
    for account in accounts_for(box, "University", 5):
        assert account.address == signer_from_seed(SEED, account.index).address


def test_too_few_give_none(box: Box) -> None:
    assert len(accounts_for(box, "University", 64)) == 64
    with pytest.raises(InputError, match="--more"):
        accounts_for(box, "College", 36)
    assert [account for account in accounts_of(box) if account.issuer == "College"] == []
    assert len(accounts_for(box, "College", 35)) == 35


@pytest.mark.parametrize("count", [0, -1, MAX_COPIES + 1])
def test_a_count_that_is_none_is_refused(box: Box, count: int) -> None:
    with pytest.raises(InputError, match="1 to 64"):
        accounts_for(box, "University", count)


def test_printed_they_can_be_pasted_into_a_list(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    program = Program(capsys)
    words = ("wallet", "addresses", box.directory, "--issuer", "University", "--copies", 4)
    run = program(*words)
    expected = [checksum_address(signer_from_seed(SEED, index).address) for index in range(1, 5)]
    assert run.out == " ".join(expected) + "\n" and program(*words).out == run.out
    found = program(*words, "--json").objects[0]
    assert found["givenCopies"] == [text.lower() for text in expected] and found["given"] == expected[0].lower()
    assert program("wallet", "addresses", box.directory, "--copies", 4).code == 2
    assert program(*words[:-1], 0).code == program(*words[:-1], 65).code == 2
    most = program(*words[:-1], 64)
    assert len(re.findall(r"0x[0-9A-Fa-f]{40}", most.out)) == 64 and most.out.count("\n") == 1


def test_which_of_them_a_credential_is_bound_to_is_told(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    program = Program(capsys)
    given = accounts_for(box, "University", 4)
    for file in issue_copies(paper_institution(), [account.address for account in given[:2]]):
        box.keep(file)
    listed = program("wallet", "addresses", box.directory, "--json").objects[0]["addresses"]
    assert [one["used"] for one in listed] == [False, True, True, False, False]
    assert program("wallet", "addresses", box.directory).out.count("a credential here is bound to it") == 2
    assert indexes(box, "College", 1) == [5]


def test_words_find_all_addresses_again_and_forget_who_saw_what(
    box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, words, secret = Program(capsys), tmp_path / "words", tmp_path / "secret"
    words.write_text(" ".join(WORDS))
    secret.write_text(SECRET)
    files = issue_copies(paper_institution(), [account.address for account in accounts_for(box, "University", 4)])
    paths = []
    for number, file in enumerate(files):
        paths.append(tmp_path / f"{number}.credential.json")
        paths[-1].write_bytes(file.to_bytes())
    keys = ("--words-file", words, "--passphrase-file", secret)
    run = program("wallet", "restore-words", tmp_path / "again", *paths, *keys)
    assert run.code == 0 and " ".join(FORGOTTEN.split()) in " ".join(run.out.split())
    assert "an address that these words do not give" not in run.out
    assert "4 copies, 0 shown" in program("wallet", "list", tmp_path / "again").out
    assert "Words cannot tell" not in program("wallet", "restore-words", tmp_path / "single", paths[0], *keys).out


def test_the_page_gives_as_many_as_it_is_asked_for(box: Box) -> None:
    learner = Learner(*page(box.directory), box, signer_from_seed(SEED, 0), paper_institution())
    learner.enter()
    expected = [checksum_address(signer_from_seed(SEED, index).address) for index in (1, 2, 3)]
    for _ in range(2):
        assert " ".join(expected) in learner.post("/addresses", issuer="University", copies="3")
    assert " ".join(expected) in learner.post("/addresses", issuer="University", copies="1")
    for count, said in (("0", "1 to 64"), ("65", "1 to 64"), ("x", "must be a number"), ("٣", "must be a number")):
        assert said in learner.post("/addresses", 422, issuer="University", copies=count)


def test_capitals_and_spaces_make_no_other_institution(box: Box) -> None:
    assert indexes(box, "Coast College", 2) == [1, 2]
    assert indexes(box, " coast  COLLEGE ", 3) == [1, 2, 3]
    assert indexes(box, "Coastal College", 1) == [4]
    # All stand under the name as it was written first.
    assert [account.issuer for account in accounts_of(box)[1:5]] == ["Coast College"] * 3 + ["Coastal College"]


def test_more_addresses_than_a_list_takes_are_told(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    program = Program(capsys)
    run = program("wallet", "addresses", box.directory, "--issuer", "Coast College", "--copies", 17)
    assert (run.code, len(run.out.split())) == (0, 17) and "at most 16" in run.err
    run = program("wallet", "addresses", box.directory, "--issuer", "Coast College", "--copies", 16)
    assert (run.code, len(run.out.split()), run.err) == (0, 16, "")
