"""What was made on a test ledger says TEST wherever a person meets it: list, wallet page, mail, claim page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from node.config import NodeConfig
from node.delivery.claim_page import claim_page
from node.delivery.settings import mail_settings
from node.delivery.wording import built_in, rehearsal_notice
from rootseal.policy import LedgerPolicy, Policy, is_test
from tests.support.issued import paper_institution
from tests.support.program import Program
from wallet.box import Box
from wallet.page.reading import card
from wallet.page.speaking import Speaker
from wallet.settings import default_policy_path, write_policy

VALUES = {
    "name": "Ledgers", "learner": "Ana", "institution": "Uni", "awarded_on": "2026-10-01", "link": "LINK",
    "claim_expires": "2026-12-01",
}  # fmt: skip


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """One credential in a wallet whose owner's policy is that of the test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = Box.create(tmp_path / "box")
    made.keep(paper_institution(("Ana Novak",)).file())
    return made


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def test_a_wallets_list_says_it_and_names_the_chain(box: Box, program: Program) -> None:
    (held,) = box.credentials()
    assert held.file.home.chain_id == 31337
    listed = program("wallet", "list", box.directory)
    assert f"{held.short_id}  TEST: " in listed.out
    assert "test ledger (chain 31337)" in " ".join(listed.out.split())
    assert program("wallet", "list", box.directory, "--json").objects[0]["credentials"][0]["test"] is True


def test_receiving_says_it(box: Box, program: Program, tmp_path: Path) -> None:
    (held,) = box.credentials()
    (tmp_path / "a.credential.json").write_bytes(held.file.to_bytes())
    said = program("wallet", "receive", box.directory, tmp_path / "a.credential.json").out
    assert "TEST: made on a test ledger (chain 31337)" in " ".join(said.split())


@pytest.mark.parametrize("language", ["en", "de", "sl"])
def test_the_wallets_page_says_it_in_its_language(box: Box, language: str) -> None:
    (held,) = box.credentials()
    shown = card(held, (), Speaker(language)).test
    assert shown.startswith("TEST: ")
    assert "31337" in shown


def test_a_public_chain_is_a_test_where_the_policy_says_so(box: Box, program: Program) -> None:
    (held,) = box.credentials()
    home = replace(held.file.home, chain_id=11155111)
    ledger = LedgerPolicy(home.chain_id, home.ledger, genesis=bytes(32))
    assert not is_test(home, None)
    assert not is_test(home, Policy((ledger,)))
    assert is_test(home, Policy((replace(ledger, marked_test=True),)))
    assert is_test(home, Policy((replace(ledger, genesis=None),)))
    public = replace(held.file, home=home)
    assert card(replace(held, file=public), (), Speaker("en")).test == ""
    assert card(replace(held, file=public), (), Speaker("en"), Policy((replace(ledger, marked_test=True),))).test


def test_a_policy_that_cannot_be_read_does_not_hinder_the_list(box: Box, program: Program) -> None:
    default_policy_path().parent.mkdir(parents=True)
    default_policy_path().write_text("nonsense = ")
    assert program("wallet", "list", box.directory).code == 0
    write_policy(default_policy_path(), Policy())
    assert "TEST" in program("wallet", "list", box.directory).out


@pytest.mark.parametrize("language", ["en", "de", "sl"])
def test_the_claim_page_says_it_and_a_real_one_does_not(language: str) -> None:
    rehearsed, real = claim_page(language, "Uni", test=True), claim_page(language, "Uni")
    assert '<p class="test">TEST: ' in rehearsed
    assert "<title>TEST: " in rehearsed
    assert "TEST" not in real
    assert "$" not in rehearsed + real


def config(**more: object) -> NodeConfig:
    base = NodeConfig(
        test=True, name="Uni", country="NL", chain_urls=("http://127.0.0.1:1",), chain_id=11155111, issuer=1,
        genesis_hash=bytes(32), ledger=bytes(20), ledger_code_hash=bytes(32), deployment_block=0,
        passphrase_file="p", smtp_url="smtp://127.0.0.1:25", mail_from="r@uni.example",
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "de", "sl"])
def test_a_mail_says_it_at_its_top_whoever_wrote_the_text(tmp_path: Path, language: str) -> None:
    (tmp_path / "own.txt").write_text("Subject: $name\n\nHello $learner\n")
    for template in (None, "own.txt"):
        settings = mail_settings(tmp_path, config(mail_language=language, mail_template=template))
        assert settings.wording.written(VALUES)[1].startswith(rehearsal_notice(language) + "\n\n")
        real = mail_settings(tmp_path, config(mail_language=language, mail_template=template, test=False))
        assert "TEST" not in real.wording.written(VALUES)[1]


@pytest.mark.parametrize("carries", ["file", "link"])
@pytest.mark.parametrize("language", ["en", "de", "sl"])
def test_a_mail_says_how_to_check_the_file_with_and_without_the_program(language: str, carries: str) -> None:
    with_page = built_in(language, carries, "https://uni.example/$x").written(VALUES)[1]  # type: ignore[arg-type]
    without = built_in(language, carries).written(VALUES)[1]  # type: ignore[arg-type]
    assert "\n    https://uni.example/$x/verify\n" in with_page
    assert "/verify" not in without
    for text in (with_page, without):
        assert "Rootseal" in text
        assert "pip" not in text  # whoever holds a name on an index would run code at every learner
        assert "[wallet]" not in text
        assert "@" not in text
        assert "\n\n\n" not in text
        assert max(map(len, text.splitlines())) <= 120
