"""No change to a valid file is both verified and noticed by nobody.

Every mutation leaves what the file says equal, or the verdict is not "verified". What the file says is everything
but the locators (`note`, `transaction`, and what a witness anchor tells about its own chain) and but proofs that
were left out and not needed: a promise, evidence, further anchors.
"""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rootseal
from rootseal.anchoring import Anchor, Evidence
from rootseal.canonical import dumps
from rootseal.errors import InputError
from rootseal.facts import EvidenceFact, Facts
from rootseal.opened import OpenedCredential
from rootseal.opening import OpenedFile
from tests.support.json_places import others, parent, places
from tests.support.world import AUDIENCE, NONCE, START, World, disclose

WORLD = World(chain_id=100, until=START + 1000 * 86_400)
INDEX = 4
STRIDE = 1 if os.environ.get("ROOTSEAL_REQUIRE_ALL") else 12
"""By default every place is tried with some of the values; everything in the run that leaves nothing out."""
EXPECTED = rootseal.Expected(AUDIENCE, NONCE)


def _complete() -> bytes:
    file = WORLD.file(INDEX, anchors=(2, 3), evidence=True)
    witness = replace(WORLD.anchor(3, INDEX), home=replace(WORLD.home, chain_id=1, issuer=9))
    return replace(file, proofs=replace(file.proofs, anchors=(*file.proofs.anchors, witness))).to_bytes()


PRESENTED = [WORLD.presented(INDEX, disclose("name", "credentialSubject.result")), WORLD.presented(2, subject=True)]
FILES: dict[str, tuple[bytes, rootseal.Expected | None]] = {
    "complete file": (_complete(), None),
    "presentation": (rootseal.Presentation(tuple(PRESENTED)).to_bytes(), None),
    "presentation with an answer": (WORLD.answer(PRESENTED, WORLD.holder(INDEX), WORLD.holder(2)).to_bytes(), EXPECTED),
}


def facts_of(data: bytes) -> Facts:
    """Full facts; evidence holds for the genuine anchor and for nothing else, as it does for a reader of the chain."""
    facts = WORLD.facts()
    try:
        opened = rootseal.open_file(data)
    except InputError:
        return facts
    evidence: dict[tuple[int, bytes, int, bytes], EvidenceFact] = {}
    for credential in opened.credentials:
        for anchor in credential.proofs.anchors:
            if isinstance(anchor.evidence, Evidence):
                genuine = WORLD.anchor(anchor.sequence, 0, evidence=True) if 1 <= anchor.sequence <= 3 else None
                same = genuine is not None and _chain_part(anchor) == _chain_part(genuine)
                evidence[(*anchor.home.key, anchor.root)] = EvidenceFact(None if same else "it shows something else")
    return replace(facts, evidence=evidence)


def _chain_part(anchor: Anchor) -> Anchor:
    return replace(anchor, path=(), transaction=bytes(32))


def verdict_of(data: bytes, expected: rootseal.Expected | None) -> rootseal.Verdict:
    return rootseal.verify(data, WORLD.policy, facts_of(data), now=WORLD.now, expected=expected)


def says(credential: OpenedCredential) -> tuple[object, ...]:
    """What a credential asserts, proofs apart."""
    return (
        credential.home, dumps(credential.issuer_document), [(c.path, dumps(c.value)) for c in credential.claims],
        credential.complete, credential.count, credential.valid_from, credential.valid_until, credential.subject,
        credential.commitment, credential.proofs.index,
    )  # fmt: skip


def _known(anchor: Anchor, before: OpenedCredential) -> bool:
    """True iff `before` held this anchor; of a witness, whose chain nobody asks, only the root is compared.

    The path in it was checked against that root; a root does not bind the size of its log, a ledger does.
    """
    if anchor.home != before.home:
        return any(anchor.root == a.root for a in before.proofs.anchors)
    bare = [replace(_chain_part(a), path=a.path, evidence=None) for a in before.proofs.at(before.home)]
    return replace(_chain_part(anchor), path=anchor.path, evidence=None) in bare


