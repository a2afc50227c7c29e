"""Backup and restore: the original destroyed, the copy goes on, and an old copy does no harm."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from node.backup import BackupOutcome, backup_node
from node.backup_record import last_backup
from node.doctor import diagnose
from node.holding_up import held_up, keep_held_up
from node.restoring import RestoreOutcome, restore_node
from node.services import Services
from node.store import STORE_NAME, EntryState, Store
from rootseal.errors import ConfigError, InputError, StoreError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import PASSPHRASE, START, open_node, roster


def backed_up(node: Node, name: str = "b.tar") -> BackupOutcome:
    return backup_node(node.services, node.directory.parent / name)


def destroyed_and_restored(node: Node, name: str = "b.tar") -> RestoreOutcome:
    """The original is gone; the passphrase comes from elsewhere, as it must."""
    node.services.close()
    shutil.rmtree(node.directory)
    outcome = restore_node(node.directory.parent / name, node.directory, START + 5)
    assert outcome.passphrase_file == node.directory / "passphrase"
    outcome.passphrase_file.write_text(PASSPHRASE + "\n")
    node.services = open_node(node.directory, node.chain, node.clock)
    return outcome


def sealed(node: Node, count: int, first: int = 0) -> None:
    node.services.issue(roster(count, first=first), "r.csv")
    node.services.seal()


def test_a_half_done_anchor_is_finished_by_the_restored_copy(node: Node) -> None:
    node.chain.auto_mine = False
    sealed(node, 3)
    assert node.services.anchor("sent", timeout=1).reached
    sent = set(node.chain.sent)
    backed_up(node)
    outcome = destroyed_and_restored(node)
    assert (outcome.log_size, outcome.report.findings) == (3, [])
    node.clock.on_sleep = node.chain.mine
    assert node.services.anchor("final").anchor is not None
    assert set(node.chain.sent) == sent, "the stored bytes were sent again, and nothing else was signed"
    assert node.services.fsck().findings == []


def test_what_held_the_original_up_is_not_told_of_the_copy(node: Node) -> None:
    sealed(node, 2)
    keep_held_up(node.services.store, "the money is gone", 1)
    backed_up(node)
    destroyed_and_restored(node)
    assert held_up(node.services.store) is None


def test_everything_is_there_again_but_the_passphrase(node: Node) -> None:
    sealed(node, 2)
    node.services.anchor()
    file = node.services.credential_file(node.services.store.entries.sealed(0, 1)[0].id)
    outcome = backed_up(node)
    assert {"node.toml", "key.json", "log-key.json", STORE_NAME} == set(outcome.names)
    assert stat.S_IMODE(outcome.path.stat().st_mode) == 0o600
    assert PASSPHRASE.encode() not in outcome.path.read_bytes()
    destroyed_and_restored(node)
    assert node.services.credential_file(node.services.store.entries.sealed(0, 1)[0].id) == file
    assert stat.S_IMODE(node.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE((node.directory / name).stat().st_mode) for name in outcome.names} == {0o600}
    assert [act.act for act in node.services.store.acts.all()][-1] == "restore"


def test_an_old_backup_notices_that_the_chain_is_ahead_and_seals_nothing(node: Node) -> None:
    sealed(node, 2)
    node.services.anchor()
    backed_up(node)
    sealed(node, 2, first=2)
    node.services.anchor()
    destroyed_and_restored(node)
    node.services.issue(roster(1, first=9), "r.csv")
    with pytest.raises(StoreError, match="the chain is ahead of this store"):
        node.services.seal()
    with pytest.raises(StoreError, match="the chain is ahead"):
        node.services.anchor()
    assert node.services.store.entries.counts()[EntryState.SEALED] == 2
    assert "chain.ahead" in {finding.code for finding in node.services.fsck().findings}
    report = diagnose(node.directory, chain=node.chain, clock=lambda: START)
    assert report.of("newest copy").outcome == "problem"


def test_a_backup_from_before_an_anchor_became_final_adopts_it(node: Node) -> None:
    sealed(node, 2)
    backed_up(node)
    node.services.anchor()
    destroyed_and_restored(node)
    assert node.services.anchor().anchor is not None
    assert node.services.connection.ledger.head(1).sequence == 1


def test_a_backup_while_the_node_works_is_one_moment_of_it(node: Node) -> None:
    stop = threading.Event()

    def work() -> None:
        with closing(Store.open(node.directory / STORE_NAME)):
            batch = 0
            while not stop.is_set():
                sealed(node, 5, first=100 + 5 * batch)
                batch += 1

    thread = threading.Thread(target=work)
    sealed(node, 1)
    thread.start()
    try:
        with closing(open_node(node.directory, node.chain, node.clock)) as other:
            made = [backup_node(other, node.directory.parent / f"b{number}.tar") for number in range(3)]
    finally:
        stop.set()
        thread.join()
    for outcome in made:
        restored = restore_node(outcome.path, node.directory.parent / f"r-{outcome.path.stem}", START)
        assert restored.report.findings == []
        assert restored.report.entries >= restored.log_size >= 1


def test_a_backup_is_recorded_only_when_it_is_there(node: Node) -> None:
    (node.directory.parent / "b.tar").write_bytes(b"older")
    with pytest.raises(InputError, match="exists already"):
        backed_up(node)
    with pytest.raises(InputError, match="cannot be written"):
        backed_up(node, "missing/b.tar")
    assert last_backup(node.services.store) is None
    assert (node.directory.parent / "b.tar").read_bytes() == b"older"
    backed_up(node, "c.tar")
    assert last_backup(node.services.store) == START
    assert sorted(path.name for path in node.directory.parent.iterdir()) == ["b.tar", "c.tar", "node"]


def test_only_a_new_or_empty_directory_is_filled(node: Node, tmp_path: Path) -> None:
    backed_up(node)
    with pytest.raises(ConfigError, match="not empty"):
        restore_node(tmp_path / "b.tar", node.directory, START)
    (tmp_path / "empty").mkdir()
    assert restore_node(tmp_path / "b.tar", tmp_path / "empty", START).report.clean


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """The archive with its content changed by `change`."""
    with tarfile.open(archive) as tar:
        content = {member.name: file.read() for member in tar if (file := tar.extractfile(member))}
    change(content)
    with tarfile.open(archive, "w") as tar:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def flipped(content: dict[str, bytes]) -> None:
    data = bytearray(content[STORE_NAME])
    data[len(data) // 2] ^= 1
    content[STORE_NAME] = bytes(data)


def renamed(content: dict[str, bytes]) -> None:
    manifest = json.loads(content["manifest.json"])
    manifest["files"]["../../evil"] = manifest["files"]["key.json"]
    content["manifest.json"] = json.dumps(manifest).encode()
    content["../../evil"] = content["key.json"]


@pytest.mark.parametrize(
    "change",
    [
        flipped,
        renamed,
        lambda content: content.pop("key.json"),
        lambda content: content.update(extra=b"x"),
        lambda content: content.update({"manifest.json": b"{}"}),
        lambda content: content.clear(),
    ],
    ids=["a bit", "a name that leaves", "a missing file", "a file too many", "no manifest", "nothing"],
)
def test_an_archive_that_was_changed_is_refused_and_leaves_nothing(
    node: Node, tmp_path: Path, change: Callable[[dict[str, bytes]], object]
) -> None:
    backed_up(node)
    rewritten(tmp_path / "b.tar", change)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError):
        restore_node(tmp_path / "b.tar", tmp_path / "new", START)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("keep", [0, 100, 512, 5000, -2000])
def test_an_archive_that_is_cut_off_is_refused(node: Node, tmp_path: Path, keep: int) -> None:
    backed_up(node)
    data = (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as tar:
        end = max(member.offset_data + member.size for member in tar)
    (tmp_path / "b.tar").write_bytes(data[: keep if keep >= 0 else end + keep])
    with pytest.raises(InputError):
        restore_node(tmp_path / "b.tar", tmp_path / "new", START)
    assert not (tmp_path / "new").exists()


def test_a_missing_archive_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        restore_node(tmp_path / "none.tar", tmp_path / "new", START)


def test_a_node_that_a_restored_one_stands_for_may_be_opened_by_the_program(node: Node, tmp_path: Path) -> None:
    backed_up(node)
    restore_node(tmp_path / "b.tar", tmp_path / "new", START)
    with Services.open(tmp_path / "new", chain=node.chain, passphrase=PASSPHRASE) as services:
        assert services.home == node.services.home


def test_a_backup_onto_a_full_disk_names_the_file_that_was_asked_for(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own limit on pages, in the copy alone."""
    connect = sqlite3.connect

    def small(path: str | Path, **options: Any) -> sqlite3.Connection:
        made = connect(path, **options)
        if not options:
            made.execute("PRAGMA max_page_count = 2")
        return made

    monkeypatch.setattr(sqlite3, "connect", small)
    out = tmp_path / "away" / "b.tar"
    out.parent.mkdir()
    with pytest.raises(InputError, match="FILE: cannot be written: No space left on device") as refused:
        backup_node(node.services, out)
    assert refused.value.value == str(out)
    assert list(out.parent.iterdir()) == []
