"""The verify page keeps to itself: what it asks, what it refuses to load, and how it works from a disk."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.conftest import World
from tests.support.devchain import ROOT
from tests.support.verify_page import Verifier

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page


def test_nothing_but_the_chosen_node_is_asked(verifier: Verifier, world: World, site: str) -> None:
    file = world.file()
    assert "Genuine" in verifier.check(file)
    assert verifier.watched.hosts() == {site, world.url.rstrip("/")}
    said = "".join(body for _, body in verifier.watched.requests)
    assert "eth_call" in said
    for secret in ("Ana Novak", "FinTech", file.seed.hex(), file.commitment.hex(), file.subject.holder.hex()):
        assert secret not in said
    assert verifier.page.evaluate("document.cookie + localStorage.length") == "0"


def test_the_page_obeys_its_own_content_security_policy(verifier: Verifier) -> None:
    """What an attacker would like to run or load is refused; the page's own scripts run."""
    verifier.page.evaluate(
        """() => {
          window.hit = 0;
          const script = document.createElement('script');
          try { script.textContent = 'window.hit = 1'; document.body.append(script); } catch { }
          const image = document.createElement('img');
          image.src = 'http://127.0.0.1:9/leak';
          document.body.append(image);
        }"""
    )
    verifier.page.wait_for_timeout(200)
    assert verifier.page.evaluate("window.hit") == 0
    said = " ".join(verifier.watched.errors)
    assert "This document requires 'TrustedScript' assignment. The action has been blocked." in said
    assert re.search(
        r"Loading the image 'http://127.0.0.1:9/leak' violates .*Content Security Policy.*has been blocked", said
    )
    verifier.watched.errors.clear()


def test_from_disk_without_any_connection(browser: Browser, page_file: Path, world: World) -> None:
    """Saved and opened as a file; a block hash that the employer knows stands for the chain."""
    context = browser.new_context(locale="en-GB", offline=True)
    verifier = Verifier(context.new_page())
    verifier.open(page_file.as_uri(), world.policy)
    page = verifier.page
    page.locator("#chain-part summary").click()
    page.check("input[value=nobody]")
    file = world.file()
    block = file.proofs.anchors[0].block.hash.hex()
    page.fill("#blocks", f"{file.home.chain}:0x{block}")
    assert (
        "Could not be decided: The register of issuers could not be asked: you asked for no connection."
        in verifier.check(file)
    )
    assert verifier.codes[2:6] == ["inclusion.ok", "anchor.block_hash", "issuer.unreachable", "status.unreachable"]
    assert verifier.watched.requests == [(page_file.as_uri(), "")]
    page.fill("#blocks", "0x12")
    page.click("#again")
    assert "This is no block" in page.inner_text("#settings-problem")
    assert verifier.watched.errors == []
    context.close()


def test_the_page_says_how_to_recognise_a_false_one(verifier: Verifier) -> None:
    verifier.page.locator(".fake summary").click()
    assert "never check by a link or code that came with the certificate" in verifier.page.inner_text(".fake")


def test_policy_is_shown_edited_kept_and_forgotten(verifier: Verifier, world: World) -> None:
    page = verifier.page
    assert "issuer 1, whom you call “Example University”" in page.inner_text("#policy-words")
    page.locator("#policy-part summary").click()
    text = page.input_value("#policy-text")
    page.fill("#policy-text", text.replace("Example University", "Our university"))
    page.click("#policy-remember")
    assert "Issued by Our university" in verifier.check(world.file())
    page.fill("#policy-text", text + "\nmax_status_agee = 1\n")
    page.click("#policy-apply")
    assert "cannot be used" in page.inner_text("#policy-status") and "max_status_agee" in page.inner_text(
        "#policy-status"
    )
    page.reload()
    assert "whom you call “Our university”" in page.inner_text("#policy-words")
    page.locator("#policy-part summary").click()
    page.click("#policy-forget")
    page.reload()
    assert "You have not said yet whom you trust" in page.inner_text("#policy-words")


def test_a_snapshot_stands_for_the_chain(browser: Browser, page_file: Path) -> None:
    """From a disk, offline: file, snapshot and one block hash decide everything that a chain would."""
    vector = json.loads((ROOT / "tests" / "vectors" / "snapshot.json").read_text())
    context = browser.new_context(locale="en-GB", offline=True)
    verifier = Verifier(context.new_page())
    verifier.open(page_file.as_uri())
    page = verifier.page
    page.clock.set_fixed_time(datetime.fromtimestamp(vector["now"], UTC))
    verifier.use(vector["policy"])
    page.locator("#chain-part summary").click()
    snapshot: FilePayload = {"name": "s.json", "mimeType": "application/json", "buffer": vector["snapshot"].encode()}
    page.set_input_files("#snapshot", {**snapshot, "buffer": b"{}"})
    page.wait_for_selector("#snapshot-status:not(:empty)")
    assert "This is no snapshot" in page.inner_text("#snapshot-status")
    case = vector["cases"][0]
    other = re.sub(r'"issuer":\d+', '"issuer":77', vector["snapshot"]).encode()
    number = json.loads(vector["snapshot"])["home"]["issuer"]
    assert number != 77
    foreign: FilePayload = {"name": "o.json", "mimeType": "application/json", "buffer": other}
    page.set_input_files("#snapshot", foreign)
    page.wait_for_selector("#snapshot-forget:not([hidden])")
    assert "the snapshot is of another issuer" in verifier.check(case["file"].encode())
    page.set_input_files("#snapshot", [foreign, snapshot])
    _reads(page, "#snapshot-status", f": eip155:31338 / 77, eip155:31338 / 77, eip155:31338 / {number}.")
    assert "you have not named the block of the snapshot as one that you know" in verifier.check(case["file"].encode())
    page.fill("#blocks", vector["blockHash"])
    for case in vector["cases"]:
        verifier.check(case["file"].encode())
        assert verifier.codes == case["codes"], case["name"]
    assert verifier.watched.requests == [(page_file.as_uri(), "")]
    page.click("#snapshot-forget")
    page.wait_for_selector("[data-code='anchor.unreachable']")
    assert page.inner_text("#snapshot-status") == ""
    context.close()


def _reads(page: Page, place: str, end: str) -> None:
    for _ in range(100):
        if page.inner_text(place).endswith(end):
            return
        page.wait_for_timeout(50)
    raise AssertionError(page.inner_text(place))
