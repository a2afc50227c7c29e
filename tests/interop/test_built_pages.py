"""The committed page is what web/ builds, twice alike, small enough, and asks nobody by itself."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.devchain import ROOT
from tests.support.typescript import require_web_tools, run_build

PAGE = ROOT / "node" / "pages" / "verify.html"
MAX_VERIFIER = 60 * 1024
"""Gzipped: all of the page's own program with its three languages; the reader of QR codes is counted apart."""


@pytest.fixture(scope="module")
def node() -> str:
    return require_web_tools("that the committed pages are what web/ builds")


def test_the_committed_page_is_fresh(node: str) -> None:
    done = run_build(node, "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stale_page_is_noticed(node: str, tmp_path: Path) -> None:
    """The same sources elsewhere, one text changed: built twice they agree, and differ from what is committed."""
    for name in ("web", "docs/spec/catalogue.json", "pyproject.toml", "node/pages"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")

    def build(*words: str) -> int:
        return subprocess.run(
            [node, "web/build.mjs", *words], cwd=tmp_path, capture_output=True, check=False
        ).returncode

    assert build("--check") == 0  # another folder, the same bytes
    texts = tmp_path / "web" / "texts" / "page.en.json"
    texts.write_text(texts.read_text().replace("Check a credential", "Check a certificate"))
    assert build("--check") == 1
    assert (build(), build("--check")) == (0, 0)
    assert (tmp_path / "node/pages/verify.html").read_bytes() != PAGE.read_bytes()
    (tmp_path / "node/pages/verify.texts.json").write_text("{}")
    assert build("--check") == 1


def test_sizes(node: str) -> None:
    sizes = json.loads(run_build(node, "--sizes").stdout)
    assert sizes["verifier"]["gzip"] <= MAX_VERIFIER
    assert sizes["core"]["gzip"] <= sizes["verifier"]["gzip"]
    assert sizes["page"]["bytes"] == len(PAGE.read_bytes())


def test_only_the_scripts_and_the_style_of_the_page_may_run() -> None:
    text = PAGE.read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    allowed = {name: words.split() for name, _, words in (part.partition(" ") for part in policy[1].split("; "))}
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(scripts) == 2 and len(styles) == 1
    assert allowed["script-src"] == [_source(script) for script in scripts]
    assert allowed["style-src"] == [_source(style) for style in styles]
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == ["'none'"]
    assert not re.search(r"<[^>]+ (?:on[a-z]+|style)=", text.split("<script>")[0])
    assert not re.search(r"<(?:link|img|iframe|script)[^>]+(?:src|href)=[\"'](?!data:)", text)


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("language", ["de", "sl"])
def test_the_pages_texts_are_complete_in_every_language(language: str) -> None:
    folder = ROOT / "web" / "texts"
    english, other = (json.loads((folder / f"page.{code}.json").read_text()) for code in ("en", language))
    assert list(other) == list(english)
    for key, text in english.items():
        assert set(re.findall(r"\{[a-z_]+\}", other[key])) == set(re.findall(r"\{[a-z_]+\}", text)), key
        assert other[key] != text or key == "page.brand", key


def test_every_text_that_the_page_asks_for_is_there() -> None:
    catalogue = json.loads((ROOT / "docs/spec/catalogue.json").read_text())["languages"]["en"]
    known = set(catalogue) | set(json.loads((ROOT / "web/texts/page.en.json").read_text()))
    sources = "".join(
        path.read_text() for folder in ("verify", "chain") for path in (ROOT / "web" / folder).glob("*.[th][st]*")
    )
    asked = set(re.findall(r'"((?:page|problem|report|label)\.[a-z_0-9]+)"', sources))
    assert len(asked) > 90
    assert asked - known == set()
