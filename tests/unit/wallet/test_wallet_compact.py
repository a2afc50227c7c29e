"""A presentation in QR codes: read back byte for byte, or told apart from what was not read completely."""

from __future__ import annotations

import base64
import json
import random
import time
import zlib
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootseal.canonical import dumps
from rootseal.errors import InputError
from tests.support.issued import paper_institution
from wallet.compact import PREFIX, _base45, _bytes, compact, expand, frames, joined
from wallet.presenting import assemble

VECTORS = Path(__file__).parents[2] / "vectors" / "compact.json"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.from_regex(
    r"(0x)?[0-9a-f]{0,40}", fullmatch=True
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), inner),
    max_leaves=20,
)


def presentation() -> bytes:
    institution = paper_institution(("Ana Novak", "Bor Kos"))
    return assemble([institution.file(0)], ["title", "grade"], show_subject=True).to_bytes()


@pytest.mark.parametrize(
    ("plain", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")],
)
def test_base45_is_that_of_rfc_9285(plain: bytes, text: str) -> None:
    assert _base45(plain) == text
    assert _bytes(text) == plain


@given(values)
def test_any_value_is_read_back(value: Any) -> None:
    assert expand(compact(dumps(value))) == dumps(value)


def test_a_presentation_is_read_back_byte_for_byte_and_is_smaller() -> None:
    data = presentation()
    text = compact(data)
    assert expand(text) == data
    assert len(text) < 0.8 * len(data)


def test_codes_in_any_order_and_twice() -> None:
    text = compact(presentation())
    codes = list(frames(text))
    assert len(codes) > 1
    chance = random.Random(1)
    mixed = [*codes, *chance.sample(codes, 2)]
    chance.shuffle(mixed)
    assert joined(mixed) == text
    with pytest.raises(InputError, match=r"1 of \d are missing: 2"):
        joined(code for code in codes if code is not codes[1])
    with pytest.raises(InputError, match="different files"):
        joined([*codes, "RS1/1/9/00000000:A"])


def test_a_short_one_is_one_code_and_a_long_one_refused() -> None:
    assert frames("RS1:ABC") == ("RS1:ABC",)
    with pytest.raises(InputError, match="at most 16"):
        frames(PREFIX + "A" * 20_000)


def test_altered_codes_are_told() -> None:
    text, chance = compact(presentation()), random.Random(3)
    for _ in range(300):
        place = chance.randrange(len(PREFIX), len(text))
        altered = text[:place] + chance.choice("0A$:") + text[place + 1 :]
        if altered != text:
            with pytest.raises(InputError):
                expand(altered)
    for size in (0, 3, len(PREFIX), len(text) // 2, len(text) - 1):
        with pytest.raises(InputError):
            expand(text[:size])


@pytest.mark.parametrize(
    "value",
    [cbor2.CBORTag(24, b"1234"), {1: 2}, {b"k": 1}, cbor2.undefined, float("nan"), cbor2.CBORTag(23, "a"), 2**60],
)
def test_what_no_writer_makes_is_refused(value: Any) -> None:
    with pytest.raises(InputError):
        expand(PREFIX + _base45(zlib.compress(cbor2.dumps(value))))


def test_a_bomb_is_stopped() -> None:
    with pytest.raises(InputError):
        expand(PREFIX + _base45(zlib.compress(cbor2.dumps("a" * 50_000_000))))


def test_the_vectors() -> None:
    for case in json.loads(VECTORS.read_text())["cases"]:
        data = base64.b64decode(case["file"])
        assert compact(data) == case["text"]
        assert list(frames(case["text"])) == case["frames"]
        assert expand(joined(case["frames"])) == data


def test_a_code_that_names_one_value_many_times_is_refused_at_once() -> None:
    """CBOR's shared values (tags 28 and 29): 200 bytes that would be 20 to the tenth values."""
    first = bytes.fromhex("d81c820101")
    levels = [b"\xd8\x1c\x94" + (b"\xd8\x1d" + bytes([level])) * 20 for level in range(9)]
    packed = bytes([0x80 | 10]) + first + b"".join(levels)
    began = time.process_time()
    with pytest.raises(InputError, match="altered"):
        expand(PREFIX + _base45(zlib.compress(packed)))
    assert time.process_time() - began < 5


def test_a_text_that_is_named_many_times_is_refused_at_once() -> None:
    text = b"\xd8\x1c" + b"\x7a" + (900_000).to_bytes(4) + b"a" * 900_000
    packed = b"\x99" + (20_001).to_bytes(2) + text + b"\xd8\x1d\x00" * 20_000
    with pytest.raises(InputError, match="altered"):
        expand(PREFIX + _base45(zlib.compress(packed, 9)))
