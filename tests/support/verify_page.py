"""An employer at the verify page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rootseal.files import CredentialFile
from rootseal.policy import Policy, format_policy
from rootseal.presentation import Presentation
from tests.support.browser import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["Verifier"]


class Verifier:
    """An employer at the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.watched = Watched(page)

    def open(self, url: str, policy: Policy | None = None) -> None:
        self.page.goto(url)
        if policy is not None:
            self.use(format_policy(policy))

    def use(self, policy: str) -> None:
        self.page.set_input_files(
            "#policy-file", {"name": "policy.toml", "mimeType": "text/plain", "buffer": policy.encode()}
        )
        self._filled("#policy-status")

    def check(self, content: CredentialFile | Presentation | bytes, name: str = "a.presentation.json") -> str:
        """The first sentence."""
        data = content if isinstance(content, bytes) else content.to_bytes()
        self.page.evaluate("document.getElementById('status').textContent = ''")
        self.page.set_input_files("#file", {"name": name, "mimeType": "application/json", "buffer": data})
        return self.sentence()

    def sentence(self) -> str:
        self._filled("#status")
        return self.page.locator(".verdict .sentence").first.inner_text()

    def _filled(self, place: str) -> None:
        """Waits for a sentence by asking again and again: the page lets nobody evaluate text in it."""
        for _ in range(600):
            if len(self.page.locator(place).inner_text()) > 15:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"nothing was said in {place}")

    def ask(self, audience: str, nonce: str) -> None:
        self.page.locator("#question-part summary").click()
        self.page.fill("#audience", audience)
        self.page.fill("#nonce", nonce)

    @property
    def codes(self) -> list[str]:
        rows = self.page.locator(".checks li")
        return [str(rows.nth(at).get_attribute("data-code")) for at in range(rows.count())]

    @property
    def report(self) -> str:
        return self.page.locator("#report").inner_text()
