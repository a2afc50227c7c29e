"""The verify page is for everybody: three languages, the keyboard alone, small screens, paper."""

from __future__ import annotations

import io
import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from rootseal.policy import format_policy
from tests.browser.conftest import World
from tests.support.devchain import ROOT
from tests.support.verify_page import Verifier

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREENSHOTS = ROOT / "docs" / "screenshots"
"""Kept for people: ROOTSEAL_SCREENSHOTS=1 takes them anew (make screenshots)."""
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


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


def test_by_keyboard_alone(verifier: Verifier, world: World) -> None:
    page = verifier.page
    page.reload()
    page.locator("body").press("Tab")
    seen: list[str] = []
    for _ in range(30):
        seen.append(page.evaluate("(e => e.id || e.tagName + ' ' + e.parentElement.id)(document.activeElement)"))
        page.keyboard.press("Tab")
    reached = (
        "language",
        "file",
        "SUMMARY paste-part",
        "SUMMARY qr-part",
        "policy-file",
        "SUMMARY policy-part",
        "SUMMARY chain-part",
    )
    assert [name for name in reached if name not in seen] == []
    page.focus("#policy-part summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(format_policy(world.policy))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.focus("#paste-part summary")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(world.file().to_bytes().decode())
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "Genuine" in verifier.sentence()
    assert page.evaluate("document.activeElement.id") == "result-heading"
    assert page.get_attribute("#status", "aria-live") == "polite"
    assert page.inner_text("#status").startswith("Checked. TEST. Genuine.")


STATES = {"start": None, "verified": "Ana Novak", "rejected": "Bor Kos", "undecided": "Dana Zupan"}


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_and_nothing_overflows(verifier: Verifier, world: World, state: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci); left out: rules of accessibility")
    page = verifier.page
    page.set_viewport_size({"width": width, "height": 800})
    learner = STATES[state]
    if learner is not None:
        verifier.check(world.file(learner))
    if os.environ.get("ROOTSEAL_SCREENSHOTS") == "1":
        page.evaluate("document.activeElement.blur()")
        _keep(page.screenshot(full_page=True), f"verify-{state}-{'phone' if width < 600 else 'desktop'}.png")
    for part in page.locator("details > summary").all():
        part.click()
    findings = _axe(page)
    assert [(f["id"], [n["html"][:120] for n in f["nodes"]]) for f in findings] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _keep(picture: bytes, name: str) -> None:
    """Few colours: a tenth of the size."""
    SCREENSHOTS.mkdir(exist_ok=True)
    Image.open(io.BytesIO(picture)).quantize(48).save(SCREENSHOTS / name, optimize=True)


def _axe(page: Page) -> list[dict[str, Any]]:
    """Violations of WCAG 2.2 A and AA and of best practice. axe runs beside the page, whose policy would refuse it."""
    cdp = page.context.new_cdp_session(page)
    tree = cdp.send("Page.getFrameTree")
    world = cdp.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
    context = world["executionContextId"]
    cdp.send("Runtime.evaluate", {"expression": AXE.read_text(), "contextId": context})
    found = cdp.send("Runtime.evaluate", {
        "expression": "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))",
        "contextId": context, "awaitPromise": True, "returnByValue": True})  # fmt: skip
    assert "exceptionDetails" not in found, found
    return list(json.loads(found["result"]["value"]))


def test_printed_it_is_a_report(verifier: Verifier, world: World) -> None:
    page = verifier.page
    verifier.check(world.file(), "ana.credential.json")
    page.locator(".technical summary").click()
    page.emulate_media(media="print")
    assert page.is_hidden(".input") and page.is_hidden(".settings") and page.is_hidden(".actions")
    assert page.is_visible(".verdict") and page.is_visible(".checks")
    assert "ana.credential.json" in page.inner_text(".technical")
    assert page.pdf()[:5] == b"%PDF-"
