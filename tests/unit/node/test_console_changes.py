"""Revoking by a list in the console: every row accounted for, looked at first, and done as it was looked at."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from node.access import Access, Role
from node.store import Act
from tests.unit.node.conftest import Node
from tests.unit.node.console import HOSTILE, Officer, words
from tests.unit.node.nodes import roster
from tests.unit.node.test_statuses import anchored


@pytest.fixture
def petra(app: Flask, token: Callable[..., str]) -> Officer:
    return Officer(app, token())


def check(officer: Officer, text: str, **fields: str) -> TestResponse:
    """The page of the check, or the form with what is wrong."""
    chosen = {"act": "revoke", "note": "Examination board, 3 October", **fields}
    return officer.act("/changes", list=FileStorage(io.BytesIO(text.encode()), "gone.csv"), **chosen)


def do(officer: Officer, checked: TestResponse) -> TestResponse:
    """Press the button of a checked list."""
    path, digest = button(checked)
    return officer.act(path, on=path.removesuffix("/do"), digest=digest)


def button(checked: TestResponse) -> tuple[str, str]:
    found = re.search(r'action="/console(/changes/[0-9a-f]{32}/do)"', checked.text)
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', checked.text)
    assert found is not None, words(checked)
    assert digest is not None
    return found[1], digest[1]


def test_a_list_is_looked_at_then_queued_with_its_reason(node: Node, petra: Officer) -> None:
    ids = anchored(node, 4)
    store = node.services.store
    checked = check(petra, f"id\n{ids[0]}\n{ids[1]}\n{ids[1]}\nnot-an-id\n", superseded="yes")
    text = words(checked)
    assert "4 rows, each counted once" in text
    for part in ("Would be queued 2", "Named by another row of the list 1", "Refused, with a reason each 1"):
        assert part in text
    assert node.services.entry(ids[0]).learner in text
    assert "superseded by another credential" in text
    assert store.statuses.entries() == ()
    done = words(do(petra, checked))
    assert "Queued for 2 credentials" in done
    assert "Queued 2" in done
    (act,) = store.statuses.of(ids[0])
    assert (act.act, act.reason) == (Act.REVOKE, 1)
    assert [note.note for note in store.notes.of(ids[1])] == ["Examination board, 3 October"]
    assert store.statuses.of(ids[2]) == ()
    assert all('"person": "Petra"' in act.detail for act in store.acts.all() if act.act in ("revoke", "note"))
    node.services.anchor()
    assert sum(word.bit_count() for word in node.services.status_map().revoked) == 2


def test_the_button_pressed_twice_queues_once(node: Node, petra: Officer) -> None:
    ids = anchored(node, 2)
    checked = check(petra, f"id\n{ids[0]}\n")
    path, digest = button(checked)
    do(petra, checked)
    petra.send(f"/console{path}", "/console/changes", digest=digest)
    assert len(node.services.store.statuses.of(ids[0])) == 1


def test_what_changed_since_is_looked_at_again(node: Node, petra: Officer) -> None:
    node.services.issue(roster(2), "r.csv")
    node.services.seal()
    ids = [entry.id for entry in node.services.store.entries.sealed(0, 2)]
    checked = check(petra, f"id\n{ids[0]}\n")
    assert "choose “Anchor now”" in words(checked)
    assert "rootseal" not in words(checked)
    assert "No row of this list would change anything" in words(checked)
    node.services.anchor()
    first = check(petra, f"id\n{ids[0]}\n{ids[1]}\n")
    node.services.revoke([ids[1]])
    again = do(petra, first)
    assert "changed since you looked" in words(again)
    assert node.services.store.statuses.of(ids[0]) == ()
    assert "Queued for 1 credential." in words(do(petra, again))


def test_suspending_and_ending_it_by_a_list(node: Node, petra: Officer) -> None:
    ids = anchored(node, 2)
    text = f"id\n{ids[0]}\n{ids[1]}\n"
    do(petra, check(petra, text, act="suspend"))
    do(petra, check(petra, text, act="reinstate", superseded="yes"))
    acts = [(act.act, act.reason) for act in node.services.store.statuses.of(ids[0])]
    assert acts == [(Act.SUSPEND, 0), (Act.REINSTATE, 0)]


@pytest.mark.parametrize(
    ("text", "fields", "sentence", "field"),
    [
        ("learner\n1\n", {}, "needs a column id", "list"),
        ("<html></html>", {}, "is a web page", "list"),
        ("id\nx\n", {"note": " "}, "Say why, on one line", "note"),
        ("id\nx\n", {"act": "annul"}, "Choose what is to be done", "act"),
    ],
)
def test_what_cannot_be_read_is_told(
    petra: Officer, text: str, fields: dict[str, str], sentence: str, field: str
) -> None:
    answer = check(petra, text, **fields)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert f'href="#{field}"' in answer.text


def test_hostile_words_stay_words(petra: Officer) -> None:
    answer = check(petra, f"id\n{HOSTILE}\n", note=HOSTILE)
    assert "<script>" not in answer.text
    assert "alert(1)" in answer.text


def test_it_is_another_departments_and_another_sessions(node: Node, app: Flask, token: Callable[..., str]) -> None:
    ids = anchored(node, 1)
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "Economics")
    petra, library = Officer(app, token()), Officer(app, token(name="Bo", departments=("Library",)))
    path, _ = button(check(petra, f"id\n{ids[0]}\n"))
    library.get(path.removesuffix("/do"), 404)
    foreign = words(check(library, f"id\n{ids[0]}\n"))
    assert "there is no credential with this id here" in foreign
    Officer(app, token(Role.ISSUE, name="Ira")).get("/changes", 403)


def test_put_away_is_away(node: Node, petra: Officer) -> None:
    ids = anchored(node, 1)
    path = button(check(petra, f"id\n{ids[0]}\n"))[0].removesuffix("/do")
    assert "put away" in words(petra.act(f"{path}/discard", on=path))
    petra.get(path, 404)
