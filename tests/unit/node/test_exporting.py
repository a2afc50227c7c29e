"""Handing out: complete files, a manifest that a spreadsheet cannot be tricked with, and updates."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from rootseal.errors import ConflictError, InputError
from rootseal.files import CredentialFile
from rootseal.merkle import leaf_hash, root_from_inclusion
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import HEADER, roster


def files(out: Path) -> list[CredentialFile]:
    return [CredentialFile.from_bytes(path.read_bytes()) for path in sorted(out.glob("*.credential.json"))]


def manifest(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((out / "manifest.csv").read_text("utf-8-sig"))))


def test_a_file_proves_itself_against_promise_and_anchors(node: Node, tmp_path: Path) -> None:
    for first in (0, 5):
        node.services.issue(roster(5, first=first), "r.csv")
        node.services.seal()
        node.services.anchor()
    outcome = node.services.export(None, tmp_path / "out")
    assert (outcome.written, outcome.unchanged, outcome.anchored, outcome.waiting) == (10, 0, 10, 0)
    for file in files(tmp_path / "out"):
        index, promise = file.proofs.index, file.proofs.promise
        assert promise is not None
        assert file.proofs.introducing(file.home) is not None
        assert len(file.proofs.anchors) == (2 if index < 5 else 1)
        leaf = leaf_hash(file.commitment)
        assert root_from_inclusion(index, promise.size, leaf, promise.path) == promise.root
        for anchor in file.proofs.anchors:
            assert root_from_inclusion(index, anchor.size, leaf, anchor.path) == anchor.root
        assert file.issuer_document == json.loads(node.services.issuer_document())


def test_the_manifest_names_each_learners_file(node: Node, tmp_path: Path) -> None:
    node.services.issue(roster(2), "r.csv")
    node.services.seal()
    node.services.export(None, tmp_path / "out")
    rows = manifest(tmp_path / "out")
    assert sorted((row["line"], row["learner_id"], row["email"]) for row in rows) == [
        ("2", "00000000", "l0@example.edu"),
        ("3", "00000001", "l1@example.edu"),
    ]
    assert {row["file"] for row in rows} == {path.name for path in (tmp_path / "out").glob("*.credential.json")}


def test_the_manifest_is_in_the_order_of_the_lists_and_their_lines(node: Node, tmp_path: Path) -> None:
    for first in (20, 0):  # so many that the log's order, by commitment, is another
        node.services.issue(roster(20, first=first), "r.csv")
    node.services.seal()
    node.services.export(None, tmp_path / "out")
    expected = [str(line) for line in (*range(2, 22), *range(2, 22))]
    rows = manifest(tmp_path / "out")
    assert [row["line"] for row in rows] == expected
    assert [int(row["learner_id"]) for row in rows] == [*range(20, 40), *range(20)]
    assert [entry.line for entry in node.services.store.entries.sealed(0, 40)] != [int(line) for line in expected]


def test_the_manifest_carries_no_formula(node: Node, tmp_path: Path) -> None:
    row = '"=1+1",Ana,Kovač,+a@example.edu,ledgers,2026-10-01,,\n'
    assert len(node.services.issue((HEADER + row).encode(), "r.csv").issued) == 1
    node.services.seal()
    node.services.export(None, tmp_path / "out")
    assert [(r["learner_id"], r["email"]) for r in manifest(tmp_path / "out")] == [("'=1+1", "'+a@example.edu")]


def test_files_are_private_and_nothing_else_is_left(node: Node, tmp_path: Path) -> None:
    node.services.issue(roster(1), "r.csv")
    node.services.seal()
    node.services.export(None, tmp_path / "out")
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_an_export_that_was_cut_off_is_finished(node: Node, tmp_path: Path) -> None:
    node.services.issue(roster(6), "r.csv")
    node.services.seal()

    def cut(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        node.services.export(None, tmp_path / "out", cut)
    outcome = node.services.export(None, tmp_path / "out")
    assert (outcome.written, outcome.unchanged) == (3, 3)
    assert len(manifest(tmp_path / "out")) == 6


def test_update_gives_files_their_anchors(node: Node, tmp_path: Path) -> None:
    node.services.issue(roster(2), "r.csv")
    node.services.seal()
    assert node.services.export(None, tmp_path / "out").anchored == 0
    assert all(file.proofs.anchors == () for file in files(tmp_path / "out"))
    node.services.anchor()
    (tmp_path / "out" / "stranger.credential.json").write_text("{}")
    outcome = node.services.update(tmp_path / "out")
    assert (outcome.written, outcome.anchored, outcome.unknown) == (2, 2, ("stranger.credential.json",))
    assert node.services.update(tmp_path / "out").unchanged == 2


def test_one_export_adds_to_another(node: Node, tmp_path: Path) -> None:
    rows = node.services.issue(roster(3), "r.csv").issued
    node.services.seal()
    node.services.export([rows[0].id], tmp_path / "out")
    node.services.export([rows[1].id], tmp_path / "out")
    assert len(manifest(tmp_path / "out")) == 2


def test_what_is_not_sealed_has_no_file(node: Node, tmp_path: Path) -> None:
    row = node.services.issue(roster(1), "r.csv").issued[0]
    with pytest.raises(ConflictError, match="not sealed"):
        node.services.export([row.id], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert node.services.export(None, tmp_path / "out").waiting == 1


def test_a_folder_that_cannot_be_written_is_an_error(node: Node, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        node.services.export(None, tmp_path / "out")
    with pytest.raises(InputError, match="no folder"):
        node.services.update(tmp_path / "out")
