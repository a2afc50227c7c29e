"""The header of a list: which column stands where, whatever kind of file it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from node.roster.report import COLUMNS
from rootseal.errors import InputError, shorten

__all__ = ["REASON", "column_name", "columns_of"]

REASON = "reason"
"""The column that our own files of refused rows have more; it is read over, so that such a file can come back."""


def columns_of(header: Sequence[str], where: str) -> tuple[str, ...]:
    """The column names in their order; trailing empty cells, as spreadsheets write them, are dropped.

    Raises `InputError` at `where` for a column that is unknown, twice there or missing.
    """
    names = tuple(column_name(cell) for cell in header)
    while names and not names[-1]:
        names = names[:-1]
    if len(names) > 1 and not set(names) & set(COLUMNS):
        raise InputError(where, f"names no column: the first line must name them all, {', '.join(COLUMNS)}", names[0])
    for name in names:
        if name not in COLUMNS and name != REASON:
            problem = f"unknown column {shorten(name)}: rename it or take it out; the columns are {', '.join(COLUMNS)}"
            raise InputError(where, problem if name else "a column has no name: name it or take it out")
        if names.count(name) > 1:
            raise InputError(where, f"column {name} is there twice")
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        what = f"missing columns: {', '.join(missing)}" if len(missing) > 1 else f"missing column: {missing[0]}"
        raise InputError(where, f"{what}; every column must be there, also where all its cells are empty")
    return names


def column_name(cell: str) -> str:
    """Letter case, surrounding space, and space or hyphen for underscore make no difference."""
    return re.sub(r"[\s_-]+", "_", cell.strip().casefold())
