"""Every place in a JSON value, and what else could stand there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["others", "parent", "places"]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of a JSON value but the root."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield (*path, key)
        yield from places(child, (*path, key))


def parent(value: Any, path: tuple[str | int, ...]) -> Any:
    """What holds the value at this path."""
    for step in path[:-1]:
        value = value[step]
    return value


def others(value: Any) -> Iterator[Any]:
    """Values near by, of the same kind and of others."""
    yield from (None, True, 0, 1, -1, 2**53 - 1, 0.5, "", "x", [], {}, "00" * 32, "0x" + "00" * 32)
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (value + 1, value - 1, value + 256, value * 2)
    if isinstance(value, str) and value:
        last = "1" if value[-1] == "0" else "0"
        yield from (value[:-1] + last, value[:-1], value + "0", value.upper(), value.lower(), value + " ")
        yield ("1" if value[0] == "0" else "0") + value[1:]
        if value.startswith("0x") and len(value) == 132:
            yield value[:-2] + ("1c" if value.endswith("1b") else "1b")
    if isinstance(value, list):
        yield from ([*value, value[-1]] if value else [0], value[::-1], value[1:], value[:-1])
    if isinstance(value, dict):
        yield {**value, "zz": 1}
