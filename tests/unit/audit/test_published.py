"""Folding a log as it streams: every root and tile as the whole tree has them; repetitions; sources."""

from __future__ import annotations

import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from anchor.audit.duplicates import Duplicates, DuplicateSearch
from anchor.audit.frontier import Frontier
from anchor.audit.log_head import LogHead
from anchor.audit.published import LogOutcome, check_log
from anchor.audit.sources import DirectorySource, open_source
from anchor.audit.state import AnchorEntry, IssuerState
from rootseal.errors import InputError, UndeterminedError
from rootseal.merkle import EMPTY_ROOT, Tree, leaf_hash
from rootseal.tlog import LogCheckpoint, Tile, bundle_bytes, parse_tile, tile_bytes, tiles_of
from scripts.bench_audit import measured_log


def entry(index: int) -> bytes:
    return sha256(index.to_bytes(8)).digest()


LEAVES = [leaf_hash(entry(index)) for index in range(66_000)]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 66_000])
def test_frontier_agrees_with_the_whole_tree(size: int) -> None:
    tree, frontier = Tree(LEAVES[:size]), Frontier()
    tiles = dict(frontier.extend(LEAVES[: size // 3]))
    tiles.update(frontier.extend(LEAVES[size // 3 : size]))
    tiles.update(frontier.partial_tiles())
    assert frontier.size == size
    assert frontier.root() == (tree.root() if size else EMPTY_ROOT)
    expected = [tile for tile in tiles_of(size) if tile.level is not None]
    assert tiles == {tile: tile_bytes(tile, tree.node) for tile in expected}


def test_frontier_gives_the_root_at_every_size() -> None:
    tree, frontier = Tree(LEAVES[:600]), Frontier()
    for size in range(1, 601):
        assert not [tile for tile, _ in frontier.extend(LEAVES[size - 1 : size]) if tile.width != 256]
        assert frontier.root() == tree.root(size)


def test_duplicates_are_counted_and_the_first_is_named_also_beyond_the_buffers() -> None:
    # One first byte alone, so that its buffer goes to disk.
    entries = [b"\7" + entry(index)[1:] for index in range(4000)]
    entries += [entries[2500], entries[10], entries[10]]
    with DuplicateSearch() as search:
        search.add(0, entries[:1000])
        search.add(1000, entries[1000:])
        assert search.result() == Duplicates(3, 2500, 4000)
    with DuplicateSearch() as search:
        search.add(0, entries[:4000])
        assert search.result() is None


class MemorySource:
    """A log of `size` entries; `without` lists paths that are not there, `failing` one that cannot be had."""

    label = "memory"

    def __init__(self, size: int, without: tuple[str, ...] = (), failing: str = "") -> None:
        self.size = size
        self.without = without
        self.failing = failing
        self.tree = Tree(LEAVES[:size])

    def get(self, path: str, limit: int) -> bytes | None:
        if path == self.failing:
            raise UndeterminedError("the line is dead")
        tile = parse_tile(path)
        if path in self.without or not tile.within(self.size):
            return None
        if tile.level is None:
            return bundle_bytes([entry(tile.index * 256 + at) for at in range(tile.width)])
        return tile_bytes(tile, self.tree.node)


def anchored(*sizes: int) -> IssuerState:
    issuer, before = IssuerState(1), 0
    for sequence, size in enumerate(sizes, 1):
        root = Tree(LEAVES[:size]).root()
        issuer.anchors.append(AnchorEntry(sequence, size, before, root, bytes(20), 0, sequence, sequence, bytes(32)))
        before = size
    return issuer


def checked(source: MemorySource, issuer: IssuerState, size: int, *sizes: int) -> LogOutcome:
    checkpoint = LogCheckpoint("origin", size, Tree(LEAVES[:size]).root())
    return check_log(LogHead(source, "", b"", checkpoint, None), issuer, sizes, lambda done, total: None)


def test_anchors_in_the_middle_and_at_the_ends_of_bundles_are_reproduced() -> None:
    outcome = checked(MemorySource(1000), anchored(1, 255, 256, 257, 258, 768, 999), 1000, 300, 1000, 5000)
    assert (outcome.findings, outcome.unchecked) == ((), ())
    assert outcome.reproduced == {1, 2, 3, 4, 5, 6, 7}
    # A size beyond the last anchor is bound by nothing, and not handed on.
    assert sorted(outcome.roots) == [1, 255, 256, 257, 258, 300, 768, 999]


def test_log_that_grew_since_its_checkpoint_was_read_is_still_read() -> None:
    gone = (Tile(None, 3, 232).path, Tile(0, 3, 232).path, Tile(1, 0, 3).path)
    grown = MemorySource(66_000, without=gone)
    outcome = checked(grown, anchored(1000), 1000)
    assert (outcome.findings, outcome.unchecked) == ((), ())


def test_failing_line_is_could_not_check_from_there_on() -> None:
    outcome = checked(MemorySource(1000, failing="tile/entries/002"), anchored(100, 900), 1000)
    assert (outcome.findings, len(outcome.unchecked)) == ((), 1)
    assert outcome.reproduced == {1}
    assert "512" in outcome.unchecked[0].what


def test_root_that_does_not_follow_is_one_finding_whatever_else_is_wrong() -> None:
    issuer = anchored(100, 600, 900)
    issuer.anchors[1] = AnchorEntry(2, 600, 100, bytes(32), bytes(20), 0, 2, 2, bytes(32))
    outcome = checked(MemorySource(800), issuer, 800)
    assert [(found.code, found.sequence) for found in outcome.findings] == [("log.root", 2)]
    assert outcome.reproduced == {1}
    assert max(outcome.roots) == 100


def test_endless_log_is_not_read() -> None:
    outcome = checked(MemorySource(1000), anchored(100), 1000)
    assert outcome.read == 1000
    head = LogHead(MemorySource(1), "", b"", LogCheckpoint("origin", 1 << 40, bytes(32)), None)
    endless = check_log(head, anchored(100), (), lambda done, total: None)
    assert (endless.read, len(endless.unchecked)) == (0, 1)


def test_directory_source_is_bounded_and_tells_absent_from_unreadable(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"x" * 11)
    source = DirectorySource(tmp_path)
    assert source.get("checkpoint", 11) == b"x" * 11
    assert source.get("v1/issuer", 11) is None
    with pytest.raises(UndeterminedError, match="larger"):
        source.get("checkpoint", 10)


def test_address_in_the_report_has_no_password_and_bad_ones_are_refused() -> None:
    assert open_source("https://user:secret@node.example/log").label == "https://node.example/log"
    for wrong in ("ftp://node.example", "https://", "https://node.example/log?x=1"):
        with pytest.raises(InputError):
            open_source(wrong)


def test_history_rewritten_between_anchors_contradicts_itself() -> None:
    issuer = anchored(100, 600, 900)
    issuer.anchors[0] = AnchorEntry(1, 100, 0, bytes(32), bytes(20), 0, 1, 1, bytes(32))
    outcome = checked(MemorySource(1000), issuer, 1000)
    assert [(found.code, found.sequence) for found in outcome.findings] == [("log.inconsistent", 1)]
    assert dict(outcome.findings[0].details)["later"] == 2
    assert outcome.reproduced == {2, 3}
    # Nothing is bound by a log that contradicts itself from the start.
    assert (outcome.roots, outcome.entries) == ({}, {})


def test_contradiction_and_a_later_exchange_are_two_findings() -> None:
    issuer = anchored(100, 600, 900)
    for at in (0, 2):
        issuer.anchors[at] = AnchorEntry(at + 1, issuer.anchors[at].size, 0, bytes(32), bytes(20), 0, 1, 1, bytes(32))
    outcome = checked(MemorySource(1000), issuer, 1000)
    assert [(found.code, found.sequence) for found in outcome.findings] == [("log.inconsistent", 1), ("log.root", 3)]


def test_entries_that_were_asked_for_are_given_as_far_as_anchors_bear_them_out() -> None:
    checkpoint = LogCheckpoint("origin", 1000, Tree(LEAVES[:1000]).root())
    head = LogHead(MemorySource(1000), "", b"", checkpoint, None)
    outcome = check_log(head, anchored(600), (), lambda done, total: None, [0, 255, 256, 599, 600, 999, 5000])
    assert outcome.entries == {place: entry(place) for place in (0, 255, 256, 599)}


def tarred(folder: Path, mode: str) -> Path:
    path = folder.parent / f"log.tar{mode.replace(':', '.')}"
    with tarfile.open(path, f"w{mode}") as archive:  # type: ignore[call-overload]
        archive.add(folder, ".")
    return path


def zipped(folder: Path, prefix: str) -> Path:
    path = folder.parent / "log.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.rglob("*"):
            archive.write(file, prefix + str(file.relative_to(folder)))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    (folder / "tile/entries").mkdir(parents=True)
    (folder / "checkpoint").write_bytes(b"head")
    (folder / "tile/entries/000").write_bytes(b"x" * 500)
    return folder


@pytest.mark.parametrize("mode", ["", ":gz", ":bz2", ":xz"])
def test_log_in_a_tar_is_read_at_random(mode: str, folder: Path) -> None:
    source = open_source(str(tarred(folder, mode)))
    assert [source.get(path, 1000) for path in ("tile/entries/000", "checkpoint", "tile/entries/001", "tile")] == [
        b"x" * 500,
        b"head",
        None,
        None,
    ]
    with pytest.raises(UndeterminedError, match="larger"):
        source.get("tile/entries/000", 499)
    source.close()


@pytest.mark.parametrize("prefix", ["", "some/log/"])
def test_log_in_a_zip_is_found_where_its_checkpoint_is(prefix: str, folder: Path) -> None:
    source = open_source(str(zipped(folder, prefix)))
    assert (source.get("checkpoint", 9), source.label) == (b"head", "log.zip")
    assert source.get("../checkpoint", 9) is None
    source.close()


def test_file_that_is_no_archive_and_archive_that_is_damaged(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not an archive")
    with pytest.raises(InputError):
        open_source(str(tmp_path / "text"))
    whole = zipped(folder, "")
    with zipfile.ZipFile(whole) as archive:
        found = archive.getinfo("tile/entries/000")
    damaged = bytearray(whole.read_bytes())
    damaged[found.header_offset + 30 + len(found.filename) + 2] ^= 255
    (tmp_path / "damaged.zip").write_bytes(damaged)
    source = open_source(str(tmp_path / "damaged.zip"))
    with pytest.raises(UndeterminedError):
        source.get("tile/entries/000", 1000)
    source.close()


def test_memory_stays_flat_and_low(tmp_path: Path) -> None:
    peaks = []
    for size in (20_000, 200_000):
        peaks.append(measured_log(tmp_path / str(size), size)["memory"])
    assert peaks[1] < 120_000_000
    assert peaks[1] - peaks[0] < 30_000_000
