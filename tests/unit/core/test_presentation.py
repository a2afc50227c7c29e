"""Presentations: hiding, what may not be hidden, and every trick with positions, roots and paths by name."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

import rootseal
from rootseal.canonical import dumps
from rootseal.claims import Claim
from rootseal.errors import InputError
from rootseal.merkle import leaf_hash, node_hash, root_of
from rootseal.opened import always_shown, disclosed
from rootseal.presentation import Presentation, ShownClaim, _hidden_roots, _tree_root, present
from tests.support.world import AUDIENCE, NONCE, World, disclose


def test_presentation_is_read_back_and_written_to_the_byte(world: World) -> None:
    shown = world.presented(4, disclose("name"))
    for presentation in (
        Presentation((shown,)),
        Presentation((world.presented(0, subject=False), shown, world.presented(12, lambda path: True))),
        world.answer([shown, world.presented(2)], world.holder(4), world.holder(2)),
        Presentation((World((2,), until=2_000_000_000).presented(1),)),
    ):
        data = presentation.to_bytes()
        assert Presentation.from_bytes(data) == presentation
        assert Presentation.from_bytes(data).to_bytes() == data


def test_commitment_is_the_same_however_much_is_hidden(world: World) -> None:
    file = world.file(4)
    for show in (lambda p: False, lambda p: True, disclose("name"), disclose("credentialSubject.achievement")):
        for subject in (False, True):
            assert present(file, show, subject).open().commitment == file.commitment


def test_hidden_values_and_seed_do_not_appear(world: World) -> None:
    file = world.file(4)
    data = Presentation((world.presented(4, subject=False),)).to_bytes()
    assert file.seed.hex().encode() not in data and b"identityHash" not in data and b"creditsEarned" not in data
    assert world.entries[4].subject.holder.hex().encode() not in data
    salts = {salt.hex().encode() for salt in file.salted()[1].salts if salt.hex().encode() in data}
    assert len(salts) == len(world.presented(4).shown) - 1  # the subject shows the claim with the credits too


def test_always_shown_is_shown_and_no_more(world: World) -> None:
    opened = world.presented(4, subject=False).open()
    assert not opened.complete and all(always_shown(claim.path) for claim in opened.claims)
    assert opened.document == {
        "@context": world.entries[4].document["@context"],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "did:web:registrar.example.edu"},
        "credentialSubject": {"achievement": {"name": "Ledgers for registrars"}},
    }


def test_shown_elements_of_an_array_close_ranks() -> None:
    claims = [Claim(("a", 5), "six"), Claim(("a", 2), "three"), Claim(("b", "0"), {})]
    assert disclosed(claims) == {"a": ["three", "six"], "b": {"0": {}}}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 8])
def test_every_choice_of_hidden_leaves_leads_to_the_root(count: int) -> None:
    leaves = [leaf_hash(b"%d" % i) for i in range(count)]
    for size in range(count + 1):
        for positions in combinations(range(count), size):
            hidden = _hidden_roots(leaves, positions)
            assert _tree_root(count, {p: leaves[p] for p in positions}, hidden) == root_of(leaves)
            for wrong in (hidden[:-1], [*hidden, bytes(32)]):
                if wrong != hidden:
                    with pytest.raises(InputError, match="hidden"):
                        _tree_root(count, {p: leaves[p] for p in positions}, wrong)


def test_hidden_subtrees_are_maximal() -> None:
    leaves = [leaf_hash(b"%d" % i) for i in range(8)]
    assert _hidden_roots(leaves, [7]) == [root_of(leaves[:4]), root_of(leaves[4:6]), leaves[6]]
    assert _hidden_roots(leaves, []) == [root_of(leaves)]
    assert _hidden_roots(leaves, list(range(8))) == []


def _two(world: World) -> dict[str, Any]:
    answer = world.answer([world.presented(4, disclose("name"))], world.holder(4))
    value: dict[str, Any] = json.loads(answer.to_bytes())
    return value


def _at(value: dict[str, Any], path: list[str | int]) -> dict[str, Any]:
    shown: list[dict[str, Any]] = value["credentials"][0]["shown"]
    return next(claim for claim in shown if claim["path"] == path)


def _swap(value: dict[str, Any]) -> None:
    shown = value["credentials"][0]["shown"]
    shown[0], shown[1] = shown[1], shown[0]


def _without(path: list[str | int]) -> Callable[[dict[str, Any]], object]:
    return lambda v: v["credentials"][0]["shown"].remove(_at(v, path))


def _path(path: list[Any]) -> Callable[[dict[str, Any]], object]:
    return lambda v: _at(v, ["name"]).update(path=path)


def _credential(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda v: v["credentials"][0].update(changes)


def _holder(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda v: v["holder"].update(changes)


REFUSED: dict[str, Callable[[dict[str, Any]], object]] = {
    "no credentials": lambda v: v.update(credentials=[]),
    "17 credentials": lambda v: v.update(credentials=v["credentials"] * 17),
    "unknown member": lambda v: v.update(proof={}),
    "unknown member of a credential": _credential(seed="00" * 32),
    "holder null": lambda v: v.update(holder=None),
    "count 0": _credential(count=0),
    "count of no multiple of eight": _credential(count=63),
    "count 4,104": _credential(count=4104),
    "count larger by eight": lambda v: v["credentials"][0].update(count=v["credentials"][0]["count"] + 64),
    "validFrom null": _credential(validFrom=None),
    "validFrom a text": _credential(validFrom="2026-10-01T00:00:00Z"),
    "validFrom after the year 9999": _credential(validFrom=2**53 - 1),
    "validUntil 0 for none": _credential(validUntil=0),
    "validUntil after the year 9999": _credential(validUntil=253_402_300_800),
    "nothing shown": _credential(shown=[]),
    "positions descending": _swap,
    "a position twice": lambda v: _at(v, ["name"]).update(position=_at(v, ["type", 0])["position"]),
    "a position below zero": lambda v: _at(v, ["name"]).update(position=-1),
    "a position beyond the count": lambda v: v["credentials"][0]["shown"][-1].update(position=64),
    "a claim shown twice": lambda v: v["credentials"][0]["shown"].append({**_at(v, ["name"]), "position": 63}),
    "a salt too short": lambda v: _at(v, ["name"]).update(salt="00" * 15),
    "a salt of 32 bytes": lambda v: _at(v, ["name"]).update(salt="00" * 32),
    "a value with content": lambda v: _at(v, ["name"]).update(value=["x"]),
    "path empty": _path([]),
    "path a text": _path("name"),  # type: ignore[arg-type]
    "path of 16 steps": _path(["x"] * 16),
    "path with a negative index": _path(["x", -1]),
    "path with an index of 4,096": _path(["x", 4096]),
    "path with a fraction": _path(["x", 0.5]),
    "path with null": _path([None]),
    "path with true": _path(["x", True]),
    "path with a forbidden name": _path(["__proto__"]),
    "path with a name not in NFC": _path(["e\u0301"]),
    "path that is another's": _path(["type", 0]),
    "path below a value": _path(["type", 0, "x"]),
    "path above a value": _path(["credentialSubject", "achievement"]),
    "path that makes an array an object": _path(["type", "0"]),
    "path that makes the document an array": _path([0]),
    "path below the date": _path(["validFrom", "x"]),
    "a date that is none": lambda v: _at(v, ["name"]).update(path=["validUntil"], value="soon"),
    "context hidden": lambda v: [_without(["@context", i])(v) for i in (0, 1)],
    "context with a gap": _without(["@context", 0]),
    "type hidden": lambda v: [_without(["type", i])(v) for i in (0, 1)],
    "type with a gap": _without(["type", 0]),
    "issuer hidden": _without(["issuer", "id"]),
    "achievement's name hidden": _without(["credentialSubject", "achievement", "name"]),
    "achievement's name a number": lambda v: _at(v, ["credentialSubject", "achievement", "name"]).update(value=5),
    "credits shown without the claim": _without(["credentialSubject", "creditsEarned"]),
    "a hidden root too few": lambda v: v["credentials"][0]["hidden"].pop(),
    "a hidden root too many": lambda v: v["credentials"][0]["hidden"].append("00" * 32),
    "a hidden root too short": lambda v: v["credentials"][0]["hidden"].append("00"),
    "subject hash too short": _credential(subject="00" * 31),
    "subject without a salt": lambda v: v["credentials"][0]["subject"].pop("salt"),
    "subject null": _credential(subject=None),
    "audience missing": lambda v: v["holder"].pop("audience"),
    "audience too long": _holder(audience="x" * 1025),
    "nonce a number": _holder(nonce=5),
    "created below zero": _holder(created=-1),
    "expires after the year 9999": _holder(expires=2**53 - 1),
    "no signatures": _holder(signatures=[]),
    "signature of zeros": _holder(signatures=["0x" + "00" * 65]),
    "signature with v 29": _holder(signatures=["0x" + "01" * 64 + "1d"]),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_refuses(defect: str, world: World) -> None:
    value = copy.deepcopy(_two(world))
    REFUSED[defect](value)
    data = dumps(value)
    with pytest.raises(InputError):
        rootseal.open_file(data)
    expected = rootseal.Expected(AUDIENCE, NONCE)
    verdict = rootseal.verify(data, world.policy, world.facts(), now=world.now, expected=expected)
    assert verdict.overall == "rejected" and verdict.credentials[0].checks[0].code == "format.malformed"


def test_decoy_cannot_be_shown_as_a_claim(world: World) -> None:
    """A decoy is leaf(salt); a claim's leaf holds at least `[["x"],0]` more, so no claim hashes to it."""
    file, shown = world.file(4), world.presented(4, lambda path: True)
    free = next(p for p in range(shown.count) if p not in {s.position for s in shown.shown})
    decoy = file.salted()[1].leaves[free]
    forged = ShownClaim(free, Claim(("credentialSubject", "honours"), True), bytes(16))
    assert forged.leaf != decoy
    claims = tuple(sorted((*shown.shown, forged), key=lambda s: s.position))
    hidden = tuple(h for h in shown.hidden if h != decoy)
    with_claim = replace(shown, shown=claims, hidden=hidden)
    if len(hidden) == len(shown.hidden) - 1:
        assert with_claim.open().commitment != file.commitment
    verdict = rootseal.verify(Presentation((with_claim,)).to_bytes(), world.policy, world.facts(), now=world.now)
    assert verdict.overall == "rejected"


