"""The learner's page as it is lived: the program, a browser, a chain, an institution's node, an employer's verifier."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from coincurve import PrivateKey
from eth_account import Account
from werkzeug.serving import make_server

from anchor.keys import create_keystore, signer_from_secret, write_keystore
from node.app import create_app
from node.delivery.links import ClaimLinkService
from node.services import Services
from rootseal.credential import read_document
from rootseal.instants import format_date
from rootseal.policy import parse_policy
from rootseal.verification import verify
from tests.browser.conftest import AUDIENCE, DAY, NONCE, World
from tests.support.axe import axe, keep, pictures_wanted
from tests.support.issued import address_of
from tests.support.live_node import Quiet
from tests.support.program import Program
from tests.support.verify_page import Verifier
from tests.support.wallet_page import At, at_page, serve
from tests.unit.node.nodes import HEADER, TEMPLATES
from wallet.box import Box
from wallet.settings import write_policy

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SECRET = "four quiet words"


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


def short_id(world: World, name: str = "Ana Novak") -> str:
    return world.file(name).commitment.hex()[:12]


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
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", services
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def test_from_a_link_over_a_restored_backup_to_the_employers_answer(
    browser: Browser, site: str, node: tuple[str, Services], world: World, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    address, services = node
    policy = tmp_path / "node" / "policy.toml"
    options = ("--policy", policy, "--rpc", world.url)
    with serve(tmp_path / "first", *options) as url, at_page(browser, url) as at:
        at.page.fill("#new", SECRET)
        at.page.fill("#new-again", SECRET)
        at.page.check("input[value=key]")
        at.press("Make it")
        at.press("Addresses")
        holder = at.page.inner_text("dd")
        link = issued(address, services, holder)
        at.press("Add")
        at.page.fill("#link", link)
        at.press("Fetch it")
        assert "It proves itself" in at.text and "Promised:" in at.text, at.text
        assert link.partition("#")[2] not in at.page.content()
        services.anchor()
        at.page.fill("#node", address)
        at.press("Update")
        assert "the chain agrees" in at.text, at.text
        at.press("Backup")
        at.page.fill("#backup", SECRET + "!")
        at.page.fill("#backup-again", SECRET + "!")
        at.press("Make the backup")
        backup = at.download()
        assert at.watched.errors == [] and at.own_host_only()
    with serve(tmp_path / "second", *options) as url, at_page(browser, url) as at:
        at.page.set_input_files("#backup", {"name": "b", "mimeType": "application/octet-stream", "buffer": backup})
        at.page.fill("#backup-passphrase", SECRET + "!")
        at.press("Restore")
        assert "Restored: 1 credentials" in at.text
        data = three_claims(at)
    check(data, policy, world, tmp_path, capsys)
    opened = browser.new_context(locale="en-GB")
    verifier = Verifier(opened.new_page())
    verifier.open(f"{site}/verify.html", replace_rpc(policy, world))
    verifier.ask(AUDIENCE, NONCE)
    assert "Genuine" in verifier.check(data)
    assert "Ana Kovač" in verifier.report and "Learning outcome 1" not in verifier.report
    assert verifier.watched.errors == []
    opened.close()


def issued(address: str, services: Services, holder: str) -> str:
    """A credential for that address, sealed and not anchored; its claim link."""
    date = format_date(services.now - DAY)
    header = HEADER.rstrip("\n").split(",")
    row = f"00000001,Ana,Kovač,l@example.edu,ledgers,{date},,\n".rstrip("\n").split(",")
    row[header.index("holder")] = holder
    report = services.issue((HEADER + ",".join(row) + "\n").encode(), "list.csv")
    assert len(report.issued) == 1, report
    services.seal()
    links = ClaimLinkService(services.store, address, lambda _: b"")
    return links.make(report.issued[0].id, services.now, 1).url


def three_claims(at: At) -> bytes:
    """Tick the credential, three groups, answer the question, and download."""
    at.page.check("input[name=id]")
    at.press("Show the ticked ones")
    ticked = at.page.locator("input[name=show]:checked")
    while ticked.count():
        ticked.first.uncheck()
    for key in ("learner", "issuer", "dates"):
        at.page.check(f"input[name=show][value$=':{key}']")
    at.page.fill("#audience", AUDIENCE)
    at.page.fill("#nonce", NONCE)
    at.press("See what they will see")
    assert AUDIENCE in at.text and "What you sign" in at.text
    seen = at.page.inner_text(".seen dl")
    assert "Ana Kovač" in seen and "Learning outcome" not in seen
    at.page.fill("#passphrase", "another")
    at.press("Sign and make the file")
    assert "passphrase is wrong" in at.text and "Ana Kovač" in at.text
    at.page.fill("#passphrase", SECRET)
    at.press("Sign and make the file")
    assert "Your presentation is ready" in at.text
    return at.download()


def replace_rpc(policy: Path, world: World) -> Any:
    """The node's own policy, with the chain's address for the page."""
    found = parse_policy(policy.read_text())
    return replace(found, ledgers=tuple(replace(one, rpcs=(world.url,)) for one in found.ledgers))


def check(data: bytes, policy: Path, world: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the employer's command line."""
    path = folder / "three.presentation.json"
    path.write_bytes(data)
    words = ("verify", path, "--policy", policy, "--rpc", world.url, "--audience", AUDIENCE, "--nonce")
    program = Program(capsys)
    good = program(*words, NONCE)
    assert good.code == 0, good.out
    assert "answered your question" in " ".join(good.out.split())
    assert program(*words, "another").code == 1