def unnoticed(before: OpenedFile, after: OpenedFile) -> bool:
    """True iff `after` says the same, with no proof that `before` had not."""
    if before.holder is not None:
        return before == after
    # Without an answer nothing ties the credentials of a presentation together: each stands for itself.
    return after.holder is None and all(
        any(_same(one, other) for one in before.credentials) for other in after.credentials
    )


def _same(one: OpenedCredential, other: OpenedCredential) -> bool:
    if says(one) != says(other) or other.proofs.promise not in (None, one.proofs.promise):
        return False
    genuine = {a.root: a.evidence for a in one.proofs.at(one.home)}
    return all(_known(a, one) for a in other.proofs.anchors) and all(
        a.evidence in (None, genuine.get(a.root)) for a in other.proofs.at(one.home)
    )


def judge(name: str, data: bytes) -> None:
    original, expected = FILES[name]
    verdict = verdict_of(data, expected)
    if verdict.overall == "verified":
        assert unnoticed(rootseal.open_file(original), rootseal.open_file(data)), data


@pytest.mark.parametrize("name", FILES)
def test_the_originals_are_verified(name: str) -> None:
    data, expected = FILES[name]
    assert verdict_of(data, expected).overall == "verified"


@pytest.mark.parametrize("name", FILES)
def test_every_value_replaced(name: str) -> None:
    original = json.loads(FILES[name][0])
    for number, path in enumerate(places(original)):
        held = parent(original, path)[path[-1]]
        for other in list(others(held))[number % STRIDE :: STRIDE]:
            if type(other) is type(held) and other == held:
                continue
            mutated = copy.deepcopy(original) if isinstance(held, dict | list) else original
            parent(mutated, path)[path[-1]] = other
            judge(name, dumps(mutated))
            parent(original, path)[path[-1]] = held


@pytest.mark.parametrize("name", FILES)
def test_every_member_deleted(name: str) -> None:
    original = json.loads(FILES[name][0])
    for path in places(original):
        mutated = copy.deepcopy(original)
        del parent(mutated, path)[path[-1]]
        judge(name, dumps(mutated))


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_two_values_exchanged(name: str, data: st.DataObject) -> None:
    mutated = json.loads(FILES[name][0])
    one, other = (data.draw(st.sampled_from(sorted(places(mutated), key=repr))) for _ in range(2))
    if one[: len(other)] == other or other[: len(one)] == one:
        return
    here, there = parent(mutated, one), parent(mutated, other)
    here[one[-1]], there[other[-1]] = there[other[-1]], here[one[-1]]
    judge(name, dumps(mutated))


@pytest.mark.parametrize("name", FILES)
def test_a_bit_of_many_bytes_flipped(name: str) -> None:
    original = FILES[name][0]
    for at in range(0, len(original), 5 * STRIDE - 1):
        data = bytearray(original)
        data[at] ^= 1 << at % 8
        judge(name, bytes(data))


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_bytes_cut_inserted_and_repeated(name: str, data: st.DataObject) -> None:
    original = FILES[name][0]
    low, high = sorted(data.draw(st.integers(0, len(original))) for _ in range(2))
    middle = data.draw(st.sampled_from([b"", original[low:high] * 2]) | st.binary(max_size=8))
    judge(name, original[:low] + middle + original[high:])


@given(st.binary(max_size=400))
def test_verify_answers_on_any_bytes(data: bytes) -> None:
    assert verdict_of(data, None).overall == "rejected"
    assert rootseal.questions(data) == ()


_MEMBERS = sorted(
    {step for path in places(json.loads(FILES["complete file"][0])) for step in path if isinstance(step, str)}
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**53 - 1)
    | st.text(max_size=5)
    | st.sampled_from(
        ["rootseal/credential/1", "rootseal/presentation/1", "eip155:1", "0x" + "ab" * 20, "cd" * 32, "0x" + "ef" * 32]
    )
)
_ANY = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_MEMBERS), inner, max_size=6),
    max_leaves=30,
)


@given(st.sampled_from(sorted(FILES)), st.data())
def test_verify_answers_on_any_json_in_any_place(name: str, data: st.DataObject) -> None:
    mutated = json.loads(FILES[name][0])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(places(mutated), key=repr)))
        parent(mutated, path)[path[-1]] = data.draw(_ANY)
    judge(name, dumps(mutated))
    rootseal.questions(dumps(mutated))
