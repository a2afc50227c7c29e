"""An officer's first week at the console, in Chromium, on a real chain; and that everybody can use every page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from anchor.web3_chain import open_chain
from node.access import Access, Role
from node.app import create_app
from node.config import read_config, write_config
from node.health import Health
from node.runner import Worker
from node.services import Services
from tests.support.axe import axe, keep, pictures_wanted
from tests.support.browser import Watched, next_page
from tests.support.devchain import running_chain
from tests.support.live_node import Quiet
from tests.support.serving import file_server, serving
from tests.unit.node.nodes import HEADER, TEMPLATES, make_registered

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = (320, 390, 1280)
KEPT = ("home", "list-checked", "approval-mistake", "batches", "credential", "revoke-look", "changes-checked", "anchor")
HOSTILE = "<img src=x onerror=alert(1)>"
MESSY = (
    HEADER + "00012345,Zoë,O’Connor-Müller,zoe@example.edu,ledgers,2026-10-01,,\n"
    "00012346,Łukasz,Żółć,lukasz@example.edu,ledgers,2026-10-01,,\n"
    "00012347,محمد,الأحمد,m@example.edu,endnote,2026-10-02,,\n"
    f"00012348,{HOSTILE},<b>Bold</b>,h@example.edu,endnote,2026-10-02,,\n"
    "00012349,Nakamura,,n@example.edu,ledgers,2026-10-01,,\n"
    "00012350,Ana,Kovač,ana@example.edu,no-such-course,2026-10-01,,\n"
    "00012351,Jan,de Vries,jan@example.edu,ledgers,31/12/2026,,\n"
    "00012352,Noor,Haddad,not-an-address,endnote,2026-10-02,,\n"
)


@dataclass(frozen=True)
class Office:
    """A running node with a second approver, and its people's tokens."""

    url: str
    services: Services
    ada: str
    lin: str
    library: str


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    directory = tmp_path_factory.mktemp("office") / "node"
    with running_chain("embedded", tmp_path_factory.mktemp("chain")) as process:
        make_registered(directory, open_chain(process.url))
        write_config(directory, replace(read_config(directory), second_approver=True, grace_seconds=0))
        with Services.open(directory, chain=open_chain(process.url)) as services:
            services.add_templates(TEMPLATES)
            access, health = Access(services.store, lambda: services.now), Health()
            access.set_department("endnote", "Library")
            roles = (Role.ISSUE, Role.READ, Role.REVOKE)
            made = Office(
                "",
                services,
                access.add("Ada Byron", roles).text,
                access.add("Lin Wei", (Role.APPROVE, Role.READ)).text,
                access.add("Bo Berg", tuple(Role), ["library"]).text,
            )
            worker = Worker(services, health)
            server = make_server("127.0.0.1", 0, create_app(services, health), threaded=True, request_handler=Quiet)
            with serving(server) as url:
                worker.start()
                try:
                    yield replace(made, url=url)
                finally:
                    worker.stop()


