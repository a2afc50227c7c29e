"""The audit log: append-only, one chain, and its head beside each promise."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from node.store import STORE_NAME, Store
from node.store.act_chain import FIRST, act_hash
from node.store.migrations import create_file
from node.store.schema import MIGRATIONS
from rootseal.canonical import dumps
from rootseal.errors import RootsealError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

ACTS = [(10, "issue", "2 entries", '{"refused": 0}'), (11, "withdraw", "urn:uuid:x", "{}"), (12, "seal", "1", "{}")]


def test_each_line_holds_the_hash_of_the_line_before_and_of_itself(tmp_path: Path) -> None:
    with contextlib.closing(Store.create(tmp_path / STORE_NAME)) as store:
        assert store.acts.head() == bytes(32)
        first = store.acts.add(5, "issue", "1 entries", {"refused": 0})
        second = store.acts.add(6, "seal", "1 entries", {})
        act = {"at": 5, "act": "issue", "subject": "1 entries", "detail": {"refused": 0}}
        assert first == sha256(bytes(32) + dumps(act)).digest()
        assert [line.hash for line in store.acts.all()] == [first, second]
        assert store.acts.head() == second


@pytest.mark.parametrize("change", ["UPDATE acts SET at = 0", "DELETE FROM acts"])
def test_lines_are_neither_changed_nor_deleted(tmp_path: Path, change: str) -> None:
    with contextlib.closing(Store.create(tmp_path / STORE_NAME)) as store:
        store.acts.add(5, "issue", "1 entries", {})
        with pytest.raises(RootsealError, match="acts are never"), store.writing() as utils:
            utils.conn.execute(change)


def test_a_promise_keeps_the_head_that_it_was_sealed_under(node: Node) -> None:
    node.services.issue(roster(2), "r.csv")
    checkpoint = node.services.seal()
    assert checkpoint is not None
    assert checkpoint.acts_head == node.services.store.acts.head()
    assert node.services.newest_checkpoint() == checkpoint
    assert node.services.fsck(offline=True).findings == []


def forged(file: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the file as somebody would who may write to it and knows SQL."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER acts_stay")
        connection.execute("DROP TRIGGER acts_last")
        change(connection)


def rewritten(connection: sqlite3.Connection) -> None:
    """Another history from the first line on, with hashes that fit each other."""
    head = FIRST
    for position, at, act, subject, detail in connection.execute(
        "SELECT position, at, act, subject, detail FROM acts ORDER BY position"
    ).fetchall():
        head = act_hash(head, at - 86_400, act, subject, detail)
        connection.execute("UPDATE acts SET at = at - 86400, hash = ? WHERE position = ?", (head, position))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda connection: connection.execute("UPDATE acts SET at = at - 1 WHERE position = 1"), "acts.chain"),
        (lambda connection: connection.execute("DELETE FROM acts WHERE position = 1"), "acts.chain"),
        (lambda connection: connection.execute("DELETE FROM acts WHERE position = 2"), "acts.chain"),
        (lambda connection: connection.execute("DELETE FROM acts WHERE position >= 2"), "acts.entries acts.head"),
        (lambda connection: connection.execute("UPDATE checkpoints SET acts_head = NULL WHERE size = 4"), "acts.head"),
        (rewritten, "acts.head"),
    ],
)
def test_a_forged_audit_log_is_found(node: Node, change: Callable[[sqlite3.Connection], object], codes: str) -> None:
    for first in (0, 2):
        node.services.issue(roster(2, first=first), "r.csv")
        node.services.seal()
    file = node.services.store.path
    node.services.close()
    forged(file, change)
    findings = node.reopened().fsck(offline=True).findings
    assert sorted({finding.code for finding in findings}) == codes.split()


def test_lines_from_before_the_chain_are_chained_by_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / STORE_NAME
    create_file(path, MIGRATIONS[:1])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.executemany("INSERT INTO acts (at, act, subject, detail) VALUES (?, ?, ?, ?)", ACTS)
        old.execute("INSERT INTO templates VALUES (1, 'k', 1, '{}', 1)")
        old.execute(
            "INSERT INTO entries VALUES (1, 'urn:uuid:x', 1, x'7b7d', zeroblob(32), zeroblob(20), 0, zeroblob(16),"
            " zeroblob(32), 'sealed', 0, 'l', 'k', '2026-10-01', 1, zeroblob(32), 'e', 2, 9)"
        )
        old.execute("INSERT INTO checkpoints VALUES (1, zeroblob(32), 1, 2, zeroblob(20), zeroblob(65))")
    with contextlib.closing(Store.open(path)) as store:
        head = FIRST
        for line, (at, act, subject, detail) in zip(store.acts.all(), ACTS, strict=True):
            content = {"at": at, "act": act, "subject": subject, "detail": json.loads(detail)}
            head = sha256(head + dumps(content)).digest()
            assert (line.at, line.act, line.subject, line.detail, line.hash) == (at, act, subject, detail, head)
        assert store.acts.add(13, "seal", "1 entries", {}) == act_hash(head, 13, "seal", "1 entries", "{}")
        (entry,) = store.entries.sealed(0, 1)
        assert entry.supersedes is None
        checkpoint = store.log.newest_checkpoint()
        assert checkpoint is not None
        assert checkpoint.acts_head is None
        assert store.problems() == []
    assert path.with_name(f"{STORE_NAME}.schema-1").is_file()
