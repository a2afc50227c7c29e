"""`/verify/form` on the node, without JavaScript: by keyboard alone, in three languages, on small screens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from node.app import create_app
from rootseal.files import CredentialFile
from rootseal.presentation import Presentation, present
from tests.support.axe import axe, keep, pictures_wanted
from tests.support.browser import Watched, next_page
from tests.support.serving import serving
from tests.unit.node.nodes import Clock, make_node, open_node, roster

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

NOW = 1_700_000_100  # the fake chain's own time


@dataclass
class Site:
    url: str
    genuine: Path
    presentation: Path
    revoked: Path
    tampered: Path
    garbage: Path

    def file(self, name: str) -> Path:
        found: Path = getattr(self, name)
        return found


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("server-verify")
    with open_node(folder / "node", make_node(folder / "node"), Clock(NOW)) as services:
        services.issue(roster(2, date="2023-11-01"), "list.csv")
        services.seal()
        services.anchor()
        ids = [row.id for row in services.issue(roster(2, date="2023-11-01"), "list.csv").already]
        services.revoke([ids[1]])
        services.anchor()
        files = [services.credential_file(entry) for entry in ids]
        shown = present(CredentialFile.from_bytes(files[0]), lambda path: "identityHash" not in path)
        contents = {
            "genuine": files[0],
            "presentation": Presentation((shown,)).to_bytes(),
            "revoked": files[1],
            "tampered": files[0].replace(b"Ledgers for registrars", b"Ledgers for emperors!!"),
            "garbage": b"%PDF-1.4 no file of ours",
        }
        paths = {name: folder / f"{name}.json" for name in contents}
        for name, content in contents.items():
            paths[name].write_bytes(content)
        server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
        with serving(server) as url:
            yield Site(url, **paths)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Scripts are switched off: what works here works for everybody."""
    context = browser.new_context(locale="en-GB", java_script_enabled=False)
    opened = context.new_page()
    watched = Watched(opened)
    yield opened
    assert watched.errors == [] or all("status of 4" in error for error in watched.errors)
    assert len(watched.hosts()) == 1
    context.close()


def test_who_has_no_scripts_is_led_to_the_form(page: Page, node: Site) -> None:
    """The page that belongs here offers nothing that only a script could do, and says in three languages who checks."""
    page.goto(f"{node.url}/verify?lang=sl")
    assert (page.locator("html").get_attribute("lang"), page.title()) == ("sl", "Preverjanje dokazila")
    assert page.inner_text("h1") == page.title()
    assert page.locator(".input, .settings, .language").evaluate_all("all => all.every(e => !e.checkVisibility())")
    offers = page.locator("noscript p")
    assert offers.evaluate_all("all => all.map(e => e.lang)") == ["sl", "en", "de"]
    assert "the server of Example University can check it instead" in offers.nth(1).inner_text()
    with next_page(page):
        page.locator("noscript p[lang=de] a").click()
    assert page.locator("h1").inner_text() == "Einen Nachweis prüfen"
    page.locator("#file").set_input_files(node.genuine)
    with next_page(page):
        page.locator("button[type=submit]").click()
    assert page.locator(".verdict .word").inner_text().endswith("Bestätigt")


