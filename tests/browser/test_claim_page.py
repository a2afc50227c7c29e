"""The page behind a claim link, in Chromium: it hands out once, and says what is wrong with a link that was cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from node.delivery.links import ClaimLinkService
from tests.support.axe import axe
from tests.support.live_node import LiveNode, live_node
from tests.unit.node.copies import anchor_all, award, bound_roster

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNode]:
    with live_node(tmp_path_factory.mktemp("claims") / "node") as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
    yield opened
    opened.close()


def link_to(live: LiveNode) -> tuple[str, str]:
    """A fresh link, and the id that it leads to."""
    entry = live.services.store.entries.sealed(0, 1)[0].id
    service = ClaimLinkService(live.services.store, live.url, lambda _: b"")
    return service.make(entry, live.services.now, 1).url, entry


def test_the_button_saves_the_file_and_axe_finds_nothing(live: LiveNode, context: BrowserContext) -> None:
    link, entry = link_to(live)
    page = context.new_page()
    page.goto(link)
    with page.expect_download() as download:
        page.get_by_role("button").click()
    saved = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert saved["format"] == "rootseal/credential/1"
    assert download.value.suggested_filename == f"{entry.removeprefix('urn:uuid:')}.credential.json"
    page.get_by_text("saved in your downloads").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe(page) == []


def test_every_copy_is_saved_and_stands_in_a_list(live: LiveNode, context: BrowserContext) -> None:
    services = live.services
    first = services.issue(bound_roster(1, 3, first=40), "copies.csv", copies=3).issued[0].id
    anchor_all(services)
    page, saved = context.new_page(), []
    page.on("download", lambda download: saved.append(download.suggested_filename))
    page.goto(ClaimLinkService(services.store, live.url, lambda _: b"").make(first, services.now, 1).url)
    page.get_by_role("button").click()
    page.get_by_text("comes in several copies").wait_for()
    names = [f"{copy.uuid}.credential.json" for copy in award(services, first)]
    links = page.get_by_role("link")
    assert [link.get_attribute("download") for link in links.all()] == names
    assert links.all_text_contents() == ["Copy 1", "Copy 2", "Copy 3"]
    with page.expect_download() as download:
        links.nth(2).click()
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["format"] == "rootseal/credential/1"
    assert set(saved) <= set(names)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe(page) == []


@pytest.mark.parametrize("left", [0, 1, 20, 42])
def test_a_link_that_was_cut_is_never_called_good(live: LiveNode, context: BrowserContext, left: int) -> None:
    link, _ = link_to(live)
    address, _, secret = link.partition("#")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.goto(f"{address}#{secret[:left]}")
    assert "The link is incomplete" in page.inner_text("#message")
    assert not page.get_by_role("button").is_visible()
    # The whole one in the same tab changes only what stands after the #.
    page.evaluate("hash => { location.hash = hash }", secret)
    page.get_by_role("button").wait_for()
    assert page.inner_text("#message") == ""
    assert "POST" not in asked


def test_a_secret_that_cannot_be_one_is_called_incomplete(live: LiveNode, context: BrowserContext) -> None:
    link, _ = link_to(live)
    page = context.new_page()
    page.goto(f"{link[:-1]}B")  # 43 characters, and no 32 bytes
    page.get_by_role("button").click()
    page.get_by_text("The link is incomplete").wait_for()


def test_by_keyboard_alone(live: LiveNode, context: BrowserContext) -> None:
    link, _ = link_to(live)
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button").wait_for()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["format"] == "rootseal/credential/1"
    page.locator(":focus", has_text="saved in your downloads").wait_for(timeout=5_000)
