"""`/verify` as a node serves it: checked in the browser, by an address that the page names before it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

from anchor.web3_chain import open_chain
from node.app import create_app
from node.config import read_config, write_config
from node.services import Services
from tests.support.axe import axe, keep, pictures_wanted
from tests.support.browser import Watched
from tests.support.devchain import running_chain
from tests.support.live_node import Quiet
from tests.support.serving import serving
from tests.support.verify_page import Verifier
from tests.unit.node.nodes import TEMPLATES, make_registered, roster

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@dataclass(frozen=True)
class Site:
    """Where the node answers, the chain that it shows to everybody, and a file of its own."""

    url: str
    chain: str
    file: bytes

    @property
    def host(self) -> str:
        return urlsplit(self.chain).netloc


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("served") / "node"
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as process:
        make_registered(directory, open_chain(process.url))
        write_config(directory, replace(read_config(directory), public_chain_urls=(process.url,)))
        with Services.open(directory, chain=open_chain(process.url)) as services:
            services.add_templates(TEMPLATES)
            [row] = services.issue(roster(1, date="2023-11-01"), "list.csv").issued
            services.seal()
            assert services.anchor().reached
            server = make_server("127.0.0.1", 0, create_app(services), threaded=True, request_handler=Quiet)
            with serving(server) as url:
                yield Site(url, process.url.rstrip("/"), services.credential_file(row.id))


@pytest.fixture
def verifier(browser: Browser, node: Site) -> Iterator[Verifier]:
    context = browser.new_context(locale="en-GB")
    opened = Verifier(context.new_page())
    opened.open(f"{node.url}/verify")
    yield opened
    assert opened.watched.errors == []
    context.close()


def test_a_visitor_who_names_nobody_has_the_chain_asked(verifier: Verifier, node: Site) -> None:
    """Whom the page will ask, it says before; the node itself gets the file from nobody."""
    page = verifier.page
    assert page.inner_text("#asks").endswith(
        f"this page will ask: {node.host}. You can change that under “Asking the chain”."
    )
    assert verifier.watched.hosts() == {node.url}
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.method, request.url)))
    assert "TEST. Genuine. Issued by Example University" in verifier.check(node.file)
    assert {(method, url.rstrip("/")) for method, url in sent} == {("POST", node.chain)}


def test_the_visitor_may_choose_otherwise(verifier: Verifier, node: Site) -> None:
    page = verifier.page
    page.locator("#chain-part summary").click()
    page.check("input[value=nobody]")
    assert page.inner_text("#asks").startswith("This page will ask nobody.")
    assert "Could not be decided" in verifier.check(node.file)
    assert verifier.watched.hosts() == {node.url}
    page.check("input[value=url]")
    page.fill("#chain-url", "https://rpc.example:8545/key")
    assert "this page will ask: rpc.example:8545." in page.inner_text("#asks")
    page.select_option("#language", "de")
    assert page.inner_text("#asks").startswith(
        "Ob der Nachweis noch gilt, fragt diese Seite hier ab: rpc.example:8545."
    )
    page.fill("#chain-url", "rpc.example")
    page.select_option("#language", "en")
    assert page.inner_text("#asks").startswith("This page will ask nobody.")


def test_a_list_without_an_address_says_so(verifier: Verifier) -> None:
    page = verifier.page
    page.locator("#policy-part summary").click()
    text, found = re.subn(r"^rpcs = \[.*?\]\n", "", page.input_value("#policy-text"), flags=re.DOTALL | re.MULTILINE)
    assert found == 1
    page.fill("#policy-text", text)
    page.click("#policy-apply")
    assert page.inner_text("#asks").startswith("The list gives no address of a node of the chain")
    page.fill("#policy-text", "")
    page.click("#policy-apply")
    assert page.locator("#asks").is_hidden()


@pytest.mark.parametrize(("language", "title"), [("de", "Einen Nachweis prüfen"), ("sl", "Preverjanje dokazila")])
def test_the_address_may_name_the_language(verifier: Verifier, node: Site, language: str, title: str) -> None:
    verifier.open(f"{node.url}/verify?lang={language}")
    assert verifier.page.inner_text("h1") == title


@pytest.mark.parametrize(("languages", "title"), [("fr,de", "Einen Nachweis prüfen"), ("fr", "Check a credential")])
def test_server_and_script_agree_about_the_language(browser: Browser, node: Site, languages: str, title: str) -> None:
    """The first of the reader's languages that the page has: nothing changes under his eyes."""
    context = browser.new_context(extra_http_headers={"Accept-Language": languages})
    page = context.new_page()
    page.add_init_script(f"Object.defineProperty(navigator, 'languages', {{get: () => '{languages}'.split(',')}})")
    served = page.goto(f"{node.url}/verify")
    assert served is not None
    assert f"{title}</title>" in served.text()
    page.wait_for_selector("html.ready")
    assert (page.title(), page.inner_text("h1")) == (title, title)
    assert f'<html lang="{page.locator("html").get_attribute("lang")}"' in served.text()
    context.close()


def test_a_page_saved_in_one_language_speaks_the_next_readers(verifier: Verifier, node: Site, tmp_path: Path) -> None:
    saved = tmp_path / "verify.html"
    saved.write_bytes(verifier.page.request.get(f"{node.url}/verify", headers={"Accept-Language": "sl"}).body())
    assert '<html lang="sl">' in saved.read_text("utf-8")
    verifier.open(saved.as_uri())
    assert (verifier.page.locator("html").get_attribute("lang"), verifier.page.title()) == ("en", "Check a credential")
    assert verifier.page.inner_text("label[for=file]") == "Choose a file"


def test_one_quiet_link_leads_to_the_form_in_the_language_chosen(verifier: Verifier, node: Site) -> None:
    page = verifier.page
    assert page.locator("#server a").count() == 1
    assert "the server of Example University" in page.inner_text("#server")
    page.select_option("#language", "sl")
    page.click("#server a")
    assert page.url == f"{node.url}/verify/form?lang=sl"
    page.click("a.button")
    assert page.url == f"{node.url}/verify?lang=sl"
    assert page.inner_text("h1") == "Preverjanje dokazila"
    verifier.watched.errors[:] = [error for error in verifier.watched.errors if "404" not in error]  # the form's icon


def test_links_that_were_given_away_before_lead_to_the_same_page(browser: Browser, node: Site) -> None:
    page = browser.new_page(locale="en-GB")
    watched = Watched(page)
    page.goto(f"{node.url}/verify/app")
    assert node.host in page.inner_text("#asks")
    assert watched.errors == []
    page.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_everybody_can_use_it(browser: Browser, node: Site, width: int) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": width, "height": 800})
    page = context.new_page()
    for language in ("sl", "de", "en"):
        page.goto(f"{node.url}/verify?lang={language}")
        assert axe(page) == [], language
        assert page.evaluate("document.documentElement.scrollWidth") <= width, language
    if pictures_wanted():
        keep(page.screenshot(full_page=True), f"verify-served-{'phone' if width < 600 else 'desktop'}.png")
    context.close()
