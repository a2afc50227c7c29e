"""Promises near and past their date: said once each, over restarts too, while the chain is silent, and to programs."""

from __future__ import annotations

import json

import pytest

from anchor.chain import ChainUnavailable
from node.health import Health
from node.runner import Worker
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def events(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [(line["event"], line["size"]) for line in lines if line["event"].startswith("promise")]


def announced(node: Node) -> int:
    found = node.services.store._database.row("SELECT count(*) FROM announcements WHERE kind = 'overdue'")
    assert found is not None
    return int(found[0])


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
    assert events(capsys) == [("promise near", 2)]
    node.clock.now = point.anchor_by
    worker.round()
    worker.round()
    assert events(capsys) == [("promise overdue", 2)]
    assert announced(node) == 1
    again = Worker(node.reopened(), Health(), node.clock)
    again.round()
    assert (events(capsys), announced(node)) == ([], 1)
    assert [p.size for p in node.services.status().overdue] == [2]
    monkeypatch.undo()
    again.round()
    node.clock.now += 600
    again.round()
    assert (node.services.status().overdue, events(capsys)) == ((), [])
