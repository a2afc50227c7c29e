"""The verify page is for everybody: three languages, the keyboard alone, small screens, paper."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from rootseal.presentation import Presentation, present
from tests.browser.conftest import World
from tests.support.axe import axe, keep, pictures_wanted
from tests.support.verify_page import Verifier
from tests.support.world import disclose

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(
    ("code", "title", "sentence"),
    [
        ("de", "Einen Nachweis prüfen", "TEST. Echt. Ausgestellt von Example University"),
        ("sl", "Preverjanje dokazila", "TEST. Pristno. Izdajatelj je Example University"),
    ],
)
def test_languages(verifier: Verifier, world: World, code: str, title: str, sentence: str) -> None:
    page = verifier.page
    verifier.check(world.file())
    asked = len(verifier.watched.requests)
    page.select_option("#language", code)
    assert page.inner_text("h1") == title and page.title() == title
    assert page.get_attribute("html", "lang") == code
    assert page.locator(".verdict .sentence").inner_text().startswith(sentence)
    assert len(verifier.watched.requests) == asked  # said again, not asked again
    left = [text for text in page.locator("[data-t]").all_inner_texts() if re.search(r"\bthe\b|\{", text)]
    assert left == []


def test_the_first_language_is_the_browsers(browser: Browser, site: str) -> None:
    page = browser.new_page(locale="sl-SI")
    page.goto(f"{site}/verify.html")
    assert page.inner_text("h1") == "Preverjanje dokazila"
    page.close()


SHOWN = disclose("credentialSubject.achievement", "credentialSubject.identifier", "credentialSubject.creditsEarned")
STATES = {"start": None, "verified": "Ana Novak", "rejected": "Bor Kos", "undecided": "Dana Zupan"}
LANGUAGES = ("en", "de", "sl")
SCREENS = {"phone-320": (320, 640, 2), "desktop": (1280, 800, 1), "desktop-zoomed-200": (640, 400, 2)}
"""Width and height in CSS pixels, and device pixels for each: a screen of 1280 pixels at 200 % has 640."""


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_and_nothing_is_cut(
    browser: Browser, site: str, world: World, state: str, screen: str
) -> None:
    """In every language, with every part unfolded."""
    width, height, scale = SCREENS[screen]
    context = browser.new_context(
        locale="en-GB", viewport={"width": width, "height": height}, device_scale_factor=scale
    )
    verifier = Verifier(context.new_page())
    verifier.open(f"{site}/verify.html", world.policy)
    learner = STATES[state]
    if learner is not None:
        verifier.check(world.file(learner))
    page = verifier.page
    for code in LANGUAGES:
        page.select_option("#language", code)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        if learner is not None:
            page.wait_for_selector(".raw table")
        assert axe(page) == [], code
        assert page.evaluate("document.documentElement.scrollWidth") <= width, code
        assert page.evaluate(CUT) == [], code
    assert verifier.watched.errors == []
    context.close()


CUT = """() => [...document.querySelectorAll('body *')].filter(e => {
  if (e.closest('.visually-hidden, .hidden-input, .skip, svg, .table, option, script, style')) return false;
  if (!e.checkVisibility()) return false;
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const outside = box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
  const clipped = style.overflowX !== 'visible' && e.tagName !== 'TEXTAREA' && e.tagName !== 'INPUT'
    && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
  return outside || clipped;
}).map(e => e.outerHTML.slice(0, 120))"""


if pictures_wanted():  # not a test that is skipped: nothing is left out without it

    @pytest.mark.parametrize(("kind", "width"), [("phone", 390), ("desktop", 1280)])
    @pytest.mark.parametrize("state", STATES)
    def test_screenshots(verifier: Verifier, world: World, state: str, kind: str, width: int) -> None:
        """The whole page at its start, later from the result on: what stands above it stays as it was."""
        page = verifier.page
        page.set_viewport_size({"width": width, "height": 800})
        learner = STATES[state]
        if learner is not None:
            verifier.check(Presentation((present(world.file(learner), SHOWN),)))
        page.evaluate("document.activeElement.blur()")
        box = page.locator("#result").bounding_box() if learner else None
        top = 0.0 if box is None else box["y"] + page.evaluate("scrollY") - 16
        full = page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0.0, "y": top, "width": float(width), "height": float(full - top)}
        keep(page.screenshot(full_page=True, clip=clip), f"verify-{state}-{kind}.png")  # type: ignore[arg-type]


def test_printed_it_is_a_report(verifier: Verifier, world: World) -> None:
    page = verifier.page
    verifier.check(world.file(), "ana.credential.json")
    assert page.is_hidden(".technical dl")
    assert page.pdf()[:5] == b"%PDF-"
    page.emulate_media(media="print")
    assert page.is_hidden(".input") and page.is_hidden(".settings") and page.is_hidden(".actions")
    assert page.is_visible(".verdict") and page.is_visible(".checks") and page.is_visible(".technical dl")
    said = page.inner_text(".technical dl")
    assert "ana.credential.json" in said and sha256(world.file().to_bytes()).hexdigest() in said
    assert f"0x{world.file().proofs.anchors[0].block.hash.hex()}" in said
    page.emulate_media(media="screen")
    page.locator(".technical summary").click()
    assert page.is_hidden(".technical dl")
    page.click("#print")
    assert page.is_visible(".technical dl")
