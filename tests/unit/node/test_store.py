"""The store: what is durable, what is refused, and how its failures read."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.store import STORE_NAME, Checkpoint, EntryState, NewEntry, Store, database
from node.store.migrations import create_file, upgrade_file
from node.store.schema import MIGRATIONS, SCHEMA_VERSION
from rootseal.commitment import Subject
from rootseal.errors import ConflictError, InputError, StoreError
from tests.support.outbox_contract import OutboxContract
from tests.unit.node.nodes import TEMPLATES

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
ADD_COLUMN = ("ALTER TABLE facts ADD COLUMN note TEXT",)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.create(tmp_path / STORE_NAME)
    opened.templates.add(TEMPLATES.values(), 1)
    yield opened
    opened.close()


class TestStoredOutbox(OutboxContract):
    @pytest.fixture
    def outbox(self, store: Store) -> object:
        return store.outbox


def an_entry(number: int, learner: str | None = None) -> NewEntry:
    uuid = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
    seed, commitment = number.to_bytes(32), (1000 - number).to_bytes(32)
    award = (learner or f"{number:08}", "ledgers", "2026-10-01")
    return NewEntry(uuid, 1, b"{}", seed, Subject(), commitment, *award, b"digest", "a@example.edu", number)


def a_checkpoint(size: int, root: bytes) -> Checkpoint:
    return Checkpoint(size, root, 10, 20, bytes(20), bytes(65))


def test_an_entry_comes_back_as_it_was_stored(store: Store) -> None:
    made = replace(an_entry(1), subject=Subject(bytes([7]) * 20, 250, bytes([9]) * 16))
    store.entries.add_all([made], 123)
    found = store.entries.get(made.id)
    assert (found.id, found.seed, found.subject) == (made.id, made.seed, made.subject)
    assert (found.state, found.index, found.live, found.accepted_at) == (EntryState.ACCEPTED, None, True, 123)
    assert store.entries.get(found.uuid.upper()) == found
    assert store.entries.by_commitment(made.commitment) == found


def test_an_unknown_or_malformed_id_is_refused(store: Store) -> None:
    for wrong in ("urn:uuid:00000000-0000-4000-8000-000000000009", "x", ""):
        with pytest.raises(InputError):
            store.entries.get(wrong)


@pytest.mark.parametrize(
    "clash",
    [
        replace(an_entry(2), seed=an_entry(1).seed),
        replace(an_entry(2), commitment=an_entry(1).commitment),
        an_entry(2, learner=an_entry(1).learner),
    ],
    ids=["seed", "commitment", "award"],
)
def test_nothing_is_stored_twice_and_a_clash_stores_nothing(store: Store, clash: NewEntry) -> None:
    store.entries.add_all([an_entry(1)], 1)
    with pytest.raises(ConflictError):
        store.entries.add_all([an_entry(3), clash], 2)
    assert store.entries.counts()[EntryState.ACCEPTED] == 1


def test_a_withdrawn_award_may_be_issued_anew(store: Store) -> None:
    store.entries.add_all([an_entry(1)], 1)
    assert store.entries.withdraw(an_entry(1).id).state is EntryState.WITHDRAWN
    assert store.entries.withdraw(an_entry(1).id).state is EntryState.WITHDRAWN
    store.entries.add_all([an_entry(2, learner=an_entry(1).learner)], 2)
    assert store.entries.counts() == {EntryState.ACCEPTED: 1, EntryState.SEALED: 0, EntryState.WITHDRAWN: 1}


def test_sealing_is_compare_and_swap(store: Store) -> None:
    store.entries.add_all([an_entry(1), an_entry(2)], 1)
    store.entries.withdraw(an_entry(2).id)
    with pytest.raises(ConflictError):
        store.entries.seal([(0, 1), (1, 2)])
    assert store.log.size() == 0
    store.entries.seal([(0, 1)])
    with pytest.raises(ConflictError):
        store.entries.seal([(1, 1)])
    with pytest.raises(ConflictError, match="revoke"):
        store.entries.withdraw(an_entry(1).id)
    assert store.log.commitments(0, 9) == [an_entry(1).commitment]


def test_a_gap_in_the_log_is_an_error(store: Store) -> None:
    store.entries.add_all([an_entry(1), an_entry(2)], 1)
    store.entries.seal([(0, 1), (2, 2)])
    with pytest.raises(StoreError, match="no entry at index 1"):
        store.log.commitments(0, 3)


def test_a_template_gets_a_version_only_when_it_changes(store: Store) -> None:
    assert store.templates.add(TEMPLATES.values(), 2) == {"endnote": 1, "ledgers": 1}
    changed = replace(TEMPLATES["endnote"], title="EndNote 21")
    assert store.templates.add([changed], 3) == {"endnote": 2}
    assert store.templates.newest() == TEMPLATES | {"endnote": changed}
    assert store.templates.add([changed], 4) == {"endnote": 2}
    assert [(act.act, act.at, act.subject, json.loads(act.detail)) for act in store.acts.all()] == [
        ("template-add", 1, "2 micro-credentials", {"versions": {"endnote": 1, "ledgers": 1}}),
        ("template-add", 3, "endnote", {"versions": {"endnote": 2}}),
    ], "one line for what changed, and none where nothing did"


def test_two_promises_of_one_size_are_impossible(store: Store) -> None:
    store.log.add_checkpoint(a_checkpoint(5, bytes([5]) * 32))
    with pytest.raises(ConflictError):
        store.log.add_checkpoint(a_checkpoint(5, bytes([6]) * 32))
    assert store.log.covering(4) == a_checkpoint(5, bytes([5]) * 32)
    assert store.log.covering(5) is None


def test_the_trail_of_acts_only_grows(store: Store, tmp_path: Path) -> None:
    store.acts.add(1, "issue", "2 entries", {"refused": 0})
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as connection:
        for statement in ("UPDATE acts SET at = 2", "DELETE FROM acts"):
            with pytest.raises(sqlite3.IntegrityError, match="acts are never"):
                connection.execute(statement)
    assert [act.act for act in store.acts.all()] == ["template-add", "issue"]


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing():
        store.entries.add_all([an_entry(1)], 1)
        raise RuntimeError
    assert store.entries.counts()[EntryState.ACCEPTED] == 0


def test_writers_stand_in_line_and_say_so(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with contextlib.closing(Store.open(tmp_path / STORE_NAME)) as other, store.writing():
        with pytest.raises(StoreError, match="another process has been writing"):
            other.facts.put("x", b"y")
        assert other.facts.get("x") is None


def test_a_full_disk_is_a_sentence_and_changes_nothing(store: Store) -> None:
    pages = store._database.utils.conn.execute("PRAGMA page_count").fetchone()[0]
    store._database.utils.conn.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="the disk is full; nothing was changed"):
        store.entries.add_all([replace(an_entry(n), document=b" " * 9000) for n in range(1, 50)], 1)
    assert store.entries.counts()[EntryState.ACCEPTED] == 0


def test_a_missing_store_is_an_error_whose_text_is_the_command(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="rootseal node init DIR"):
        Store.open(tmp_path / STORE_NAME)
    assert not (tmp_path / STORE_NAME).exists()


def test_a_store_is_never_replaced(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not replaced"):
        Store.create(tmp_path / STORE_NAME)


def test_an_interrupted_creation_is_done_again(tmp_path: Path) -> None:
    (tmp_path / f".{STORE_NAME}.new").write_bytes(b"half a store")
    Store.create(tmp_path / STORE_NAME).close()
    assert [path.name for path in tmp_path.iterdir()] == [STORE_NAME]


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="damaged or is no store"):
        Store.open(tmp_path / STORE_NAME)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(StoreError, match="not of a Rootseal node"):
        Store.open(tmp_path / STORE_NAME)


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    create_file(tmp_path / STORE_NAME, (*MIGRATIONS, ADD_COLUMN))
    before = (tmp_path / STORE_NAME).read_bytes()
    with pytest.raises(StoreError, match=f"newer rootseal .schema {SCHEMA_VERSION + 1}"):
        Store.open(tmp_path / STORE_NAME)
    assert (tmp_path / STORE_NAME).read_bytes() == before


def test_an_older_store_is_copied_then_upgraded(tmp_path: Path) -> None:
    path = tmp_path / STORE_NAME
    with contextlib.closing(Store.create(path)) as store:
        store.facts.put("x", b"y")
    copy = upgrade_file(path, (*MIGRATIONS, ADD_COLUMN))
    assert copy is not None
    with contextlib.closing(sqlite3.connect(copy)) as old, contextlib.closing(sqlite3.connect(path)) as new:
        assert old.execute("SELECT * FROM facts").fetchall() == [("x", b"y")]
        assert new.execute("SELECT * FROM facts").fetchall() == [("x", b"y", None)]
        assert old.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert new.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 1,)


def test_a_failed_step_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / STORE_NAME
    Store.create(path).close()
    with pytest.raises(StoreError):
        upgrade_file(path, (*MIGRATIONS, (*ADD_COLUMN, "NOT SQL")))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    Store.open(path).close()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_a_released_step_is_never_edited(tmp_path: Path, version: int) -> None:
    create_file(tmp_path / "x.sqlite", MIGRATIONS[:version])
    with contextlib.closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
        statements = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        found = "".join(f"{sql};\n" for (sql,) in statements)
    assert found == (SCHEMAS / f"{version}.sql").read_text()
