"""Following a ledger: one audit after the other, and an alarm for each finding that was not there before.

The folder keeps the auditor's database, the newest report, the findings that were alarmed, alarms that nobody took yet,
and the last signed summary of each log. The last is held against the log at the next look, so that a log which is
rewritten between two looks is found even where nothing of it was anchored.

Order of writing: alarms are on disk before anybody is told. A crash before that finds them again; a crash after it
tells them again. So each is told at least once.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.collecting import Progress
from anchor.audit.findings import Finding
from anchor.audit.html_report import report_html
from anchor.audit.output import write_report
from anchor.audit.report import AuditReport
from anchor.audit.report_text import report_text
from anchor.audit.sources import Source
from anchor.chain import Block
from anchor.files import write_atomically
from anchor.finality import final_block
from rootseal.canonical import Json, dumps
from rootseal.errors import InputError, StoreError, UndeterminedError
from rootseal.ethereum import address_text

__all__ = ["Look", "Tell", "Watch"]

_FORMAT: Final = "rootseal/audit-watch-state/1"
_HEAD: Final = ("checkpoint", "log/checkpoint")

Tell = Callable[[dict[str, Json]], None]
"""Hands an alarm on. Raises `UndeterminedError` where nobody took it: it is tried again at the next look."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `report` is None where the final block is the one of the look before, and nothing was read.

    `new` were not there before, `gone` are keys of findings that are not there any more. `replaced`: the block of the
    look before is not on the chain any more. `waiting` alarms could not be handed on yet.
    """

    block: Block
    report: AuditReport | None
    new: tuple[Finding, ...] = ()
    gone: tuple[str, ...] = ()
    replaced: bool = False
    waiting: int = 0

    @property
    def exit_code(self) -> int:
        """1 where there is a new finding, 3 where something could not be checked or an alarm not be told, else 0."""
        if any(found.severity != "notice" for found in self.new):
            return 1
        unchecked = self.report is not None and bool(self.report.unchecked)
        return 3 if unchecked or self.waiting else 0

    def to_json(self) -> dict[str, Json]:
        """`rootseal/audit-watch/1`."""
        return {
            "format": "rootseal/audit-watch/1",
            "block": {"number": self.block.number, "hash": "0x" + self.block.hash.hex(), "time": self.block.timestamp},
            "looked": self.report is not None,
            "verdict": None if self.report is None else self.report.verdict,
            "findings": None if self.report is None else len(self.report.findings),
            "unchecked": None if self.report is None else len(self.report.unchecked),
            "new": [found.to_json() for found in self.new],
            "gone": list(self.gone),
            "replaced": self.replaced,
            "waiting": self.waiting,
        }


class Watch:
    """`with Watch(request, folder) as watch:`, then `look` now and then. One at a time: the folder is locked.

    Raises `InputError` for a folder of another ledger or kind, `StoreError` where another watch has it.
    """

    def __init__(self, request: AuditRequest, folder: Path) -> None:
        self._request, self._folder = request, folder
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Watch:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / "lock").open("wb")
        except OSError as error:
            raise InputError("--state", f"cannot be used: {error.strerror}", str(self._folder)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise StoreError(f"another watch uses {self._folder}") from error
        self._lock = lock
        try:
            self._state = self._read()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._release()

    def look(self, progress: Progress, tell: Sequence[Tell] = ()) -> Look:
        """Audit up to the newest final block, and tell what is new.

        Raises `UndeterminedError` where the chain cannot be asked: what was known stays.
        """
        request, state = self._request, self._state
        final = final_block(request.chain, request.finality)
        if final is None:
            raise UndeterminedError("the chain has no final block yet; try again later", "chain.not_final")
        if state["block"] == [final.number, final.hash.hex()] and not request.logs:
            return Look(final, None, waiting=self._hand_on(tell))
        replaced = self._was_replaced(final)
        places = [(source, self._kept(at)) for at, source in enumerate(request.logs)]
        kept = [_KeptSource(source, path) for source, path in places if path.exists()]
        report = audit(replace(request, logs=(*request.logs, *kept), database=self._folder / "audit.db"), progress)
        known: dict[str, bool] = dict.fromkeys(state["alarmed"], True)
        found = {_key(item): item for item in report.findings}
        new = tuple(item for key, item in found.items() if key not in known)
        gone = tuple(key for key in known if key not in found)
        self._keep_heads(report)
        write_report(self._folder / "report", report.to_bytes(), report_text(report), report_html(report))
        block = report.subject.basis.final
        waiting = [*state["waiting"], *(self._alarm(item, block) for item in new if item.severity != "notice")]
        self._write({**state, "block": [block.number, block.hash.hex()], "alarmed": list(found), "waiting": waiting})
        return Look(block, report, new, gone, replaced, self._hand_on(tell))

    def _was_replaced(self, final: Block) -> bool:
        before = self._state["block"]
        if before is None:
            return False
        number, block_hash = int(before[0]), str(before[1])
        block = final if number == final.number else self._request.chain.block(number)
        return block is None or block.hash.hex() != block_hash

    def _hand_on(self, tell: Sequence[Tell]) -> int:
        """Tell what waits, in order; how many nobody took. Without anybody to tell, the log alone has told."""
        waiting = list(self._state["waiting"])
        while waiting:
            try:
                for one in tell:
                    one(waiting[0])
            except UndeterminedError:
                break
            waiting.pop(0)
            self._write({**self._state, "waiting": waiting})
        return len(waiting)

    def _alarm(self, found: Finding, block: Block) -> dict[str, Json]:
        return {
            "format": "rootseal/audit-alarm/1",
            "id": _key(found),
            "ledger": address_text(self._request.ledger),
            "block": block.number,
            "time": block.timestamp,
            "finding": found.to_json(),
        }

    def _keep_heads(self, report: AuditReport) -> None:
        """Remember the newest summary of each log that nothing speaks against."""
        for issuer in report.issuers:
            head = issuer.log.head
            if head is None or issuer.log.findings or isinstance(head.source, _KeptSource):
                continue
            at = next((at for at, source in enumerate(self._request.logs) if source is head.source), None)
            if at is not None:
                self._kept(at).parent.mkdir(exist_ok=True)
                write_atomically(self._kept(at), head.note)

    def _kept(self, at: int) -> Path:
        return self._folder / "heads" / f"{at}.checkpoint"

    def _read(self) -> dict[str, Any]:
        ledger = address_text(self._request.ledger)
        fresh: dict[str, Any] = {"format": _FORMAT, "ledger": ledger, "block": None, "alarmed": [], "waiting": []}
        path = self._folder / "state.json"
        try:
            state = json.loads(path.read_bytes())
        except FileNotFoundError:
            return fresh
        except (OSError, ValueError, RecursionError) as error:
            raise InputError("--state", "holds a state.json that cannot be read", str(path)) from error
        if not isinstance(state, dict) or set(state) != set(fresh) or state["format"] != _FORMAT:
            raise InputError("--state", "holds something else than the state of a watch", str(path))
        if state["ledger"] != ledger:
            raise InputError("--state", f"belongs to the watch of another ledger, {state['ledger']}", str(path))
        return state

    def _write(self, state: dict[str, Any]) -> None:
        try:
            write_atomically(self._folder / "state.json", dumps(state) + b"\n")
        except OSError as error:
            raise StoreError(f"{self._folder / 'state.json'} cannot be written: {error.strerror}") from error
        self._state = state

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


class _KeptSource:
    """A log as its summary was at an earlier look: everything but the summary is read where it is now."""

    def __init__(self, live: Source, kept: Path) -> None:
        self._live, self._note = live, kept.read_bytes()
        self.label = f"the last look at {live.label}"

    def get(self, path: str, limit: int) -> bytes | None:
        """See `Source.get`."""
        found = self._live.get(path, limit)
        return self._note if path in _HEAD and found is not None else found

    def close(self) -> None:
        """The log is closed by whoever opened it."""


def _key(found: Finding) -> str:
    """The same finding at the next look, though its numbers may have grown."""
    place = "" if found.transaction is None else found.transaction.hex()
    return f"{found.code}/{found.issuer or 0}/{found.sequence or 0}/{place}"
