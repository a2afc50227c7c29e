"""Plots as SVG, each with its numbers in a table behind it: no script, no colour that alone says something.

Pure: the same rows give the same text. Every text is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final, Literal

__all__ = ["MAX_COLUMNS", "Bar", "Mark", "bars", "columns", "figure", "table", "timeline"]

_WIDTH: Final = 900
_LABEL: Final = 220  # room for names, left of a plot
_ROW: Final = 30
MAX_COLUMNS: Final = 48
_NUMBER: Final = ' class="n"'

State = Literal["yes", "no", "open"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, how long, how that is written, and a lighter part of it."""

    label: str
    value: float
    shown: str
    part: float = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One sign on a line of time: `row` is its line, `time` in UTC seconds, `state` its shape."""

    row: int
    time: int
    state: State
    tip: str


def figure(name: str, title: str, says: str, plot: str, data: str, rows: int) -> str:
    """A plot with its words and its table. `name` is its id in the page; `plot` is the inside of the SVG."""
    height = 40 + rows * _ROW
    return (
        f'<figure id="{name}"><figcaption>{escape(title)}</figcaption>'
        f'<svg role="img" aria-labelledby="{name}-t {name}-d" viewBox="0 0 {_WIDTH} {height}">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(says)}</desc>{plot}</svg>'
        f"<p>{escape(says)}</p><details><summary>The numbers as a table</summary>{data}</details></figure>"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> str:
    """A table; columns in `right` hold numbers."""
    heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(_cell(cell, at in right) for at, cell in enumerate(row))}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: object, number: bool) -> str:
    return f"<td{_NUMBER if number else ''}>{escape(str(value))}</td>"


def bars(rows: Sequence[Bar]) -> str:
    """Horizontal bars with their values written beside them."""
    longest = max((row.value for row in rows), default=0) or 1
    room = _WIDTH - _LABEL - 190
    return "".join(
        _bar(row, 20 + at * _ROW, room * row.value / longest, room * row.part / longest) for at, row in enumerate(rows)
    )


def _bar(row: Bar, top: int, length: float, part: float) -> str:
    inner = f'<rect class="part" x="{_LABEL}" y="{top}" width="{part:.1f}" height="18"/>' if part else ""
    return (
        f'<text x="{_LABEL - 10}" y="{top + 14}" text-anchor="end">{escape(_cut(row.label))}</text>'
        f'<rect class="bar" x="{_LABEL}" y="{top}" width="{length:.1f}" height="18"/>{inner}'
        f'<text x="{_LABEL + length + 8:.1f}" y="{top + 14}">{escape(row.shown)}</text>'
    )


def columns(rows: Sequence[Bar], height: int) -> str:
    """Vertical bars over a line of names; where there are many, every n-th name is written."""
    rows = rows[-MAX_COLUMNS:]
    highest = max((row.value for row in rows), default=0) or 1
    step = (_WIDTH - 80) / max(len(rows), 1)
    every = -(-len(rows) // 12)
    base = height - 26
    parts = [
        f'<line class="axis" x1="60" y1="{base}" x2="{_WIDTH - 10}" y2="{base}"/>',
        f'<text x="54" y="28" text-anchor="end">{highest:,.0f}</text>'
        f'<text x="54" y="{base}" text-anchor="end">0</text>',
    ]
    for at, row in enumerate(rows):
        left, tall = 64 + at * step, (base - 20) * row.value / highest
        parts.append(
            f'<rect class="bar" x="{left:.1f}" y="{base - tall:.1f}" width="{step * 0.8:.1f}" height="{tall:.1f}">'
            f"<title>{escape(row.label)}: {escape(row.shown)}</title></rect>"
        )
        if at % every == 0:
            parts.append(f'<text x="{left:.1f}" y="{base + 18}">{escape(row.label)}</text>')
    return "".join(parts)


def timeline(names: Sequence[str], marks: Sequence[Mark]) -> str:
    """A line for each name, with a mark for each event: filled, crossed or hollow."""
    first, last = min(mark.time for mark in marks), max(mark.time for mark in marks)
    span, right = max(last - first, 1), _WIDTH - 30
    room = right - _LABEL
    parts = []
    for at, name in enumerate(names):
        middle = 30 + at * _ROW
        parts.append(
            f'<text x="{_LABEL - 16}" y="{middle + 5}" text-anchor="end">{escape(_cut(name))}</text>'
            f'<line class="axis" x1="{_LABEL}" y1="{middle}" x2="{right}" y2="{middle}"/>'
        )
    for mark in marks:
        parts.append(_mark(mark, _LABEL + room * (mark.time - first) / span, 30 + mark.row * _ROW))
    below = 30 + len(names) * _ROW
    parts.append(f'<text x="{_LABEL}" y="{below}">{_day(first)}</text>')
    parts.append(f'<text x="{right}" y="{below}" text-anchor="end">{_day(last)}</text>')
    return "".join(parts)


def _mark(mark: Mark, x: float, y: int) -> str:
    tip = f"<title>{escape(mark.tip)}</title>"
    if mark.state == "no":
        shape = f"M{x - 6:.1f} {y - 6}L{x + 6:.1f} {y + 6}M{x - 6:.1f} {y + 6}L{x + 6:.1f} {y - 6}"
        return f'<path class="cross" d="{shape}">{tip}</path>'
    kind = "dot" if mark.state == "yes" else "ring"
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y}" r="5">{tip}</circle>'


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _cut(text: str) -> str:
    return text if len(text) <= 28 else text[:27] + "…"