def test_by_keyboard_alone(learner: At, world: World) -> None:
    page = learner.page

    def tab_to(place: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", place):
                return
        raise AssertionError(f"{place} cannot be reached")

    tab_to(f"#tick-{short_id(world)}")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # a form with a button is sent
    page.wait_for_url("**/present**")
    tab_to("input[value$=':learner']")
    page.keyboard.press("Space")
    tab_to("#audience")
    page.keyboard.type(AUDIENCE)
    tab_to("#nonce")
    page.keyboard.type(NONCE)
    page.keyboard.press("Enter")
    page.wait_for_url("**/preview")
    page.locator("h1:focus").wait_for()
    tab_to("#passphrase")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_url("**/presentation")
    page.locator("[role=alert]:focus").wait_for()
    tab_to("#passphrase")
    page.keyboard.type(SECRET)
    page.keyboard.press("Enter")
    page.wait_for_url("**/made/**")
    page.locator("h1:focus", has_text="Your presentation is ready").wait_for()
    tab_to("#download")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert b"Ana Novak" in waiting.value.path().read_bytes()
    learner.watched.errors.clear()  # Chromium reports the 422 of the wrong passphrase


class BrowserWallet:
    """What a browser wallet does (EIP-1193), with a key of its own and another implementation of EIP-712."""

    SCRIPT = """
    window.ethereum = { request: async ({ method, params }) => {
      const answer = await window.walletRequest(method, JSON.stringify(params));
      if (answer.startsWith("error:")) throw new Error(answer.slice(6));
      return JSON.parse(answer);
    } };"""

    def __init__(self, key: PrivateKey, at: At) -> None:
        import json

        self.asked: list[str] = []
        account = Account.from_key(key.secret)

        def request(method: str, params: str) -> str:
            self.asked.append(method)
            if method == "eth_requestAccounts":
                return json.dumps([account.address])
            assert method == "eth_signTypedData_v4"
            holder, typed = json.loads(params)
            assert holder == account.address.lower()
            return json.dumps("0x" + account.sign_typed_data(full_message=json.loads(typed)).signature.hex())

        at.page.expose_function("walletRequest", request)
        at.page.add_init_script(self.SCRIPT)


def question(at: At, world: World) -> None:
    at.go(f"/present?id={short_id(world)}&preset=grade")
    at.page.fill("#audience", AUDIENCE)
    at.page.fill("#nonce", NONCE)
    at.press("See what they will see")


def test_a_wallet_in_the_browser_signs_what_is_shown(learner: At, world: World) -> None:
    wallet = BrowserWallet(world.key, learner)
    question(learner, world)
    learner.page.get_by_role("button", name="Sign with the wallet in this browser").click()
    learner.page.wait_for_url("**/made/**")
    assert wallet.asked == ["eth_requestAccounts", "eth_signTypedData_v4"]
    from rootseal.checks import Expected

    verdict = verify(learner.download(), now=int(time.time()), expected=Expected(AUDIENCE, NONCE))
    assert verdict.credentials[0].checks[7].outcome == "pass"


def test_another_account_in_the_browser_is_told(learner: At, world: World) -> None:
    BrowserWallet(PrivateKey(b"\x44" * 32), learner)
    question(learner, world)
    learner.page.get_by_role("button", name="Sign with the wallet in this browser").click()
    learner.page.get_by_text("does not have this address").wait_for()
    assert f"0x{address_of(world.key).hex()}" in learner.page.inner_text("#browser-wallet-status")


def test_without_a_browser_wallet_nothing_is_offered(learner: At, world: World) -> None:
    question(learner, world)
    assert learner.page.is_hidden("#browser-wallet") and learner.page.is_visible("#passphrase")


def test_hostile_names_run_nothing_and_break_nothing(learner: At, world: World) -> None:
    title = read_document(world.file("Hostile Name").credential).title
    assert title is not None and "<script>" in title
    for path in ("/", f"/credential/{short_id(world, 'Hostile Name')}",
                 f"/present?id={short_id(world, 'Hostile Name')}&preset=all"):  # fmt: skip
        learner.go(path)
        assert "<script>alert(1)</script>" in learner.text and "\u202e" not in learner.page.content()
        assert learner.page.locator("main script, main img").count() == 0
        assert learner.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_languages(browser: Browser, filled: Path) -> None:
    with serve(filled) as url, at_page(browser, url, "sl-SI") as at:
        assert at.page.get_attribute("html", "lang") == "sl"
        assert at.page.inner_text("h1") == "Vaša dokazila"
        at.page.get_by_role("link", name="Deutsch").click()
        assert at.page.inner_text("h1") == "Ihre Nachweise"
        at.press("Hinzufügen")
        assert at.page.get_attribute("html", "lang") == "de"


STATES = ("box", "credential", "add", "present", "preview", "made", "backup", "addresses", "credits", "problem")


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_and_nothing_overflows(learner: At, world: World, width: int) -> None:
    learner.page.set_viewport_size({"width": width, "height": 800})
    for state in STATES:
        show_state(learner, world, state)
        look(learner, state, width)
    learner.watched.errors.clear()  # Chromium reports the 422 and 404 of the problems


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_where_a_wallet_is_made(browser: Browser, tmp_path: Path, width: int) -> None:
    with serve(tmp_path / "new") as url, at_page(browser, url) as at:
        at.page.set_viewport_size({"width": width, "height": 800})
        look(at, "start", width)
        at.page.fill("#new", SECRET)
        at.page.fill("#new-again", SECRET)
        at.press("Make it")
        look(at, "words", width, picture=False)
        at.press("They are on my paper")
        look(at, "check", width)


def show_state(at: At, world: World, state: str) -> None:
    ids = f"id={short_id(world)}&id={short_id(world, 'Dana Zupan')}"
    simple = {"box": "/", "credential": f"/credential/{short_id(world)}", "add": "/add", "backup": "/backup",
              "addresses": "/addresses", "credits": "/credits", "problem": "/present"}  # fmt: skip
    if state in simple:
        at.go(simple[state])
    elif state == "present":
        at.go(f"/present?{ids}&preset=grade")
    elif state == "preview":
        question(at, world)
    elif state == "made":
        at.page.fill("#passphrase", SECRET)
        at.press("Sign and make the file")


def look(at: At, state: str, width: int, *, picture: bool = True) -> None:
    if picture and pictures_wanted():
        at.page.evaluate("document.activeElement.blur()")
        keep(at.page.screenshot(full_page=True), f"wallet-{state}-{'phone' if width < 600 else 'desktop'}.png")
    assert axe(at.page) == [], state
    assert at.page.evaluate("document.documentElement.scrollWidth") <= width, state
