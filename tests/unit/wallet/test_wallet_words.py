"""24 words give every key again; each issuer has an address of its own, and one presentation may need several keys."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anchor.keys import signer_from_seed
from rootseal.checks import Expected
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import checksum_address
from rootseal.presentation import Presentation
from rootseal.verification import verify
from tests.support.devchain import ROOT
from tests.support.issued import paper_institution
from tests.support.program import Program
from wallet import accounts
from wallet.accounts import GAP, account_for, accounts_of, create_box, open_seed, prepare_more
from wallet.backup import make_backup, read_backup, restore_box
from wallet.box import Box
from wallet.keyring import open_answers
from wallet.words import new_words, read_words, seed_of, two_places

ZERO_WORDS = ("abandon",) * 23 + ("art",)
SEED = seed_of(ZERO_WORDS)
SECRET = "wallet secret"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_COST", {"n": 1 << 14, "r": 8, "p": 1})


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return create_box(tmp_path / "box", SEED, SECRET)


def test_the_seed_and_the_path_are_those_of_the_standards() -> None:
    # BIP-39's own vector for 32 zero bytes without a passphrase begins so; the keys are those of any other wallet.
    assert SEED.hex().startswith("408b285c123836004f4b8842c89324c1f01382450c0d439af345ba7fc49acf70")
    spec = (ROOT / "docs" / "spec" / "wallet-words.md").read_text()
    for index in (0, 1):
        assert f"`{checksum_address(signer_from_seed(SEED, index).address)}` ({index})" in spec
    other = "test test test test test test test test test test test junk"  # every development chain's first account
    assert checksum_address(signer_from_seed(seed_of(tuple(other.split())), 0).address) == (
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    )


def test_words_are_read_as_people_type_them() -> None:
    assert read_words("  ABANDON\n" * 23 + "Art ") == ZERO_WORDS
    made = new_words()
    assert read_words(" ".join(made)) == made and len(set(map(seed_of, (made, new_words())))) == 2
    first, second = two_places()
    assert 1 <= first < second <= 24


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abandon " * 23, "these are 23"),
        ("abandon " * 24, "do not belong together"),
        ("abandon " * 22 + "secretword art", "number 23"),
        ("", "these are 0"),
    ],
)
def test_wrong_words_are_told_by_place_and_never_repeated(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_words(text)
    assert "secretword" not in str(caught.value) and "abandon" not in str(caught.value)


def test_each_issuer_has_an_address_of_its_own_and_keeps_it(box: Box) -> None:
    university = account_for(box, "Example University")
    college = account_for(box, "Example College")
    first = accounts_of(box)[0].address
    assert len({university.address, college.address, first}) == 3
    assert account_for(Box.open(box.directory), "Example University") == university
    assert university.address == signer_from_seed(SEED, university.index).address


def test_an_address_that_a_credential_is_bound_to_is_given_to_nobody(box: Box) -> None:
    box.keep(paper_institution(holder=signer_from_seed(SEED, 1).address).file(0))
    assert account_for(box, "Example College").index == 2


def test_when_no_address_is_left_more_can_be_worked_out(box: Box) -> None:
    for number in range(1, 100):
        account_for(box, f"Issuer {number}")
    with pytest.raises(InputError, match="--more"):
        account_for(box, "One more")
    with pytest.raises(ConfigError, match="passphrase"):
        prepare_more(box, "wrong")
    prepare_more(box, SECRET)
    assert account_for(box, "One more").address == signer_from_seed(SEED, 100).address


def test_neither_words_nor_seed_lie_readable_in_the_box(box: Box) -> None:
    for path in box.directory.rglob("*.json"):
        assert path.stat().st_mode & 0o077 == 0
        assert b"abandon" not in path.read_bytes() and SEED.hex().encode()[:32] not in path.read_bytes()
    assert open_seed(box, SECRET) == SEED
    with pytest.raises(ConfigError, match="passphrase"):
        open_seed(box, "wrong")


@pytest.mark.parametrize("name", ["seed.json", "accounts.json"])
def test_a_damaged_file_is_told_with_the_way_out(box: Box, name: str) -> None:
    path = box.directory / name
    whole = path.read_bytes()
    for content in (b"", b"[]", b"{}", whole[:-20], whole.replace(b"/1", b"/2")):
        path.write_bytes(content)
        with pytest.raises((ConfigError, InputError), match=r"words|format|damaged"):
            open_answers(box, [signer_from_seed(SEED, 0).address], SECRET)


def test_a_list_with_a_foreign_address_signs_nothing(box: Box) -> None:
    found = json.loads(box.accounts.read_bytes())
    found["accounts"][1]["address"] = "0x" + "11" * 20
    box.accounts.write_text(json.dumps(found))
    with pytest.raises(ConfigError, match="not that of its keys"):
        open_answers(box, [b"\x11" * 20], SECRET)


def test_words_and_credential_files_are_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, lost, words, secret = Program(capsys), tmp_path / "lost", tmp_path / "words", tmp_path / "secret"
    secret.write_text(SECRET)
    keys = ("--words-file", words, "--passphrase-file", secret)
    first = program("wallet", "init", lost, *keys, "--json").objects[0]["address"]
    files = []
    for number in range(3):
        given = program("wallet", "addresses", lost, "--issuer", f"Issuer {number}", "--json").objects[0]["given"]
        path = tmp_path / f"{number}.credential.json"
        path.write_bytes(paper_institution((f"Ana {number}",), bytes.fromhex(given[2:])).file(0).to_bytes())
        files.append(path)
    again = program("wallet", "restore-words", tmp_path / "again", *files, *keys)
    assert again.code == 0, again.err
    box = Box.open(tmp_path / "again")
    assert f"0x{accounts_of(box)[0].address.hex()}" == first
    assert len(box.credentials()) == 3
    out = tmp_path / "three.presentation.json"
    ids = [held.short_id for held in box.credentials()]
    asked = ("--audience", "Example Ltd", "--nonce", "8c1f", "--passphrase-file", secret)
    assert program("wallet", "present", box.directory, *ids, "--disclose", "title", *asked, "-o", out).code == 0
    made = Presentation.from_bytes(out.read_bytes())
    assert made.holder is not None and len(made.holder.signatures) == 3
    verdict = verify(out.read_bytes(), now=made.holder.created, expected=Expected("Example Ltd", "8c1f"))
    assert [credential.checks[7].outcome for credential in verdict.credentials] == ["pass"] * 3


def test_an_address_behind_a_gap_is_found_up_to_the_limit(tmp_path: Path) -> None:
    last = signer_from_seed(SEED, 95).address
    found = accounts_of(create_box(tmp_path / "a", SEED, SECRET, [last]))
    assert len(found) == 100 + GAP and found[95].issuer == "restored"
    far = signer_from_seed(SEED, 300).address
    assert far not in {account.address for account in accounts_of(create_box(tmp_path / "b", SEED, SECRET, [far]))}


def test_an_interrupted_init_can_be_repeated(tmp_path: Path) -> None:
    box = create_box(tmp_path / "box", SEED, SECRET)
    box.keystore.unlink()  # as a crash leaves it: the key comes last
    assert create_box(tmp_path / "box", seed_of(new_words()), SECRET).keystore.exists()
    with pytest.raises(InputError, match="already"):
        create_box(tmp_path / "box", SEED, SECRET)


def test_the_backup_holds_the_seed_too(box: Box, tmp_path: Path) -> None:
    account_for(box, "Example University")
    make_backup(box, tmp_path / "b", "secret", 1_800_000_000)
    again = restore_box(tmp_path / "again", read_backup(tmp_path / "b", "secret"))
    assert accounts_of(again) == accounts_of(box) and open_seed(again, SECRET) == SEED


def test_a_wallet_with_one_key_works_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, secret = Program(capsys), tmp_path / "secret"
    secret.write_text(SECRET)
    made = program("wallet", "init", tmp_path / "box", "--passphrase-file", secret, "--json").objects[0]
    assert {path.name for path in (tmp_path / "box").iterdir()} == {"keystore.json", "credentials"}
    shown = program("wallet", "addresses", tmp_path / "box", "--json").objects[0]["addresses"]
    assert [entry["address"] for entry in shown] == [made["address"]]
    refused = program("wallet", "addresses", tmp_path / "box", "--issuer", "Uni")
    assert refused.code == 2 and "recovery words" in refused.err


def test_at_a_terminal_the_words_are_shown_once_and_two_asked_back(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    command = [sys.executable, "-m", "rootseal", "wallet", "init", str(tmp_path / "box"), "--words"]
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [*command, "--passphrase-file", str(secret)], stdin=inner, stdout=inner, stderr=inner, cwd=ROOT
    )
    os.close(inner)
    text, answered = "", 0
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([outer], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            part = os.read(outer, 4096).decode()
        except OSError:  # Linux: the other end is closed
            break
        text += part
        asked = re.findall(r"Word number (\d+): ", text)
        if len(asked) > answered:
            words = dict(re.findall(r"(\d+)\. ([a-z]+)", text))
            wrong = answered == 0
            os.write(outer, (b"zoo" if wrong else words[asked[-1]].encode()) + b"\n")
            answered += 1
    os.close(outer)
    assert process.wait(30) == 0, text
    assert answered == 3 and "That is another word" in text
    assert (tmp_path / "box" / "seed.json").exists()


def test_an_init_that_learns_no_words_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, secret, box = Program(capsys), tmp_path / "secret", tmp_path / "box"
    secret.write_text(SECRET)
    refused = program("wallet", "init", box, "--words", "--passphrase-file", secret)
    assert refused.code == 2 and "--words-file" in refused.err
    assert not box.exists()
    there = tmp_path / "words"
    there.write_text("precious")
    assert program("wallet", "init", box, "--words-file", there, "--passphrase-file", secret).code == 2
    assert not box.exists() and there.read_text() == "precious"
    (tmp_path / "file").write_text("")
    barred = program(
        "wallet", "init", tmp_path / "file" / "box", "--words-file", tmp_path / "w", "--passphrase-file", secret
    )
    assert barred.code == 2 and not (tmp_path / "w").exists()
