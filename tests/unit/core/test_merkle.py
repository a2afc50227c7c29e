"""Trees and proofs against a slow recursive reading of RFC 9162 §2.1, against pymerkle, and wrong ones by defect."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import sha256

import pytest
from pymerkle import InmemoryTree

from rootseal.errors import InputError
from rootseal.merkle import EMPTY_ROOT, Tree, leaf_hash, node_hash, root_from_inclusion, root_of, verify_consistency

LEAVES = [leaf_hash(b"%d" % i) for i in range(1100)]
SIZES = (*range(65), 127, 128, 129, 255, 256, 257, 511, 1000, 1023, 1024, 1025)


def largest_power(count: int) -> int:
    """The largest power of two smaller than count (RFC 9162 §2.1.1)."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """MTH, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power(len(leaves))
    return sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D_n), word for word (§2.1.3.1)."""
    if len(leaves) == 1:
        return []
    k = largest_power(len(leaves))
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF(m, D_n, b), word for word (§2.1.4.1)."""
    n = len(leaves)
    if m == n:
        return [] if whole else [slow_root(leaves)]
    k = largest_power(n)
    if m <= k:
        return [*slow_subproof(m, leaves[:k], whole), slow_root(leaves[k:])]
    return [*slow_subproof(m - k, leaves[k:], False), slow_root(leaves[:k])]


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(LEAVES)


@pytest.mark.parametrize("size", SIZES)
def test_root_is_the_one_of_rfc_9162(size: int, tree: Tree) -> None:
    expected = slow_root(LEAVES[:size])
    assert root_of(LEAVES[:size]) == tree.root(size) == Tree(LEAVES[:size]).root() == expected


def test_root_of_nothing_and_of_one() -> None:
    assert (
        Tree().root()
        == EMPTY_ROOT
        == root_of([])
        == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    )
    assert root_of(LEAVES[:1]) == LEAVES[0] == sha256(b"\x000").digest()
    assert node_hash(b"a", b"b") == sha256(b"\x01ab").digest()


@pytest.mark.parametrize("size", range(1, 65))
def test_every_inclusion_proof_is_the_one_of_rfc_9162(size: int, tree: Tree) -> None:
    for index in range(size):
        path = tree.inclusion_path(index, size)
        assert list(path) == slow_path(index, LEAVES[:size])
        assert root_from_inclusion(index, size, LEAVES[index], path) == tree.root(size)


@pytest.mark.parametrize("second", range(65))
def test_every_consistency_proof_is_the_one_of_rfc_9162(second: int, tree: Tree) -> None:
    for first in range(second + 1):
        path = tree.consistency_path(first, second)
        assert list(path) == (slow_subproof(first, LEAVES[:second], True) if first else [])
        assert verify_consistency(first, second, tree.root(first), tree.root(second), path)


@pytest.mark.parametrize("seed", range(30))
def test_random_larger_proofs(seed: int, tree: Tree) -> None:
    chance = random.Random(seed)
    second = chance.randrange(65, len(LEAVES))
    first, index = chance.randrange(1, second), chance.randrange(second)
    assert list(tree.inclusion_path(index, second)) == slow_path(index, LEAVES[:second])
    assert list(tree.consistency_path(first, second)) == slow_subproof(first, LEAVES[:second], True)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 64, 100])
def test_roots_and_paths_agree_with_pymerkle(size: int, tree: Tree) -> None:
    other = InmemoryTree(algorithm="sha256")
    for i in range(size):
        other.append_entry(b"%d" % i)
    assert other.get_root(size) == tree.root(size)
    for index in range(0, size, 3):
        # pymerkle counts leaves from 1, sorts its path otherwise, and puts the leaf itself into it.
        proof = other.prove_inclusion(index + 1, size).serialize()["path"]
        assert sorted([*tree.inclusion_path(index, size), LEAVES[index]]) == sorted(map(bytes.fromhex, proof))


