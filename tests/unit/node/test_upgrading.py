"""A database that an older version filled is upgraded with all that it holds, and the node goes on."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from node.announcing import announce
from node.store import STORE_NAME, EntryState
from node.store.migrations import create_file
from node.store.schema import MIGRATIONS
from node.webhooks import Webhooks
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def columns(connection: sqlite3.Connection, table: str, schema: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")]


def as_older(path: Path, version: int) -> None:
    """Put in the place of the store one of schema `version` that holds the same rows, as far as it has places for them.

    The steps are never edited (`test_a_released_step_is_never_edited`), so that this is the file of that version.
    """
    old = path.with_name("old.sqlite")
    create_file(old, MIGRATIONS[:version])
    with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS new", (str(path),))
        tables = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in connection.execute(tables).fetchall():
            names = ", ".join(columns(connection, table, "main"))
            assert set(columns(connection, table, "main")) <= set(columns(connection, table, "new"))
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM new.{table}")
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    old.rename(path)


OLD_ALL = ["sealed", "final", "revoked", "overdue"]
NEW_ALL = ["sealed", "final", "revoked", "near", "overdue", "low_balance"]


@pytest.mark.parametrize("version", [5, 6])
def test_a_webhook_that_was_added_for_all_gets_the_kinds_that_came_since(node: Node, version: int) -> None:
    service = Webhooks(node.services.store, node.services.home, test=True, clock=node.clock)
    cases = {"old": OLD_ALL, "new": NEW_ALL, "some": ["final"], "three": OLD_ALL[:3]}
    ids = {
        name: service.add(f"http://127.0.0.1:9/{name}", kinds, allow_private=True)[0].id
        for name, kinds in cases.items()
    }
    service.remove(service.add("http://127.0.0.1:9/gone", OLD_ALL, allow_private=True)[0].id)
    node.services.close()
    as_older(node.directory / STORE_NAME, version)

    store = node.reopened().store
    kinds = {name: store.announcements.webhook(one).kinds for name, one in ids.items()}
    assert kinds == {"old": (), "new": (), "some": ("final",), "three": tuple(OLD_ALL[:3])}
    assert all(one.secret for one in store.announcements.webhooks())
    announce(store, "near", "checkpoint/9", {}, node.services.now)
    told = {one.webhook for one in store.announcements.deliveries(None, 9)}
    assert told == {ids["old"], ids["new"]}


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_filled_store_of_every_older_schema_goes_on(node: Node, version: int) -> None:
    services = node.services
    ids = [row.id for row in services.issue(roster(4), "r.csv").issued]
    services.seal()
    assert services.anchor().reached
    services.revoke(ids[:1])
    assert services.anchor().reached
    services.issue(roster(1, first=4), "promised.csv")
    services.seal()
    (back,) = services.issue(roster(1, first=5), "back.csv").issued
    services.withdraw(back.id)
    services.issue(roster(1, first=6), "waiting.csv")
    before = [(act.at, act.act, act.subject, act.detail) for act in services.store.acts.all()]
    services.close()
    as_older(node.directory / STORE_NAME, version)

    services = node.reopened()
    assert (node.directory / f"{STORE_NAME}.schema-{version}").is_file()
    assert [(act.at, act.act, act.subject, act.detail) for act in services.store.acts.all()] == before
    assert services.fsck().findings == []
    assert services.issue(roster(4), "r.csv").issued == (), "it knows what it issued"
    assert len(services.issue(roster(2, first=10), "more.csv").issued) == 2
    point = services.seal()
    assert point is not None
    assert point.size == 4 + 1 + 1 + 2
    assert services.anchor().reached
    assert services.status_map().revoked == (1 << (services.entry(ids[0]).index or 0),)
    assert services.store.entries.counts()[EntryState.WITHDRAWN] == 1
    assert services.fsck().findings == []
