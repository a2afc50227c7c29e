"""From the good rows of a roster to durable entries: document, commitment, row; then, and only then, the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import get_ident

from node.access import other_department
from node.approving import submit
from node.delivery.counting import count_list
from node.intake import Intake
from node.roster.report import RefusedRow, RosterReport, RosterRow, contents
from node.store import EntryState, NewEntry, Store
from node.template_issuer import TemplateIssuer
from node.ways_out import way
from rootseal.canonical import Json
from rootseal.commitment import Home
from rootseal.credential import IssuerProfile
from rootseal.errors import InputError

__all__ = [
    "Issuance",
    "IssueOutcome",
    "IssueProgress",
    "IssuedRow",
    "Prepared",
    "refused_row",
    "way_out",
]

IssueProgress = Callable[[int, int], None]
"""Told now and then how many rows are done, and of how many."""

_EVERY = 100


@dataclass(frozen=True, slots=True)
class IssuedRow:
    """A row and its credential: new, or there already from an earlier run."""

    line: int
    id: str
    learner: str
    micro_credential: str


@dataclass(frozen=True, slots=True)
class IssueOutcome:
    """Every row of the roster exactly once: issued, issued already, refused or blank (line numbers).

    `sample` is the first new document: what a dry run shows. `copies`: so many of each new one, the first included.
    """

    issued: tuple[IssuedRow, ...]
    already: tuple[IssuedRow, ...]
    refused: tuple[RefusedRow, ...]
    blank: tuple[int, ...]
    dry_run: bool
    sample: dict[str, Json] | None
    copies: int = 1

    @property
    def total(self) -> int:
        """Rows in the list, blank ones apart."""
        return len(self.issued) + len(self.already) + len(self.refused)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A roster between `Issuance.prepare` and `accept`: entries made, rows that have theirs, rows that are refused.

    `made` are first copies, `others` all further ones. `rows` are those of `made`, by line; `seen` is the thread and
    the store's version that they were compared with.
    """

    report: RosterReport
    made: tuple[NewEntry, ...]
    already: tuple[IssuedRow, ...]
    changed: tuple[RefusedRow, ...]
    sample: dict[str, Json] | None
    rows: dict[int, RosterRow]
    seen: tuple[int, int]
    others: tuple[NewEntry, ...] = ()
    copies: int = 1

    def outcome(
        self,
        made: Sequence[NewEntry],
        late: Sequence[IssuedRow],
        clashing: Sequence[RefusedRow],
        *,
        dry_run: bool = False,
    ) -> IssueOutcome:
        """Every row once. `late` and `clashing` are what another process issued in between."""
        refused = sorted((*self.report.refused, *self.changed, *clashing), key=lambda row: row.line)
        issued = tuple(IssuedRow(entry.line, entry.id, entry.learner, entry.micro_credential) for entry in made)
        already = (*self.already, *late)
        return IssueOutcome(issued, already, tuple(refused), self.report.blank, dry_run, self.sample, self.copies)


