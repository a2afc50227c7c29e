"""Stored anchors, at home and on other ledgers: one code, two tables, and nothing goes from one to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.store import STORE_NAME, AnchorRow, Checkpoint, Store, Witness
from node.store.anchors import AnchorTable
from node.store.log import Log
from rootseal.anchoring import BlockRef, Evidence
from rootseal.errors import ConflictError, StoreError

EVIDENCE = Evidence(b"\xf9head", 3, (b"\xf8a", b"b"), 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Promises of 5 and 9 entries, and two other ledgers."""
    opened = Store.create(tmp_path / STORE_NAME)
    for size in (5, 9):
        opened.log.add_checkpoint(Checkpoint(size, bytes([size]) * 32, 10, 20, bytes(20), bytes(65)))
    for chain_id in (5, 6):
        pins = (chain_id, bytes(32), "tag", bytes(20), bytes(32))
        opened.witnesses.add(Witness(0, ("http://127.0.0.1:1",), *pins, 0, 1, 60, 1, 1))
    yield opened
    opened.close()


def tables(store: Store) -> dict[str, Log | AnchorTable]:
    return {"home": store.log, "first": store.witnesses.anchors(1), "second": store.witnesses.anchors(2)}


def row(sequence: int, size: int, previous: int, document: bytes | None = None) -> AnchorRow:
    block = BlockRef(7 * sequence, bytes([7]) * 32, 99)
    root, transaction = bytes([size]) * 32, bytes([8]) * 32
    return AnchorRow(sequence, size, previous, root, bytes(20), transaction, block, EVIDENCE, document)


@pytest.mark.parametrize(("place", "named"), [("home", ""), ("first", " on ledger 1"), ("second", " on ledger 2")])
def test_a_final_anchor_is_stored_once_and_never_exchanged(store: Store, place: str, named: str) -> None:
    table = tables(store)[place]
    first, second = row(1, 5, 0), row(2, 9, 5)
    assert table.newest_anchor() is None
    assert table.add_anchor(first, 1)
    assert not table.add_anchor(first, 2)
    with pytest.raises(StoreError, match=rf"^anchor 1{named} is final with two roots; run `rootseal node fsck`$"):
        table.add_anchor(replace(first, root=bytes([6]) * 32), 3)
    with pytest.raises(ConflictError):
        table.add_anchor(replace(second, size=5), 3)
    assert table.add_anchor(second, 4)
    assert (table.newest_anchor(), table.anchor(1), table.anchor(3)) == (second, first, None)
    assert [table.introducing(index) for index in (0, 4, 5, 9)] == [first, first, second, None]
    others = [other for name, other in tables(store).items() if name != place]
    assert [other.newest_anchor() for other in others] == [None, None]


@pytest.mark.parametrize("place", ["home", "first"])
def test_evidence_is_exchanged_where_it_belongs_and_nowhere_else(store: Store, place: str) -> None:
    for table in tables(store).values():
        table.add_anchor(row(1, 5, 0), 1)
    better = replace(EVIDENCE, log_index=2)
    for wanted in (better, None):
        tables(store)[place].replace_evidence(1, wanted)
        found = {name: table.anchor(1) for name, table in tables(store).items()}
        assert {name: one and one.evidence for name, one in found.items()} == {
            name: wanted if name == place else EVIDENCE for name in found
        }


def test_only_at_home_an_anchor_names_the_issuer_document(store: Store) -> None:
    for table in tables(store).values():
        table.add_anchor(row(1, 5, 0, bytes([3]) * 32), 1)
    found = {name: table.anchor(1) for name, table in tables(store).items()}
    assert {name: one and one.document_hash for name, one in found.items()} == {
        "home": bytes([3]) * 32,
        "first": None,
        "second": None,
    }
    assert store.log.anchors() == (row(1, 5, 0, bytes([3]) * 32),)
    assert store.witnesses.anchors(2).all() == (row(1, 5, 0),)
    assert [one.sequence for one in store.log.recent_anchors(2, 5)] == [1]
