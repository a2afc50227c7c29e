"""Everything that the verify page can do, by the keyboard alone: no script and no mouse sets the focus here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import segno

from rootseal.policy import Policy, format_policy
from rootseal.presentation import Presentation, present
from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.devchain import ROOT
from tests.support.keyboard import Keyboard
from tests.support.verify_page import Verifier
from wallet.compact import compact, frames

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload


@pytest.fixture
def desk(browser: Browser, site: str) -> Iterator[tuple[Verifier, Keyboard]]:
    """The page as it opens, nothing set and nothing focused."""
    context = browser.new_context(locale="en-GB")
    verifier = Verifier(context.new_page())
    verifier.open(f"{site}/verify.html")
    yield verifier, Keyboard(verifier.page)
    assert verifier.watched.errors == []
    context.close()


def _trust(keys: Keyboard, policy: str) -> None:
    keys.open("policy-part")
    keys.write("policy-text", policy)
    keys.use("policy-apply")
    assert keys.page.inner_text("#policy-status") == "The list is in use."


def _bring(keys: Keyboard, data: bytes) -> None:
    """Choose a file: what the system's own dialog would do is left to it."""
    keys.to("file")
    keys.page.evaluate("document.getElementById('status').textContent = ''")
    keys.page.set_input_files("#file", {"name": "a.json", "mimeType": "application/json", "buffer": data})


def _said(verifier: Verifier, keys: Keyboard) -> str:
    """The sentence, once focus and announcement are where they belong."""
    sentence = verifier.sentence()
    assert keys.where() == "result-heading"
    assert verifier.page.inner_text("#status") == f"Checked. {sentence}"
    return sentence


def test_a_file_its_report_and_another_one(desk: tuple[Verifier, Keyboard], world: World) -> None:
    verifier, keys = desk
    _trust(keys, format_policy(world.policy))
    _bring(keys, world.file().to_bytes())
    assert "Genuine. Issued by" in _said(verifier, keys)
    keys.open("raw")
    keys.to("DIV")  # the table, which scrolls sideways
    keys.open("technical")
    assert verifier.page.is_visible(".technical dl") and verifier.page.is_visible(".raw table")
    keys.use("another")
    assert verifier.page.is_hidden("#result")
    assert keys.where() == "file"


def test_pasted_after_the_skip_link(desk: tuple[Verifier, Keyboard], world: World) -> None:
    verifier, keys = desk
    keys.press("Tab")
    assert verifier.page.evaluate("document.activeElement.className") == "skip"
    keys.where()
    _trust(keys, format_policy(world.policy))
    keys.open("paste-part")
    keys.write("paste", world.file("Bor Kos").to_bytes().decode())
    keys.use("paste-check", "Space")
    assert "Genuine, but: The issuer has revoked it" in _said(verifier, keys)
    keys.open("fake")
    assert "never check by a link" in verifier.page.inner_text(".fake")


def test_a_picture_of_a_code_and_the_camera(desk: tuple[Verifier, Keyboard], world: World, tmp_path: Path) -> None:
    verifier, keys = desk
    _trust(keys, format_policy(world.policy))
    keys.open("qr-part")
    keys.use("camera", "Space")
    verifier.page.wait_for_selector("#video:not([hidden])")
    keys.press("Space")  # the same button
    assert verifier.page.is_hidden("#video") and keys.where() == "camera"
    codes = frames(compact(Presentation((present(world.file(), lambda path: False),)).to_bytes()))
    pictures = [tmp_path / f"{number}.png" for number in range(len(codes))]
    for code, picture in zip(codes, pictures, strict=True):
        segno.make(code, error="l", boost_error=False).save(str(picture), scale=5, border=4)
    keys.to("qr-image")
    verifier.page.set_input_files("#qr-image", pictures)
    assert "Genuine. Issued by" in _said(verifier, keys)


def test_whom_to_ask(desk: tuple[Verifier, Keyboard], world: World, site: str) -> None:
    """By an address of the user's own, then by nobody: radio buttons go by the arrow keys."""
    verifier, keys = desk
    (ledger,) = world.policy.ledgers
    _trust(keys, format_policy(Policy((replace(ledger, rpcs=()),))))
    _bring(keys, world.file().to_bytes())
    assert "put one in under “Asking the chain”" in _said(verifier, keys)
    keys.to("chain-part", "Shift+Tab")
    keys.press("Enter")
    keys.to("policy")
    keys.press("ArrowDown")
    assert keys.where() == "url"
    keys.write("chain-url", world.url)
    keys.use("again")
    assert "Genuine. Issued by" in _said(verifier, keys)
    assert verifier.watched.hosts() == {site, world.url.rstrip("/")}
    keys.to("url", "Shift+Tab")
    keys.press("ArrowDown")
    assert keys.where() == "nobody"
    asked = len(verifier.watched.requests)
    keys.use("again")
    assert "you asked for no connection" in _said(verifier, keys)
    assert len(verifier.watched.requests) == asked


def test_snapshot_and_block(desk: tuple[Verifier, Keyboard]) -> None:
    verifier, keys = desk
    vector = json.loads((ROOT / "tests" / "vectors" / "snapshot.json").read_text())
    verifier.page.clock.set_fixed_time(datetime.fromtimestamp(vector["now"], UTC))
    _trust(keys, vector["policy"])
    keys.open("chain-part")
    keys.write("blocks", vector["blockHash"])
    keys.to("snapshot")
    snapshot: FilePayload = {"name": "s.json", "mimeType": "application/json", "buffer": vector["snapshot"].encode()}
    verifier.page.set_input_files("#snapshot", snapshot)
    verifier.page.wait_for_selector("#snapshot-status:not(:empty)")
    case = vector["cases"][0]
    _bring(keys, case["file"].encode())
    _said(verifier, keys)
    assert verifier.codes == case["codes"]
    keys.use("snapshot-forget")
    verifier.page.wait_for_selector("#snapshot-forget", state="hidden")
    assert verifier.page.inner_text("#snapshot-status") == ""
    verifier.page.wait_for_selector("[data-code='anchor.unreachable']")
    assert "The chain could not be asked" in verifier.sentence()


def test_question_day_and_language(desk: tuple[Verifier, Keyboard], world: World) -> None:
    verifier, keys = desk
    _trust(keys, format_policy(world.policy))
    keys.open("question-part")
    keys.write("audience", AUDIENCE)
    keys.write("nonce", NONCE)
    _bring(keys, world.answered())
    assert _said(verifier, keys).endswith("holds the key that it was issued to, and answered your question.")
    keys.use("another")
    keys.to("audience")
    keys.press("Control+a", "Delete")
    keys.to("nonce")
    keys.press("Control+a", "Delete")
    keys.open("date-part")
    keys.to("date")
    verifier.page.keyboard.type("10102026")  # the same in every order of day and month
    assert verifier.page.input_value("#date") == "2026-10-10"
    _bring(keys, world.file("Cene Zupan").to_bytes())
    assert "Valid on 2026-10-10" in _said(verifier, keys)
    keys.to("language", "Shift+Tab")
    keys.press("ArrowDown")
    assert verifier.page.get_attribute("html", "lang") == "de"
    assert "Gültig am 2026-10-10" in verifier.sentence()
    assert keys.where() == "language"
