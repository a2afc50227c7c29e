"""Looking at credentials before they are sealed: what a person has to see in order to approve or correct."""

from __future__ import annotations

import json
from dataclasses import dataclass

from node.store import Entry, Store
from node.store.finding import FoundEntry
from rootseal.credential import read_document

__all__ = ["Looked", "WaitingRow", "look_at", "waiting_rows"]


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One credential of a list: its line there (from 1), its id, whose it is, and for what."""

    line: int
    id: str
    learner_id: str
    learner: str
    micro_credential: str
    awarded_on: str


@dataclass(frozen=True, slots=True)
class Looked:
    """One credential as the store has it. `facts` are (label, value) of its document, none once it was erased.

    `further`: it came with a submission that only added copies, from no list.
    """

    entry: Entry
    found: FoundEntry
    submission: int | None
    erased_at: int | None
    further: bool
    facts: tuple[tuple[str, str], ...]


def waiting_rows(store: Store, submission: int) -> tuple[WaitingRow, ...]:
    """What of a submission is not sealed yet, in the order of its list; of several copies the first."""
    ids = [entry_id for entry_id, _ in store.submissions.entries(submission, "accepted")]
    return tuple(
        WaitingRow(
            entry.line,
            entry.id,
            entry.learner,
            read_document(json.loads(entry.document)).learner_name or "",
            entry.micro_credential,
            entry.awarded_on,
        )
        for entry in store.entries.get_all(ids)
    )


def look_at(store: Store, entry_id: str) -> Looked:
    """One credential, sealed or not. Raises `InputError` where there is none with this id."""
    with store.reading():
        entry = store.entries.get(entry_id)
        found = store.finding.one(entry.id)
        if found is None:
            raise AssertionError(entry.id)
        submission = store.submissions.of(entry.id)
        erased_at = store.erasures.at(entry.id)
        further = submission is not None and store.submissions.is_further(submission.id)
    facts = read_document(json.loads(entry.document)).labelled() if entry.document else ()
    number = None if submission is None else submission.id
    return Looked(entry, found, number, erased_at, further, facts)
