"""Paths of shown claims: how they are read, and what several of them may not do together (DESIGN §4).

Consensus-critical.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rootseal.canonical import MAX_DEPTH, Json
from rootseal.claims import MAX_CLAIMS, Path
from rootseal.errors import InputError
from rootseal.strict import integer

__all__ = ["check_paths", "parse_path"]


def parse_path(value: Json, where: str) -> Path:
    """A non-empty array of member names and indexes, as deep as a credential file could hold it."""
    if not isinstance(value, list) or not 1 <= len(value) < MAX_DEPTH:
        raise InputError(where, f"must be an array of 1 to {MAX_DEPTH - 1} names and indexes", value)
    return tuple(_step(step, f"{where}[{at}]") for at, step in enumerate(value))


def _step(step: Json, where: str) -> str | int:
    if not isinstance(step, str):
        return integer(step, where, 0, MAX_CLAIMS - 1)
    if step == "__proto__":
        raise InputError(where, "is a forbidden name", step)
    if not unicodedata.is_normalized("NFC", step):
        raise InputError(where, "is not in Unicode normal form C", step)
    return step


def check_paths(paths: Sequence[Path], where: str) -> None:
    """Refuse a path twice, a path below another, and a parent whose children are names and indexes mixed."""
    kinds: dict[Path, type] = {}
    leaves = set(paths)
    if len(leaves) != len(paths):
        raise InputError(where, "shows a path twice")
    for path in paths:
        for depth, step in enumerate(path):
            parent = path[:depth]
            if parent in leaves:
                raise InputError(where, "shows a path below another", list(path))
            if kinds.setdefault(parent, type(step)) is not type(step):
                raise InputError(where, "mixes names and indexes under one parent", list(path))
