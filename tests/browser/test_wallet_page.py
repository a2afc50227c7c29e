"""The learner's page as it is lived: the program, a browser, a chain, an institution's node, an employer's verifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from node.services import Services
from rootseal.credential import read_document
from rootseal.policy import parse_policy
from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.program import Program
from tests.support.verify_page import Verifier
from tests.support.wallet_page import SECRET, At, at_page, promised_link, serve, short_id

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_from_a_link_over_a_restored_backup_to_the_employers_answer(
    browser: Browser, site: str, node: tuple[str, Services], world: World, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    address, services = node
    policy = tmp_path / "node" / "policy.toml"
    options = ("--policy", policy, "--rpc", world.url)
    with serve(tmp_path / "first", *options) as url, at_page(browser, url) as at:
        at.page.fill("#new", SECRET)
        at.page.fill("#new-again", SECRET)
        at.page.check("input[value=key]")
        at.press("Make it")
        at.press("Addresses")
        holder = at.page.inner_text("dd")
        link = promised_link(address, services, holder)
        at.press("Add")
        at.page.fill("#link", link)
        at.press("Fetch it")
        assert "It proves itself" in at.text and "Promised:" in at.text, at.text
        assert link.partition("#")[2] not in at.page.content()
        services.anchor()
        at.page.fill("#node", address)
        at.press("Update")
        assert "the chain agrees" in at.text, at.text
        at.press("Backup")
        at.page.fill("#backup", SECRET + "!")
        at.page.fill("#backup-again", SECRET + "!")
        at.press("Make the backup")
        backup = at.download()
        assert at.watched.errors == [] and at.own_host_only()
    with serve(tmp_path / "second", *options) as url, at_page(browser, url) as at:
        at.page.set_input_files("#backup", {"name": "b", "mimeType": "application/octet-stream", "buffer": backup})
        at.page.fill("#backup-passphrase", SECRET + "!")
        at.press("Restore")
        assert "Restored: 1 credentials" in at.text
        data = three_claims(at)
    check(data, policy, world, tmp_path, capsys)
    opened = browser.new_context(locale="en-GB")
    verifier = Verifier(opened.new_page())
    verifier.open(f"{site}/verify.html", replace_rpc(policy, world))
    verifier.ask(AUDIENCE, NONCE)
    assert "Genuine" in verifier.check(data)
    assert "Ana Kovač" in verifier.report and "Learning outcome 1" not in verifier.report
    assert verifier.watched.errors == []
    opened.close()


def three_claims(at: At) -> bytes:
    """Tick the credential, three groups, answer the question, and download."""
    at.page.check("input[name=id]")
    at.press("Show the ticked ones")
    ticked = at.page.locator("input[name=show]:checked")
    while ticked.count():
        ticked.first.uncheck()
    for key in ("learner", "issuer", "dates"):
        at.page.check(f"input[name=show][value$=':{key}']")
    at.page.fill("#audience", AUDIENCE)
    at.page.fill("#nonce", NONCE)
    at.press("See what they will see")
    assert AUDIENCE in at.text and "What you sign" in at.text
    seen = at.page.inner_text(".seen dl")
    assert "Ana Kovač" in seen and "Learning outcome" not in seen
    at.page.fill("#passphrase", "another")
    at.press("Sign and make the file")
    assert "passphrase is wrong" in at.text and "Ana Kovač" in at.text
    at.page.fill("#passphrase", SECRET)
    at.press("Sign and make the file")
    assert "Your presentation is ready" in at.text
    return at.download()


def replace_rpc(policy: Path, world: World) -> Any:
    """The node's own policy, with the chain's address for the page."""
    found = parse_policy(policy.read_text())
    return replace(found, ledgers=tuple(replace(one, rpcs=(world.url,)) for one in found.ledgers))


def check(data: bytes, policy: Path, world: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the employer's command line."""
    path = folder / "three.presentation.json"
    path.write_bytes(data)
    words = ("verify", path, "--policy", policy, "--rpc", world.url, "--audience", AUDIENCE, "--nonce")
    program = Program(capsys)
    good = program(*words, NONCE)
    assert good.code == 0, good.out
    assert "answered your question" in " ".join(good.out.split())
    assert program(*words, "another").code == 1


def test_languages(browser: Browser, filled: Path) -> None:
    with serve(filled) as url, at_page(browser, url, "sl-SI") as at:
        assert at.page.get_attribute("html", "lang") == "sl"
        assert at.page.inner_text("h1") == "Vaša dokazila"
        at.press("Deutsch")
        assert at.page.inner_text("h1") == "Ihre Nachweise"
        at.press("Hinzufügen")
        assert at.page.get_attribute("html", "lang") == "de"


def test_hostile_names_run_nothing_and_break_nothing(learner: At, world: World) -> None:
    title = read_document(world.file("Hostile Name").credential).title
    assert title is not None and "<script>" in title
    for path in ("/", f"/credential/{short_id(world.file('Hostile Name'))}",
                 f"/present?id={short_id(world.file('Hostile Name'))}&preset=all"):  # fmt: skip
        learner.go(path)
        assert "<script>alert(1)</script>" in learner.text and "\u202e" not in learner.page.content()
        assert learner.page.locator("main script, main img").count() == 0
        assert learner.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
