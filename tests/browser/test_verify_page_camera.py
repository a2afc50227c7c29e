"""The verify page reads codes that are really held in front of a camera: Chromium plays a film of them."""

from __future__ import annotations

from pathlib import Path

from rootseal.presentation import Presentation, present
from tests.browser.conftest import World
from tests.support.browser import chromium
from tests.support.camera import film_of_codes
from tests.support.verify_page import Verifier
from wallet.compact import compact, frames


def _seen(codes: tuple[str, ...], folder: Path, site: str, world: World) -> tuple[str, bool]:
    """The page's first sentence, and whether the camera still runs."""
    film = film_of_codes(codes, folder / "codes.y4m")
    camera = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with chromium("the camera of the page", *camera, f"--use-file-for-fake-video-capture={film}") as browser:
        page = browser.new_page(locale="en-GB")
        verifier = Verifier(page)
        verifier.open(f"{site}/verify.html", world.policy)
        page.locator("#qr-part summary").click()
        page.click("#camera")
        sentence = verifier.sentence()
        assert verifier.watched.errors == []
        page.wait_for_selector("#video", state="hidden")
        return sentence, bool(page.evaluate("document.getElementById('video').srcObject.active"))


def test_the_camera_gathers_all_codes_of_a_file(tmp_path: Path, site: str, world: World) -> None:
    codes = frames(compact(Presentation((present(world.file(), lambda path: False),)).to_bytes()))
    assert len(codes) > 1
    sentence, running = _seen(codes[::-1], tmp_path, site, world)
    assert "Genuine. Issued by Example University" in sentence
    assert not running


def test_the_camera_reads_a_file_in_one_code(tmp_path: Path, site: str, world: World) -> None:
    whole = compact(Presentation((present(world.file(), lambda path: False),)).to_bytes())
    (code,) = frames(whole, size=len(whole))
    sentence, running = _seen((code,), tmp_path, site, world)
    assert "Genuine. Issued by Example University" in sentence
    assert not running
