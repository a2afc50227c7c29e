"""From the good rows of a roster to durable entries: document, commitment, row; then, and only then, the answer.

Consensus-critical: the commitment that a credential lives by is computed here. `rootseal.files` computes it
again, without any shortcut, at sealing (a sample) and in `node fsck` (every one).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import get_ident

from node.access import other_department
from node.approving import submit
from node.delivery.counting import count_list
from node.roster.report import RefusedRow, RosterReport, RosterRow, contents
from node.store import EntryState, NewEntry, Store
from node.ways_out import way
from rootseal.canonical import Json
from rootseal.claims import salted_leaves
from rootseal.commitment import Commitment, Home, Subject, claims_root, commit
from rootseal.credential import BuiltDocument, DocumentBuilder, DocumentEncoder, IssuerProfile, urn_uuid
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.merkle import root_of
from rootseal.microcredential import MicroCredential

__all__ = [
    "Issuance",
    "IssueOutcome",
    "IssueProgress",
    "IssuedRow",
    "Prepared",
    "TemplateIssuer",
    "refused_row",
    "way_out",
]

IssueProgress = Callable[[int, int], None]
"""Told now and then how many rows are done, and of how many."""

_NO_CREDIT_ID = bytes(16)
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


class TemplateIssuer:
    """Makes the entries of one template; the bytes of its constant claims are encoded once."""

    def __init__(self, number: int, template: MicroCredential, home: Home, profile: IssuerProfile) -> None:
        self._number = number
        self._home = home
        self._builder = DocumentBuilder(template, profile)
        self._encoder = DocumentEncoder(self._builder.constant_paths)

    def make(self, row: RosterRow, credit_id: bytes | None = None, copy: int = 1) -> tuple[NewEntry, BuiltDocument]:
        """Draws seed, id and (unless it is given: it survives a correction) credit id; nothing is stored.

        A `copy` after the first says the same to another address of the row, and carries no credits.
        Raises `InputError` where the award has no document.
        """
        award = row.award
        drawn = secrets.token_bytes(64)  # at once: each call to the system hands the interpreter to another thread
        entry_id, seed = urn_uuid(drawn[:16], 4), drawn[16:48]
        built = self._builder.build(award, entry_id)
        document, encodings = self._encoder.encode(built.document)
        credits = built.credits if copy == 1 else 0
        chosen = (credit_id or _credit_id(drawn[48:])) if credits else _NO_CREDIT_ID
        subject = Subject(row.holders[copy - 1] if row.holders else ZERO_ADDRESS, credits, chosen)
        entry = NewEntry(
            entry_id,
            self._number,
            document,
            seed,
            subject,
            _commitment(self._home, built, encodings, seed, subject),
            award.learner_id,
            row.template,
            award.awarded_on,
            row.row_digest,
            row.email,
            row.line,
        )
        return entry, built

    def others(self, row: RosterRow, first: NewEntry, copies: int) -> list[NewEntry]:
        """The copies of `first`, as many as are wanted beside it: another seed, id and address, and no credits."""
        return [
            replace(self.make(row, copy=number)[0], copy_of=first.id, copy=number) for number in range(2, copies + 1)
        ]


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

    def make(self, row: RosterRow) -> NewEntry:
        """The entry of one row, not compared with anything and not stored. Raises `InputError`: it has no document."""
        return self._issuers[row.template].make(row)[0]

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
            # The number counts for one connection, and each thread has its own.
            if (get_ident(), self._store.version()) != prepared.seen:
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


def _commitment(
    home: Home, built: BuiltDocument, encodings: Sequence[bytes], seed: bytes, subject: Subject
) -> Commitment:
    """As `CredentialFile.open` computes it, without giving each claim its place."""
    leaves, salts = salted_leaves(encodings, seed)
    if len(set(leaves)) != len(leaves):
        raise InputError("seed", "gives two equal claim leaves")
    leaves.sort()
    claims = claims_root(len(leaves), built.valid_from, built.valid_until, root_of(leaves))
    return commit(home, claims, subject.hash(salts[0]))


def _award(row: RosterRow) -> tuple[str, str, str]:
    return row.award.learner_id, row.template, row.award.awarded_on


def _credit_id(drawn: bytes) -> bytes:
    while drawn == _NO_CREDIT_ID:
        drawn = secrets.token_bytes(len(_NO_CREDIT_ID))
    return drawn


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
