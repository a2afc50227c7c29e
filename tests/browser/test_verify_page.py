"""The verify page in Chromium: every outcome has its own sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from coincurve import PrivateKey

from rootseal.policy import Policy, format_policy
from rootseal.presentation import Presentation, present
from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.verify_page import Verifier
from tests.support.world import disclose

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHOWN = disclose(
    "credentialSubject.achievement", "credentialSubject.identifier", "credentialSubject.result", "validFrom"
)


def test_verified(verifier: Verifier, world: World) -> None:
    sentence = verifier.check(Presentation((present(world.file(), SHOWN),)))
    assert re.fullmatch(
        r"TEST\. Genuine\. Issued by Example University, an issuer that you trust\. Valid on 20\d\d-\d\d-\d\d\.",
        sentence,
    )
    assert verifier.codes == [
        "format.ok", "integrity.ok", "inclusion.ok", "anchor.ok", "issuer.pinned", "status.ok", "validity.ok",
        "holder.absent",
    ]  # fmt: skip
    report = verifier.report
    for expected in (
        "FinTech",
        "Ana Novak",
        "71",
        "EQF level 7",
        "Explain how financial technology",
        "125 hours (5 ECTS)",
    ):
        assert expected in report
    assert "does not show that the person in front of you is the learner" in report
    assert "State of the chain: 20" in report and "What was issued" in report
    assert "It shows what its holder chose to show" in report


def test_what_is_hidden_is_said_to_be_hidden(verifier: Verifier, world: World) -> None:
    verifier.check(Presentation((present(world.file(), lambda path: False),)))
    absent = verifier.page.locator("dd.absent").all_inner_texts()
    assert absent == ["(not shown)"] * 6 + ["left out by the holder, or never stated"]
    assert "Ana Novak" not in verifier.report


def test_a_complete_file_is_told_apart(verifier: Verifier, world: World) -> None:
    verifier.check(world.file(), "a.credential.json")
    assert "Complete credential file. Note: this is the holder's own complete file" in verifier.report
    assert verifier.page.locator("[data-kind=complete]").count() == 1


def test_tampered(verifier: Verifier, world: World) -> None:
    altered = world.file().to_bytes().replace(b'"value":"71"', b'"value":"99"')
    assert verifier.check(altered).startswith(
        "TEST. Not accepted: What is shown is not what the issuer entered in its log"
    )
    assert "inclusion.mismatch" in verifier.codes
    assert "99" not in verifier.page.locator("#report dl").first.inner_text()
    assert "is not repeated here" in verifier.report


def test_revoked(verifier: Verifier, world: World) -> None:
    assert "Genuine, but: The issuer has revoked it" in verifier.check(world.file("Bor Kos"))


def test_expired(verifier: Verifier, world: World) -> None:
    assert "Genuine, but: It expired on" in verifier.check(world.file("Cene Zupan"))


def test_the_day_can_be_chosen(verifier: Verifier, world: World) -> None:
    verifier.page.locator("#date-part summary").click()
    verifier.page.fill("#date", "2026-11-01")
    assert "Genuine. Issued by" in verifier.check(world.file("Cene Zupan"))
    assert "Valid on 2026-11-01" in verifier.report


def test_not_anchored_yet(verifier: Verifier, world: World) -> None:
    sentence = verifier.check(world.file("Dana Zupan"))
    assert sentence.startswith(
        "TEST. Could not be decided: Not published on the chain yet. The issuer promised to do so by 20"
    )
    assert "Shown: nothing was altered, it is within its dates. Not known:" in verifier.report


def test_unreachable_chain(verifier: Verifier, world: World) -> None:
    (ledger,) = world.policy.ledgers
    verifier.use(format_policy(Policy((replace(ledger, rpcs=("http://127.0.0.1:9/",)),))))
    sentence = verifier.check(world.file())
    assert sentence.startswith(
        "TEST. Could not be decided: The chain could not be asked: 127.0.0.1:9 does not answer, or"
    )
    assert verifier.codes[3:6] == ["anchor.unreachable", "issuer.unreachable", "status.unreachable"]
    assert any("ERR_UNSAFE_PORT" in e or "Failed to load" in e for e in verifier.watched.errors)
    verifier.watched.errors.clear()


def test_another_chain_than_the_pinned_one(verifier: Verifier, world: World) -> None:
    (ledger,) = world.policy.ledgers
    verifier.use(format_policy(Policy((replace(ledger, genesis=bytes(32)),))))
    assert "is a node of another chain than the one in your list, with the same number" in verifier.check(world.file())


def test_untrusted_issuer(verifier: Verifier, world: World) -> None:
    (ledger,) = world.policy.ledgers
    verifier.use(format_policy(Policy((replace(ledger, issuers=((99, "Somebody else"),)),))))
    assert (
        "Could not be decided: The issuer calls itself “Example University”. Neither you nor anyone"
        in verifier.check(world.file())
    )


def test_no_policy(browser: Browser, site: str, world: World) -> None:
    page = browser.new_page(locale="en-GB")
    verifier = Verifier(page)
    verifier.open(f"{site}/verify.html")
    assert "You have not said yet whom you trust" in page.inner_text("#policy-words")
    assert "so nobody was asked" in verifier.check(world.file())
    assert verifier.watched.hosts() == {site}
    page.close()


def test_answer_of_the_holder(verifier: Verifier, world: World) -> None:
    verifier.ask(AUDIENCE, NONCE)
    assert verifier.check(world.answered()).endswith("holds the key that it was issued to, and answered your question.")
    assert "Presentation with the holder’s answer" in verifier.report


def test_wrong_holder(verifier: Verifier, world: World) -> None:
    verifier.ask(AUDIENCE, NONCE)
    sentence = verifier.check(world.answered(PrivateKey(b"\x44" * 32)))
    assert "Genuine, but: The answer was not signed by the key that it was issued to." in sentence


def test_expired_challenge(verifier: Verifier, world: World) -> None:
    verifier.ask(AUDIENCE, NONCE)
    assert "Genuine, but: The answer expired on" in verifier.check(world.answered(age=3600))


def test_answer_for_somebody_else(verifier: Verifier, world: World) -> None:
    verifier.ask("Another Ltd", NONCE)
    assert "Genuine, but: The answer was made for somebody else." in verifier.check(world.answered())


def test_several_credentials(verifier: Verifier, world: World) -> None:
    both = Presentation((present(world.file(), SHOWN), present(world.file("Bor Kos"), SHOWN)))
    verifier.check(both)
    assert verifier.page.locator(".verdict").count() == 2
    assert "Credential 2 of 2" in verifier.report
    assert verifier.page.locator(".verdict.verified").count() == verifier.page.locator(".verdict.rejected").count() == 1