@pytest.mark.parametrize("width", [320, 1280])
def test_without_scripts_the_page_is_for_everybody(browser: Browser, node: Site, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{node.url}/verify")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if pictures_wanted():
        keep(page.screenshot(full_page=True), f"verify-noscript-{'phone' if width < 600 else 'desktop'}.png")
    context.close()


def test_axe_finds_nothing_where_no_script_runs(browser: Browser, node: Site) -> None:
    """axe is a script itself: the page is given to it as it is laid out without any of its own."""

    def bare(route: Route) -> None:
        text = re.sub(r"<script>.*?</script>", "", route.fetch().text(), flags=re.DOTALL)
        route.fulfill(body=re.sub(r"<(/?)noscript>", r"<\1section>", text), content_type="text/html; charset=utf-8")

    page = browser.new_page()
    page.route("**/verify", bare)
    page.goto(f"{node.url}/verify")
    assert page.locator("section p[lang]").count() == 3 and page.locator(".input").is_hidden()
    assert axe(page) == []
    page.close()


def _check(page: Page, site: Site, which: str, lang: str = "en") -> None:
    page.goto(f"{site.url}/verify/form?lang={lang}")
    page.locator("#file").set_input_files(site.file(which))
    with next_page(page):
        page.locator("button[type=submit]").click()
    assert page.locator("#result-heading, #problem").count() == 1


@pytest.mark.parametrize(
    ("which", "word", "sentence"),
    [
        ("genuine", "Verified", "TEST. Genuine. Issued by Example University"),
        ("presentation", "Verified", "TEST. Genuine. Issued by Example University"),
        ("revoked", "Not accepted", "TEST. Genuine, but: The issuer has revoked it"),
        ("tampered", "Not accepted", "TEST. Not accepted: What is shown is not what the issuer entered in its log"),
    ],
)
def test_a_file_has_its_own_sentence(page: Page, node: Site, which: str, word: str, sentence: str) -> None:
    _check(page, node, which)
    assert page.locator(".verdict .word").inner_text().endswith(word)
    assert page.locator(".verdict .sentence").inner_text().startswith(sentence)
    assert page.title().startswith(word)
    assert page.locator(".checks li").count() == 8


def test_hidden_parts_are_said_to_be_hidden(page: Page, node: Site) -> None:
    _check(page, node, "presentation")
    shown = page.locator("dl").inner_text()
    assert "Ana" not in shown
    assert "(not shown)" in shown or "left out by the holder" in shown


def test_what_is_no_file_is_a_sentence_beside_the_form(page: Page, node: Site) -> None:
    _check(page, node, "garbage")
    assert "Save the attachment" in page.locator("[role=alert]").inner_text()
    assert page.locator("#file").is_visible()


@pytest.mark.parametrize(("lang", "heading"), [("de", "Einen Nachweis prüfen"), ("sl", "Preverjanje dokazila")])
def test_languages_are_switched_by_links(page: Page, node: Site, lang: str, heading: str) -> None:
    page.goto(f"{node.url}/verify/form")
    with next_page(page):
        page.locator(f"nav a[lang={lang}]").click()
    assert page.locator("h1").inner_text() == heading
    _check(page, node, "genuine", lang)
    assert page.locator("html").get_attribute("lang") == lang


def test_the_keyboard_alone_is_enough(page: Page, node: Site) -> None:
    page.goto(f"{node.url}/verify/form")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator("#text:focus").count():
            break
    page.keyboard.insert_text(node.genuine.read_text())
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.locator("button[type=submit]:focus").count():
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#result-heading:focus")  # where a screen reader goes on reading


@pytest.mark.parametrize("which", [None, "genuine", "revoked", "garbage"])
@pytest.mark.parametrize("lang", ["en", "de", "sl"])
def test_axe_finds_nothing(browser: Browser, node: Site, which: str | None, lang: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    if which is None:
        page.goto(f"{node.url}/verify/form?lang={lang}")
    else:
        _check(page, node, which, lang)
    assert axe(page) == []
    context.close()


@pytest.mark.parametrize("which", [None, "genuine", "revoked", "garbage"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_screen_needs_sideways_scrolling(browser: Browser, node: Site, which: str | None, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    if which is None:
        page.goto(f"{node.url}/verify/form")
    else:
        _check(page, node, which)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if pictures_wanted() and width != 320:
        page.evaluate("document.activeElement.blur()")
        size = "phone" if width < 600 else "desktop"
        keep(page.screenshot(full_page=True), f"server-verify-{which or 'start'}-{size}.png")
    context.close()
