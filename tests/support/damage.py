"""Damage done to files by a seeded chance: values, members, bits, bytes, and forms of JSON that parsers dispute."""

from __future__ import annotations

import copy
import json
import os
import random
import struct
from collections.abc import Iterator

from rootseal.canonical import Json, dumps
from tests.support.json_places import others, parent, places

__all__ = ["MAKERS", "SCALE", "anything"]

SCALE = 6 if os.environ.get("ROOTSEAL_REQUIRE_ALL") else 1
"""How many times the usual number of damaged files are made."""


def values(original: bytes, chance: random.Random) -> Iterator[bytes]:
    """A value replaced by one near by."""
    value = json.loads(original)
    everywhere = sorted(places(value), key=repr)
    for path in chance.choices(everywhere, k=150 * SCALE):
        mutated = copy.deepcopy(value)
        parent(mutated, path)[path[-1]] = chance.choice(list(others(parent(mutated, path)[path[-1]])))
        yield dumps(mutated)


def deleted(original: bytes, chance: random.Random) -> Iterator[bytes]:
    """A member or element left out."""
    value = json.loads(original)
    everywhere = sorted(places(value), key=repr)
    for path in chance.sample(everywhere, min(100 * SCALE, len(everywhere))):
        mutated = copy.deepcopy(value)
        del parent(mutated, path)[path[-1]]
        yield dumps(mutated)


def exchanged(original: bytes, chance: random.Random) -> Iterator[bytes]:
    """Two values in each other's place."""
    value = json.loads(original)
    everywhere = sorted(places(value), key=repr)
    for _ in range(100 * SCALE):
        mutated = copy.deepcopy(value)
        one, other = chance.choice(everywhere), chance.choice(everywhere)
        if one[: len(other)] != other and other[: len(one)] != one:
            here, there = parent(mutated, one), parent(mutated, other)
            here[one[-1]], there[other[-1]] = there[other[-1]], here[one[-1]]
            yield dumps(mutated)


def bits(original: bytes, chance: random.Random) -> Iterator[bytes]:
    """One bit, or one hexadecimal digit."""
    for _ in range(150 * SCALE):
        data = bytearray(original)
        at = chance.randrange(len(data))
        if chr(data[at]) in "0123456789abcdef" and chance.random() < 0.8:
            data[at] = ord(chance.choice("0123456789abcdef"))
        else:
            data[at] ^= 1 << chance.randrange(8)
        yield bytes(data)


def pieces(original: bytes, chance: random.Random) -> Iterator[bytes]:
    """Cut, repeated, or random bytes put in."""
    for _ in range(60 * SCALE):
        low, high = sorted(chance.randrange(len(original) + 1) for _ in range(2))
        high = min(high, low + chance.choice((0, 1, 5, 200)))
        middle = chance.choice((b"", original[low:high] * 2, chance.randbytes(3)))
        yield original[:low] + middle + original[high:]


FORMS = [
    b" ", b"\n", b"\r\n", b"\t", b"\xef\xbb\xbf", b"\x00", b"0", b"-", b".5", b".0", b"e1", b"E+2", b"1e400",
    b"99999999999999999",
    b"-0", b"9007199254740991", b"9007199254740992", b"0.1", b"1e-7", b"0.0000001",
    b"100000000000000000000.5", b"NaN", b"Infinity",
    b"\\", b"\\u0041", b"\\ud800", b"\\ud83d\\ude00", b"\\/", b"\\b", b"\\u0008", b"\\u001f", b"\\u001F",
    b"\x7f", b"\xff", b"\xc3",
    "é".encode(), "e\u0301".encode(), "\u2028".encode(), "😀".encode(),
    b"\xed\xa0\x80", b'"', b'"__proto__":1,', b'"a":1,',
    b'"a":1,"a":1,',
    '"e\u0301":1,'.encode(), '"é":1,'.encode(), '"\uff21":1,"😀":1,'.encode(), '"😀":1,"\uff21":1,'.encode(),
    b"null,", b"true", b"[],", b"{}",
    b"[" * 20, b"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]],", b",", b":",
]  # fmt: skip


def forms(original: bytes, chance: random.Random) -> Iterator[bytes]:
    """Forms of JSON that parsers differ about, where they hurt: behind brackets and commas, and at both ends."""
    seams = [at for at, byte in enumerate(original) if byte in b'{[,:"'] + [0, len(original) - 1]
    for form in FORMS:
        for _ in range(2 * SCALE):
            at = chance.choice(seams) + 1
            yield original[:at] + form + original[at:]
        yield form + original
        yield original + form


ODD = [
    '"', "\\", "/", "\b", "\x00", "\x1f", "\x7f", "\x80", "é", "e\u0301", "\u0301", "\u2028", "\ufeff", "\uffff",
    "\uff21",
    "😀", "𝄞", "a", "Z", "0", "1", "10", "2", "constructor", "toString", "hasOwnProperty", "",
]  # fmt: skip


def anything(chance: random.Random, depth: int) -> Json:
    """A JSON value of odd names, texts and numbers."""
    kind = chance.randrange(8 if depth else 5)
    if kind == 0:
        return chance.choice((None, True, False))
    if kind == 1:
        return chance.choice((0, 1, -1, 100, 2**53 - 1, -(2**53) + 1, chance.randrange(-(10**15), 10**15)))
    if kind == 2:
        number = struct.unpack(">d", chance.randbytes(8))[0]
        near = round(chance.uniform(-1e6, 1e6), chance.randrange(8))
        any_number = number if number == number else 0.25
        return chance.choice((0.1, -0.5, 5.25, 1e-6, 1e-7, 1e20, 1e21, 1e9 + 0.125, any_number, near, chance.random()))
    if kind < 5:
        return "".join(chance.choice(ODD) for _ in range(chance.randrange(5)))
    if kind == 5:
        return [anything(chance, depth - 1) for _ in range(chance.randrange(5))]
    return {"".join(chance.choice(ODD) for _ in range(chance.randrange(1, 4))): anything(chance, depth - 1)
            for _ in range(chance.randrange(6))}  # fmt: skip


MAKERS = {
    "values": values,
    "members": deleted,
    "exchanged": exchanged,
    "bits": bits,
    "bytes": pieces,
    "forms": forms,
}
