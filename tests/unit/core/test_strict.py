"""The strict readers name the member and never repeat a stranger's control characters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rootseal.errors import InputError
from rootseal.strict import array, ethereum_hex, hex_bytes, integer, members, nullable, seconds, string

REFUSED: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "members of an array": (members, ([], "x", ())),
    "unknown member": (members, ({"a": 1}, "x", ())),
    "missing member": (members, ({}, "x", ("a",))),
    "array of an object": (array, ({}, "x", integer)),
    "array too short": (array, ([], "x", integer, 1)),
    "array too long": (array, ([1, 2], "x", integer, 0, 1)),
    "array with a wrong element": (array, ([1, "2"], "x", integer)),
    "integer true": (integer, (True, "x")),
    "integer 1.5": (integer, (1.5, "x")),
    "integer text": (integer, ("1", "x")),
    "integer null": (integer, (None, "x")),
    "integer below": (integer, (-1, "x")),
    "integer above": (integer, (2**53, "x")),
    "seconds after 9999": (seconds, (253_402_300_800, "x")),
    "string null": (string, (None, "x")),
    "string too long": (string, ("ab", "x", 1)),
    "hex in capitals": (hex_bytes, ("AB", "x")),
    "hex of odd length": (hex_bytes, ("abc", "x")),
    "hex with 0x": (hex_bytes, ("0xab", "x")),
    "hex of another size": (hex_bytes, ("ab", "x", 2)),
    "hex with a line end": (hex_bytes, ("ab\n", "x")),
    "hex in Arabic digits": (hex_bytes, ("٠٠", "x")),
    "hex null": (hex_bytes, (None, "x")),
    "Ethereum hex without 0x": (ethereum_hex, ("ab", "x")),
    "Ethereum hex with 0X": (ethereum_hex, ("0Xab", "x")),
    "Ethereum hex in capitals": (ethereum_hex, ("0xAB", "x")),
    "Ethereum hex null": (ethereum_hex, (None, "x")),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_refuses(defect: str) -> None:
    reader, arguments = REFUSED[defect]
    with pytest.raises(InputError) as caught:
        reader(*arguments)
    assert caught.value.where.startswith("x")


def test_reads() -> None:
    assert members({"a": 1}, "x", ("a",), ("b",)) == {"a": 1}
    assert array([1, 2], "x", integer) == (1, 2)
    assert nullable(None, "x", integer) is None and nullable(7, "x", integer) == 7
    assert hex_bytes("00ff", "x") == b"\x00\xff" == ethereum_hex("0x00ff", "x", 2)
    assert seconds(253_402_300_799, "x") == 253_402_300_799
    assert ethereum_hex("0x", "x") == b""


@pytest.mark.parametrize("name", ["\x1b[2J\x1b[31mVERIFIED", "a" * 100_000, "line\nend", "\u202egreen"])
def test_hostile_member_name_does_not_reach_a_terminal(name: str) -> None:
    with pytest.raises(InputError) as caught:
        members({name: 1}, "file", ())
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200
