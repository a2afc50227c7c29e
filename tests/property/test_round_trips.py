"""What is written is read back equal, and two ways to the same bytes agree."""

from __future__ import annotations

import json
import unicodedata
from contextlib import suppress
from hashlib import sha256
from typing import Any

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from node.store.act_chain import act_hash, canonical_act_hash
from rootseal.canonical import MAX_INTEGER, dumps, loads
from rootseal.claims import Claim, encode_claim, encode_document, salt_claims, walk
from rootseal.errors import InputError
from rootseal.instants import LAST_INSTANT, format_instant, parse_instant
from rootseal.merkle import Tree, leaf_hash, root_from_inclusion, root_of, verify_consistency
from rootseal.opened import disclosed
from rootseal.paths import check_paths
from rootseal.policy import LedgerPolicy, Policy, format_policy, parse_policy
from rootseal.presentation import _hidden_roots, _tree_root

TEXT = st.text(max_size=12)
KEYS = st.text(max_size=6).filter(lambda text: unicodedata.is_normalized("NFC", text))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)
DOCUMENTS = st.dictionaries(KEYS, JSON, min_size=1, max_size=5)
BYTES20, BYTES32 = st.binary(min_size=20, max_size=20), st.binary(min_size=32, max_size=32)


def carried(value: Any) -> bool:
    """True iff files may hold it: no number that RFC 8785 writes with an exponent or beyond 2^53−1."""
    if isinstance(value, float):
        written = rfc8785.dumps(value)
        return b"e" not in written and (b"." in written or abs(value) <= MAX_INTEGER)
    if isinstance(value, dict):
        return all(carried(v) for v in value.values()) and "__proto__" not in value
    return not isinstance(value, list) or all(map(carried, value))


@given(JSON)
def test_json_is_read_back(value: Any) -> None:
    data = dumps(value)
    assert data == rfc8785.dumps(value)
    if carried(value):
        assert loads(data) == value and dumps(loads(data)) == data
    else:
        try:
            loads(data)
            raise AssertionError(data)
        except InputError:
            pass


ASCII = st.text(st.characters(max_codepoint=127), max_size=6)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ASCII, inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_what_the_standard_library_writes_is_rfc_8785(value: Any) -> None:
    assert dumps(value) == rfc8785.dumps(value)


@given(st.dictionaries(ASCII, PLAIN, max_size=4), TEXT, st.integers(0, LAST_INSTANT), BYTES32)
def test_an_act_is_hashed_over_its_rfc_8785_bytes(detail: Any, subject: str, at: int, previous: bytes) -> None:
    canonical = rfc8785.dumps({"at": at, "act": "issue", "subject": subject, "detail": detail})
    expected = sha256(previous + canonical).digest()
    assert act_hash(previous, at, "issue", subject, json.dumps(detail)) == expected
    assert canonical_act_hash(previous, at, "issue", subject, rfc8785.dumps(detail)) == expected


@given(
    st.binary(max_size=200)
    | JSON.map(lambda v: json.dumps(v).encode())
    | JSON.map(lambda v: json.dumps(v, ensure_ascii=False).encode())
)
def test_any_bytes_are_read_canonically_or_refused(data: bytes) -> None:
    try:
        value = loads(data)
    except InputError:
        return
    assert dumps(value) == data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")


@given(st.text())
def test_strings_are_encoded_as_rfc_8785(text: str) -> None:
    assert encode_document(text) == [b"[[]," + rfc8785.dumps(text) + b"]"]
    assert encode_document({text: 0}) == [b"[[" + rfc8785.dumps(text) + b"],0]"]


@given(DOCUMENTS.filter(carried))
def test_walk_encodings_and_disclosure_agree(document: Any) -> None:
    claims = list(walk(document))
    assert encode_document(document) == [encode_claim(claim) for claim in claims]
    check_paths([claim.path for claim in claims], "document")
    assert disclosed(claims) == document
    assert disclosed(list(reversed(claims))) == document


