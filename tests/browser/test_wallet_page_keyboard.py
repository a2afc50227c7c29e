"""Every way through the learner's page with the keyboard alone; each ends with the focus on what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anchor.keys import signer_from_secret, write_keystore
from node.services import Services
from rootseal.ethereum import checksum_address
from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.browser import next_page
from tests.support.issued import address_of
from tests.support.keyboard import Keyboard
from tests.support.wallet_page import SECRET, At, at_page, promised_link, serve, short_id
from wallet.accounts import accounts_of, create_box
from wallet.backup import make_backup
from wallet.box import Box
from wallet.words import new_words, seed_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RESULT = "h1:focus", "[role=alert]:focus", "[role=status]:focus"


class Keys:
    """A learner who has no mouse."""

    def __init__(self, at: At) -> None:
        self.at, self.page, self.keys = at, at.page, Keyboard(at.page)
        # From here on: begun with each dialogue, the browser may hear of it after the key that opens the dialogue.
        self.page.on("filechooser", lambda _: None)

    def go(self, name: str) -> None:
        """Follow a link or press a button, and wait for the next page."""
        self.keys.to(name)
        self.send()

    def send(self) -> None:
        """Press Enter where the focus is, and wait for the next page."""
        with next_page(self.page):
            self.page.keyboard.press("Enter")

    def fill(self, **fields: str) -> None:
        """Ids with - for _, in the order in which they stand; the form is not sent."""
        for name, text in fields.items():
            self.keys.write(name.replace("_", "-"), text)

    def choose(self, name: str, path: Path) -> None:
        """Open the field's own dialogue with the keyboard, and give it the file."""
        self.keys.to(name)
        with self.page.expect_file_chooser() as waiting:
            self.page.keyboard.press("Space")
        waiting.value.set_files(path)

    def told(self, words: str) -> None:
        """The focus is on the result, which says so."""
        self.page.locator(", ".join(RESULT)).filter(has_text=words).wait_for()

    def download(self) -> bytes:
        self.keys.to("download")
        with self.page.expect_download() as waiting:
            self.page.keyboard.press("Enter")
        return waiting.value.path().read_bytes()


@pytest.fixture
def keys(browser: Browser, world: World, tmp_path: Path) -> Iterator[Keys]:
    """At the page of an empty wallet of the world's key, with the world's chain to ask."""
    box = Box.create(tmp_path / "box")
    write_keystore(box.keystore, signer_from_secret(world.key.secret), SECRET, "pbkdf2", 2)
    with serve(box.directory, "--rpc", world.url) as url, at_page(browser, url) as at:
        yield Keys(at)


@pytest.fixture
def fresh(browser: Browser, tmp_path: Path) -> Iterator[Keys]:
    """At the page of a folder without a wallet."""
    with serve(tmp_path / "fresh") as url, at_page(browser, url) as at:
        yield Keys(at)


