"""Cells that a spreadsheet would run as formulas: made harmless on the way out, and as they were on the way back."""

from __future__ import annotations

import re

__all__ = ["escaped", "unescaped"]

# What begins a formula (OWASP, CSV injection), after any apostrophes that stand there already.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def escaped(cell: str) -> str:
    """The cell with one apostrophe before what would be run; `unescaped` takes exactly that one away."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unescaped(cell: str) -> str:
    """The inverse of `escaped`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