class Issuance:
    """Issues rosters into one store and log."""

    def __init__(self, store: Store, home: Home, profile: IssuerProfile) -> None:
        self._store = store
        self._home = home
        self._profile = profile
        self._issuers = {
            key: TemplateIssuer(number, template, home, profile)
            for key, (number, template) in store.templates.numbered().items()
        }

    def issue(
        self,
        report: RosterReport,
        now: int,
        *,
        dry_run: bool = False,
        progress: IssueProgress | None = None,
        copies: int = 1,
    ) -> IssueOutcome:
        """Accept the good rows of `report` in one transaction, each with its copies; with `dry_run` store nothing.

        A crash before the COMMIT: nothing was issued, and the same list issues all of it. After it:
        the same list answers "already issued". So the way out of any doubt is to run it again.
        """
        prepared = self.prepare(report, progress, copies)
        if not dry_run and (prepared.made or prepared.changed or report.refused):
            return self.accept(prepared, now)
        return prepared.outcome(prepared.made, (), (), dry_run=dry_run)

    def prepare(self, report: RosterReport, progress: IssueProgress | None = None, copies: int = 1) -> Prepared:
        """The entries of the good rows, made and not stored. May run long before `accept`, and in another thread.

        Outside any transaction: thousands of commitments must not hold the writers' lock.
        """
        seen = self._store.version()
        fresh, already, changed = self._sorted(report.rows)
        made: list[NewEntry] = []
        others: list[NewEntry] = []
        sample: dict[str, Json] | None = None
        for done, row in enumerate(fresh):
            if progress is not None and done % _EVERY == 0:
                progress(done, len(fresh))
            try:
                entry, built = self._issuers[row.template].make(row)
            except InputError as error:
                changed.append(refused_row(row, error.problem))
                continue
            made.append(entry)
            others += self._issuers[row.template].others(row, entry, copies)
            sample = sample or built.document
        rows = {row.line: row for row in fresh}
        place = (get_ident(), seen)
        return Prepared(report, tuple(made), tuple(already), tuple(changed), sample, rows, place, tuple(others), copies)

    def accept(self, prepared: Prepared, now: int) -> IssueOutcome:
        """Store what was prepared, in one transaction (the caller's, where there is one)."""
        with self._store.writing():
            made, late, clashing = self._accept(prepared, now)
            outcome = prepared.outcome(made, late, clashing)
            count_list(self._store, prepared.report, outcome, now)
        return outcome

    def judge(self, row: RosterRow, entry_id: str) -> int:
        """The number of its template. Raises `InputError` where the award has no document. Compared with nothing."""
        return self._issuers[row.template].judge(row, entry_id)

    def _sorted(self, rows: Sequence[RosterRow]) -> tuple[list[RosterRow], list[IssuedRow], list[RefusedRow]]:
        """Rows without a credential yet, rows that have theirs, rows that differ from what was issued."""
        fresh: list[RosterRow] = []
        already: list[IssuedRow] = []
        changed: list[RefusedRow] = []
        elsewhere = other_department(self._store)
        live = self._store.awards.live([_award(row) for row in rows])
        revoked = self._store.awards.revoked([row.row_digest for row in rows])
        for row in rows:
            if (reason := elsewhere(row.template)) is not None:
                changed.append(refused_row(row, reason))
                continue
            stored, gone = live.get(_award(row)), revoked.get(row.row_digest)
            if stored is None and gone is None:
                fresh.append(row)
            elif stored is None:
                # The term's list handed in again must not bring back what was taken away.
                reason = f"this very row was issued as {gone} and revoked since (or superseded); correct the row"
                changed.append(refused_row(row, reason))
            elif stored[1] == row.row_digest:
                already.append(IssuedRow(row.line, stored[0], row.award.learner_id, row.template))
            else:
                changed.append(refused_row(row, way_out(stored[0], stored[2])))
        return fresh, already, changed

    def _accept(self, prepared: Prepared, now: int) -> tuple[list[NewEntry], list[IssuedRow], list[RefusedRow]]:
        made, others = list(prepared.made), list(prepared.others)
        already: list[IssuedRow] = []
        changed: list[RefusedRow] = []
        with self._store.writing():
            more = Intake(self._store, self._home, self._profile, lambda: now).settle()
            # The number counts for one connection, and each thread has its own.
            if more or (get_ident(), self._store.version()) != prepared.seen:
                # Again under the lock: the same list may have been handed in twice at once.
                fresh, already, changed = self._sorted([prepared.rows[entry.line] for entry in made])
                lines = {row.line for row in fresh}
                made = [entry for entry in made if entry.line in lines]
                others = [entry for entry in others if entry.line in lines]
            if made:
                detail = {"refused": len(changed), "submission": submit(self._store, [*made, *others], now)}
                if others:
                    detail["copies"] = prepared.copies
                self._store.acts.add(now, "issue", f"{len(made)} entries", detail)
        return made, already, changed


def _award(row: RosterRow) -> tuple[str, str, str]:
    return row.award.learner_id, row.template, row.award.awarded_on


def refused_row(row: RosterRow, reason: str) -> RefusedRow:
    """A good row that is not issued after all, as a refused one."""
    cells = contents(row.award, row.email, row.template, row.holders)
    return RefusedRow(row.line, None, None, reason, tuple(cell or "" for cell in cells.values()))


def way_out(entry_id: str, state: EntryState) -> str:
    """Why an award that has another credential is refused, and the command that corrects that one."""
    out = way("correct", id=entry_id)
    if state is EntryState.ACCEPTED:
        out += f"; or {way('withdraw-and-issue', id=entry_id)}"
    return f"this award is issued already with other content, as {entry_id}: {out}"
