"""Rosters: lists of awards as registrars keep them, read row by row with a typed report."""

from __future__ import annotations

from node.roster.reading import MAX_ROWS, read_roster
from node.roster.report import COLUMNS, MOST_COPIES, RefusedRow, RosterReport, RosterRow, identity_key
from node.roster.sources import MAX_ROSTER_BYTES

__all__ = [
    "COLUMNS",
    "MAX_ROSTER_BYTES",
    "MAX_ROWS",
    "MOST_COPIES",
    "RefusedRow",
    "RosterReport",
    "RosterRow",
    "identity_key",
    "read_roster",
]
