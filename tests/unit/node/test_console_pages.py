"""The console: what each may see and do, that nobody's name is code, and what the pages say."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask

from node.access import Access, Role
from node.app import create_app
from node.console.words import coins, counted, dated, day, moment, plain
from node.store import Witness
from rootseal.errors import UndeterminedError
from tests.unit.node.conftest import Node
from tests.unit.node.console import ALL, HOSTILE, MESSY, PAGES, Officer, anchored, first, two_people, words
from tests.unit.node.nodes import HEADER, START, roster


@pytest.fixture
def petra(app: Flask, token: Callable[..., str]) -> Officer:
    return Officer(app, token())


# --- who may see and do what ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "open_pages"),
    [
        (Role.ISSUE, {"", "/lists", "/approvals"}),
        (Role.APPROVE, {"", "/approvals"}),
        (Role.REVOKE, {"", "/approvals", "/changes"}),
        (Role.READ, set(PAGES) - {"/lists", "/changes"}),
    ],
)
def test_each_role_has_its_pages(app: Flask, token: Callable[..., str], role: Role, open_pages: set[str]) -> None:
    officer = Officer(app, token(role))
    assert {path for path in PAGES if officer.client.get(f"/console{path}").status_code == 200} == open_pages
    links = set(re.findall(r'<li><a href="/console([^"]*)"', officer.get().text))
    assert links <= open_pages


def test_a_missing_role_is_named(node: Node, app: Flask, token: Callable[..., str]) -> None:
    uuid = anchored(node)
    reader = Officer(app, token(Role.READ))
    assert "“issue”" in words(reader.get("/lists", 403))
    assert "may not revoke" in words(reader.get(f"/credentials/{uuid}/revoke", 403))
    assert "Revoke" not in words(reader.get(f"/credentials/{uuid}"))


def test_another_department_is_not_there(node: Node, app: Flask, token: Callable[..., str]) -> None:
    uuid = anchored(node)
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "Economics")
    access.set_department("endnote", "Library")
    library = Officer(app, token(departments=("library",)))
    library.get(f"/credentials/{uuid}", 404)
    library.get(f"/credentials/{uuid}/file", 404)
    library.get(f"/credentials/{uuid}/revoke", 404)
    assert uuid[:8] not in library.get("/credentials").text
    found = library.act("/credentials", learner="00000000")
    assert "no credential of a learner with this id in your department" in words(found)
    for path in ("/deliveries", "/deliveries.csv", "/webhooks", "/tokens", "/audit-log"):
        library.get(path, 403)
    checked = words(library.upload(roster(1, first=7)))
    assert "not of your department" in checked
    assert "No row of this list would be issued" in checked


def test_another_departments_list_is_not_there_to_approve(node: Node, token: Callable[..., str]) -> None:
    app = create_app(two_people(node))
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "Economics")
    petra, library = Officer(app, token()), Officer(app, token(name="Lin", departments=("library",)))
    petra.issue(petra.upload(roster(1)))
    library.get("/approvals/1", 404)
    answer = library.send("/console/approvals/1/approve", "/console/approvals", looked="yes")
    assert answer.status_code == 404
    assert node.services.store.submissions.waiting_count() == 1


def test_a_learners_id_stands_in_no_address(node: Node, petra: Officer) -> None:
    anchored(node)
    found = petra.act("/credentials", learner="00000002")
    assert found.status_code == 200
    assert "00000002" in words(found)
    assert not [link for link in re.findall(r'(?:href|action)="([^"]*)"', found.text) if "00000002" in link]
    listed = petra.client.get("/console/credentials?learner=00000002")
    assert "00000000" in listed.text  # the address narrows nothing


def test_hostile_names_are_only_text(node: Node, petra: Officer) -> None:
    cells = f'"{HOSTILE.replace(chr(34), chr(34) * 2)}"'
    row = f"{HEADER}77,{cells},Kovač,l0@example.edu,ledgers,2026-10-01,,\n{cells},A,B,c@example.edu,x,y,,\n"
    checked = petra.upload(row.encode(), "<b>l.csv")
    pages = [checked, petra.issue(checked), petra.get(f"/credentials/{first(node)}"), petra.get("/credentials")]
    pages += [petra.act("/credentials", learner=HOSTILE), petra.get("/lists"), petra.get("/audit-log")]
    for page in pages:
        for mark in ("<script", "<img", "<svg/", "<b>"):
            assert mark not in page.text
    assert "&lt;script&gt;" in checked.text


# --- what is shown -------------------------------------------------------------------------------------------


def test_home_says_what_waits_and_when_the_next_anchor_comes(node: Node, petra: Officer) -> None:
    node.services.issue(roster(2), "r.csv")
    text = words(petra.get())
    assert "3 October 2026, 04:00 UTC" in text
    assert "may be sealed from 3 October 2026, 04:15 UTC" in text
    assert "every sealed entry is anchored or on its way" in text
    assert "Money left 5 coins of the chain" in text
    assert "enough for about 44,707 anchors" in text


def test_home_says_exactly_when_the_next_anchor_comes(
    node: Node, petra: Officer, app: Flask, token: Callable[..., str]
) -> None:
    assert "None needed Because every sealed entry" in words(petra.get())
    node.services.issue(roster(2), "r.csv")
    node.services.seal()
    assert "Due now The node sends it at its next round, because there is no anchor yet." in words(petra.get())
    node.services.anchor()
    node.services.issue(roster(1, first=5), "s.csv")
    node.services.seal()
    at = node.services.store.log.anchors()[0].block.timestamp
    node.clock.now = at + 60
    petra = Officer(app, token(name="Petra again"))  # her session is long over
    page = words(petra.get())
    assert f"Not due yet The node sends it by itself, at the latest on {moment(at + 3600)} ." in page
    assert "Not now, because the interval since the last anchor is not over; “Anchor now” below does not" in page
    assert "Later" not in page
    petra.send("/console/anchor", on="/console/anchor")
    assert "Asked for Somebody chose “Anchor now”: the node sends it at its next round." in words(petra.get())


def test_home_lives_without_the_chain(node: Node, petra: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> object:
        raise UndeterminedError("silent")

    monkeypatch.setattr(type(node.chain), "block", silent)
    assert "The chain cannot be asked at the moment" in words(petra.get())


def test_batches_say_state_and_what_was_paid(node: Node, petra: Officer) -> None:
    anchored(node)
    node.services.issue(roster(2, first=3), "r.csv")
    node.services.seal()
    newest, oldest = re.findall(
        r"<tr><th scope=\"row\" class=\"number\">.*?</tr>", petra.get("/batches").text, re.DOTALL
    )
    assert "Waits" in newest
    assert "Final on chain" in oldest
    receipt = node.chain.receipt(node.services.store.log.anchors()[0].transaction)
    assert receipt is not None
    assert f"{receipt.gas_used:,}" in oldest
    node.clock.now += 90_000
    assert "Overdue" in words(petra.get("/batches", 303)) or "Overdue" in words(
        Officer(petra.client.application, Access(node.services.store, node.clock).add("P", ALL).text).get("/batches")
    )


def test_deliveries_add_up_on_the_page(node: Node, petra: Officer) -> None:
    petra.issue(petra.upload(MESSY))
    text = words(petra.get("/deliveries"))
    assert "The sums add up" in text
    assert "Total 5 3 2 0 0 0 3 0" in text
    assert "00000001" in petra.get("/deliveries.csv").text


def test_the_anchors_are_public_and_say_how_to_check(node: Node, app: Flask) -> None:
    anchored(node)
    client = app.test_client()
    row = node.services.store.log.anchors()[0]
    listed, one = client.get("/anchors"), client.get("/anchors/1")
    assert (listed.status_code, one.status_code) == (200, 200)
    assert f"0x{row.root.hex()}" in one.text
    assert f"0x{row.transaction.hex()}" in one.text
    assert "rootseal audit --rpc" in words(one)
    assert "Ana" not in listed.text + one.text
    assert not one.headers.getlist("Set-Cookie")
    missing = client.get("/anchors/2")
    assert (missing.status_code, "no anchor with this number" in words(missing)) == (404, True)
    assert client.get("/anchors/99999999999999999999").status_code == 404
    for odd in ("?before=x", "?before=-1", "?before=99999999999999999999"):
        assert client.get(f"/anchors{odd}").status_code == 200


def test_the_anchors_name_the_other_ledgers(node: Node, app: Flask) -> None:
    other = Witness(0, ("http://127.0.0.1:1",), 100, b"\1" * 32, "tag", b"\2" * 20, b"\3" * 32, 7, 9, 3600, 1, START)
    node.services.store.witnesses.add(other)
    page = words(app.test_client().get("/anchors"))
    assert f"100 0x{'02' * 20} 9 0 –" in page
    assert "127.0.0.1:1 " not in page


def test_paging_takes_what_an_address_may_hold(node: Node, petra: Officer) -> None:
    anchored(node)
    for path in (
        "/batches?before=1",
        "/batches?before=-9",
        "/audit-log?before=x",
        "/credentials?after=99999999999999999999",
    ):
        petra.get(path)
    assert "There is none" in words(petra.get("/credentials?after=99"))
    petra.get("/approvals/99999999999999999999", 404)


def test_failures_look_like_pages_and_tell_nothing_of_the_inside(petra: Officer) -> None:
    answer = petra.get("/nothing", 404)
    assert answer.content_type == "text/html; charset=utf-8"
    assert petra.client.post("/console/batches").status_code == 405


def test_words() -> None:
    assert day(START) == "3 October 2026"
    assert day("2026-01-09") == "9 January 2026"
    assert (day(None), day("")) == ("–", "–")
    assert moment(START) == "3 October 2026, 04:00 UTC"
    assert (dated("2026-11-22"), dated("2026-13-22")) == ("22 November 2026", "2026-13-22")
    assert (counted(1, "row"), counted(2000, "row"), counted(0, "entry", "entries")) == (
        "1 row",
        "2,000 rows",
        "0 entries",
    )
    assert (coins(0), coins(10**18), coins(1), coins(None)) == ("0", "1", "less than 0.000000001", "–")
    assert plain("a\u202eb\nc") == "ab c"


def test_upload_of_a_form_without_an_end_is_refused(petra: Officer) -> None:
    answer = petra.client.post(
        "/console/lists",
        data=io.BytesIO(b'--x\r\nContent-Disposition: form-data; name="list"'),
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 403
