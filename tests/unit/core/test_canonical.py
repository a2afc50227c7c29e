"""Canonical bytes: RFC 8785's own examples, and everything that the strict reader refuses."""

from __future__ import annotations

import struct

import pytest

from rootseal.canonical import MAX_BYTES, MAX_DEPTH, Json, dumps, loads, member_order
from rootseal.errors import InputError

# RFC 8785 appendix B: IEEE 754 bits → the text of the number.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_rfc_8785_appendix_b(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert dumps(number).decode() == text


def test_members_are_sorted_as_rfc_8785_section_3_2_3() -> None:
    given = '{"\\u20ac":"Euro Sign","\\r":"CR","\\ufb33":"Dalet","1":"One","\\ud83d\\ude00":"Smile",'
    given += '"\\u0080":"C","\\u00f6":"o"}'
    import json

    members = json.loads(given)
    expected = ["\r", "1", "\u0080", "ö", "€", "\U0001f600", "\ufb33"]
    assert list(json.loads(dumps(members))) == expected
    assert sorted(members, key=member_order) == expected


def test_strings_are_written_as_rfc_8785_section_3_2_2_2() -> None:
    text = '\u20ac$\u000f\nA\'B"\\\\"/\u0000\b\f\r\t\u007f\u2028'
    written = '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\\u0000\\b\\f\\r\\t\u007f\u2028"'
    assert dumps(text).decode() == written
    assert loads(written.encode()) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, -(2**53), "\ud800", {"\udfff": 1}])
def test_what_i_json_cannot_hold_is_not_written(value: object) -> None:
    with pytest.raises(InputError):
        dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 60])
def test_what_is_deeper_than_files_are_is_written_all_the_same(depth: int) -> None:
    arrays: Json = "x"
    objects: Json = "x"
    for _ in range(depth):
        arrays, objects = [arrays], {"a": objects}
    assert dumps(arrays) == b"[" * depth + b'"x"' + b"]" * depth
    assert dumps(objects) == b'{"a":' * depth + b'"x"' + b"}" * depth


def test_a_value_without_end_is_refused() -> None:
    endless: list[Json] = []
    endless.append(endless)
    with pytest.raises(InputError):
        dumps(endless)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\n\n", b"\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_bom_and_trailing_line_ends_are_forgiven(start: bytes, ending: bytes) -> None:
    assert loads(start + b'{"a":[1,-0.5,"x",null,true,{},[]]}' + ending) == {"a": [1, -0.5, "x", None, True, {}, []]}


REFUSED = {
    "empty": b"",
    "only line ends": b"\n\n",
    "space before": b' {"a":1}',
    "space after": b'{"a":1} ',
    "space inside": b'{"a": 1}',
    "line end before": b'\n{"a":1}',
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf{}",
    "byte order mark of UTF-16": b"\xff\xfe{\x00}\x00",
    "two values": b"{}{}",
    "duplicate key": b'{"a":1,"a":1}',
    "duplicate key by escape": b'{"a":1,"\\u0061":1}',
    "duplicate key deep": b'[{"b":{"a":1,"a":2}}]',
    "members out of order": b'{"b":1,"a":2}',
    "members in code point order": '{"\ufb33":1,"\U0001f600":2}'.encode(),
    "exponent": b"1e2",
    "capital exponent": b"1E2",
    "exponent that is canonical": b"1e+21",
    "small exponent that is canonical": b"1e-7",
    "integer of 2^53": b"9007199254740992",
    "integer of -2^53": b"-9007199254740992",
    "integer of a thousand digits": b"1" * 1000,
    "integer of half a million digits": b"1" * 500_000,
    "leading zero": b"01",
    "plus sign": b"+1",
    "minus zero": b"-0",
    "minus zero point zero": b"-0.0",
    "one point zero": b"1.0",
    "trailing zero of a fraction": b"0.50",
    "fraction beyond a double": b"0.30000000000000001",
    "fraction that rounds to an integer": b"9007199254740993.5",
    "bare point": b".5",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "minus Infinity": b"-Infinity",
    "hexadecimal": b"0x10",
    "lone high surrogate": b'"\\ud800"',
    "lone low surrogate": b'"\\udc00"',
    "surrogates in the wrong order": b'"\\udc00\\ud800"',
    "surrogate encoded in UTF-8": b'"\xed\xa0\x80"',
    "lone surrogate in a key": b'{"\\ud800":1}',
    "escaped pair that could be plain": b'"\\ud83d\\ude00"',
    "escaped letter": b'"\\u0061"',
    "escaped slash": b'"\\/"',
    "capital hex in escape": b'"\\u000F"',
    "long form of newline": b'"\\u000a"',
    "raw control character": b'"\x01"',
    "overlong UTF-8": b'"\xc0\x80"',
    "UTF-8 cut short": b'"\xe2\x82',
    "key not in NFC": '{"e\u0301":1}'.encode(),
    "prototype key": b'{"__proto__":1}',
    "prototype key by escape": b'{"\\u005f_proto__":1}',
    "comment": b"{}//",
    "trailing comma": b"[1,]",
    "single quotes": b"{'a':1}",
    "depth of one too many": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "depth of a million": b"[" * 1_000_000,
    "objects a hundred thousand deep": b'{"a":' * 100_000,
    "one byte too large": b'"' + b"x" * (MAX_BYTES - 1) + b'"',
}


@pytest.mark.parametrize("defect", REFUSED)
def test_reader_refuses(defect: str) -> None:
    with pytest.raises(InputError) as caught:
        loads(REFUSED[defect])
    assert str(caught.value).startswith(("file: ", "JSON: "))
    assert len(str(caught.value)) < 300


def test_reader_takes_the_deepest_and_the_largest() -> None:
    loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert loads(b'"' + b"x" * (MAX_BYTES - 2) + b'"') == "x" * (MAX_BYTES - 2)
    assert loads(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, 1 - 2**53]


def test_non_nfc_values_are_kept_as_they_are() -> None:
    assert loads('"e\u0301"'.encode()) == "e\u0301"


def test_key_that_is_nfc_but_not_ascii_is_taken_in_utf_16_order() -> None:
    data = '{"\U0001f600":1,"\ufb33":2}'.encode()
    # U+FB33 is excluded from composition: in NFC it is two characters.
    with pytest.raises(InputError, match="normal form"):
        loads(data)
    fine = '{"\U0001f600":1,"\uff21":2}'.encode()
    assert loads(fine) == {"\U0001f600": 1, "\uff21": 2}


@pytest.mark.parametrize(
    "text", ["[" + ",".join(["1"] * 500_000) + "]", "{" + ",".join(f'"{i:06}":[]' for i in range(80_000)) + "}"]
)
def test_a_mebibyte_of_small_things_is_read_in_linear_time(text: str) -> None:
    assert len(loads(text.encode())) > 1000  # type: ignore[arg-type]
