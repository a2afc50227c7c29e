"""Corrections: a new credential in the place of one that was wrong, linked to it in the store.

The old one is revoked with reason 1 (superseded) once the new one's anchor is final, and not before: the
learner never stands without a credential. Which one is due is read from the store at every round of
anchoring, so that a crash between any two steps is made good by the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from node.access import check_entries, other_department
from node.approving import submit
from node.delivery.counting import count_list
from node.intake import Intake
from node.issuance import IssuedRow, IssueOutcome, refused_row, way_out
from node.principal import AccessDenied, Role
from node.roster.report import RosterReport, RosterRow
from node.store import Entry, EntryState, NewEntry, Store
from node.template_issuer import TemplateIssuer
from node.ways_out import way
from rootseal.canonical import Json
from rootseal.commitment import Home
from rootseal.credential import IssuerProfile
from rootseal.errors import ConflictError, InputError

__all__ = ["Correcting"]

_WHERE = "--supersedes"


@dataclass(frozen=True, slots=True)
class _Made:
    entry: NewEntry
    others: list[NewEntry]
    sample: dict[str, Json]


class Correcting:
    """Issues a list of one row as the correction of one credential."""

    def __init__(self, store: Store, home: Home, profile: IssuerProfile) -> None:
        self._store = store
        self._home = home
        self._profile = profile

    def issue(self, report: RosterReport, entry_id: str, now: int, *, dry_run: bool, copies: int = 1) -> IssueOutcome:
        """Accept the one row of `report`, with its copies, in the place of `entry_id` and all copies of that one.

        With `dry_run` nothing is stored.

        An old one that is not sealed yet is withdrawn in the same transaction. The credit id is the old
        one's, so that credits which were claimed stay the same credits. A crash before the COMMIT:
        nothing happened. After it: the same call answers "issued already".
        Raises `InputError` for a list of another length or an unknown id, `ConflictError` where the old
        one was withdrawn or corrected otherwise.
        """
        check_entries(self._store, Role.ISSUE, [entry_id])
        self._store.entries.get(entry_id)
        if len(report.rows) + len(report.refused) != 1:
            found = len(report.rows) + len(report.refused)
            raise InputError(_WHERE, "corrects one credential: the list must have exactly one row", found)
        self._check_department(report)
        with self._store.writing():
            Intake(self._store, self._home, self._profile, lambda: now).settle()
            outcome = self._issued(report, entry_id, now, dry_run, copies)
            if not dry_run:
                count_list(self._store, report, outcome, now)
        return outcome

    def _check_department(self, report: RosterReport) -> None:
        """Before anything is looked up: a refusal must not tell what another department awarded."""
        elsewhere = other_department(self._store)
        for row in report.rows:
            if (reason := elsewhere(row.template)) is not None:
                raise AccessDenied(reason)

    def _issued(self, report: RosterReport, entry_id: str, now: int, dry_run: bool, copies: int) -> IssueOutcome:
        if report.refused:
            return IssueOutcome((), (), report.refused, report.blank, dry_run, None)
        row = report.rows[0]
        # Under the writers' lock: the old one may be sealed, or corrected by another process, right now.
        old = self._store.entries.award(self._store.entries.get(entry_id))[0]
        outcome = self._judged(row, old, report, dry_run)
        if outcome is not None:
            return outcome
        made = self._make(row, old, copies)
        if not dry_run:
            self._accept(made, old, now)
        issued = IssuedRow(row.line, made.entry.id, row.award.learner_id, row.template)
        return IssueOutcome((issued,), (), (), report.blank, dry_run, made.sample, copies)

    def _make(self, row: RosterRow, old: Entry, copies: int) -> _Made:
        number, template = self._store.templates.numbered()[row.template]
        credit_id = old.subject.credit_id if any(old.subject.credit_id) else None
        issuer = TemplateIssuer(number, template, self._home, self._profile)
        entry, built = issuer.make(row, credit_id)
        # What was never sealed is not superseded: the link goes to what it would have superseded itself.
        link = old.supersedes if old.index is None else old.id
        return _Made(replace(entry, supersedes=link), issuer.others(row, entry, copies), built.document)

    def _judged(self, row: RosterRow, old: Entry, report: RosterReport, dry_run: bool) -> IssueOutcome | None:
        """The answer where nothing is to be stored; None where the correction may be accepted."""
        successor = self._successor(row, old)
        if successor is not None:
            already = IssuedRow(row.line, successor, row.award.learner_id, row.template)
            return IssueOutcome((), (already,), (), report.blank, dry_run, None)
        reason = self._reason_against(row, old)
        if reason is None:
            return None
        return IssueOutcome((), (), (refused_row(row, reason),), report.blank, dry_run, None)

    def _successor(self, row: RosterRow, old: Entry) -> str | None:
        """The id of the correction that was made from this very row before. Raises `ConflictError` for another."""
        if old.state is EntryState.WITHDRAWN:
            live = self._store.entries.live_award(row.award.learner_id, row.template, row.award.awarded_on)
            if live is not None and live[1] == row.row_digest:
                return live[0]
            raise ConflictError(f"{old.id} is withdrawn and needs no correction: {way('issue-plainly')}")
        found = self._store.superseding.successor(old.id)
        if found is not None and found[1] != row.row_digest:
            problem = "was corrected before, by another row"
            raise ConflictError(f"{old.id} {problem}: {way('correct-newer', id=found[0])}")
        return None if found is None else found[0]

    def _reason_against(self, row: RosterRow, old: Entry) -> str | None:
        newest = self._store.templates.numbered()[row.template][0]
        if row.row_digest == old.row_digest and newest == old.template:
            return f"this row is what {old.id} says already: nothing is to be corrected"
        other = self._store.entries.live_award(row.award.learner_id, row.template, row.award.awarded_on)
        return None if other is None or other[0] == old.id else way_out(other[0], other[2])

    def _accept(self, made: _Made, old: Entry, now: int) -> None:
        if old.state is EntryState.ACCEPTED:
            self._store.entries.withdraw_award(old)
        else:
            self._store.superseding.retire(old.id)
        number = submit(self._store, [made.entry, *made.others], now)
        detail = {"supersedes": old.id, "submission": number}
        if made.others:
            detail["copies"] = 1 + len(made.others)
        self._store.acts.add(now, "issue", made.entry.id, detail)