def test_appending_in_any_pieces_gives_the_same_tree() -> None:
    chance = random.Random(7)
    tree, at = Tree(), 0
    while at < 600:
        step = chance.choice((0, 1, 1, 2, 3, 17, 64, 100))
        tree.extend(LEAVES[at : at + step])
        at = min(at + step, len(LEAVES))
        assert tree.size == at and tree.root() == root_of(LEAVES[:at])
    assert [tree.leaf(i) for i in range(at)] == LEAVES[:at]
    whole = Tree(LEAVES[:at])
    assert all(tree.inclusion_path(i, s) == whole.inclusion_path(i, s) for s in (1, 100, at) for i in range(0, s, 7))


def test_appending_touches_no_older_node() -> None:
    tree = Tree(LEAVES[:1000])
    before = [tree.root(size) for size in range(1001)]
    tree.extend(LEAVES[1000:])
    assert [tree.root(size) for size in range(1001)] == before


INDEX, SIZE = 5, 11
LEAF = LEAVES[INDEX]
GOOD = Tree(LEAVES[:SIZE]).inclusion_path(INDEX)
ROOT = Tree(LEAVES[:SIZE]).root()
FLIPPED = bytes([GOOD[1][0] ^ 16]) + GOOD[1][1:]
WRONG_INCLUSION = {
    "index of the neighbour": (INDEX + 1, SIZE, LEAF, GOOD),
    "index is the size": (SIZE, SIZE, LEAF, GOOD),
    "index above the size": (SIZE + 1, SIZE, LEAF, GOOD),
    "index below zero": (-1, SIZE, LEAF, GOOD),
    "index plus a power of two": (INDEX + 16, SIZE, LEAF, GOOD),
    "size 0": (0, 0, LEAF, ()),
    "size 0 with the root as leaf": (0, 0, ROOT, ()),
    "negative size": (0, -1, ROOT, ()),
    "size smaller by a level": (INDEX, 8, LEAF, GOOD),
    "size larger by a level": (INDEX, 17, LEAF, GOOD),
    "another leaf": (INDEX, SIZE, LEAVES[4], GOOD),
    "the leaf's data for its hash": (INDEX, SIZE, b"5", GOOD),
    "an inner node's data as the leaf": (2, 6, leaf_hash(LEAVES[4] + LEAVES[5]), GOOD[1:]),
    "empty path": (INDEX, SIZE, LEAF, ()),
    "truncated path": (INDEX, SIZE, LEAF, GOOD[:-1]),
    "path without its first node": (INDEX, SIZE, LEAF, GOOD[1:]),
    "trailing node": (INDEX, SIZE, LEAF, (*GOOD, ROOT)),
    "preceding node": (INDEX, SIZE, LEAF, (LEAF, *GOOD)),
    "node repeated": (INDEX, SIZE, LEAF, (*GOOD, GOOD[-1])),
    "nodes swapped": (INDEX, SIZE, LEAF, (GOOD[1], GOOD[0], *GOOD[2:])),
    "path reversed": (INDEX, SIZE, LEAF, tuple(reversed(GOOD))),
    "modified node 1 bit 4": (INDEX, SIZE, LEAF, (GOOD[0], FLIPPED, *GOOD[2:])),
    "root as the only node": (INDEX, SIZE, LEAF, (ROOT,)),
    "hashes of zeros": (INDEX, SIZE, LEAF, (bytes(32),) * len(GOOD)),
}


@pytest.mark.parametrize("defect", WRONG_INCLUSION)
def test_wrong_inclusion_does_not_lead_to_the_root(defect: str) -> None:
    assert root_from_inclusion(INDEX, SIZE, LEAF, GOOD) == ROOT
    assert root_from_inclusion(*WRONG_INCLUSION[defect]) != ROOT


def test_a_root_alone_does_not_bind_the_size() -> None:
    # As in every RFC 9162 log: the size is bound by the signed checkpoint and by the ledger, which verify() compares.
    assert verify_consistency(FIRST, SIZE + 1, FIRST_ROOT, ROOT, STEP)
    assert root_from_inclusion(2, 6, node_hash(LEAVES[4], LEAVES[5]), GOOD[1:]) == ROOT


