"""Ways into the verify page, and what is no credential at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import segno

from rootseal.canonical import dumps
from rootseal.presentation import Presentation, present
from tests.browser.conftest import World
from tests.support.verify_page import Verifier
from wallet.compact import compact, frames

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page, Route


def test_dropped(verifier: Verifier, world: World) -> None:
    transfer = verifier.page.evaluate_handle(
        """text => { const d = new DataTransfer(); d.items.add(new File([text], 'a.json')); return d }""",
        world.file().to_bytes().decode(),
    )
    verifier.page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    assert "Genuine" in verifier.sentence()


def test_pasted(verifier: Verifier, world: World) -> None:
    verifier.page.locator("#paste-part summary").click()
    verifier.page.fill("#paste", world.file().to_bytes().decode() + "\n")
    verifier.page.click("#paste-check")
    assert "Genuine" in verifier.sentence()


def _picture(folder: Path, content: str | bytes) -> FilePayload:
    picture = folder / "code.png"
    segno.make(content, error="l", boost_error=False).save(str(picture), scale=5, border=4)
    return {"name": "code.png", "mimeType": "image/png", "buffer": picture.read_bytes()}


def test_from_pictures_of_codes(verifier: Verifier, world: World, tmp_path: Path) -> None:
    """A presentation as `rootseal wallet present` makes codes of it, read in the wrong order."""
    codes = frames(compact(Presentation((present(world.file(), lambda path: False),)).to_bytes()))
    assert len(codes) > 1
    page = verifier.page
    page.locator("#qr-part summary").click()
    page.set_input_files("#qr-image", _picture(tmp_path, codes[-1]))
    page.wait_for_selector("#camera-status:not(:empty)")
    assert page.inner_text("#camera-status") == f"1 of {len(codes)} codes of this file are read. Show the others too."
    page.set_input_files("#qr-image", [_picture(tmp_path, code) for code in codes[:-1]])
    assert "Genuine" in verifier.sentence()


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("https://evil.example/verify", "or was not read completely. It begins with: https://evil"),
        ("RS1:" + "0" * 300, "holds something else than a credential"),
        (compact(dumps(list(range(9)))).replace("RS1:", "RS2:"), "It begins with: RS2:"),
        (None, "There is no QR code to be found in this picture"),
    ],
)  # fmt: skip
def test_a_code_of_something_else(verifier: Verifier, tmp_path: Path, content: str | None, answer: str) -> None:
    verifier.page.locator("#qr-part summary").click()
    picture: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": b"PNG?"}
    verifier.page.set_input_files("#qr-image", picture if content is None else _picture(tmp_path, content))
    verifier.page.wait_for_selector("#input-problem:not([hidden])")
    assert answer in verifier.page.inner_text("#input-problem")
    assert verifier.page.is_hidden("#result")


def test_the_camera_starts_and_stops(verifier: Verifier) -> None:
    """Chromium's test picture holds no code: it looks on until it is stopped."""
    page = verifier.page
    page.locator("#qr-part summary").click()
    page.click("#camera")
    page.wait_for_selector("#video:not([hidden])")
    assert page.inner_text("#camera") == "Stop the camera"
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    assert page.is_hidden("#video") and page.inner_text("#camera") == "Use the camera"


def test_an_oversized_file_is_not_read(verifier: Verifier) -> None:
    page = verifier.page
    big: FilePayload = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": bytes((1 << 20) + 1)}
    page.set_input_files("#file", big)
    page.wait_for_selector("#input-problem:not([hidden])")
    assert "has 1048577 bytes; a credential has at most 1,048,576" in page.inner_text("#input-problem")
    assert page.is_hidden("#result")


def test_no_verdict_stays_for_another_file(verifier: Verifier, world: World, tmp_path: Path) -> None:
    """Whatever comes next, the last file's verdict is gone, and what is wrong is in sight and has the focus."""
    page = verifier.page
    good: FilePayload = {"name": "ana.json", "mimeType": "application/json", "buffer": world.file().to_bytes()}
    page.locator("#qr-part summary").click()
    foreign: tuple[tuple[str, FilePayload, str], ...] = (
        ("#file", {**good, "name": "film.mp4", "buffer": bytes((1 << 20) + 1)}, "has 1048577 bytes"),
        ("#qr-image", _picture(tmp_path, "https://evil.example"), "holds something else than a credential"),
    )
    for place, given, answer in foreign:
        assert "Genuine" in verifier.check(world.file(), "ana.credential.json")
        assert page.inner_text(".of-file") == "File: ana.credential.json"
        page.set_input_files(place, given)
        page.wait_for_selector("#input-problem:not([hidden])")
        assert answer in page.inner_text("#input-problem")
        _nothing_but(page, "input-problem")
    verifier.check(world.file())
    page.evaluate(
        """text => { const d = new DataTransfer(); for (const n of 'ab') d.items.add(new File([text], n));
        document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: d, bubbles: true})) }""",
        "{}",
    )
    assert page.inner_text("#input-problem") == "Please give one file at a time."
    _nothing_but(page, "input-problem")
    page.select_option("#language", "de")  # says the last verdict again, where there is one
    assert page.is_hidden("#result")


