"""`rootseal wallet serve` in a process of its own, and a learner at its page."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from node.delivery.links import ClaimLinkService
from rootseal.instants import format_date
from tests.support.axe import axe, keep, pictures_wanted
from tests.support.browser import Watched, next_page, settled
from tests.support.devchain import ROOT
from tests.unit.node.nodes import HEADER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from node.services import Services
    from rootseal.files import CredentialFile

__all__ = ["SECRET", "At", "at_page", "look", "promised_link", "question", "serve", "short_id"]

SECRET = "four quiet words"
"""The passphrase of every wallet here."""


@contextmanager
def serve(directory: Path, *options: object) -> Iterator[str]:
    """The address that the program prints; it works once. Ends with a clean exit, or the test fails."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rootseal", "wallet", "serve", str(directory), "--no-open", *map(str, options)],
        cwd=ROOT,
        env={**os.environ, "XDG_CONFIG_HOME": str(directory.parent / "config")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+", line)
        assert found is not None, line
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


class At:
    """A learner at the page of one wallet."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.watched = Watched(self.page)
        self.page.goto(url)
        settled(self.page)
        self.home = url.partition("/open/")[0]

    def go(self, path: str) -> None:
        self.page.goto(self.home + path)
        settled(self.page)

    def press(self, name: str) -> None:
        """A button or a link that looks like one, by its words; waits for the page after it."""
        place = self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        )
        with next_page(self.page):
            place.first.click()

    @property
    def text(self) -> str:
        return self.page.inner_text("main")

    def download(self) -> bytes:
        with self.page.expect_download() as waiting:
            self.page.click("#download")
        return waiting.value.path().read_bytes()

    def own_host_only(self) -> bool:
        """True iff the page asked nobody but the program on this machine."""
        return self.watched.hosts() <= {self.home.rpartition("/")[0]}


@contextmanager
def at_page(browser: Browser, url: str, locale: str = "en-GB") -> Iterator[At]:
    """Open the address in a browser of its own."""
    context = browser.new_context(locale=locale, accept_downloads=True)
    try:
        yield At(context, url)
    finally:
        context.close()


def short_id(file: CredentialFile) -> str:
    """What names it on the page."""
    return file.commitment.hex()[:12]


def question(at: At, file: CredentialFile, audience: str, nonce: str) -> None:
    """Choose the grade, and look at the answer to a verifier's question; in whatever language."""
    at.go(f"/present?id={short_id(file)}&preset=grade")
    at.page.fill("#audience", audience)
    at.page.fill("#nonce", nonce)
    with next_page(at.page):
        at.page.locator("form[action$='/preview'] button").click()


def look(at: At, state: str, width: int, *, picture: bool = True) -> None:
    """axe finds nothing, and nothing lies beside the screen; a picture of it where pictures are wanted."""
    if picture and pictures_wanted():
        at.page.evaluate("document.activeElement.blur()")
        keep(at.page.screenshot(full_page=True), f"wallet-{state}-{'phone' if width < 600 else 'desktop'}.png")
    assert axe(at.page) == [], state
    assert at.page.evaluate("document.documentElement.scrollWidth") <= width, state


def promised_link(address: str, services: Services, holder: str) -> str:
    """A credential for that address, sealed and not anchored; its claim link."""
    date = format_date(services.now - 86_400)
    header = HEADER.rstrip("\n").split(",")
    row = f"00000001,Ana,Kovač,l@example.edu,ledgers,{date},,\n".rstrip("\n").split(",")
    row[header.index("holder")] = holder
    report = services.issue((HEADER + ",".join(row) + "\n").encode(), "list.csv")
    assert len(report.issued) == 1, report
    services.seal()
    links = ClaimLinkService(services.store, address, lambda _: b"")
    return links.make(report.issued[0].id, services.now, 1).url