def test_a_file_is_received_and_what_is_none_is_refused(keys: Keys, world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.credential.json"
    path.write_bytes(world.file().to_bytes())
    keys.go("Add")
    keys.choose("files", path)
    keys.go("Put in")
    keys.told("Received. It proves itself")
    path.write_bytes(world.file().to_bytes()[:500])
    keys.go("Add")
    keys.choose("files", path)
    keys.go("Put in")
    keys.told("What became of it")
    assert "Refused. Nothing was changed." in keys.at.text


def test_a_claim_link_is_fetched_and_its_promise_updated(keys: Keys, node: tuple[str, Services], world: World) -> None:
    address, services = node
    link = promised_link(address, services, checksum_address(address_of(world.key)))
    keys.go("Add")
    keys.fill(link=link[:-1])
    keys.send()
    keys.told("That did not work")
    assert "is incomplete" in keys.at.text
    keys.go("Back")
    keys.fill(link=link)
    keys.send()
    keys.told("Received. It proves itself")
    services.anchor()
    assert "Promised:" in keys.at.text
    keys.fill(node=address)  # unfolded already, for it is a promise
    keys.send()
    keys.told("the chain agrees")
    assert "Published: it carries its proof." in keys.at.text
    keys.at.watched.errors.clear()  # Chromium reports the 422


def test_all_are_updated_from_the_list(learner: At, world: World) -> None:
    keys = Keys(learner)
    keys.keys.to("panel")
    keys.page.keyboard.press("Enter")
    keys.go("Update all")
    keys.told("the chain agrees")
    assert short_id(world.file()) in learner.page.inner_text("[role=status]")


def test_a_backup_is_made_and_downloaded(learner: At) -> None:
    keys = Keys(learner)
    keys.go("Backup")
    keys.fill(backup=SECRET, backup_again="another word")
    keys.send()
    keys.told("That did not work")
    keys.go("Back")
    keys.fill(backup=SECRET, backup_again=SECRET)
    keys.send()
    keys.told("Your backup is ready")
    assert b"rootseal/backup/1" in keys.download()
    learner.watched.errors.clear()  # Chromium reports the 422


def test_a_wallet_is_restored_from_a_backup(fresh: Keys, filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "wallet.backup"
    make_backup(Box.open(filled), path, SECRET, 1_800_000_000)
    fresh.choose("backup", path)
    fresh.fill(backup_passphrase="another")
    fresh.send()
    fresh.told("That did not work")
    assert "the passphrase is another one" in fresh.at.text
    fresh.go("Back")
    fresh.choose("backup", path)
    fresh.fill(backup_passphrase=SECRET)
    fresh.send()
    fresh.told("Restored: 3 credentials")
    fresh.at.watched.errors.clear()  # Chromium reports the 422


def test_a_wallet_is_restored_from_its_words(fresh: Keys, tmp_path: Path) -> None:
    words = new_words()
    fresh.keys.to("backup-passphrase")  # behind it the field of the words, before it the choice of that name
    fresh.fill(words=" ".join(words[:-1]), word=SECRET, word_again=SECRET)
    fresh.send()
    fresh.told("That did not work")
    assert "there must be 24 of them, and these are 23" in fresh.at.text
    fresh.go("Back")
    fresh.keys.to("backup-passphrase")
    fresh.fill(words=" ".join(words), word=SECRET, word_again=SECRET)
    fresh.send()
    fresh.told("Restored from your words.")
    once_more = create_box(tmp_path / "other", seed_of(words), SECRET)
    assert accounts_of(Box(tmp_path / "fresh")) == accounts_of(once_more)


def test_a_wallet_is_made_with_words_and_gives_an_institution_its_addresses(fresh: Keys) -> None:
    fresh.fill(new=SECRET, new_again=SECRET)
    fresh.send()
    fresh.told("Your 24 words")
    words = fresh.page.locator("ol.words li").all_inner_texts()
    fresh.go("They are on my paper")
    fresh.told("Two of the words")
    places = [int(one or 0) for one in re.findall(r'id="word-(\d+)"', fresh.page.content())]
    fresh.fill(**{f"word_{place}": "zoo" for place in places})
    fresh.send()
    fresh.told("These are other words.")
    fresh.fill(**{f"word_{place}": words[place - 1] for place in places})
    fresh.send()
    fresh.told("Your wallet is ready.")
    fresh.go("Addresses")
    fresh.fill(issuer="Example University")
    fresh.send()
    fresh.told("Given to Example University")
    assert len(set(re.findall(r"0x[0-9a-fA-F]{40}", fresh.at.text))) == 2
    fresh.at.watched.errors.clear()  # Chromium reports the 422


def test_parts_are_shown_and_a_question_is_answered(learner: At, world: World) -> None:
    keys = Keys(learner)
    keys.keys.to(f"tick-{short_id(world.file())}")
    keys.page.keyboard.press("Space")
    keys.send()  # a form with a button is sent
    keys.keys.to(f"{world.file().commitment.hex()}:learner")
    keys.page.keyboard.press("Space")
    keys.fill(audience=AUDIENCE, nonce=NONCE)
    keys.send()
    keys.told("What they will see")
    keys.fill(passphrase="wrong")
    keys.send()
    keys.told("Nothing was made.")
    keys.fill(passphrase=SECRET)
    keys.send()
    keys.told("Your presentation is ready")
    assert b"Ana Novak" in keys.download()
    learner.watched.errors.clear()  # Chromium reports the 422 of the wrong passphrase
