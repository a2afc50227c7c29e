"""Awards that are set aside while something else goes wrong: a full disk, a locked store, a process that dies."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from node.services import Services
from node.store import Store
from rootseal.errors import StoreError
from tests.support.api_caller import Caller
from tests.unit.node.conftest import Node
from tests.unit.node.intakes import REASON, Killed, aside, dying, findings, restarted, spoil, standing, take_in
from tests.unit.node.nodes import open_node

pytestmark = pytest.mark.usefixtures("never")


@pytest.mark.parametrize("trouble", ["locked", "full", "template"])
def test_what_hinders_all_sets_nothing_aside(
    node: Node, petra: Caller, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = take_in(petra, 3)
    spoil(node, ids[1])
    node.services.close()
    path = node.services.store.path
    connection = sqlite3.connect(path, isolation_level=None)

    def fault(point: str) -> None:
        if trouble == "full" and point == "commit":
            raise sqlite3.OperationalError("database or disk is full")

    if trouble == "locked":
        monkeypatch.setattr("node.store.database.BUSY_SECONDS", 0.05)
        connection.execute("BEGIN IMMEDIATE")
    elif trouble == "template":
        connection.execute("UPDATE templates SET id = id + 100")
    store = Store.open(path, fault)
    services = Services(node.directory, node.services.config, store, chain=node.chain, clock=node.clock)
    with pytest.raises(StoreError):
        services.settle()
    if trouble == "locked":
        connection.execute("ROLLBACK")
    elif trouble == "template":
        connection.execute("UPDATE templates SET id = id - 100")
    connection.close()
    assert (store.set_aside.count(), store.accepts.waiting()) == (0, 3)
    services.close()
    restarted(node)
    assert (aside(node), standing(node)) == ([(ids[1], REASON)], (0, 2))


@pytest.mark.parametrize("at", ["begin", "commit", "committed"])
@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("when", ["aside", "again", "withdrawn"])
def test_killed_at_any_point_it_is_somewhere_once(
    node: Node, petra: Caller, at: str, after: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.intake.Intake.work_out.__defaults__", (2,))
    ids = take_in(petra, 5)
    spoil(node, ids[1])
    if when != "aside":
        restarted(node)
    if when == "again":
        spoil(node, ids[1], None)
    dead = Store.open(node.services.store.path, dying(at, after))
    services = Services(node.directory, node.services.config, dead, chain=node.chain, clock=node.clock)
    with contextlib.suppress(Killed):
        services.withdraw(ids[1]) if when == "withdrawn" else services.settle()
    services.close()
    open_node(node.directory, node.chain, node.clock).close()
    found = node.services.store
    entries = [entry.id for entry in found.entries.numbered(0, 9)]
    assert sorted([*entries, *(row.taken.entry for row in found.set_aside.all())]) == sorted(ids)
    codes = findings(node)
    assert codes == (["award.set_aside"] if found.set_aside.count() else [])
    if when == "again":
        assert codes == []
    answer = petra.issue("take-1", learner_id="071")
    assert (answer.json or {})["id"] == ids[1] and answer.headers["Idempotent-Replayed"] == "true"