def test_an_impossible_length_leads_nowhere() -> None:
    for length in range(12):
        found = root_from_inclusion(INDEX, SIZE, LEAF, (bytes(32),) * length)
        assert (found is None) == (length != len(GOOD))
    assert root_from_inclusion(0, 1, LEAF, ()) == LEAF
    assert root_from_inclusion(2**48 - 2, 2**48 - 1, LEAF, (bytes(32),) * 100) is None


FIRST = 6
FIRST_ROOT = Tree(LEAVES[:FIRST]).root()
STEP = Tree(LEAVES[:SIZE]).consistency_path(FIRST)
WRONG_CONSISTENCY = {
    "first larger than second": (SIZE, FIRST, ROOT, FIRST_ROOT, STEP),
    "first negative": (-1, SIZE, FIRST_ROOT, ROOT, STEP),
    "swapped roots": (FIRST, SIZE, ROOT, FIRST_ROOT, STEP),
    "first root twice": (FIRST, SIZE, FIRST_ROOT, FIRST_ROOT, STEP),
    "second root twice": (FIRST, SIZE, ROOT, ROOT, STEP),
    "empty path": (FIRST, SIZE, FIRST_ROOT, ROOT, ()),
    "truncated path": (FIRST, SIZE, FIRST_ROOT, ROOT, STEP[:-1]),
    "path without its first node": (FIRST, SIZE, FIRST_ROOT, ROOT, STEP[1:]),
    "trailing node": (FIRST, SIZE, FIRST_ROOT, ROOT, (*STEP, ROOT)),
    "preceding node": (FIRST, SIZE, FIRST_ROOT, ROOT, (ROOT, *STEP)),
    "modified node 0 bit 0": (FIRST, SIZE, FIRST_ROOT, ROOT, (bytes([STEP[0][0] ^ 1]) + STEP[0][1:], *STEP[1:])),
    "nodes swapped": (FIRST, SIZE, FIRST_ROOT, ROOT, (STEP[1], STEP[0], *STEP[2:])),
    "first smaller by one": (FIRST - 1, SIZE, FIRST_ROOT, ROOT, STEP),
    "second larger by a level": (FIRST, 2 * SIZE, FIRST_ROOT, ROOT, STEP),
    "same size, other roots": (SIZE, SIZE, FIRST_ROOT, ROOT, ()),
    "same size with a path": (SIZE, SIZE, ROOT, ROOT, STEP),
    "from nothing with a path": (0, SIZE, EMPTY_ROOT, ROOT, STEP),
    "from nothing with a root": (0, SIZE, FIRST_ROOT, ROOT, ()),
    "power of two with the root put in front": (8, SIZE, root_of(LEAVES[:8]), ROOT,
                                                (root_of(LEAVES[:8]), *Tree(LEAVES[:SIZE]).consistency_path(8))),
}  # fmt: skip


@pytest.mark.parametrize("defect", WRONG_CONSISTENCY)
def test_wrong_consistency_is_refused(defect: str) -> None:
    assert verify_consistency(FIRST, SIZE, FIRST_ROOT, ROOT, STEP)
    assert not verify_consistency(*WRONG_CONSISTENCY[defect])


def test_rewritten_history_has_no_consistency_proof() -> None:
    rewritten = Tree([*LEAVES[:3], leaf_hash(b"forged"), *LEAVES[4:SIZE]])
    for first in range(4, SIZE):
        path = rewritten.consistency_path(first)
        assert not verify_consistency(first, SIZE, root_of(LEAVES[:first]), rewritten.root(), path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (0, 1101), (0, -1)])
def test_builder_refuses_places_that_it_has_not(index: int, size: int, tree: Tree) -> None:
    with pytest.raises(InputError):
        tree.inclusion_path(index, size)


@pytest.mark.parametrize(("first", "second"), [(4, 3), (-1, 3), (0, 1101)])
def test_builder_refuses_sizes_that_it_has_not(first: int, second: int, tree: Tree) -> None:
    with pytest.raises(InputError):
        tree.consistency_path(first, second)
