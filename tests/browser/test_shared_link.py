"""A link to a locked file: opened, checked and saved in the browser, by keyboard alone; the key never leaves it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rootseal.presentation import Presentation, present
from tests.support.axe import axe
from tests.support.browser import Watched
from tests.support.issued import paper_institution
from tests.unit.node.nodes import Clock
from tests.unit.node.test_sharing import DAY, Sharing, serve
from wallet.sharing import SharedLink, share

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FILE = Presentation((present(paper_institution().file(0), lambda path: True),)).to_bytes()


@pytest.fixture
def sharing(tmp_path: Path) -> Iterator[Sharing]:
    yield from serve(tmp_path / "node", Clock())


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", accept_downloads=True, viewport={"width": 320, "height": 700})
    yield context.new_page()
    context.close()


@pytest.fixture
def link(sharing: Sharing) -> SharedLink:
    return share(FILE, sharing.url, 2)


def test_the_keyboard_alone_opens_and_saves_it(page: Page, link: SharedLink, sharing: Sharing) -> None:
    watched = Watched(page)
    page.goto(link.url)
    assert axe(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#save:not([hidden])")
    assert "nothing is uploaded" in page.locator("#message:focus").inner_text()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("#save").focus()
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert Path(saved.value.path()).read_bytes() == FILE
    assert watched.errors == []
    assert watched.hosts() == {sharing.url}
    key = link.url.rpartition(".")[2]
    assert all(key not in url + body for url, body in watched.requests if "#" not in url)
    assert all(body == "" for _, body in watched.requests)


def test_it_is_checked_without_being_uploaded(page: Page, link: SharedLink) -> None:
    sent: list[str] = []
    page.context.on("request", lambda request: sent.append(request.method))
    page.goto(link.url)
    assert page.locator("#check").is_hidden()
    page.locator("#open").click()
    page.wait_for_selector("#check:visible")
    assert "save the file, and give it to a checking page" in page.locator("#opened").inner_text()
    with page.context.expect_page() as opened:
        page.locator("#check").click()
    opened.value.locator("#paste-check:focus").wait_for()
    # Before the reader presses: whom that page trusts and asks can be read, and nothing is checked.
    assert "Example University" in opened.value.locator("#policy-words").inner_text()
    assert "ask nobody" in opened.value.locator("#asks").inner_text()
    assert opened.value.locator("#result").is_hidden()
    opened.value.keyboard.press("Enter")
    opened.value.wait_for_selector("#result:not([hidden])")
    assert json.loads(FILE)["credentials"][0]["home"]["ledger"] in opened.value.locator("#report").inner_text()
    assert set(sent) == {"GET"}


def test_where_the_browser_opens_no_page_that_is_said(page: Page, link: SharedLink) -> None:
    page.add_init_script("window.open = () => null")
    page.goto(link.url)
    page.locator("#open").click()
    page.locator("#check").click()
    assert "Save the file" in page.locator("#message:focus").inner_text()


def opened(page: Page) -> None:
    """Wait until the page has tried to open the file."""
    page.locator("#open:enabled").wait_for()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url[:-2] + ("AA" if url[-2:] != "AA" else "EA"), "does not open this file"),
        (lambda url: url[:-9], "incomplete"),
        (lambda url: url.partition("#")[0], "incomplete"),
        (lambda url: f"{url.partition('#')[0]}#{'A' * 22}.{url.rpartition('.')[2]}", "has ended"),
    ],
)
def test_a_link_that_does_not_open_says_why(page: Page, link: SharedLink, change: object, said: str) -> None:
    assert callable(change)
    page.goto(change(link.url))
    if page.locator("#open").is_visible():
        page.locator("#open").click()
        opened(page)
    assert said in page.locator("#message").inner_text()
    assert page.locator("#save").is_hidden()


def test_an_ended_link_says_nothing_against_the_credential(page: Page, link: SharedLink, sharing: Sharing) -> None:
    sharing.clock.now += 2 * DAY
    page.goto(link.url)
    page.locator("#open").click()
    opened(page)
    assert "says nothing about the credential" in page.locator("#message").inner_text()
