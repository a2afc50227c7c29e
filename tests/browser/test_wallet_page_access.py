"""The learner's page is for everybody: every page in three languages, on small screens and at 200 %."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.axe import pictures_wanted
from tests.support.browser import next_page
from tests.support.wallet_page import SECRET, At, at_page, look, question, serve, short_id
from wallet.page.speaking import Speaker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOCALES = {"en": "en-GB", "de": "de-DE", "sl": "sl-SI"}
SCREENS = {"phone-320": 320, "desktop": 1280, "desktop-zoomed-200": 640}
"""Width in CSS pixels: a screen of 1280 pixels at 200 % has 640."""
STATES = (
    "box", "credential", "add", "received", "present", "preview", "problem-signing", "made", "backup", "backup-made",
    "addresses", "credits", "updated", "problem",
)  # fmt: skip
UNPICTURED = ("received", "problem-signing", "backup-made", "updated")
every_language = pytest.mark.parametrize("language", LOCALES)


@contextmanager
def in_language(browser: Browser, language: str, folder: Path, *options: object) -> Iterator[At]:
    with serve(folder, *options) as url, at_page(browser, url, LOCALES[language]) as at:
        assert at.page.get_attribute("html", "lang") == language
        yield at


@every_language
def test_axe_finds_nothing_and_nothing_overflows(browser: Browser, filled: Path, world: World, language: str) -> None:
    """One program for all screens, for it takes longest to start."""
    with in_language(browser, language, filled, "--policy", filled.parent / "policy.toml") as at:
        for screen, width in SCREENS.items():
            at.page.set_viewport_size({"width": width, "height": 800 if width != 640 else 400})
            for state in STATES:
                show_state(at, world, state, Speaker(language))
                picture = language == "en" and screen != "desktop-zoomed-200" and state not in UNPICTURED
                if not pictures_wanted():
                    unfold(at)
                look(at, state, width, picture=picture)


@every_language
def test_axe_finds_nothing_where_a_wallet_is_made(browser: Browser, tmp_path: Path, language: str) -> None:
    speak = Speaker(language)
    with in_language(browser, language, tmp_path / "new") as at:
        for screen, width in SCREENS.items():
            at.page.set_viewport_size({"width": width, "height": 800 if width != 640 else 400})
            at.go("/start")
            picture = language == "en" and screen != "desktop-zoomed-200"
            look(at, "start", width, picture=picture)
            at.page.fill("#new", SECRET)
            at.page.fill("#new-again", SECRET)
            at.press(speak("Make it"))
            look(at, "words", width, picture=False)
            at.press(speak("They are on my paper"))
            look(at, "check", width, picture=picture)
            for field in at.page.locator("input[id^=word-]").all():
                field.fill("zoo")
            at.press(speak("Make the wallet"))
            look(at, "check-wrong", width, picture=False)


def unfold(at: At) -> None:
    """Every part; where pictures are wanted, they show the page as it is first seen."""
    at.page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")


def show_state(at: At, world: World, state: str, speak: Speaker) -> None:
    file = world.file()
    ids = f"id={short_id(file)}&id={short_id(world.file('Dana Zupan'))}"
    simple = {"box": "/", "credential": f"/credential/{short_id(file)}", "add": "/add", "backup": "/backup",
              "addresses": "/addresses", "credits": "/credits", "problem": "/present"}  # fmt: skip
    if state in simple:
        at.go(simple[state])
    elif state == "received":
        whole = file.to_bytes()
        files = [{"name": f"{'L' * 60}{size}.credential.json", "mimeType": "application/json", "buffer": whole[:size]}
                 for size in (500, len(whole))]  # fmt: skip
        at.page.set_input_files("#files", files)  # type: ignore[arg-type]
        at.press(speak("Put in"))
    elif state == "present":
        at.go(f"/present?{ids}&preset=grade")
    elif state == "preview":
        question(at, file, AUDIENCE, NONCE)
    elif state in ("problem-signing", "made"):
        at.page.fill("#passphrase", SECRET if state == "made" else "another")
        at.press(speak("Sign and make the file"))
    elif state == "backup-made":
        at.page.fill("#backup", SECRET)
        at.page.fill("#backup-again", SECRET)
        at.press(speak("Make the backup"))
    elif state == "updated":
        at.go("/")
        unfold(at)
        at.page.fill("#node", "http://127.0.0.1:9")
        with next_page(at.page):
            at.page.locator("form[action$='/update'] button").click()
        at.page.locator("[role=status]").wait_for()
