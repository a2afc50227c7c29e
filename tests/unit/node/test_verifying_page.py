"""The page at `/verify`, as a node serves it: built once, with this node's own policy and the way to its form."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from node.app import create_app
from node.config import NodeConfig, read_config, write_config
from node.verifying.wording import TEXTS
from rootseal.errors import ConfigError
from rootseal.languages import LANGUAGES
from rootseal.policy import parse_policy
from tests.unit.node.nodes import Clock, make_node, open_node

Opened = Callable[..., Callable[..., TestResponse]]
PUBLIC = ("https://rpc.example/v1", "http://127.0.0.1:8545")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Gives the node's GET; the settings are changed first."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Callable[..., TestResponse]:
            chain = make_node(tmp_path / "node")
            write_config(tmp_path / "node", replace(read_config(tmp_path / "node"), **settings))
            return create_app(stack.enter_context(open_node(tmp_path / "node", chain, Clock()))).test_client().get

        yield start


def filled(page: str, place: str) -> Any:
    """What the node put into one of the page's places."""
    found = re.search(f'<script type="application/json" id="{place}">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


def no_script(page: str) -> str:
    [found] = re.findall("<noscript>(.*?)</noscript>", page, re.DOTALL)
    return str(found)


def test_the_page_is_the_built_one_with_three_places_filled(opened: Opened) -> None:
    get = opened()
    page, built = get("/verify"), (files("node") / "pages" / "verify.html").read_text(encoding="utf-8")
    assert page.status_code == 200
    assert get("/verify/app").data == page.data  # links that were given away before
    bare = page.text
    for place in ("policy-preset", "server-form"):
        bare = re.sub(f'(<script type="application/json" id="{place}">).*?(</script>)', r"\1null\2", bare)
    bare = bare.replace(no_script(bare), no_script(built))
    assert bare == built
    assert "/verify/form" not in built  # what is saved from the repository names no server
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.endswith(
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_and_without_its_script_the_page_is_in_the_visitors_language(opened: Opened, language: str) -> None:
    """Lang, title and every fixed text; not a byte of what the page's own policy names by hash."""
    get = opened()
    page = get("/verify", headers={"Accept-Language": f"fr, {language};q=0.5"})
    built = (files("node") / "pages" / "verify.html").read_text(encoding="utf-8")
    texts = json.loads((Path(__file__).parents[3] / "web" / "texts" / f"page.{language}.json").read_bytes())
    assert re.findall("<html[^>]*>", page.text) == [f'<html lang="{language}">']
    assert page.text.count(f'<title data-t="page.title">{texts["page.title"]}</title>') == 1
    shown, places = (re.findall('data-t="([a-z_0-9.]+)">([^<]*)</', text) for text in (page.text, built))
    assert [key for key, _ in shown] == [key for key, _ in places]
    assert len(shown) > 40
    for key, text in shown:
        start, _, end = texts[key].partition("{version}")
        assert html.unescape(text).startswith(start) and html.unescape(text).endswith(end), key
    for part in ("<script>.*?</script>", "<style>.*?</style>"):
        assert re.findall(part, page.text, re.DOTALL) == re.findall(part, built, re.DOTALL)
    assert page.headers["Content-Security-Policy"] == get("/verify").headers["Content-Security-Policy"]
    assert page.headers["Vary"] == "Accept-Language"
    assert get(f"/verify?lang={language}").text == page.text


@pytest.mark.parametrize("language", ["fr", "", "de-DE-x", "*"])
def test_whoever_reads_none_of_its_languages_gets_the_built_one(opened: Opened, language: str) -> None:
    get = opened()
    assert get(f"/verify?lang={language}").text == get("/verify").text
    expected = "de" if language.startswith("de") else "en"
    assert f'<html lang="{expected}">' in get("/verify", headers={"Accept-Language": language}).text


@pytest.mark.parametrize("public", [(), PUBLIC])
def test_only_what_the_operator_allows_is_shown_of_the_endpoints(opened: Opened, public: tuple[str, ...]) -> None:
    secret = "https://rpc.example/v2/secret-key"
    get = opened(chain_urls=(secret,), public_chain_urls=public)
    page = get("/verify").text
    [ledger] = parse_policy(filled(page, "policy-preset")).ledgers
    assert ledger.rpcs == public
    assert ledger.issuers[0][1] == "Example University"
    assert "secret-key" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_scripts_the_page_says_who_can_check_instead(opened: Opened, language: str) -> None:
    get = opened()
    page = get(f"/verify?lang={language}")
    offered = no_script(page.text)
    for code in LANGUAGES:
        sentence = html.escape(TEXTS[code]["no_script"].format(institution="Example University"))
        assert f'<p lang="{code}">{sentence} <a href="/verify/form?lang={code}">' in offered
        assert get(f"/verify/form?lang={code}").status_code == 200
    assert offered.index(f'lang="{language}"') == min(offered.index(f'lang="{code}"') for code in LANGUAGES)
    assert no_script(get("/verify", headers={"Accept-Language": language}).text) == offered
    assert page.headers["Vary"] == "Accept-Language"


def test_a_saved_page_finds_the_server_again(opened: Opened) -> None:
    get = opened(public_url="https://registrar.example", name='Écoles </script><b> & "Co"')
    page = get("/verify").text
    name, url = 'Écoles </script><b> & "Co"', "https://registrar.example/verify/form"
    assert filled(page, "server-form") == {"name": name, "url": url}
    assert no_script(page).count(f'<a href="{url}?lang=') == 3
    assert "</script><b>" not in page and html.escape(name) in no_script(page)


@pytest.mark.parametrize(
    "urls",
    [
        ["http://rpc.example"],
        ["https://"],
        ["https://name:password@rpc.example"],
        ["https://rpc.example@evil.example"],
        ["http://127.0.0.1.evil.example"],
        ["http://localhost.evil.example"],
        ["ws://127.0.0.1:8545"],
        ["https://rpc.example/\n"],
        ["https://rpc.example", "https://rpc.example"],
        [f"https://rpc{n}.example" for n in range(9)],
        [7],
        "https://rpc.example",
    ],
)
def test_an_endpoint_for_everybody_is_one_that_browsers_may_ask(tmp_path: Path, urls: object) -> None:
    make_node(tmp_path / "node")
    text = read_config(tmp_path / "node").to_toml()
    line = f"public_chain_urls = {json.dumps(urls)}"
    assert "public_chain_urls = []" in text
    with pytest.raises(ConfigError, match="public_chain_urls"):
        NodeConfig.from_toml(text.replace("public_chain_urls = []", line))


@pytest.mark.parametrize("url", ["https://rpc.example:8545/v1?a=b", "http://localhost", "http://[::1]:8545/"])
def test_an_endpoint_for_everybody_is_read_back(tmp_path: Path, url: str) -> None:
    make_node(tmp_path / "node")
    config = replace(read_config(tmp_path / "node"), public_chain_urls=(url,))
    assert NodeConfig.from_toml(config.to_toml()) == config
