"""A presentation in so few characters that a QR code holds it, and back, byte for byte.

    "RS1:" ‖ base45( zlib( CBOR ) )

Where that is too long for a code that a camera reads, it is cut into frames `RS1/<i>/<n>/<check>:<part>`, i from
1 to n, check the first 8 hex digits, in capitals, of the SHA-256 of the whole text.

CBOR (RFC 8949 §4.2, deterministic) of the JSON value; a text of 8 or more lower-case hex digits in pairs
is a byte string, one with 0x before it a byte string under tag 23; zlib is RFC 1950, base45 RFC 9285.
Specified in docs/spec/compact.md.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import cbor2

from rootseal.canonical import MAX_BYTES, Json, dumps, loads
from rootseal.errors import InputError

__all__ = ["FRAME", "PREFIX", "compact", "expand", "frames", "joined"]

PREFIX: Final = "RS1:"
FRAME: Final = 1_000
"""Characters of a frame's part: a code of version 21 at level L, which phones read from paper."""

_FRAME: Final = re.compile(r"RS1/([1-9][0-9]?)/([1-9][0-9]?)/([0-9A-F]{8}):(.+)", re.ASCII)
_MAX_FRAMES: Final = 16
_MAX_TEXT: Final = 4 * MAX_BYTES
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_PLACE: Final = {letter: place for place, letter in enumerate(_ALPHABET)}
_HEX: Final = re.compile(r"(0x)?((?:[0-9a-f]{2}){4,})", re.ASCII)
_BASE16: Final = 23
_MAX_DEPTH: Final = 32


def compact(data: bytes) -> str:
    """The text for a QR code, of its alphanumeric characters. Raises `InputError` for what is no JSON file."""
    return PREFIX + _base45(zlib.compress(cbor2.dumps(_smaller(loads(data)), canonical=True), 9))


def expand(text: str) -> bytes:
    """The file's RFC 8785 bytes. Raises `InputError`: no such text, damaged, or larger than a file may be."""
    if not text.startswith(PREFIX):
        raise InputError("code", f"does not begin with {PREFIX}: it is another program's")
    try:
        unpacking = zlib.decompressobj()
        packed = unpacking.decompress(_bytes(text[len(PREFIX) : _MAX_TEXT]), MAX_BYTES)
        if not unpacking.eof or unpacking.unused_data:
            raise ValueError
        return dumps(_larger(cbor2.loads(packed), 0, _Room(MAX_BYTES)))
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, zlib.error, cbor2.CBORError):
        raise InputError("code", "was not read completely, or was altered; read it again") from None


def frames(text: str, size: int = FRAME) -> tuple[str, ...]:
    """`text` itself where it fits into one code, else its frames. Raises `InputError` where it needs too many."""
    if len(text) <= size + len(PREFIX):
        return (text,)
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    if len(parts) > _MAX_FRAMES:
        problem = f"would need {len(parts)} codes, and at most {_MAX_FRAMES} are sensible"
        raise InputError("FILE", f"{problem}; show less (`rootseal wallet present --small`), or hand over the file")
    check = _check(text)
    return tuple(f"RS1/{number}/{len(parts)}/{check}:{part}" for number, part in enumerate(parts, 1))


def joined(codes: Iterable[str]) -> str:
    """The text behind codes in any order, repetitions allowed. Raises `InputError` naming those that are missing."""
    found: dict[int, str] = {}
    named: set[tuple[int, str]] = set()
    for code in codes:
        if code.startswith(PREFIX):
            return code
        frame = _FRAME.fullmatch(code)
        if frame is None:
            raise InputError("code", f"begins neither with {PREFIX} nor as one of several does", code[:20])
        found[int(frame[1])] = frame[4]
        named.add((int(frame[2]), frame[3]))
    if len(named) != 1:
        raise InputError("code", "there is none" if not named else "they are of different files; read one file's alone")
    [(count, check)] = named
    missing = [number for number in range(1, count + 1) if number not in found]
    if missing:
        raise InputError("code", f"{len(missing)} of {count} are missing: {', '.join(map(str, missing))}")
    text = "".join(found[number] for number in range(1, count + 1))
    if _check(text) != check:
        raise InputError("code", "was not read completely, or was altered; read them again")
    return text


def _check(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8].upper()


def _smaller(value: Json) -> Any:
    if isinstance(value, str):
        found = _HEX.fullmatch(value)
        if found is None:
            return value
        raw = bytes.fromhex(found[2])
        return raw if found[1] is None else cbor2.CBORTag(_BASE16, raw)
    if isinstance(value, dict):
        return {name: _smaller(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_smaller(item) for item in value]
    return value


@dataclass(slots=True)
class _Room:
    """Bytes that the file may still take: CBOR can name one value many times, and a short code fill the memory."""

    left: int

    def take(self, size: int) -> None:
        """Raises `ValueError` where there is no room."""
        self.left -= size
        if self.left < 0:
            raise ValueError


def _larger(value: Any, depth: int, room: _Room) -> Json:
    """Only what `_smaller` makes; anything else that CBOR can say is refused."""
    if depth > _MAX_DEPTH:
        raise ValueError
    room.take(len(value) if isinstance(value, str | bytes) else 1)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, cbor2.CBORTag) and value.tag == _BASE16 and isinstance(value.value, bytes):
        return "0x" + value.value.hex()
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        for name in value:
            room.take(len(name))
        return {name: _larger(item, depth + 1, room) for name, item in value.items()}
    if isinstance(value, list):
        return [_larger(item, depth + 1, room) for item in value]
    raise ValueError


def _base45(data: bytes) -> str:
    """RFC 9285 §4."""
    found: list[str] = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            number, place = divmod(number, 45)
            found.append(_ALPHABET[place])
    return "".join(found)


def _bytes(text: str) -> bytes:
    found = bytearray()
    for at in range(0, len(text), 3):
        part = text[at : at + 3]
        number = sum(_PLACE[letter] * 45**power for power, letter in enumerate(part))
        size = len(part) - 1
        if size == 0 or number >= 1 << (8 * size):
            raise ValueError
        found += number.to_bytes(size)
    return bytes(found)