class Desk:
    """One officer's browser. `look` is asked of every page that he sees."""

    def __init__(self, browser: Browser, office: Office) -> None:
        self.context = browser.new_context(locale="en-GB")
        self.page: Page = self.context.new_page()
        self.office = office
        self.watched = Watched(self.page)

    def sign_in(self, token: str) -> None:
        self.page.goto(f"{self.office.url}/console")
        self.page.fill("#token", token)
        self.press("Sign in")
        assert self.page.inner_text("h1") == "What waits"

    def go(self, name: str) -> None:
        with next_page(self.page):
            self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """A link of the page's main part."""
        with next_page(self.page):
            self.page.get_by_role("main").get_by_role("link", name=name, exact=True).click()

    def upload(self, text: str, name: str = "autumn.csv") -> None:
        self.go("Issue a list")
        self.page.set_input_files("#list", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})
        self.press("Check the list")

    def press(self, name: str) -> None:
        with next_page(self.page):
            self.page.get_by_role("button", name=name).click()

    def look(self, name: str) -> None:
        """No finding of axe at any width, nothing wider than the window, nothing from elsewhere, no script error."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            assert axe(self.page) == [], (name, width)
            if pictures_wanted() and width != 320 and name in KEPT:
                size = "phone" if width < 600 else "desktop"
                keep(self.page.screenshot(full_page=True), f"console-{name}-{size}.png")
        assert self.watched.errors == []
        assert self.watched.hosts() == {self.office.url}

    def wait_for(self, text: str) -> None:
        """Load the page anew until it says so."""
        for _ in range(120):
            if text in self.page.inner_text("main"):
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        raise AssertionError(self.page.inner_text("main"))


@pytest.fixture
def desks(browser: Browser, office: Office) -> Iterator[list[Desk]]:
    made = [Desk(browser, office), Desk(browser, office), Desk(browser, office)]
    yield made
    for desk in made:
        desk.context.close()


def test_the_first_week_with_axe_on_every_page(office: Office, desks: list[Desk]) -> None:
    ada, lin, library = desks
    ada.page.goto(f"{office.url}/console")
    ada.look("sign-in")
    ada.sign_in(office.ada)

    # A messy list: what would happen, the refused rows as a file, then the good ones.
    ada.upload(MESSY)
    assert "Good, would be issued" in ada.page.inner_text("main")
    ada.look("list-checked")
    with ada.page.expect_download() as refused:
        ada.page.get_by_role("link", name="Download the refused rows").click()
    assert Path(refused.value.path()).read_bytes().count(b"\r\n") == 5
    ada.press("Issue 4 credentials")
    assert "Now another person must approve" in ada.page.inner_text("main")
    ada.look("list-issued")
    ada.go("Approvals")
    ada.follow("List 1")
    assert "somebody else has to approve it" in ada.page.inner_text("main")

    # Another department sees nothing of the part that is not its own.
    library.sign_in(office.library)
    assert library.page.goto(f"{office.url}/console/approvals/1").status == 404  # type: ignore[union-attr]
    assert library.page.goto(f"{office.url}/console/audit-log").status == 403  # type: ignore[union-attr]
    library.watched.errors.clear()  # Chromium reports both answers
    library.look("refused-page")

    # A second person looks and approves.
    lin.sign_in(office.lin)
    assert "4 credentials in 1 list, from Ada Byron" in lin.page.inner_text("main")
    lin.look("home")
    lin.follow("Look and decide")
    lin.look("approvals")
    lin.follow("List 1")
    assert f"{HOSTILE} <b>Bold</b>" in lin.page.inner_text("main")  # as text
    lin.press("Approve 4 credentials")
    assert "Tick the box" in lin.page.inner_text("[role=alert]")
    lin.watched.errors.clear()  # the answer 422
    lin.look("approval-mistake")
    lin.page.get_by_label("I looked at the rows").check()
    lin.press("Approve 4 credentials")
    assert "List 1 is approved" in lin.page.inner_text("main")

    # The node seals and anchors by itself.
    ada.go("Batches")
    ada.wait_for("Final on chain")
    assert "not known" not in ada.page.inner_text("main")
    ada.look("batches")

    # One credential by the learner's id, revoked with a reason.
    ada.go("Credentials")
    ada.page.fill("#learner", "00012345")
    ada.press("Find this learner")
    assert "00012345" not in ada.page.url
    ada.look("credentials")
    with next_page(ada.page):
        ada.page.locator("tbody th a").click()
    ada.follow("Revoke")
    ada.look("revoke")
    ada.press("Go on: look once more")
    ada.watched.errors.clear()  # the answer 422
    ada.page.fill("#note", "Examination board, 3 October: thesis withdrawn")
    ada.press("Go on: look once more")
    ada.look("revoke-look")
    assert office.services.store.statuses.entries() == ()
    ada.press("Revoke it for ever")
    ada.wait_for("Revocation asked for: final on chain")
    ada.look("credential")
    assert sum(word.bit_count() for word in office.services.status_map().revoked) == 1

    # Others by a list, of which one row is wrong.
    ada.go("Revoke by a list")
    ids = [entry.id for entry in office.services.store.entries.sealed(0, 4) if entry.learner != "00012345"][:2]
    table = {"name": "left.csv", "mimeType": "text/csv", "buffer": "\n".join(["id", *ids, "nobody"]).encode()}
    ada.page.set_input_files("#list", table)  # type: ignore[arg-type]
    ada.page.select_option("#act", "suspend")
    ada.page.fill("#note", "Fees not paid")
    ada.press("Check the list")
    ada.look("changes-checked")
    ada.press("Suspend 2 credentials")
    assert "Queued for 2 credentials" in ada.page.inner_text("main")
    # What is only looked at.
    for path in ("seal", "anchor"):
        ada.page.goto(f"{office.url}/console/{path}")
        ada.look(f"{path}-now")
    for name in ("Home", "Issue a list", "Revoke by a list", "Deliveries", "Webhooks", "Tokens", "Audit log"):
        ada.go(name)
        ada.look(name.lower().replace(" ", "-") if name != "Home" else "home-after")
    assert "The sums add up" in _text(ada, "Deliveries")
    ada.press("Sign out")
    assert ada.page.inner_text("h1") == "Sign in"
    ada.page.go_back()
    ada.page.reload()
    assert ada.page.inner_text("h1") == "Sign in"

    # Everybody may see the anchors.
    ada.page.goto(f"{office.url}/anchors")
    ada.look("anchors")
    ada.follow("Anchor 1")
    ada.look("anchor")


def test_by_keyboard_alone(office: Office, desks: list[Desk]) -> None:
    desk = desks[0]
    page = desk.page
    page.goto(f"{office.url}/console")

    def to(wanted: str) -> None:
        """Tab until what has the focus is called so; every stop is to be seen."""
        for _ in range(60):
            page.keyboard.press("Tab")
            name = page.evaluate("(e => e.id || (e.innerText || '').trim())(document.activeElement)")
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", name
            if name == wanted:
                return
        raise AssertionError(wanted)

    def enter() -> None:
        with next_page(page):
            page.keyboard.press("Enter")

    to("token")
    page.keyboard.insert_text(office.ada)
    enter()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    to("Credentials")
    enter()
    to("learner")
    enter()  # nothing typed: the mistake is named and leads to the field
    assert page.locator("[role=alert]:focus").count() == 1
    to("Type the learner's id as it stands in your lists, with its leading zeros.")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "learner"
    page.keyboard.insert_text("nobody")
    enter()
    assert "There is no credential of a learner with this id" in page.inner_text("main")
    to("Sign out")
    enter()
    assert page.inner_text("h1") == "Sign in"


def test_at_200_percent_and_without_styles_everything_is_there(office: Office, desks: list[Desk]) -> None:
    desk = desks[0]
    desk.sign_in(office.ada)
    desk.page.set_viewport_size({"width": 640, "height": 512})  # 1280 × 1024 at 200 %
    for name in ("Home", "Credentials", "Deliveries", "Audit log"):
        desk.go(name)
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= 640
        small = desk.page.evaluate(
            "[...document.querySelectorAll('button,nav a,select,input:not([type=hidden])')].filter(e => {"
            "const r = e.getBoundingClientRect(); return r.height < 24 || r.width < 24}).length"
        )
        assert small == 0


def test_a_form_on_another_site_does_nothing(office: Office, desks: list[Desk], tmp_path: Path) -> None:
    desk = desks[0]
    desk.sign_in(office.ada)
    form = f'<form method="post" action="{office.url}/console/sign-out"><button>Win a prize</button></form>'
    (tmp_path / "prize.html").write_text(form)
    with file_server(tmp_path) as elsewhere:
        # Another site, as browsers see it: the cookie stays at home.
        desk.page.goto(f"{elsewhere.replace('127.0.0.1', 'localhost')}/prize.html")
        desk.press("Win a prize")
        assert desk.page.url == f"{office.url}/console"
    desk.page.goto(f"{office.url}/console")
    assert desk.page.inner_text("h1") == "What waits"


def _text(desk: Desk, name: str) -> str:
    desk.go(name)
    return desk.page.inner_text("main")