def _nothing_but(page: Page, alert: str) -> None:
    assert page.is_hidden("#result") and page.locator(".verdict").count() == 0
    assert page.evaluate("document.activeElement.id") == alert
    top, bottom = page.evaluate(
        "(() => { const r = document.activeElement.getBoundingClientRect(); return [r.top, innerHeight - r.bottom] })()"
    )
    assert top >= 0 and bottom >= 0


def test_while_a_slow_chain_is_asked_no_other_verdict_stands(verifier: Verifier, world: World) -> None:
    page = verifier.page
    assert "Genuine" in verifier.check(world.file())
    held: list[Route] = []
    slow = [True]
    page.route(re.compile(re.escape(world.url)), lambda route: held.append(route) if slow else route.continue_())
    file: FilePayload = {"name": "bor.json", "mimeType": "application/json", "buffer": world.file("Bor Kos").to_bytes()}
    page.set_input_files("#file", file)
    page.wait_for_selector("#working:not([hidden])")
    assert page.inner_text("#working") == "Checking bor.json …"
    assert page.is_hidden("#result") and page.locator(".verdict").count() == 0
    page.set_input_files("#file", {**file, "name": "film.mp4", "buffer": bytes((1 << 20) + 1)})
    page.wait_for_selector("#input-problem:not([hidden])")
    slow.clear()
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    assert page.is_hidden("#result") and page.is_hidden("#working")  # the slow one answers for nothing any more
    assert "revoked" in verifier.check(world.file("Bor Kos"))
    assert page.is_hidden("#working") and page.is_hidden("#input-problem")


def test_a_wrong_setting_leaves_no_verdict_of_the_settings_before(verifier: Verifier, world: World) -> None:
    page = verifier.page
    assert "Genuine" in verifier.check(world.file())
    verifier.ask("Example Ltd", "")
    page.click("#again")
    assert "give both, or neither" in page.inner_text("#settings-problem")
    _nothing_but(page, "settings-problem")
    page.fill("#audience", "")
    page.evaluate("document.getElementById('status').textContent = ''")
    page.click("#settings-again")
    assert "Genuine" in verifier.sentence()
    assert page.is_hidden("#settings-problem") and page.is_hidden("#settings-again")


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        (b"%PDF-1.7\n", "save the attachment (its name ends in .json)"),
        (b"PK\x03\x04 zip", "Unpack it and give the file in it"),
        (b"\x89PNG\r\n\x1a\n", "There is no QR code to be found in this picture"),
        (b"\xff\xd8\xff\xe0", "There is no QR code to be found in this picture"),
    ],
)
@pytest.mark.parametrize("size", [100, (1 << 20) + 1])
def test_another_kind_of_file_has_a_way_out_and_no_verdict(
    verifier: Verifier, start: bytes, answer: str, size: int
) -> None:
    page = verifier.page
    other: FilePayload = {"name": "c", "mimeType": "application/octet-stream", "buffer": start.ljust(size, b"\0")}
    page.set_input_files("#file", other)
    page.wait_for_selector("#input-problem:not([hidden])")
    assert answer in page.inner_text("#input-problem")
    _nothing_but(page, "input-problem")


def test_a_picture_of_a_code_may_come_where_files_do(verifier: Verifier, world: World, tmp_path: Path) -> None:
    codes = frames(compact(Presentation((present(world.file(), lambda path: False),)).to_bytes()))
    for have, code in enumerate(codes[:-1], 1):
        verifier.page.set_input_files("#file", _picture(tmp_path, code))
        said = f"{have} of {len(codes)} codes of this file are read. Show the others too."
        verifier.page.get_by_text(said).wait_for()
    verifier.page.set_input_files("#file", _picture(tmp_path, codes[-1]))
    assert "Genuine" in verifier.sentence()
    assert verifier.page.locator(".of-file").count() == 0  # the picture is not the file that was checked


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\xfe\x00", b"[" * 5000, b'{"format":"rootseal/credential/2"}', b"<html>"]
)
def test_garbage(verifier: Verifier, garbage: bytes) -> None:
    assert "Not accepted: The file is not a credential or presentation of Rootseal" in verifier.check(garbage)
    assert verifier.codes[0] == "format.malformed"
    assert verifier.codes[1:] == [
        f"{name}.unchecked" for name in ("integrity", "inclusion", "anchor", "issuer", "status", "validity", "holder")
    ]


def test_hostile_text_is_harmless(verifier: Verifier, world: World) -> None:
    page = verifier.page
    page.on("dialog", lambda dialog: pytest.fail("a script of the file ran"))
    assert "Genuine" in verifier.check(world.file("Hostile Name"), "<b>\u202egnp.exe")
    title = page.inner_text(".card .title")
    assert title.startswith("<script>alert(1)</script><img src=x onerror=alert(2)> gnp.exe AAAA")
    assert len(title) == 2000 and title.endswith("…")
    assert "\u202e" not in verifier.report
    assert page.locator("#report script, #report img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".raw summary").first.click()
    assert "\\u{202e}gnp.exe" in page.inner_text(".raw table")


def test_a_hostile_node_gives_a_sentence(verifier: Verifier, world: World) -> None:
    nonsense = '{"jsonrpc":"2.0","id":1,"result":{"x":[]}}'
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
    address = re.compile(re.escape(world.url))
    verifier.page.route(address, lambda route: route.fulfill(status=200, headers=headers, body=nonsense))
    assert "gave an answer that makes no sense (eth_chainId)" in verifier.check(world.file())
