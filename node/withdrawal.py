"""When a credential was withdrawn, and by whom: what the audit log says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from node.store import Entry, EntryState, RecordedAct, Store

__all__ = ["Withdrawal", "withdrawal"]

_ACTS: Final = ("withdraw", "reject", "issue", "reissue", "erase")
"""What takes back what is not sealed: itself, a rejected list, a correction, a new address, an erasure."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """`at` in UTC seconds; `by` a person's name or `command line`, None where the node did it by itself."""

    at: int
    by: str | None


def withdrawal(store: Store, entry: Entry) -> Withdrawal | None:
    """None where it is not withdrawn, or the audit log does not say when."""
    if entry.state is not EntryState.WITHDRAWN:
        return None
    # What is done to the first copy is done to all, as long as that one is not sealed itself.
    first = entry if entry.first_id == entry.id else store.entries.get(entry.first_id)
    gone = {entry.id} if first.index is not None else {entry.id, first.id}
    submission = store.submissions.of(entry.id)
    listed = None if submission is None else f"submission {submission.id}"
    for line in store.acts.naming(_ACTS, [entry.id, first.id, *([] if listed is None else [listed])]):
        detail = json.loads(line.detail)
        if _took_back(line, detail, entry, gone, listed):
            by = detail.get("by")
            return Withdrawal(line.at, by["person"] if isinstance(by, dict) else by)
    return None


def _took_back(line: RecordedAct, detail: dict[str, Any], entry: Entry, gone: set[str], listed: str | None) -> bool:
    if line.act == "reject":
        return line.subject == listed
    if line.act in ("issue", "reissue"):
        return detail.get("supersedes") in gone
    if line.act == "withdraw" and "entries" in detail:
        return entry.id in detail["entries"]
    return line.subject in (gone if line.act == "withdraw" else {entry.id, entry.first_id})