def test_inner_node_cannot_be_shown_as_a_leaf_nor_a_leaf_as_an_inner_node() -> None:
    leaves = [leaf_hash(b"%d" % i) for i in range(8)]
    inner = node_hash(leaves[0], leaves[1])
    assert _tree_root(8, {0: inner}, _hidden_roots(leaves, [0])) != root_of(leaves)


def test_presenting_what_lacks_a_name_is_refused(world: World) -> None:
    document = copy.deepcopy(world.entries[4].document)
    del document["credentialSubject"]["achievement"]["name"]
    with pytest.raises(InputError, match="achievement"):
        present(replace(world.file(4), credential=document), lambda path: True)


def test_signed_digest_is_of_the_file_without_the_answer(world: World) -> None:
    answer = world.answer([world.presented(4)], world.holder(4))
    bare = json.loads(answer.to_bytes())
    del bare["holder"]
    from hashlib import sha256

    assert answer.digest == sha256(dumps(bare)).digest() == Presentation(answer.credentials).digest


def test_questions_name_homes_roots_and_contract_wallets(world: World) -> None:
    answer = world.answer([world.presented(4)], world.holder(2))
    (question,) = rootseal.questions(answer.to_bytes())
    assert question.home == world.home and question.roots == (world.tree.root(7),)
    assert [w.holder for w in question.wallets] == [world.entries[4].subject.holder]
    right = world.answer([world.presented(4)], world.holder(4))
    assert rootseal.questions(right.to_bytes())[0].wallets == ()
    assert rootseal.questions(b"nonsense") == ()
