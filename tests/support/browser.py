"""Debian's Chromium driven by Playwright, and a page watched: every request and every error written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

__all__ = ["CHROMIUM", "PAGES", "Watched", "chromium", "next_page", "settled"]

CHROMIUM = Path("/usr/bin/chromium")
PAGES = Path(__file__).parents[2] / "node" / "pages"
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_running: list[Playwright] = []


@contextmanager
def chromium(left_out: str, *arguments: str) -> Iterator[Browser]:
    """A browser. Skips the test, naming what it leaves out; where everything is required, that fails the run."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there (apt-get install chromium); left out: {left_out}")
    api = pytest.importorskip("playwright.sync_api", reason=f"playwright is not installed; left out: {left_out}")
    with _driver(api.sync_playwright) as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*_ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _driver(start: Callable[[], AbstractContextManager[Playwright]]) -> Iterator[Playwright]:
    """The one driver of this process, shared by all its browsers: Playwright refuses a second."""
    if _running:
        yield _running[0]
        return
    with start() as playwright:
        _running.append(playwright)
        try:
            yield playwright
        finally:
            _running.clear()


@contextmanager
def next_page(page: Page) -> Iterator[None]:
    """What is done inside leads to another page. Afterwards that one is there: loaded, laid out, its focus set."""
    with page.expect_navigation():
        yield
    settled(page)


def settled(page: Page) -> None:
    """Wait for the focus that a page sets itself: a browser does so some time after the page is loaded, and takes the
    focus away from whoever was quicker."""
    if page.locator("[autofocus]").count():
        page.locator("[autofocus]:focus").wait_for()


class Watched:
    """Everything that a page asked the network for, and every error that it reported."""

    def __init__(self, page: Page) -> None:
        self.requests: list[tuple[str, str]] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append((request.url, request.post_data or "")))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def hosts(self) -> set[str]:
        """Scheme and host of everything that was asked."""
        return {"/".join(url.split("/", 3)[:3]) for url, _ in self.requests if not url.startswith(("data:", "blob:"))}
