"""What reading a roster gives: rows to issue, rows refused, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring

from rootseal.credential import Award

__all__ = ["COLUMNS", "MOST_COPIES", "RefusedRow", "RosterReport", "RosterRow", "identity_key"]

COLUMNS = (
    "learner_id",
    "given_name",
    "family_name",
    "email",
    "micro_credential",
    "awarded_on",
    "grade",
    "holder",
)
"""The columns of a roster, each exactly once, in any order."""

MOST_COPIES = 16
"""So many copies of each credential a list may ask for, and so many addresses a cell may hold."""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A good row: line number (from 1, the header counts), award, address to deliver to, template key.

    `row_digest` is 32 bytes over the normalised content: equal for the same row written another way. `holders` are
    all addresses of the row, one for each copy, the award's own first; empty where there is none.
    """

    line: int
    award: Award
    email: str
    template: str
    row_digest: bytes
    holders: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not issued. `column` is None where the row as a whole is meant.

    `cell` is the cell's address in a workbook, like B7. `also` are the further mistakes of the row, each a
    sentence that begins with its place, like `email: is no e-mail address (found 'x')`.
    `raw` are the cells as they stood, for a list of refused rows to correct; they are not safe
    to open in a spreadsheet before escaping.
    """

    line: int
    column: str | None
    value: str | None
    reason: str
    raw: tuple[str, ...]
    cell: str | None = None
    also: tuple[str, ...] = ()

    @property
    def reasons(self) -> str:
        """Every mistake of the row, on one line."""
        return "; ".join((self.reason, *self.also))


@dataclass(frozen=True, slots=True)
class RosterReport:
    """Every row of a list, exactly once: issuable, refused or blank (line numbers)."""

    rows: tuple[RosterRow, ...]
    refused: tuple[RefusedRow, ...]
    blank: tuple[int, ...]


def identity_key(row: RosterRow) -> str:
    """What makes two rows the same award, across lists: learner, micro-credential and date.

    A JSON array, so that no choice of learner id can collide with another row's key.
    """
    return _compact([row.award.learner_id, row.template, row.award.awarded_on])


def digest_of(award: Award, email: str, template: str, holders: Sequence[bytes]) -> bytes:
    """SHA-256 over the normalised content of a row, e-mail address included."""
    cells = contents(award, email, template, holders).values()
    written = ",".join(["null" if cell is None else encode_basestring(cell) for cell in cells])
    return sha256(f'["rootseal/roster-row/1",{written}]'.encode()).digest()


def contents(award: Award, email: str, template: str, holders: Sequence[bytes]) -> dict[str, str | None]:
    """Column → normalised content, in the order of `COLUMNS`."""
    return {
        "learner_id": award.learner_id,
        "given_name": award.given_name,
        "family_name": award.family_name,
        "email": email,
        "micro_credential": template,
        "awarded_on": award.awarded_on,
        "grade": award.grade,
        "holder": " ".join(holder.hex() for holder in holders) or None,
    }


# Made once: `json.dumps` would make it anew for every row.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