@settings(max_examples=20)
@given(DOCUMENTS.filter(carried), DOCUMENTS.filter(carried), BYTES32)
def test_different_documents_have_different_roots(one: Any, other: Any, seed: bytes) -> None:
    roots = [salt_claims(encode_document(d), seed).root for d in (one, other)]
    assert (roots[0] == roots[1]) == (dumps(one) == dumps(other))


@given(st.integers(0, LAST_INSTANT))
def test_instants(seconds: int) -> None:
    assert parse_instant(format_instant(seconds)) == seconds


@given(st.text(max_size=30))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    with suppress(InputError):
        assert 0 <= parse_instant(text) <= LAST_INSTANT


@given(st.lists(st.integers(0, 40), max_size=8), st.data())
def test_appending_equals_rebuilding(steps: list[int], data: st.DataObject) -> None:
    leaves = [leaf_hash(b"%d" % i) for i in range(sum(steps))]
    tree, at = Tree(), 0
    for step in steps:
        tree.extend(leaves[at : at + step])
        at += step
    assert tree.root() == root_of(leaves) == Tree(leaves).root()
    if leaves:
        second = data.draw(st.integers(1, len(leaves)))
        first, index = data.draw(st.integers(0, second)), data.draw(st.integers(0, second - 1))
        assert root_from_inclusion(index, second, leaves[index], tree.inclusion_path(index, second)) == tree.root(
            second
        )
        path = tree.consistency_path(first, second)
        assert verify_consistency(first, second, tree.root(first), tree.root(second), path)
        if path:
            at = data.draw(st.integers(0, len(path) * 256 - 1))
            wrong = bytearray(b"".join(path))
            wrong[at // 8] ^= 1 << at % 8
            nodes = [bytes(wrong[i : i + 32]) for i in range(0, len(wrong), 32)]
            assert not verify_consistency(first, second, tree.root(first), tree.root(second), nodes)


@given(st.integers(1, 512).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_hiding_any_leaves_keeps_the_root(choice: tuple[int, set[int]]) -> None:
    count, shown = choice
    leaves = [leaf_hash(b"%d" % i) for i in range(count)]
    hidden = _hidden_roots(leaves, sorted(shown))
    assert _tree_root(count, {p: leaves[p] for p in shown}, hidden) == root_of(leaves)


NAMES = st.text(max_size=20)
LEDGERS = st.builds(
    LedgerPolicy,
    st.integers(1, 2**64 - 1),
    BYTES20,
    st.none() | BYTES32,
    st.none() | BYTES32,
    st.lists(st.just("https://rpc.example/x"), max_size=2).map(tuple),
    st.sampled_from(("tag", "depth:1", "depth:999999")),
    st.booleans(),
    st.integers(1, 2**53 - 1),
    st.lists(st.tuples(st.integers(1, 2**53 - 1), NAMES), max_size=3).map(tuple),
    st.lists(st.tuples(BYTES20, NAMES), max_size=3).map(tuple),
    NAMES,
)


@given(st.lists(LEDGERS, max_size=3, unique_by=lambda p: (p.chain_id, p.address)), st.booleans(), st.booleans())
def test_policy(ledgers: list[LedgerPolicy], holder: bool, now: bool) -> None:
    policy = Policy(tuple(ledgers), holder, now)
    assert parse_policy(format_policy(policy)) == policy


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(["a", "b", 0, 1]), min_size=1, max_size=3).map(tuple), st.just(1)),
        max_size=6,
    )
)
def test_paths_that_pass_the_check_make_one_document(shown: list[tuple[tuple[str | int, ...], int]]) -> None:
    claims = [Claim(path, value) for path, value in shown]
    try:
        check_paths([claim.path for claim in claims], "shown")
    except InputError:
        return
    document = disclosed(claims)
    assert len(list(walk(document))) == max(len(claims), 1)
