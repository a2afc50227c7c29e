"""`node fsck` over the audit log: one chain, every head that a promise was sealed under, and rows that agree with it.

A seal notes how far the audit log had come. Lines of after the last seal stand nowhere else: who can write the file
can take them away together with the rows that they speak of, so that the report says how many there are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from node.fsck_report import FsckReport
from node.fsck_rows import all_checkpoints, all_entries
from node.store import Checkpoint, Entry, EntryState, RecordedAct, Store
from node.store.act_chain import FIRST, act_hash
from rootseal.plurals import counted

__all__ = ["check_acts"]

_COUNTED: Final = " entries"


def check_acts(store: Store, report: FsckReport) -> None:
    """Asks the store alone, in one state of it: others may write meanwhile.

    Where the chain is broken, the rows are compared with nothing: any line may be false.
    """
    with store.reading():
        _check(store, report)


def _check(store: Store, report: FsckReport) -> None:
    head, heads, told = FIRST, {}, _Told()
    for line, act in enumerate(store.acts.all(), 1):
        head = act_hash(head, act.at, act.act, act.subject, act.detail)
        if head != act.hash:
            report.find("acts.chain", f"line {line} of the audit log does not follow from the lines before it")
            return
        heads[head] = (line, act)
        told.take(act)
    report.acts_since_seal = len(heads) - _check_heads(store, heads, report)
    _check_rows(store, told, report)


def _check_heads(store: Store, heads: dict[bytes, tuple[int, RecordedAct]], report: FsckReport) -> int:
    """Every promise finds the line that it was sealed under; the last such line, 0 where there is none."""
    last, chained = 0, False
    for c in all_checkpoints(store):
        line, sealed = (0, None) if c.acts_head is None else heads.get(c.acts_head, (0, None))
        chained, last = chained or c.acts_head is not None, max(last, line)
        if chained and (sealed is None or not _seals(sealed, c)):
            report.find("acts.head", f"the audit log lacks what the promise of size {c.size} was sealed under")
    return last


def _seals(act: RecordedAct, checkpoint: Checkpoint) -> bool:
    found = json.loads(act.detail)
    return act.act in ("seal", "recover") and (found["size"], found["root"]) == (checkpoint.size, checkpoint.root.hex())


@dataclass(slots=True)
class _Told:
    """What the lines say of entries: how many were accepted, and which were taken back or erased.

    `withdrawn` are single ids, `awards` first copies whose copies were taken back with them; `perhaps` are first copies
    whose copies were taken back if they were not sealed. `rejected` are numbers of submissions.
    """

    accepted: int = 0
    withdrawn: set[str] = field(default_factory=set)
    awards: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)
    rejected: set[int] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def take(self, act: RecordedAct) -> None:
        """Read one line; those of other acts are passed over."""
        if act.act in ("issue", "reissue", "copies"):
            self._take_new(act, json.loads(act.detail))
        elif act.act == "withdraw":
            named = json.loads(act.detail).get("entries")
            self.awards |= {act.subject} if named is None else set()
            self.withdrawn |= set(named or ())
        elif act.act == "reject":
            self.rejected.add(int(act.subject.removeprefix("submission ")))
        elif act.act == "erase":
            self.erased.add(act.subject)
            self.perhaps.add(act.subject)

    def _take_new(self, act: RecordedAct, detail: dict[str, Any]) -> None:
        if act.act == "copies":
            self.accepted += len(detail["entries"])
            return
        awards = int(act.subject.removesuffix(_COUNTED)) if act.subject.endswith(_COUNTED) else 1
        self.accepted += awards * int(detail.get("copies", 1))
        if "supersedes" in detail:
            self.perhaps.add(detail["supersedes"])


def _check_rows(store: Store, told: _Told, report: FsckReport) -> None:
    """Rows read from the published log have no line: the store that accepted them was lost."""
    recovered, erased = store.recovered.all(), store.erasures.all()
    gone = {entry for number in told.rejected for entry in store.submissions.every_copy(number, "withdrawn")}
    rows = 0
    for entry in all_entries(store):
        if entry.id in recovered:
            continue
        rows += 1
        _check_withdrawn(entry, told, entry.id in gone, report)
        if (entry.id in erased) != (entry.first_id in told.erased):
            lacks, says = "is erased, which no line of the audit log says", "is whole, although a line says otherwise"
            report.find("acts.erased", f"{entry.id}: {lacks if entry.id in erased else says}")
    if rows != told.accepted:
        accepted = counted(told.accepted, "entry")
        report.find("acts.entries", f"the audit log says that {accepted} were accepted, and the store has {rows}")
    for number in told.rejected:
        for entry_id in store.submissions.every_copy(number, "accepted"):
            report.find("acts.withdrawn", f"{entry_id}: is accepted, although the audit log says that it was rejected")


def _check_withdrawn(entry: Entry, told: _Told, rejected: bool, report: FsckReport) -> None:
    said = entry.id in told.withdrawn or entry.first_id in told.awards
    withdrawn = entry.state is EntryState.WITHDRAWN
    if said and not withdrawn:
        problem = f"is {entry.state.value}, although a line of the audit log says that it was withdrawn"
    elif withdrawn and not said and not rejected and entry.first_id not in told.perhaps:
        problem = "is withdrawn, which no line of the audit log says"
    else:
        return
    report.find("acts.withdrawn", f"{entry.id}: {problem}")
