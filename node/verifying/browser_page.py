"""The page that checks in the visitor's browser and uploads nothing, with what this node adds as it serves it.

The page itself is built from `web/`, names no node, and works from a disk as well (docs/spec/browser.md). Added are
this node's own policy, and the way to the form of the server: for those without JavaScript, and as one quiet link.
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
_NO_SCRIPT: Final = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)


def browser_page(config: NodeConfig, languages: Sequence[str]) -> Response:
    """The page for visitors who read `languages`, the first best."""
    page, policy = _built_page()
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
def _built_page() -> tuple[str, str]:
    """The page, and the policy that it names itself."""
    page = (files("node") / "pages" / "verify.html").read_text(encoding="utf-8")
    found = _META_POLICY.search(page)
    places = all(_EMPTY.format(place) in page for place in ("policy-preset", "server-form"))
    if found is None or not places or _NO_SCRIPT.search(page) is None:
        raise RuntimeError("node/pages/verify.html is not what docs/spec/browser.md describes")
    return page, found[1]
