"""Canonical bytes of JSON (RFC 8785) and the strict reader of everything that Rootseal reads.

Consensus-critical: what is accepted here is accepted for ever.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import unicodedata
from collections import Counter
from typing import NoReturn, TypeAlias

import rfc8785

from rootseal.errors import InputError, shorten

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_INTEGER", "Json", "dumps", "loads", "member_order"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_INTEGER = (1 << 53) - 1
_BOM = b"\xef\xbb\xbf"
# A string, to its end or to the end of the text: possessive, hence linear on any bytes.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode


def dumps(value: Json) -> bytes:
    """The RFC 8785 bytes of `value`. Raises `InputError` for what I-JSON cannot hold."""
    try:
        if _is_plain(value, MAX_DEPTH):
            with contextlib.suppress(UnicodeEncodeError):
                return _write(value).encode()
        return rfc8785.dumps(value)
    except (ValueError, UnicodeError, RecursionError) as error:
        raise InputError("JSON", str(error) or "cannot be written canonically") from error


def loads(data: bytes, where: str = "file") -> Json:
    """The value of strictly canonical bytes, apart from a leading BOM and trailing line ends (DESIGN §4).

    Raises `InputError` for more than 1 MiB, duplicate keys, exponents, |integer| > 2^53−1, lone
    surrogates, non-NFC keys, `__proto__`, depth > 16 and any byte that RFC 8785 would write otherwise.
    """
    if len(data) > MAX_BYTES:
        raise InputError(where, f"is larger than {MAX_BYTES} bytes", f"{len(data)} bytes")
    body = data.removeprefix(_BOM).rstrip(b"\r\n")
    _check_depth(body, where)
    reader = _Reader(where)
    value = reader.read(body)
    canonical = _plain_dumps(value, where) if reader.plain else dumps(value)
    if canonical != body:
        at = next((i for i, (a, b) in enumerate(zip(canonical, body, strict=False)) if a != b), len(canonical))
        raise InputError(where, f"is not in canonical form (RFC 8785) from byte {at} on", body[at : at + 20])
    return value


def member_order(name: str) -> bytes:
    """Sort key of an object member: its UTF-16 code units (RFC 8785 §3.2.3)."""
    return name.encode("utf-16-be", "surrogatepass")


def _is_plain(value: object, depth: int) -> bool:
    """True iff `value` is JSON without floats, unsafe integers and member names beyond ASCII: see `_plain_dumps`.

    Of bounded depth, because the standard library's writer recurses in C.
    """
    if isinstance(value, str) or value is None:
        return True
    if isinstance(value, dict):
        for name, member in value.items():
            if not (isinstance(name, str) and name.isascii() and _is_plain(member, depth - 1)):
                return False
        return depth > 0
    if isinstance(value, (list, tuple)):
        for element in value:
            if not _is_plain(element, depth - 1):
                return False
        return depth > 0
    return isinstance(value, int) and -MAX_INTEGER <= value <= MAX_INTEGER


def _plain_dumps(value: Json, where: str) -> bytes:
    """RFC 8785 bytes of a value without floats and without member names beyond ASCII.

    There the standard library's writer agrees with RFC 8785 to the byte (a property test holds it to that)
    and is twenty times faster; everything else goes through `dumps`.
    """
    try:
        return _write(value).encode()
    except UnicodeEncodeError as error:
        raise InputError(where, "has a lone surrogate") from error


class _Reader:
    """Hooks for the standard library's parser; `plain` is False once a float or a non-ASCII name was seen."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.plain = True

    def read(self, body: bytes) -> Json:
        try:
            value: Json = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=self._object,
                parse_int=self._integer,
                parse_float=self._float,
                parse_constant=self._constant,
            )
        except InputError:
            raise
        except UnicodeDecodeError as error:
            raise InputError(self.where, f"is not UTF-8 at byte {error.start}") from error
        except RecursionError as error:
            raise InputError(self.where, f"is nested deeper than {MAX_DEPTH}") from error
        except ValueError as error:
            raise InputError(self.where, f"is not JSON: {error}") from error
        return value

    def _object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        members = dict(pairs)
        if len(members) != len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counts.items() if count > 1)
            raise InputError(self.where, "has a key twice in one object", twice)
        for name in members:
            if name == "__proto__":
                raise InputError(self.where, "has a forbidden key", name)
            if not name.isascii():
                self.plain = False
                if not unicodedata.is_normalized("NFC", name):
                    raise InputError(self.where, "has a key that is not in Unicode normal form C", name)
        return members

    def _integer(self, digits: str) -> int:
        # Length first: int() of a huge digit string is quadratic and Python caps it with another error.
        if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
            raise InputError(self.where, "has an integer beyond 2^53−1", digits)
        return int(digits)

    def _float(self, digits: str) -> float:
        self.plain = False
        if "e" in digits or "E" in digits:
            raise InputError(self.where, "has a number with an exponent", digits)
        number = float(digits)
        if not math.isfinite(number):
            raise InputError(self.where, "has a number too large for a double", shorten(digits))
        return number

    def _constant(self, name: str) -> NoReturn:
        raise InputError(self.where, "has a number that JSON does not know", name)


def _check_depth(body: bytes, where: str) -> None:
    """Refuse deep nesting before parsing.

    The standard library's parser recurses in C, guarded only by Python's recursion limit, which other packages
    raise (py-ecc to 100,000, with eth-account and web3): there a hostile file would end the process.
    """
    depth = 0
    for byte in _STRING.sub(b"", body).translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > MAX_DEPTH:
            raise InputError(where, f"is nested deeper than {MAX_DEPTH}")
