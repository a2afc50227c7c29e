"""Strict readers of JSON members: each refuses a wrong type or range and names the member by its path."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from rootseal.canonical import MAX_INTEGER, Json
from rootseal.errors import InputError, shorten
from rootseal.instants import LAST_INSTANT

__all__ = ["array", "ethereum_hex", "hex_bytes", "integer", "members", "nullable", "seconds", "string"]

T = TypeVar("T")

_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)


def members(value: Json, where: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Json]:
    """The object `value`, which must have every required member and none but these and the optional ones."""
    if not isinstance(value, dict):
        raise InputError(where, "must be an object", value)
    for name in value:
        if name not in required and name not in optional:
            raise InputError(f"{where}.{_label(name)}", "is not a known member")
    for name in required:
        if name not in value:
            raise InputError(f"{where}.{name}", "is missing")
    return value


def array(value: Json, where: str, item: Callable[[Json, str], T], low: int = 0, high: int = 4096) -> tuple[T, ...]:
    """An array of `low` to `high` items, each read by `item(value, where)`."""
    if not isinstance(value, list):
        raise InputError(where, "must be an array", value)
    if not low <= len(value) <= high:
        raise InputError(where, f"must have {low} to {high} elements", f"{len(value)} elements")
    return tuple(item(element, f"{where}[{index}]") for index, element in enumerate(value))


def nullable(value: Json, where: str, item: Callable[[Json, str], T]) -> T | None:
    """None for null, else what `item` reads."""
    return None if value is None else item(value, where)


def integer(value: Json, where: str, low: int = 0, high: int = MAX_INTEGER) -> int:
    """A whole number from `low` to `high` (default: what JSON carries exactly)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(where, "must be a whole number", value)
    if not low <= value <= high:
        raise InputError(where, f"must be {low} to {high}", value)
    return value


def seconds(value: Json, where: str, low: int = 0) -> int:
    """UTC seconds from `low` to the end of the year 9999, so that every time in a file can be written as a date."""
    return integer(value, where, low, LAST_INSTANT)


def string(value: Json, where: str, high: int = 1 << 16) -> str:
    """A string of at most `high` characters."""
    if not isinstance(value, str):
        raise InputError(where, "must be a string", value)
    if len(value) > high:
        raise InputError(where, f"must have at most {high} characters", value)
    return value


def hex_bytes(value: Json, where: str, size: int | None = None) -> bytes:
    """Lower-case hex without 0x, of `size` bytes where given."""
    if not isinstance(value, str) or not _HEX.fullmatch(value) or (size is not None and len(value) != 2 * size):
        length = "" if size is None else f" of {size} bytes"
        raise InputError(where, f"must be lower-case hex{length} without 0x", value)
    return bytes.fromhex(value)


def _label(name: str) -> str:
    """A member's name as a message may show it: a stranger chose it, and a terminal obeys control characters."""
    return name if name.isidentifier() and name.isascii() and len(name) <= 64 else shorten(name, 64)


def ethereum_hex(value: Json, where: str, size: int | None = None) -> bytes:
    """Lower-case hex with 0x, of `size` bytes where given."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise InputError(where, "must be lower-case hex with 0x", value)
    try:
        return hex_bytes(value[2:], where, size)
    except InputError as error:
        raise InputError(where, error.problem.replace("without", "after"), value) from error
