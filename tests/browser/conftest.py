"""One browser and one chain for all tests of pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from coincurve import PrivateKey
from werkzeug.serving import make_server

from anchor.keys import create_keystore, signer_from_secret, write_keystore
from anchor.web3_chain import open_chain
from node.app import create_app
from node.services import Services
from rootseal.files import CredentialFile
from rootseal.instants import format_instant
from rootseal.policy import Policy
from rootseal.presentation import HolderProof, Presentation, present
from tests.support.browser import PAGES, chromium
from tests.support.contract_wallet import deploy_wallet
from tests.support.devchain import running_chain
from tests.support.issued import ChainPublisher, Institution, address_of, sign
from tests.support.live_node import Quiet
from tests.support.program import Program
from tests.support.serving import file_server, serving
from tests.support.verify_page import Verifier
from tests.support.wallet_page import SECRET, At, at_page, serve
from tests.unit.node.nodes import TEMPLATES
from wallet.box import Box
from wallet.settings import write_policy

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
    with file_server(PAGES) as url:
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


@pytest.fixture(scope="module")
def filled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet on disk with three of the world's credentials: published, hostile, promised."""
    folder = tmp_path_factory.mktemp("wallet")
    box = Box.create(folder / "box")
    write_keystore(box.keystore, signer_from_secret(world.key.secret), SECRET, "pbkdf2", 2)
    for learner in ("Ana Novak", "Hostile Name", "Dana Zupan"):
        box.keep(world.file(learner))
    write_policy(folder / "policy.toml", world.policy)
    return box.directory


@pytest.fixture
def learner(browser: Browser, filled: Path) -> Iterator[At]:
    with serve(filled, "--policy", filled.parent / "policy.toml") as url, at_page(browser, url) as at:
        yield at
        assert at.watched.errors == []
        assert at.own_host_only()


@pytest.fixture
def node(tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, Services]]:
    """An institution's node on the world's chain, behind a real server."""
    program, directory = Program(capsys), tmp_path / "node"
    directory.mkdir()
    (directory / "passphrase.txt").write_text("correct horse\n")
    for name in ("key.json", "admin-key.json"):
        create_keystore(directory / name, "correct horse", "pbkdf2", 2)
    made = program("node", "init", directory, "--chain-url", world.url, "--deploy", "--name", "Example College")
    assert made.code == 0, made.err
    with Services.open(directory) as services:
        services.add_templates(TEMPLATES)
        server = make_server("127.0.0.1", 0, create_app(services), threaded=True, request_handler=Quiet)
        with serving(server) as url:
            yield url, services
