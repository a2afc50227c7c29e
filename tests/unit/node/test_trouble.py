"""Two at once, a full disk, a locked store: nothing lost, nothing doubled, and a clear sentence."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from node.config import read_config
from node.services import Services
from node.store import STORE_NAME, EntryState, Store, database
from rootseal.errors import StoreError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import Clock, make_node, open_node, roster

HAND_IN = """
import sys, time
from pathlib import Path
from node.services import Services
directory, data, start = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), float(sys.argv[3])
with Services.open(directory) as services:
    time.sleep(max(0.0, start - time.time()))
    outcome = services.issue(data, "r.csv")
print(len(outcome.issued), len(outcome.already), len(outcome.refused))
"""


def test_the_same_list_handed_in_by_four_processes_at_once_is_issued_once(node: Node, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(roster(60))
    start = str(time.time() + 4)
    command = [sys.executable, "-c", HAND_IN, str(node.directory), str(tmp_path / "r.csv"), start]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    counts = [tuple(map(int, process.communicate(timeout=120)[0].split())) for process in running]
    assert sorted(counts) == [(0, 60, 0)] * 3 + [(60, 0, 0)]
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 60
    assert [act.act for act in node.services.store.acts.all()] == ["template-add", "issue"]
    assert node.services.fsck(offline=True).findings == []


def test_a_disk_that_is_full_at_the_commit_stores_nothing_and_says_so(tmp_path: Path) -> None:
    chain = make_node(tmp_path)
    open_node(tmp_path, chain).close()
    full = True

    def no_space(place: str) -> None:
        if full and place == "commit":
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    clock = Clock()
    store = Store.open(tmp_path / STORE_NAME, no_space)
    with Services(tmp_path, read_config(tmp_path), store, chain=chain, clock=clock, sleep=clock.sleep) as services:
        with pytest.raises(StoreError, match="the disk is full; nothing was changed"):
            services.issue(roster(3), "r.csv")
        assert sum(services.store.entries.counts().values()) == 0
        assert [act.act for act in services.store.acts.all()] == ["template-add"]
        full = False
        assert len(services.issue(roster(3), "r.csv").issued) == 3
        full = True
        with pytest.raises(StoreError, match="disk is full"):
            services.seal()
        assert services.newest_checkpoint() is None
        full = False
        assert services.seal() is not None
        assert services.fsck(offline=True).findings == []


def test_a_store_that_is_really_full_stores_nothing_and_goes_on_afterwards(node: Node) -> None:
    """SQLite's own limit on pages: the failure comes from inside a statement, as on a full disk."""
    with node.services.store.writing() as utils:
        pages = int(utils.conn.execute("PRAGMA page_count").fetchone()[0])
    connection = node.services.store._database.utils.conn
    connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(StoreError, match="the disk is full; nothing was changed"):
        node.services.issue(roster(200), "r.csv")
    assert sum(node.services.store.entries.counts().values()) == 0
    connection.execute("PRAGMA max_page_count = 1000000")
    assert len(node.services.issue(roster(200), "r.csv").issued) == 200


def test_a_store_locked_by_another_process_is_told_and_nothing_is_lost(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    services = node.reopened()
    with contextlib.closing(sqlite3.connect(services.store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has been writing"):
            services.issue(roster(2), "r.csv")
        other.execute("ROLLBACK")
    assert sum(services.store.entries.counts().values()) == 0
    assert len(services.issue(roster(2), "r.csv").issued) == 2
