"""From the good rows of a roster to durable entries: document, commitment, row; then, and only then, the answer.

Consensus-critical: the commitment that a credential lives by is computed here. `rootseal.files` computes it
again, without any shortcut, at sealing (a sample) and in `node fsck` (every one).
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import get_ident

from node.access import other_department
from node.approving import submit
from node.delivery.counting import count_list
from node.roster.report import RefusedRow, RosterReport, RosterRow, contents
from node.store import EntryState, NewEntry, Store
from rootseal.canonical import Json
from rootseal.claims import Path, encode_document, salted_leaves, walk
from rootseal.commitment import Commitment, Home, Subject, claims_root, commit
from rootseal.credential import BuiltDocument, DocumentBuilder, IssuerProfile
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
# Value for value what the document is; the canonical form is made when a file is handed out.
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_MARK = "\0"
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

    `sample` is the first new document: what a dry run shows.
    """

    issued: tuple[IssuedRow, ...]
    already: tuple[IssuedRow, ...]
    refused: tuple[RefusedRow, ...]
    blank: tuple[int, ...]
    dry_run: bool
    sample: dict[str, Json] | None

    @property
    def total(self) -> int:
        """Rows in the list, blank ones apart."""
        return len(self.issued) + len(self.already) + len(self.refused)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A roster between `Issuance.prepare` and `accept`: entries made, rows that have theirs, rows that are refused.

    `rows` are those of `made`, by line; `seen` is the thread and the store's version that they were compared with.
    """

    report: RosterReport
    made: tuple[NewEntry, ...]
    already: tuple[IssuedRow, ...]
    changed: tuple[RefusedRow, ...]
    sample: dict[str, Json] | None
    rows: dict[int, RosterRow]
    seen: tuple[int, int]

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
        return IssueOutcome(issued, (*self.already, *late), tuple(refused), self.report.blank, dry_run, self.sample)


class TemplateIssuer:
    """Makes the entries of one template; the bytes of its constant claims are encoded once."""

    def __init__(self, number: int, template: MicroCredential, home: Home, profile: IssuerProfile) -> None:
        self._number = number
        self._home = home
        self._builder = DocumentBuilder(template, profile)
        self._known: dict[Path, Sequence[bytes]] | None = None
        self._achievement: tuple[Json, str] | None = None

    def make(self, row: RosterRow, credit_id: bytes | None = None) -> tuple[NewEntry, BuiltDocument]:
        """Draws seed, id and (unless it is given: it survives a correction) credit id; nothing is stored.

        Raises `InputError` where the award has no document.
        """
        award = row.award
        entry_id = f"urn:uuid:{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}"
        built = self._builder.build(award, entry_id)
        if self._known is None:
            self._known = _constants(built.document, self._builder.constant_paths)
        chosen = (credit_id or _credit_id()) if built.credits else _NO_CREDIT_ID
        subject = Subject(award.holder or ZERO_ADDRESS, built.credits, chosen)
        seed = secrets.token_bytes(32)
        entry = NewEntry(
            entry_id,
            self._number,
            self._written(built.document),
            seed,
            subject,
            _commitment(self._home, built, encode_document(built.document, self._known), seed, subject),
            award.learner_id,
            row.template,
            award.awarded_on,
            row.row_digest,
            row.email,
            row.line,
        )
        return entry, built

    def _written(self, document: dict[str, Json]) -> bytes:
        """The document as JSON; its achievement, most of it and shared by all, is encoded once.

        No text of a document holds a NUL, so that the mark stands for nothing else.
        """
        subject = document["credentialSubject"]
        if not isinstance(subject, dict):
            raise TypeError(type(subject))
        if self._achievement is None or self._achievement[0] is not subject["achievement"]:
            self._achievement = subject["achievement"], _ENCODE(subject["achievement"])
        lean = {**document, "credentialSubject": {**subject, "achievement": _MARK}}
        return _ENCODE(lean).replace(_ENCODE(_MARK), self._achievement[1], 1).encode()


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
        self, report: RosterReport, now: int, *, dry_run: bool = False, progress: IssueProgress | None = None
    ) -> IssueOutcome:
        """Accept the good rows of `report` in one transaction; with `dry_run` store nothing.

        A crash before the COMMIT: nothing was issued, and the same list issues all of it. After it:
        the same list answers "already issued". So the way out of any doubt is to run it again.
        """
        prepared = self.prepare(report, progress)
        if not dry_run and (prepared.made or prepared.changed or report.refused):
            return self.accept(prepared, now)
        return prepared.outcome(prepared.made, (), (), dry_run=dry_run)

    def prepare(self, report: RosterReport, progress: IssueProgress | None = None) -> Prepared:
        """The entries of the good rows, made and not stored. May run long before `accept`, and in another thread.

        Outside any transaction: thousands of commitments must not hold the writers' lock.
        """
        seen = self._store.version()
        fresh, already, changed = self._sorted(report.rows)
        made: list[NewEntry] = []
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
            sample = sample or built.document
        rows = {row.line: row for row in fresh}
        return Prepared(report, tuple(made), tuple(already), tuple(changed), sample, rows, (get_ident(), seen))

    def accept(self, prepared: Prepared, now: int) -> IssueOutcome:
        """Store what was prepared, in one transaction (the caller's, where there is one)."""
        with self._store.writing():
            made, late, clashing = self._accept(list(prepared.made), prepared.rows, prepared.seen, now)
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
        for row in rows:
            if (reason := elsewhere(row.template)) is not None:
                changed.append(refused_row(row, reason))
                continue
            stored = self._store.entries.live_award(row.award.learner_id, row.template, row.award.awarded_on)
            if stored is None:
                revoked = self._store.entries.revoked_row(row.row_digest)
                if revoked is None:
                    fresh.append(row)
                else:
                    # The term's list handed in again must not bring back what was taken away.
                    reason = f"this very row was issued as {revoked} and revoked since (or superseded); correct the row"
                    changed.append(refused_row(row, reason))
            elif stored[1] == row.row_digest:
                already.append(IssuedRow(row.line, stored[0], row.award.learner_id, row.template))
            else:
                changed.append(refused_row(row, way_out(stored[0], stored[2])))
        return fresh, already, changed

    def _accept(
        self, made: list[NewEntry], rows: dict[int, RosterRow], seen: tuple[int, int], now: int
    ) -> tuple[list[NewEntry], list[IssuedRow], list[RefusedRow]]:
        already: list[IssuedRow] = []
        changed: list[RefusedRow] = []
        with self._store.writing():
            # The number counts for one connection, and each thread has its own.
            if (get_ident(), self._store.version()) != seen:
                # Again under the lock: the same list may have been handed in twice at once.
                fresh, already, changed = self._sorted([rows[entry.line] for entry in made])
                lines = {row.line for row in fresh}
                made = [entry for entry in made if entry.line in lines]
            if made:
                detail = {"refused": len(changed), "submission": submit(self._store, made, now)}
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


def _constants(document: dict[str, Json], paths: Sequence[Path]) -> dict[Path, Sequence[bytes]]:
    """The encoded claims below each path that is the same in all documents of a template."""
    wanted: dict[Path, list[bytes]] = {path: [] for path in paths}
    whole = encode_document(document)
    for claim, encoded in zip(walk(document), whole, strict=True):
        for depth in range(1, len(claim.path) + 1):
            below = wanted.get(claim.path[:depth])
            if below is not None:
                below.append(encoded)
                break
    return {path: tuple(encodings) for path, encodings in wanted.items() if encodings}


def _credit_id() -> bytes:
    while (drawn := secrets.token_bytes(16)) == _NO_CREDIT_ID:
        pass
    return drawn


def refused_row(row: RosterRow, reason: str) -> RefusedRow:
    """A good row that is not issued after all, as a refused one."""
    cells = contents(row.award, row.email, row.template)
    return RefusedRow(row.line, None, None, reason, tuple(cell or "" for cell in cells.values()))


def way_out(entry_id: str, state: EntryState) -> str:
    """Why an award that has another credential is refused, and the command that corrects that one."""
    way = f"correct it with `rootseal node issue DIR FILE --supersedes {entry_id}`, a list of this row alone"
    if state is EntryState.ACCEPTED:
        way += f"; or take it back with `rootseal node withdraw DIR {entry_id}` and issue this row again"
    return f"this award is issued already with other content, as {entry_id}: {way}"
