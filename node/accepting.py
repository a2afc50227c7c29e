"""Awards from programs, one at a time or as a list: the same rules and rows as `node issue`, without its files.

What is constant in the documents of a micro-credential is encoded once and kept, so that one award costs little
more than its row.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from node.client.models import AwardRow
from node.correcting import Correcting
from node.issuance import Issuance, IssueOutcome, Prepared
from node.roster import COLUMNS, RosterReport, RosterRow, read_roster
from node.roster.reading import check_rows
from node.roster.rows import check_copies, check_row
from node.roster.sources import SourceRow
from rootseal.errors import InputError
from rootseal.instants import format_date
from rootseal.microcredential import MicroCredential

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Accepting"]

_ONE: Final = "award"


class Accepting:
    """Accepts awards for one node. Threads share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._kept: tuple[int, dict[str, MicroCredential], Issuance] | None = None

    def read_list(self, data: bytes, filename: str, copies: int = 1) -> RosterReport:
        """The rows of a list. Raises `InputError` where it cannot be read as a whole."""
        report = read_roster(data, filename, self._newest()[0], self._today, copies=copies)
        if not report.rows and not report.refused:
            raise InputError(filename, "names its columns and has no rows below them: there is nothing to issue")
        return report

    def read_one(self, award: AwardRow, copies: int = 1) -> RosterReport:
        """One award as a list of one row."""
        cells = {name: getattr(award, name) or "" for name in COLUMNS}
        if not any(cell.strip() for cell in cells.values()):
            raise InputError(_ONE, "has no content")
        source = [SourceRow(1, cells, tuple(cells.values()))]
        return check_rows(source, _ONE, self._newest()[0], self._today, copies=copies)

    def judge_one(self, award: AwardRow, entry_id: str) -> tuple[RosterRow, int, int]:
        """The row of one award, the number of its template, and how many versions of templates there were then.

        All that can be said against it is said here, so that its credential can be made later. Nothing is asked of
        the store: whoever takes it in compares, inside his transaction. Raises `InputError` where it is refused.
        """
        kept = self._kept
        version, templates, issuance = self._read() if kept is None else kept
        cells = {name: getattr(award, name) or "" for name in COLUMNS}
        row = check_row(1, cells, templates, self._today)
        check_copies(row, 1)
        return row, issuance.judge(row, entry_id), version

    def refresh(self) -> None:
        """Read the templates anew where there are more than before."""
        self._read()

    def prepare(self, report: RosterReport, copies: int = 1) -> Prepared:
        """Make the entries on behalf of who acts; nothing is stored, and no lock is held."""
        return self._issuance().prepare(report, copies=copies)

    def accept(self, prepared: Prepared) -> IssueOutcome:
        """Store them, in the caller's transaction."""
        if not (prepared.made or prepared.changed or prepared.report.refused):
            return prepared.outcome((), (), ())
        return self._issuance().accept(prepared, self._services.now)

    def correct(self, report: RosterReport, supersedes: str, *, dry_run: bool, copies: int = 1) -> IssueOutcome:
        """The one row of the list takes the place of `supersedes`. See `Correcting.issue`."""
        services = self._services
        correcting = Correcting(services.store, services.home, services.profile)
        return correcting.issue(report, supersedes, services.now, dry_run=dry_run, copies=copies)

    @property
    def _today(self) -> str:
        return format_date(self._services.now)

    def _issuance(self) -> Issuance:
        return self._newest()[1]

    def _newest(self) -> tuple[dict[str, MicroCredential], Issuance]:
        return self._read()[1:]

    def _read(self) -> tuple[int, dict[str, MicroCredential], Issuance]:
        """Templates are only ever added, so that their number tells whether the kept ones are the newest."""
        services = self._services
        version = services.store.templates.count()
        with self._lock:
            if self._kept is None or self._kept[0] != version:
                issuance = Issuance(services.store, services.home, services.profile)
                self._kept = version, services.templates(), issuance
            return self._kept
