"""One browser and one chain for all tests of pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from coincurve import PrivateKey

from anchor.web3_chain import open_chain
from rootseal.files import CredentialFile
from rootseal.instants import format_instant
from rootseal.policy import Policy
from rootseal.presentation import HolderProof, Presentation, present
from tests.support.browser import PAGES, chromium, serving
from tests.support.contract_wallet import deploy_wallet
from tests.support.devchain import running_chain
from tests.support.issued import ChainPublisher, Institution, address_of, sign
from tests.support.verify_page import Verifier

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AUDIENCE, NONCE = "Example Employer Ltd", "7c1f 02"
DAY = 86_400
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp.exe " + "A" * 10_000


@dataclass
class World:
    """A chain with one issuer, and a verifier's policy. Files are asked for by the learner's name."""

    url: str
    institution: Institution
    policy: Policy
    key: PrivateKey

    def file(self, learner: str = "Ana Novak") -> CredentialFile:
        """The complete file of a learner."""
        return next(
            self.institution.file(index)
            for index, sealed in enumerate(self.institution.sealed)
            if sealed.credential["credentialSubject"]["identifier"][0]["identityHash"] == learner  # type: ignore[call-overload,index]
        )

    def answered(
        self, signer: PrivateKey | None = None, lifetime: int = 600, age: int = 0, learner: str = "Ana Novak"
    ) -> bytes:
        """A learner's presentation with an answer to the employer's question."""
        bare = Presentation((present(self.file(learner), lambda path: True, show_subject=True),))
        created = int(time.time()) - age - 1
        unsigned = HolderProof(AUDIENCE, NONCE, created, created + lifetime, ())
        signature = sign(signer or self.key, unsigned.digest(bare.digest))
        return replace(bare, holder=replace(unsigned, signatures=(signature,))).to_bytes()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    key = PrivateKey(b"\x33" * 32)
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        reached = open_chain(chain.url)
        publisher = ChainPublisher(reached)
        institution = publisher.register()
        for learner in ("Ana Novak", "Bor Kos", "Cene Zupan", "Hostile Name"):
            institution.issue(learner, address_of(key))
        institution.issue("Eva Denar", deploy_wallet(reached, address_of(key)))
        past = format_instant(int(time.time()) - DAY)
        for at, change in ((2, {"validUntil": past}), (3, {})):
            institution.waiting[at] = replace(
                institution.waiting[at], credential={**institution.waiting[at].credential, **change}
            )
        _make_hostile(institution)
        institution.seal()
        institution.publish()
        issued = World(chain.url, institution, publisher.policy(institution.home, chain.url), key)
        publisher.revoke(institution.home, issued.file("Bor Kos").proofs.index)
        institution.issue("Dana Zupan", address_of(key))
        institution.seal()  # promised, and not anchored
        yield issued


def _make_hostile(institution: Institution) -> None:
    file = institution.waiting[3]
    subject = file.credential["credentialSubject"]
    achievement = {**subject["achievement"], "name": HOSTILE, "description": HOSTILE}  # type: ignore[dict-item,call-overload,index]
    credential = {**file.credential, "credentialSubject": {**subject, "achievement": achievement}}  # type: ignore[dict-item]
    institution.waiting[3] = replace(file, credential=credential)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    fake_camera = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with chromium("the pages, in a real browser", *fake_camera) as opened:
        yield opened


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    with serving(PAGES) as url:
        yield url


@pytest.fixture
def page_file() -> Path:
    return PAGES / "verify.html"


@pytest.fixture
def verifier(browser: Browser, site: str, world: World) -> Iterator[Verifier]:
    context = browser.new_context(locale="en-GB")
    opened = Verifier(context.new_page())
    opened.open(f"{site}/verify.html", world.policy)
    yield opened
    assert opened.watched.errors == []
    context.close()
