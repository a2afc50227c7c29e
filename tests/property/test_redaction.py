"""A diagnosis of a file gives nothing of the file away, whatever stands in it and however it is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from node.cli.doctoring import _file_lines
from node.doctor_file import diagnose_file
from node.redaction import MEMBERS, WORDS, safe_place, safe_sentence
from rootseal.canonical import dumps
from rootseal.catalogue import CATALOGUE
from rootseal.presentation import Presentation
from tests.support.world import World, disclose

WORLD = World(chain_id=100)
FILES = {
    "complete": WORLD.file(4, anchors=(2, 3)).to_bytes(),
    "promise only": WORLD.file(4, anchors=()).to_bytes(),
    "presentation": Presentation((WORLD.presented(4, disclose("name")), WORLD.presented(2, subject=True))).to_bytes(),
    "answer": WORLD.answer([WORLD.presented(4, subject=True)], WORLD.holder(4)).to_bytes(),
}
STRUCTURAL = {"rootseal/credential/1", "rootseal/presentation/1"} | MEMBERS | WORDS
"""What a file and its diagnosis may share: words of the specification."""


def output(data: bytes) -> str:
    """All that leaves: the text and the JSON."""
    value = diagnose_file(data, WORLD.now).value
    return "\n".join((*_file_lines(value), json.dumps(value, ensure_ascii=False)))


def strings(value: Any) -> Iterator[str]:
    """Every string of a parsed file, names of unknown members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def leaks(data: bytes, told: str) -> list[str]:
    found = {text for text in strings(json.loads(data)) if len(text) >= 4 and text not in STRUCTURAL}
    return sorted(text for text in found if text in told and text not in OWN_WORDS)


def _own_words() -> str:
    """Everything that the program says by itself: names of its members, codes, and a diagnosis of nothing."""
    found = diagnose_file(FILES["complete"], WORLD.now).value
    names = [*found, *found["credentials"][0], *found["credentials"][0]["checks"][0]]
    return " ".join([*names, *CATALOGUE, output(b"{}"), output(b'{"format":"x"}')])


OWN_WORDS = _own_words()


def test_no_string_of_a_real_file_occurs_in_its_diagnosis() -> None:
    for data in FILES.values():
        assert leaks(data, output(data)) == []


def test_no_number_of_a_file_occurs_either() -> None:
    """Sizes, indexes, times and positions of the file are four digits or more, or are not told."""
    told = output(FILES["complete"])
    for number in (WORLD.now, WORLD.home.chain_id * 1000, 2, 3):
        assert f" {number} entries" not in told
        assert f'"index": {number}' not in told


def _replaced(value: Any, at: list[int], text: str) -> Any:
    """The value with the string number `at[0]` (names of members included) replaced."""
    if isinstance(value, str):
        at[0] -= 1
        return text if at[0] == -1 else value
    if isinstance(value, dict):
        made = {}
        for name, inner in value.items():
            at[0] -= 1
            made[text if at[0] == -1 else name] = _replaced(inner, at, text)
        return made
    return [_replaced(inner, at, text) for inner in value] if isinstance(value, list) else value


SECRETS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=6, max_size=40)


@given(st.sampled_from(sorted(FILES)), st.integers(0, 250), SECRETS)
def test_whatever_stands_at_any_place_stays_inside(name: str, place: int, secret: str) -> None:
    secret = f"Žq{secret}qŽ"
    value = _replaced(json.loads(FILES[name]), [place], secret)
    for data in (dumps(value), json.dumps(value).encode(), json.dumps(value, ensure_ascii=False, indent=1).encode()):
        told = output(data)
        assert secret not in told
        assert "Žq" not in told
        assert leaks(data, told) == []


@given(st.sampled_from(sorted(FILES)), st.integers(0, 100), st.from_regex(r"[0-9]{4,12}", fullmatch=True))
def test_a_learner_number_never_comes_out(name: str, place: int, number: str) -> None:
    data = dumps(_replaced(json.loads(FILES[name]), [place], number))
    assert number not in output(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_diagnosed(data: bytes) -> None:
    assert diagnose_file(data, 0).failed is not None


@given(st.text(max_size=60))
def test_a_reader_that_quotes_is_muzzled(secret: str) -> None:
    """Even if some day a reader's message held a value."""
    marked = f"qzx{secret}qzx"
    assert "qzx" not in safe_sentence(f"must be a string (found {marked})")
    assert "qzx" not in safe_place(f"file.credential.{marked}[3]")


def test_what_is_wrong_and_where_is_still_told() -> None:
    value = json.loads(FILES["complete"])
    value["anchors"][0]["path"] = ["AB"]
    told = diagnose_file(dumps(value), 0)
    assert told.failed == ("file.anchors[0].path[0]", "must be lower-case hex of 32 bytes without 0x")
    del value["seed"]
    value["anchors"] = []
    assert diagnose_file(dumps(value), 0).failed == ("file.seed", "is missing")


def test_an_altered_claim_is_a_failing_check() -> None:
    value = json.loads(FILES["complete"])
    value["credential"]["name"] = "Something else"
    found = diagnose_file(dumps(value), WORLD.now)
    assert (found.exit_code, found.failing) == (1, ("inclusion.mismatch",))
    sound = diagnose_file(FILES["complete"], WORLD.now)
    assert (sound.exit_code, sound.value["credentials"][0]["homeChain"]) == (0, "public network")
