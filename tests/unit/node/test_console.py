"""The console: lists in two steps, the second person, and acts on one credential."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from node.access import Role
from node.app import create_app
from node.store import Act, EntryState
from tests.unit.node.conftest import Node
from tests.unit.node.console import MESSY, Officer, anchored, first, two_people, words
from tests.unit.node.nodes import HEADER, TEMPLATES, roster


@pytest.fixture
def petra(app: Flask, token: Callable[..., str]) -> Officer:
    return Officer(app, token())


# --- lists ------------------------------------------------------------------------------------------


def test_a_list_is_checked_then_issued_and_the_rest_comes_back(node: Node, petra: Officer) -> None:
    checked = petra.upload(MESSY)
    text = words(checked)
    assert "Good, would be issued 3" in text
    assert "Refused, with a reason each 2" in text
    assert "All rows 5" in text
    assert "family name is missing" in text
    assert "55,919 gas" in text
    assert "Ana 0 Kovač" in text
    assert "1 October 2026" in text
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0
    done = petra.issue(checked)
    assert "Issued 3" in words(done)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 3
    again = petra.client.get(petra_refused(checked))
    assert again.headers["Content-Disposition"] == 'attachment; filename="refused-rows.csv"'
    assert again.data.count(b"\r\n") == 3
    assert b"family name is missing" in again.data
    (account,) = node.services.store.lists.all()
    assert (account.rows, account.issued, account.refused) == (5, 3, 2)


def petra_refused(checked: object) -> str:
    found = re.search(r'href="(/console/lists/[0-9a-f]{32}/refused)"', getattr(checked, "text"))  # noqa: B009
    assert found is not None
    return found[1]


def test_the_button_pressed_twice_issues_once(node: Node, petra: Officer) -> None:
    checked = petra.upload(roster(2))
    petra.issue(checked)
    fields = {"digest": re.findall(r'name="digest" value="(\w+)"', checked.text)[0]}
    petra.send(f"/console{petra.issue_path(checked)}", "/console/lists", **fields)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 2
    assert len(node.services.store.lists.all()) == 1


def test_only_what_was_looked_at_is_issued(node: Node, petra: Officer) -> None:
    checked = petra.upload(roster(2))
    answer = petra.send(f"/console{petra.issue_path(checked)}", "/console/lists", digest="0" * 64)
    assert answer.status_code == 409
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


def test_a_micro_credential_that_changed_meanwhile_stops_it(node: Node, petra: Officer) -> None:
    checked = petra.upload(roster(2))
    changed = replace(TEMPLATES["ledgers"], title="Another title")
    node.services.add_templates({"ledgers": changed})
    assert "changed since you looked" in words(petra.issue(checked))
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


def test_another_session_sees_nothing_of_an_uploaded_list(
    app: Flask, petra: Officer, token: Callable[..., str]
) -> None:
    path = petra.issue_path(petra.upload(roster(2))).removesuffix("/issue")
    other = Officer(app, token(name="Lin"))
    other.get(path, 404)
    other.get(f"{path}/refused", 404)


def test_an_uploaded_list_is_forgotten_after_an_hour(node: Node, petra: Officer) -> None:
    path = petra.issue_path(petra.upload(roster(2))).removesuffix("/issue")
    for _ in range(3):
        node.clock.now += 25 * 60
        petra.get("/lists")
    petra.get(path, 404)


def test_put_away_is_away(petra: Officer) -> None:
    path = petra.issue_path(petra.upload(roster(2))).removesuffix("/issue")
    assert "put away" in words(petra.act(f"{path}/discard", on=path))
    petra.get(path, 404)


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "", "Choose the file"),
        (b"", "l.csv", "is empty"),
        (b"<html></html>", "l.csv", "is a web page"),
        (b"\xff\xfe\xfa", "l.csv", "is not UTF-16"),
        (HEADER.encode(), "l.csv", "nothing to issue"),
    ],
)
def test_what_is_no_list_is_told(petra: Officer, data: bytes, name: str, sentence: str) -> None:
    answer = petra.upload(data, name)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert 'href="#list"' in answer.text


def test_an_uploaded_list_touches_no_disk(petra: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> object:
        raise AssertionError("a file of learners would be on disk")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", never)
    assert petra.upload(b"x" * (1 << 20)).status_code == 422


def test_a_list_that_is_too_large_is_told(petra: Officer) -> None:
    answer = petra.upload(b"x" * (21 << 20))
    assert answer.status_code == 413
    assert "split the list" in words(answer)


def test_a_correction_goes_through_the_same_two_steps(node: Node, petra: Officer) -> None:
    anchored(node)
    uuid = first(node)
    row = HEADER + "00000000,Anna,Kovač,l0@example.edu,ledgers,2026-10-01,,\n"
    done = petra.issue(petra.upload(row.encode(), corrects=uuid))
    assert "Issued 1" in words(done)
    assert "takes its place" in words(petra.get(f"/credentials/{uuid}"))
    assert "exactly one row" in words(petra.upload(roster(2), corrects=uuid))
    assert 'href="#corrects"' in petra.upload(row.encode(), corrects="nonsense").text


# --- the second person -------------------------------------------------------------------------------


def test_nobody_approves_his_own_list(node: Node, token: Callable[..., str]) -> None:
    app = create_app(two_people(node))
    petra, lin = Officer(app, token()), Officer(app, token(Role.APPROVE, name="Lin"))
    assert "another person must approve" in words(petra.issue(petra.upload(roster(2))))
    assert "somebody else has to approve it" in words(petra.get("/approvals/1"))
    assert "another person must approve it" in words(petra.act("/approvals/1/approve", "/approvals/1", looked="yes"))
    assert node.services.status().approvals == 1
    assert "rootseal_lists_awaiting_approval 1.0" in petra.client.get("/metrics").text
    assert "2 credentials in 1 list, from Petra" in words(lin.get())
    shown = words(lin.get("/approvals/1"))
    assert "Ana 1 Kovač" in shown
    unticked = lin.act("/approvals/1/approve", "/approvals/1")
    assert (unticked.status_code, "Tick the box" in words(unticked)) == (422, True)
    assert "List 1 is approved" in words(lin.act("/approvals/1/approve", "/approvals/1", looked="yes"))
    assert node.services.store.submissions.waiting_count() == 0
    assert "approved by Lin" in words(petra.get(f"/credentials/{first(node)}"))
    by = node.services.store.acts.all()[-1]
    assert (by.act, '"person": "Lin"' in by.detail) == ("approve", True)


def test_rejecting_wants_a_reason_and_takes_it_back(node: Node, token: Callable[..., str]) -> None:
    app = create_app(two_people(node))
    petra, lin = Officer(app, token()), Officer(app, token(Role.APPROVE, name="Lin"))
    petra.issue(petra.upload(roster(2)))
    empty = lin.act("/approvals/1/reject", "/approvals/1")
    assert (empty.status_code, 'href="#reason"' in empty.text) == (422, True)
    assert "is rejected" in words(lin.act("/approvals/1/reject", "/approvals/1", reason="Wrong date"))
    assert node.services.store.entries.counts()[EntryState.WITHDRAWN] == 2
    assert "Wrong date" in words(petra.get("/approvals/1"))


# --- acts on one credential ----------------------------------------------------------------------------


def test_withdrawing_asks_once_more(node: Node, petra: Officer) -> None:
    node.services.issue(roster(1), "r.csv")
    path = f"/credentials/{first(node)}/withdraw"
    assert "Look once more" in words(petra.act(path))
    assert node.services.store.entries.counts()[EntryState.WITHDRAWN] == 0
    done = words(petra.act(path, sure="yes"))
    assert re.search(r"Withdrawn before it was sealed \S.{0,60}, by Petra", done), done
    assert node.services.store.entries.counts()[EntryState.WITHDRAWN] == 1
    petra.get(path, 409)


def test_revoking_wants_a_reason_and_a_second_look(node: Node, petra: Officer) -> None:
    uuid = anchored(node)
    path = f"/credentials/{uuid}/revoke"
    empty = petra.act(path, note=" ")
    assert (empty.status_code, 'href="#note"' in empty.text) == (422, True)
    petra.act(path, note="Thesis withdrawn")
    assert node.services.store.statuses.entries() == ()
    done = words(petra.act(path, note="Thesis withdrawn", sure="yes"))
    assert "Revocation asked for : queued, not sent yet" in done
    assert "Thesis withdrawn" in done
    (act,) = node.services.store.statuses.of(f"urn:uuid:{uuid}")
    assert (act.act, act.reason) == (Act.REVOKE, 0)
    acts = node.services.store.acts.all()
    assert all('"person": "Petra"' in row.detail for row in acts if row.act in ("revoke", "note"))
    assert "Thesis" not in "".join(row.detail for row in acts)
    petra.get(path, 409)
    node.services.anchor()
    assert "Revocation asked for : final on chain" in words(petra.get(f"/credentials/{uuid}"))


def test_suspending_and_ending_it(node: Node, petra: Officer) -> None:
    uuid = anchored(node)
    petra.get(f"/credentials/{uuid}/reinstate", 409)
    petra.act(f"/credentials/{uuid}/suspend", note="Being looked into", sure="yes")
    assert "Suspended" in words(petra.get(f"/credentials/{uuid}"))
    petra.act(f"/credentials/{uuid}/reinstate", note="Settled", sure="yes")
    assert [act.act for act in node.services.store.statuses.of(f"urn:uuid:{uuid}")] == [Act.SUSPEND, Act.REINSTATE]


def test_superseded_is_the_one_reason_on_chain(node: Node, petra: Officer) -> None:
    uuid = anchored(node)
    petra.act(f"/credentials/{uuid}/revoke", note="Name corrected", superseded="yes", sure="yes")
    assert node.services.store.statuses.of(f"urn:uuid:{uuid}")[0].reason == 1
