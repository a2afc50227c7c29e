"""The page that checks in the visitor's browser and uploads nothing, with what this node adds as it serves it.

The page itself is built from `web/`, names no node, and works from a disk as well (docs/spec/browser.md). Added are
this node's own policy, and the way to the form of the server: for those without JavaScript, and as one quiet link.
Its fixed texts and its title are in the visitor's language before its script runs, and where none does.
"""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from flask import Response

from node.init_policy import public_policy
from node.verifying.wording import TEXTS
from rootseal.policy import format_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from node.config import NodeConfig

__all__ = ["FORM", "browser_page"]

FORM: Final = "/verify/form"
"""Where the page lies that checks on the server."""

_META_POLICY: Final = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
_EMPTY: Final = '<script type="application/json" id="{}">null</script>'
_ENGLISH: Final = '<html lang="en">'
_SCRIPT: Final = "<script>"
_FIXED: Final = re.compile(r'(data-t="([a-z_0-9.]+)">)[^<]*(?=</)')
_NO_SCRIPT: Final = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)


def browser_page(config: NodeConfig, languages: Sequence[str]) -> Response:
    """The page for visitors who read `languages`, the first best."""
    page, policy = _page_in(languages[0])
    form = f"{config.public_url or ''}{FORM}"
    page = _fill(page, "policy-preset", format_policy(public_policy(config)))
    page = _fill(page, "server-form", {"name": config.name, "url": form})
    offers = "".join(_without_script(language, config.name, form) for language in languages)
    page = _NO_SCRIPT.sub(lambda _: f'<noscript><div class="card">{offers}</div></noscript>', page, count=1)
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'"
    response.headers["Vary"] = "Accept-Language"
    return response


def _fill(page: str, place: str, value: object) -> str:
    empty = _EMPTY.format(place)
    return page.replace(empty, empty.replace("null", json.dumps(value).replace("<", "\\u003c")), 1)


def _without_script(language: str, institution: str, form: str) -> str:
    texts = TEXTS[language]
    sentence = escape(texts["no_script"].format(institution=institution))
    link = f'<a href="{escape(form)}?lang={language}">{escape(texts["no_script_link"])}</a>'
    return f'<p lang="{language}">{sentence} {link}</p>'


@cache
def _page_in(language: str) -> tuple[str, str]:
    """The page in `language`, and its policy. Of its scripts, which that names by hash, nothing is touched."""
    page, policy = _built_page()
    texts = _built_texts().get(language)
    if texts is None:
        return page, policy
    head, script, rest = page.partition(_SCRIPT)
    head = head.replace(_ENGLISH, f'<html lang="{language}">', 1)
    head = _FIXED.sub(lambda found: found[1] + escape(texts[found[2]], quote=False), head)
    return head + script + rest, policy


@cache
def _built_texts() -> dict[str, dict[str, str]]:
    """Language → place → text, for the languages other than the built page's own."""
    found = json.loads((files("node") / "pages" / "verify.texts.json").read_bytes())
    return {language: dict(texts) for language, texts in found.items()}


@cache
def _built_page() -> tuple[str, str]:
    """The page, and the policy that it names itself."""
    page = (files("node") / "pages" / "verify.html").read_text(encoding="utf-8")
    found = _META_POLICY.search(page)
    places = all(_EMPTY.format(place) in page for place in ("policy-preset", "server-form"))
    whole = places and _NO_SCRIPT.search(page) is not None and _ENGLISH in page and _SCRIPT in page
    if found is None or not whole:
        raise RuntimeError("node/pages/verify.html is not what docs/spec/browser.md describes")
    return page, found[1]
