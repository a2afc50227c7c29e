"""`node fsck` over copies: each says what its first one says, carries no credits, and lies under another anchor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from node.fsck_report import FsckReport
from node.store import Entry, EntryState, Store
from rootseal.ethereum import ZERO_ADDRESS

__all__ = ["check_copies"]


def check_copies(store: Store, report: FsckReport) -> None:
    """Asks the store alone."""
    erased = store.erasures.all()
    for first_id in store.copies.firsts():
        members = store.entries.award(store.entries.get(first_id))
        first, others = members[0], members[1:]
        if first.id != first_id or first.copy_of is not None:
            report.find("copy.first", f"{first_id}: has copies, but is a copy itself")
            continue
        for copy in others:
            if (copy.id in erased) != (first.id in erased):
                report.find("copy.erased", f"{copy.id}: was erased without its first copy, or the other way round")
            elif first.id not in erased:
                for problem in _differences(first, copy):
                    report.find("copy.differs", f"{copy.id}: is no copy of {first.id}: {problem}")
        _check_apart([copy for copy in members if copy.id not in erased], report)
        _check_anchors(store, members, report)


def _differences(first: Entry, copy: Entry) -> Iterator[str]:
    for name in ("template", "learner", "micro_credential", "awarded_on"):
        if getattr(first, name) != getattr(copy, name):
            yield f"another {name.replace('_', ' ')}"
    try:
        same = _said(first) == _said(copy)
    except ValueError:
        return  # said already: its document cannot be read
    if not same:
        yield "its document says something else"
    if copy.subject.credits or any(copy.subject.credit_id):
        yield "it carries credits"


def _said(entry: Entry) -> object:
    document = json.loads(entry.document)
    return {name: value for name, value in document.items() if name != "id"} if isinstance(document, dict) else document


def _check_apart(members: Sequence[Entry], report: FsckReport) -> None:
    """No two in force are bound to one address."""
    seen: set[bytes] = set()
    for copy in members:
        if copy.state is EntryState.WITHDRAWN or copy.subject.holder == ZERO_ADDRESS:
            continue
        if copy.subject.holder in seen:
            report.find("copy.address", f"{copy.id}: is bound to the same address as another copy of it")
        seen.add(copy.subject.holder)


def _check_anchors(store: Store, members: Sequence[Entry], report: FsckReport) -> None:
    """No two under one anchor: their places in the log would tell that they belong together."""
    known: set[int] = set()
    for copy in members:
        anchor = None if copy.index is None else store.log.introducing(copy.index)
        if anchor is None:
            continue
        if anchor.sequence in known:
            report.find("copy.anchor", f"{copy.id}: anchor {anchor.sequence} introduces another copy of it as well")
        known.add(anchor.sequence)
