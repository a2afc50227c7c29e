"""What is asked of every page: nothing that axe-core objects to, and a picture of it for people."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Final

import pytest
from PIL import Image

from tests.support.devchain import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["axe", "keep", "pictures_wanted"]

_AXE: Final = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_RUN: Final = "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))"
_COLOURS: Final = 128
"""So many that an alert's red stays red."""
_PICTURES: Final = ROOT / "docs" / "screenshots"


def axe(page: Page) -> list[tuple[str, list[str]]]:
    """(rule, elements) of every violation of WCAG 2.2 A and AA and of best practice.

    axe runs in a world beside the page, whose policy would refuse it. Skips the test where axe-core is missing.
    """
    if not _AXE.exists():
        pytest.skip("axe-core is not installed (npm ci); left out: rules of accessibility")
    session = page.context.new_cdp_session(page)
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    context = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
    session.send("Runtime.evaluate", {"expression": _AXE.read_text(encoding="utf-8"), "contextId": context})
    asked = {"expression": _RUN, "contextId": context, "awaitPromise": True, "returnByValue": True}
    answer = session.send("Runtime.evaluate", asked)
    session.detach()
    assert "exceptionDetails" not in answer, answer
    return [(f["id"], [n["html"][:160] for n in f["nodes"]]) for f in json.loads(answer["result"]["value"])]


def pictures_wanted() -> bool:
    """`make screenshots` takes them anew."""
    return os.environ.get("ROOTSEAL_SCREENSHOTS") == "1"


def keep(picture: bytes, name: str) -> None:
    """In docs/screenshots, in few colours: a fraction of the size."""
    _PICTURES.mkdir(exist_ok=True)
    Image.open(io.BytesIO(picture)).quantize(_COLOURS, Image.Quantize.MAXCOVERAGE).save(_PICTURES / name, optimize=True)
