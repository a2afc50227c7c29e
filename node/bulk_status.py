"""A list (CSV) of credentials whose status is to change: every row accounted for, good rows done although others fail.

A row names a credential by its `id`, or by the award: `learner_id`, `micro_credential`, `awarded_on`. Other
columns may stand beside (a manifest, a roster) and are not read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from node.access import check_entries
from node.principal import AccessDenied, Role
from node.roster.sources import decode
from node.statuses import Act, Statuses
from node.store import EntryState, Store
from rootseal.errors import ConflictError, InputError

__all__ = ["BulkOutcome", "BulkRow", "change_by_list"]

_AWARD: Final = ("learner_id", "micro_credential", "awarded_on")
_MAX_ROWS: Final = 200_000
_HTML: Final = ("<!doctype", "<html")


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One row: its line in the file (from 1), the credential where it was found, and what became of it.

    `outcome` is `queued`, `already` (asked for before), `twice` (another row of this list names it) or
    `refused`, with the reason.
    """

    line: int
    id: str | None
    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """All rows in order, and the transactions that carry the change; `dry_run`: none was queued."""

    act: Act
    rows: tuple[BulkRow, ...]
    intents: tuple[str, ...]
    dry_run: bool

    def count(self, outcome: str) -> int:
        """How many rows ended so."""
        return sum(row.outcome == outcome for row in self.rows)


def change_by_list(
    store: Store, statuses: Statuses, act: Act, data: bytes, filename: str, reason: int, now: int, *, dry_run: bool
) -> BulkOutcome:
    """Queue `act` for every row that names a credential which allows it; those of one word share a transaction.

    Raises `InputError` where the list as a whole cannot be read: then nothing was queued.
    """
    check_entries(store, Role.REVOKE, ())
    rows = tuple(_rows(store, statuses, act, data, filename))
    wanted = [row.id for row in rows if row.id is not None and row.outcome == "queued"]
    intents = () if dry_run or not wanted else statuses.request(act, wanted, reason, now).intents
    return BulkOutcome(act, rows, intents, dry_run)


def _rows(store: Store, statuses: Statuses, act: Act, data: bytes, filename: str) -> Iterator[BulkRow]:
    seen: set[str] = set()
    for line, cells in _cells(data, filename):
        entry_id, first = None, ""
        try:
            entry_id = _credential(store, cells)
            first = store.entries.get(entry_id).first_id
            changes = statuses.would_change(act, entry_id)
        except (ConflictError, InputError) as error:
            yield BulkRow(line, entry_id, "refused", str(error))
            continue
        yield BulkRow(line, entry_id, "twice" if first in seen else "queued" if changes else "already")
        seen.add(first)


def _cells(data: bytes, filename: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells by column. Raises `InputError` where this is no such list."""
    text = decode(data, filename)
    if text.lstrip()[:9].lower().startswith(_HTML):
        raise InputError(filename, "is a web page and not a list; save the list as CSV UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header, filename)
        while True:
            line = reader.line_num + 1  # of the row's first line: a quoted cell may go on over several
            cells = next(reader, None)
            if cells is None:
                return
            if line > _MAX_ROWS:
                raise InputError(filename, f"has more than {_MAX_ROWS} lines")
            if any(cell.strip() for cell in cells):
                yield line, dict(zip(header, map(str.strip, cells), strict=False))
    except csv.Error as error:
        raise InputError(filename, f"line {reader.line_num} is not CSV: {error}") from error


def _delimiter(text: str) -> str:
    """Spreadsheets of half of Europe write semicolons."""
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    return max((",", ";", "\t"), key=first.count)


def _check_header(header: list[str], filename: str) -> None:
    named = [name for name in header if name]
    if len(set(named)) != len(named):
        raise InputError(filename, "names a column twice")
    if "id" not in header and not set(_AWARD) <= set(header):
        raise InputError(filename, f"needs a column id, or the columns {', '.join(_AWARD)}", ", ".join(header)[:200])


def _credential(store: Store, cells: dict[str, str]) -> str:
    """The id of the credential that a row names. Raises `InputError` with the reason.

    Another department's is as one that is not there: a list of guesses must not tell who has which award.
    """
    if cells.get("id"):
        entry_id = store.entries.get(cells["id"]).id
        if not _own(store, entry_id):
            raise InputError("id", "there is no credential with this id here", cells["id"])
        return entry_id
    learner, micro_credential, awarded_on = (cells.get(name, "") for name in _AWARD)
    for name in _AWARD:
        if not cells.get(name):
            raise InputError(name, "is empty, and there is no id")
    found = store.awards.of(learner, micro_credential, awarded_on)
    kept = [known for known in found if known[1] is not EntryState.WITHDRAWN]
    if not kept or not _own(store, kept[0][0]):
        raise InputError("award", "there is no such award here: check learner, micro-credential and date")
    # The live one stands first; where all were revoked, the newest: that it was asked before is then said.
    return kept[0][0]


def _own(store: Store, entry_id: str) -> bool:
    """True iff the one who acts may change it."""
    try:
        check_entries(store, Role.REVOKE, [entry_id])
    except AccessDenied:
        return False
    return True
