"""Lists of awards as text: one good row, and what the reader makes of them on a fixed day."""

from __future__ import annotations

from node import samples
from node.roster import COLUMNS, RosterReport, read_roster

TEMPLATES = samples.templates()
TODAY = "2026-11-22"
HEADER = ",".join(COLUMNS)
GOOD = "00012345,Zoë,Müller,zoe@example.edu,fintech-innovation,2026-10-01,71,"


def read(data: bytes | str, filename: str = "roster.csv", today: str = TODAY) -> RosterReport:
    """What the reader makes of a list, on `TODAY` unless another day is given."""
    return read_roster(data.encode() if isinstance(data, str) else data, filename, TEMPLATES, today)


def csv(*rows: str) -> str:
    """The header and these rows."""
    return "\n".join((HEADER, *rows)) + "\n"


def accounted(report: RosterReport) -> list[int]:
    """The lines of all rows, good, refused and blank: each once."""
    lines = [row.line for row in report.rows] + [row.line for row in report.refused] + list(report.blank)
    assert len(lines) == len(set(lines))
    return sorted(lines)
