"""The console's “Seal now” and “Anchor now”: looked at first, for officers of all departments, done once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from anchor.chain import ChainUnavailable
from node.access import Role
from node.app import create_app
from node.hurrying import anchor_wanted
from node.store import EntryState
from tests.unit.node.conftest import Node
from tests.unit.node.console import Officer, anchored, first, two_people, words
from tests.unit.node.nodes import roster


@pytest.fixture
def petra(app: Flask, token: Callable[..., str]) -> Officer:
    return Officer(app, token())


def count_on(officer: Officer) -> str:
    """The number that stands in the form for sealing."""
    found = re.search(r'name="count" value="(\d+)"', officer.get("/seal").text)
    assert found is not None
    return found[1]


def test_sealing_says_what_it_does_and_does_it(node: Node, petra: Officer) -> None:
    node.services.issue(roster(3), "r.csv")
    shown = words(petra.get("/seal"))
    assert "3 credentials wait." in shown
    assert "no longer be withdrawn" in shown
    assert node.services.store.entries.counts()[EntryState.SEALED] == 0
    done = words(petra.act("/seal", count=count_on(petra)))
    assert "Sealed: the log has 3 credentials now" in done
    assert node.services.store.entries.counts()[EntryState.SEALED] == 3
    sealed = next(act for act in node.services.store.acts.all() if act.act == "seal")
    assert '"person": "Petra"' in sealed.detail
    assert "Nothing waits that may be sealed" in words(petra.get("/seal"))


def test_what_came_since_one_looked_is_not_sealed_unseen(node: Node, petra: Officer) -> None:
    node.services.issue(roster(2), "r.csv")
    seen = count_on(petra)
    node.services.issue(roster(1, first=7), "more.csv")
    answer = petra.act("/seal", count=seen)
    assert answer.status_code == 409
    assert "has changed since you looked" in words(answer)
    assert node.services.store.entries.counts()[EntryState.SEALED] == 0
    petra.act("/seal", count=count_on(petra))
    assert node.services.store.entries.counts()[EntryState.SEALED] == 3


def test_what_waits_for_a_second_person_is_not_sealed(node: Node, token: Callable[..., str]) -> None:
    app = create_app(two_people(node))
    petra, lin = Officer(app, token()), Officer(app, token(Role.APPROVE, name="Lin"))
    petra.issue(petra.upload(roster(2)))
    shown = words(petra.get("/seal"))
    assert "Nothing waits that may be sealed" in shown
    assert "1 list waits for a second person" in shown
    lin.act("/approvals/1/approve", "/approvals/1", looked="yes")
    assert "Sealed" in words(petra.act("/seal", count=count_on(petra)))


def test_a_chain_that_is_silent_is_told_and_nothing_is_sealed(node: Node, petra: Officer) -> None:
    node.services.issue(roster(1), "r.csv")
    count = count_on(petra)
    node.chain.fail("call", ChainUnavailable("eth_call", "no answer"))
    answer = petra.act("/seal", count=count)
    assert (answer.status_code, "The chain cannot be asked" in words(answer)) == (503, True)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 1


def test_anchoring_hurries_the_working_process(node: Node, petra: Officer) -> None:
    node.services.issue(roster(2), "r.csv")
    assert "nothing to anchor" in words(petra.get("/anchor"))
    node.services.seal()
    shown = words(petra.get("/anchor"))
    assert "covers 2 credentials" in shown
    assert "gas" in shown
    assert not anchor_wanted(node.services.store)
    assert "at its next round" in words(petra.act("/anchor"))
    assert anchor_wanted(node.services.store)
    assert "Somebody asked for this already" in words(petra.get("/anchor"))
    for _ in range(8):
        node.services.tick()
        node.clock.sleep(5)
    assert node.services.store.log.introducing(1) is not None
    assert "is final on the chain" in words(petra.get("/anchor"))
    acts = [act for act in node.services.store.acts.all() if act.act == "anchor asked"]
    assert [(act.subject, '"person": "Petra"' in act.detail) for act in acts] == [("size 2", True)]


@pytest.mark.parametrize("path", ["/seal", "/anchor"])
def test_only_for_issuing_officers_of_the_whole_institution(
    node: Node, app: Flask, token: Callable[..., str], path: str
) -> None:
    anchored(node)
    library = Officer(app, token(name="Bo", departments=("Library",)))
    reader = Officer(app, token(Role.READ, name="Rea"))
    for officer in (library, reader):
        officer.get(path, 403)
        assert officer.send(f"/console{path}", "/console", count="0").status_code == 403
        assert f'href="/console{path}"' not in officer.get().text
    without = app.test_client().post(f"/console{path}", data={"count": "0"})
    assert without.headers["Location"] == "/console/sign-in"


def test_a_form_without_its_token_does_nothing(node: Node, petra: Officer) -> None:
    node.services.issue(roster(1), "r.csv")
    assert petra.client.post("/console/seal", data={"count": "1"}).status_code == 403
    assert node.services.entry(first(node)).state is EntryState.ACCEPTED
