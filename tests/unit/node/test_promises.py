"""Promises near and past their date: said once each, over restarts too, while the chain is silent, and to programs."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from anchor.chain import ChainUnavailable
from node.announcing import KINDS
from node.client.webhook_models import EventKind
from node.errands import Errands
from node.health import Health
from node.promises import tell_unkept
from node.runner import Worker
from tests.support.webhook_receiver import EVENT, checked, receiver, webhooks
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def events(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [(line["event"], line["size"]) for line in lines if line["event"].startswith("promise")]


def announced(node: Node) -> list[str]:
    rows = node.services.store._database.rows(
        "SELECT kind FROM announcements WHERE kind IN ('near', 'overdue') ORDER BY position"
    )
    return [kind for (kind,) in rows]


def test_each_state_is_said_once_even_while_the_chain_is_silent(
    node: Node, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node.services.issue(roster(2), "r.csv")
    point = node.services.seal()
    assert point is not None

    def silent(*_: object) -> object:
        raise ChainUnavailable("eth_chainId", "nobody answers")

    monkeypatch.setattr(node.chain, "chain_id", silent)
    worker = Worker(node.services, Health(), node.clock)
    worker.round()
    assert events(capsys) == []
    node.clock.now = point.anchor_by - 60
    worker.round()
    worker.round()
    assert (events(capsys), announced(node)) == ([("promise near", 2)], ["near"])
    assert [p.size for p in node.services.status().near] == [2]
    node.clock.now = point.anchor_by
    worker.round()
    worker.round()
    assert events(capsys) == [("promise overdue", 2)]
    assert announced(node) == ["near", "overdue"]
    again = Worker(node.reopened(), Health(), node.clock)
    again.round()
    assert (events(capsys), announced(node)) == ([], ["near", "overdue"])
    assert [p.size for p in node.services.status().overdue] == [2]
    monkeypatch.undo()
    again.round()
    node.clock.now += 600
    again.round()
    assert (node.services.status().overdue, events(capsys)) == ((), [])


def test_one_that_is_kept_in_time_is_not_announced_again(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.services.issue(roster(2), "r.csv")
    point = node.services.seal()
    assert point is not None
    node.clock.now = point.anchor_by - 60
    tell_unkept(node.services.store, node.services.config, node.services.now)
    assert node.services.anchor().reached
    node.clock.now = point.anchor_by + 60
    Worker(node.services, Health(), node.clock).round()
    assert (events(capsys), announced(node)) == ([("promise near", 2)], ["near"])


def test_near_and_overdue_arrive_signed_and_are_tried_again_without_node_run(node: Node) -> None:
    node.services.issue(roster(2), "r.csv")
    point = node.services.seal()
    assert point is not None
    errands = Errands(node.services)
    with receiver() as there:
        _, secret = webhooks(node).add(there.url, ["near", "overdue"], allow_private=True)
        there.statuses = [500]
        node.clock.now = point.anchor_by - 60
        errands.round()
        node.clock.now += 10
        errands.round()
        node.clock.now = point.anchor_by
        errands.round()
        errands.round()
    told = [json.loads(body) for _, body in there.got]
    assert [event["type"] for event in told] == ["near", "near", "overdue"]
    assert told[0]["id"] == told[1]["id"] != told[2]["id"]
    for (headers, body), event in zip(there.got, told, strict=True):
        EVENT.validate(event)
        assert checked(secret, headers, body)
        assert event["data"] == {"size": 2, "root": point.root.hex(), "anchorBy": point.anchor_by}


def test_the_client_names_the_same_kinds() -> None:
    assert get_args(EventKind) == KINDS
