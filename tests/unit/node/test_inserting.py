"""Rows stored and asked for by statements of a few lengths: as many as there are, in their order, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store import STORE_NAME, Store
from node.store.database import Database, filled
from node.store.migrations import create_file
from rootseal.errors import ConflictError
from tests.unit.node.nodes import TEMPLATES
from tests.unit.node.test_store import an_entry

INTO = "submissions (submitted_at, person, token)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    create_file(tmp_path / STORE_NAME)
    opened = Database(tmp_path / STORE_NAME)
    yield opened
    opened.close()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 31, 32, 33, 256, 600])
def test_so_many_rows_are_inserted_in_their_order(database: Database, count: int) -> None:
    database.insert_rows(INTO, [(0, "before", None)])
    rows = [(at, f"person {at}", None) for at in range(count)]
    assert database.insert_rows(INTO, rows) == count + 1
    stored = database.rows("SELECT id, submitted_at, person, token FROM submissions WHERE id > 1 ORDER BY id")
    assert stored == [(number, *row) for number, row in enumerate(rows, 2)]


def test_one_row_that_is_refused_refuses_all(database: Database) -> None:
    into = "facts (name, value)"
    with pytest.raises(ConflictError):
        database.insert_rows(into, [("a", b"1"), ("b", b"2"), ("a", b"3")])
    assert database.rows("SELECT * FROM facts WHERE name IN ('a', 'b')") == []


@pytest.mark.parametrize("count", [1, 3, 32, 33, 700])
def test_those_that_were_stored_are_counted(database: Database, count: int) -> None:
    database.insert_rows("facts (name, value)", [("3", b"before")])
    rows = [(str(number), b"x") for number in range(count)]
    stored = database.insert_many("INSERT OR IGNORE INTO facts (name, value) VALUES {}", [*rows, rows[0]])
    assert stored == count - (count > 3)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 255, 257])
def test_what_fills_up_is_the_first_again(count: int) -> None:
    values = list(range(count))
    more = filled(values)
    assert more[:count] == values and set(more[count:]) <= {0}
    assert len(more).bit_count() == 1 and count <= len(more) < 2 * count


@pytest.mark.parametrize("count", [0, 1, 3, 256, 257, 700])
def test_awards_are_found_however_many_are_asked_for(tmp_path: Path, count: int) -> None:
    store = Store.create(tmp_path / STORE_NAME)
    store.templates.add(TEMPLATES.values(), 1)
    entries = [an_entry(number) for number in range(1, 11)]
    store.entries.add_all(entries, 5)
    store.entries.withdraw(entries[3].id)
    asked = [(f"{number:08}", "ledgers", "2026-10-01") for number in range(count)]
    found = store.awards.live(asked)
    live = [entry for entry in entries if entry is not entries[3] and entry.line < count]
    assert {key: value[:2] for key, value in found.items()} == {
        (entry.learner, entry.micro_credential, entry.awarded_on): (entry.id, entry.row_digest) for entry in live
    }
    assert store.awards.revoked([entry.row_digest for entry in entries][: count and 10]) == {}
    store.close()
