"""The page as a node serves it, saved to a disk, and opened six years later, when that node is long gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from anchor.embedded.chain import EmbeddedChain
from anchor.embedded.server import RpcServer
from anchor.snapshotting import make_snapshot
from anchor.web3_chain import open_chain
from node.app import create_app
from node.config import read_config, write_config
from node.init_policy import public_policy
from node.services import Services
from rootseal.microcredential import MicroCredential
from tests.support.live_node import Quiet
from tests.support.serving import serving
from tests.support.verify_page import Verifier
from tests.unit.node.nodes import TEMPLATES, Clock, make_registered, roster

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload

ISSUED = datetime(2026, 10, 3, 4, tzinfo=UTC)
LATER = datetime(2032, 5, 17, 9, tzinfo=UTC)
SHORT = {**TEMPLATES["endnote"].to_json(), "key": "badge", "title": "First aid", "valid_for": "P2Y"}


@dataclass(frozen=True)
class Kept:
    """What a careful employer kept in 2026, and what somebody who runs a node of the chain gives him in 2032."""

    page: Path
    lasting: bytes
    expired: bytes
    revoked: bytes
    snapshot: bytes
    block: str
    old_snapshot: bytes
    old_block: str


@contextmanager
def _chain(clock: Clock) -> Iterator[str]:
    chain = EmbeddedChain.open(None, lambda: int(clock()))
    server = RpcServer(chain, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()
        chain.close()


@pytest.fixture(scope="module")
def kept(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """A node issues, its page is saved, and it is no more; six years later the chain still goes on."""
    folder, clock = tmp_path_factory.mktemp("saved"), Clock(ISSUED.timestamp())
    with _chain(clock) as url:
        make_registered(folder / "node", open_chain(url))
        config = replace(read_config(folder / "node"), public_chain_urls=(url,))
        write_config(folder / "node", config)
        with Services.open(folder / "node", chain=open_chain(url), clock=clock, sleep=clock.sleep) as services:
            services.add_templates({**TEMPLATES, "badge": MicroCredential.from_json(SHORT)})
            issued = services.issue(roster(2), "list.csv").issued
            issued += services.issue(roster(1, first=2, template="badge"), "badges.csv").issued
            services.seal()
            assert services.anchor().reached
            services.revoke([issued[1].id])
            lasting, revoked, expired = (services.credential_file(row.id) for row in issued)
            page = _saved(browser, services, folder / "verify.html")
            ledger, issuer = public_policy(config).ledgers[0], services.home.issuer
            services.anchor()
        old, old_block = make_snapshot(url, ledger, issuer, [])
        clock.now = LATER.timestamp() - 3600
        open_chain(url).send_unlocked(open_chain(url).accounts()[0], bytes(20), b"", 1, 21_000)  # one more block
        new, block = make_snapshot(url, ledger, issuer, [])
    assert block.timestamp == clock.now
    names = [f"eip155:{config.chain_id}:0x{one.hash.hex()}" for one in (block, old_block)]
    yield Kept(page, lasting, expired, revoked, new.to_bytes(), names[0], old.to_bytes(), names[1])


def _saved(browser: Browser, services: Services, path: Path) -> Path:
    """The bytes that the browser got for `/verify`: what "Save page as, HTML only" writes."""
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True, request_handler=Quiet)
    with serving(server) as url, browser.new_page(locale="en-GB") as tab:
        answer = tab.goto(f"{url}/verify")
        assert answer is not None
        path.write_bytes(answer.body())
    return path


@pytest.fixture
def verifier(browser: Browser, kept: Kept) -> Iterator[Verifier]:
    """The saved page in 2032, on a computer without any connection; nobody is asked."""
    context = browser.new_context(locale="en-GB", offline=True)
    page = context.new_page()
    page.clock.install(time=LATER)
    opened = Verifier(page)
    opened.open(kept.page.as_uri())
    page.locator("#chain-part summary").click()
    page.check("input[value=nobody]")
    yield opened
    assert opened.watched.errors == []
    assert opened.watched.requests == [(kept.page.as_uri(), "")]
    context.close()


def _give(verifier: Verifier, block: str, snapshot: bytes) -> None:
    verifier.page.fill("#blocks", block)
    file: FilePayload = {"name": "s.json", "mimeType": "application/json", "buffer": snapshot}
    verifier.page.set_input_files("#snapshot", file)
    verifier.page.wait_for_selector("#snapshot-forget:not([hidden])")


def test_it_still_knows_whom_it_was_made_to_trust(verifier: Verifier) -> None:
    page = verifier.page
    assert "issuer 1, whom you call “Example University”" in page.inner_text("#policy-words")
    assert "This list came with the page" in page.inner_text("#policy-words")
    assert page.inner_text("#asks").startswith("This page will ask nobody.")
    assert page.locator("#server").is_hidden()  # the server that it came from is none of its business any more


def test_with_a_snapshot_and_its_block_it_gives_the_verdict(verifier: Verifier, kept: Kept) -> None:
    _give(verifier, kept.block, kept.snapshot)
    sentence = verifier.check(kept.lasting)
    assert sentence == "TEST. Genuine. Issued by Example University, an issuer that you trust. Valid on 2032-05-17."
    assert verifier.codes[-3:] == ["status.ok", "validity.ok", "holder.absent"]
    assert "2032-05-17" in verifier.report


def test_what_expired_meanwhile_says_so(verifier: Verifier, kept: Kept) -> None:
    _give(verifier, kept.block, kept.snapshot)
    sentence = verifier.check(kept.expired)
    assert sentence == "TEST. Genuine, but: It expired on 2028-10-01."
    assert "validity.expired" in verifier.codes
    verifier.page.locator("#date-part summary").click()
    verifier.page.fill("#date", "2027-01-01")
    verifier.page.click("#again")
    verifier.page.wait_for_selector("[data-code='validity.ok']")


def test_what_was_revoked_says_so(verifier: Verifier, kept: Kept) -> None:
    _give(verifier, kept.block, kept.snapshot)
    assert "has revoked it" in verifier.check(kept.revoked)


def test_with_a_block_hash_alone_it_says_what_it_cannot_know(verifier: Verifier, kept: Kept) -> None:
    verifier.page.fill("#blocks", kept.block)
    assert verifier.check(kept.lasting).startswith("TEST. Could not be decided")
    assert "status.unreachable" in verifier.codes and "validity.ok" in verifier.codes


def test_a_snapshot_as_old_as_the_page_is_too_old(verifier: Verifier, kept: Kept) -> None:
    _give(verifier, kept.old_block, kept.old_snapshot)
    assert verifier.check(kept.lasting).startswith("TEST. Could not be decided")
    assert "status.stale" in verifier.codes
