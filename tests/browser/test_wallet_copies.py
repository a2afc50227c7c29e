"""Copies on the learner's page, in a real browser: who is it for, which copy, how many are left, and when none is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anchor.keys import signer_from_secret, write_keystore
from rootseal.checks import Expected
from rootseal.files import CredentialFile
from rootseal.presentation import Presentation
from rootseal.verification import verify
from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.browser import next_page
from tests.support.copies import address, issue_copies, own_values, public_values
from tests.support.issued import ChainPublisher, Institution, address_of
from tests.support.wallet_page import SECRET, At, at_page, look, serve
from wallet.box import Box
from wallet.settings import write_policy
from wallet.shown import read_record

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class Copied:
    """A page over a box with three copies, the second of which is bound to the wallet's own key."""

    def __init__(self, at: At, box: Box, institution: Institution, files: list[CredentialFile]) -> None:
        self.at, self.box, self.institution, self.files = at, box, institution, files

    def choose(self) -> None:
        """From the list to the form."""
        self.at.go("/")
        self.at.page.check("input[name=id]")
        self.at.press("Show the ticked ones")

    def show(self, who: str) -> bytes:
        """To somebody, without their asking for a signature."""
        self.choose()
        self.at.page.fill("#who", who)
        self.at.press("See what they will see")
        self.at.press("Make the file")
        return self.at.download()


@pytest.fixture(scope="module")
def issued(world: World) -> tuple[Institution, list[CredentialFile]]:
    publisher = world.institution.publisher
    assert isinstance(publisher, ChainPublisher)
    institution = publisher.register("Example College")
    return institution, issue_copies(institution, [address(1), address_of(world.key), address(3)])


@pytest.fixture
def copied(
    browser: Browser, world: World, issued: tuple[Institution, list[CredentialFile]], tmp_path: Path
) -> Iterator[Copied]:
    institution, files = issued
    box = Box.create(tmp_path / "box")
    write_keystore(box.keystore, signer_from_secret(world.key.secret), SECRET, "pbkdf2", 2)
    for file in files:
        box.keep(file)
    publisher = world.institution.publisher
    assert isinstance(publisher, ChainPublisher)
    write_policy(tmp_path / "policy.toml", publisher.policy(institution.home, world.url, name="Example College"))
    with serve(box.directory, "--policy", tmp_path / "policy.toml") as url, at_page(browser, url) as at:
        yield Copied(at, box, institution, files)
        assert at.watched.errors == []
        assert at.own_host_only()


def test_three_get_a_copy_each_the_fourth_is_told_and_may_have_one_again(copied: Copied) -> None:
    at = copied.at
    assert "3 copies, 0 shown" in at.text and at.page.locator("li.card").count() == 1
    given = [copied.show(who) for who in ("Ayanda Ltd", "Bor d.o.o.", "Cleo GmbH")]
    assert "Copy 1 of 3, for Cleo GmbH. No copy is left" in " ".join(at.text.split())
    files = [next(file for file in copied.files if file.commitment == commitment(data)) for data in given]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        allowed = public_values(copied.institution, files[one], files[other])
        assert own_values(given[one]) & own_values(given[other]) <= allowed
    copied.choose()
    at.page.fill("#who", "Duna Kft.")
    at.press("See what they will see")
    assert "Somebody saw each copy" in at.text and re.search(r"Copy 2: Bor d\.o\.o\. \(20\d\d", at.text)
    assert at.page.input_value("#who") == "Duna Kft."
    at.page.locator("[role=alert]:focus").wait_for()
    assert [one.who for one in read_record(copied.box).showings] == ["Ayanda Ltd", "Bor d.o.o.", "Cleo GmbH"]
    at.page.check("#reuse")
    at.press("See what they will see")
    assert "Shown to Ayanda Ltd too" in at.text
    at.press("Make the file")
    assert commitment(at.download()) == commitment(given[0])
    assert commitment(copied.show("bor D.O.O.")) == commitment(given[1])
    at.watched.errors.clear()  # Chromium reports the 422 of the refusal


def commitment(data: bytes) -> bytes:
    return Presentation.from_bytes(data).credentials[0].open().commitment


def test_an_answer_is_signed_with_the_copy_of_the_wallets_own_key(copied: Copied) -> None:
    at = copied.at
    copied.choose()
    at.page.fill("#audience", AUDIENCE)
    at.page.fill("#nonce", NONCE)
    at.press("See what they will see")
    assert f"Copy 2 of 3, for {AUDIENCE}." in at.text and "Copies left then that nobody saw: 2 of 3." in at.text
    at.page.fill("#passphrase", SECRET)
    at.press("Sign and make the file")
    data = at.download()
    verdict = verify(data, now=int(time.time()), expected=Expected(AUDIENCE, NONCE))
    assert verdict.credentials[0].checks[7].outcome == "pass"
    assert [one.who for one in read_record(copied.box).showings] == [AUDIENCE]
    at.go(f"/credential/{copied.files[0].commitment.hex()}")
    assert "Who saw it" in at.text and AUDIENCE in at.text and at.text.count("shown to nobody") == 2


def test_by_keyboard_alone(copied: Copied) -> None:
    page = copied.at.page

    def tab_to(place: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", place):
                return
        raise AssertionError(f"{place} cannot be reached")

    tab_to("input[name=id]")
    page.keyboard.press("Space")
    with next_page(page):
        page.keyboard.press("Enter")
    tab_to("#nonce")
    with next_page(page):
        page.keyboard.press("Enter")  # nobody is named
    page.locator("[role=alert]:focus", has_text="Say who it is for").wait_for()
    tab_to("#who")
    page.keyboard.type("Example Ltd")
    with next_page(page):
        page.keyboard.press("Enter")
    page.locator("h1:focus", has_text="What they will see").wait_for()
    tab_to("form[action$='/presentation'] button")
    with next_page(page):
        page.keyboard.press("Enter")
    page.locator("h1:focus", has_text="Your presentation is ready").wait_for()
    assert "Copy 3 of 3, for Example Ltd." in copied.at.text
    copied.at.watched.errors.clear()  # Chromium reports the 422


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_and_nothing_overflows(copied: Copied, width: int) -> None:
    at = copied.at
    at.page.set_viewport_size({"width": width, "height": 800})
    for number in range(3):
        copied.show(f"Employer {number}")
    look(at, "copies-made", width, picture=False)
    at.go("/")
    look(at, "copies-box", width, picture=False)
    at.go(f"/credential/{copied.files[0].commitment.hex()}")
    look(at, "copies-credential", width)
    copied.choose()
    at.page.fill("#who", "Employer 4")
    at.press("See what they will see")
    look(at, "copies-none-left", width)
    at.page.check("#reuse")
    at.press("See what they will see")
    look(at, "copies-preview", width)
    copied.box.shown.write_text("{")
    at.go("/")
    look(at, "copies-damaged", width, picture=False)
    at.watched.errors.clear()  # Chromium reports the 422


@pytest.mark.parametrize(("locale", "said"), [("de-DE", "3 Ausfertigungen"), ("sl-SI", "izvodov: 3")])
def test_in_other_languages(browser: Browser, copied: Copied, locale: str, said: str) -> None:
    with serve(copied.box.directory) as url, at_page(browser, url, locale) as at:
        assert said in at.text
        at.page.check("input[name=id]")
        with next_page(at.page):
            at.page.locator("main form button").first.click()
        assert "Who is it for" not in at.text and at.page.is_visible("#who")
