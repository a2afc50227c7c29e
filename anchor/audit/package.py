"""The evidence archive: everything that an audit looked at in one .tar, from which the same report follows.

`Packing` wraps an `AuditRequest` so that all answers are written down; `finish` adds what a reader needs to judge
them without us: headers, receipts with their proofs, the history in plain JSON, the programs, the report. `reproduce`
audits the archive again with no network, and holds every derived file against what it derives itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from anchor.audit.asked import Asked
from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.block_proofs import block_proof, check_block_proof
from anchor.audit.chain_audit import ChainAudit
from anchor.audit.collecting import Basis, Progress
from anchor.audit.costs import RecordedGas, RecordingGas
from anchor.audit.database import AuditDatabase
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.package_files import derived_files, recorded_logs
from anchor.audit.recording import RecordedChain, Recording, RecordingChain, RecordingSource
from anchor.audit.reexecution import Replayer, ReplayOutcome
from anchor.audit.report import AuditReport, tool_version
from anchor.audit.tarball import SUMS, StrictTar, TarSpool
from anchor.chain import ChainUnavailable, LogEntry
from rootseal.canonical import Json, dumps
from rootseal.errors import InputError, UndeterminedError

__all__ = ["Packing", "Reproduced", "reproduce"]

_ASKED: Final = "asked.json"
_ANSWERS: Final = "chain/answers.json"
_LOGS: Final = "logs/"
_BLOCKS: Final = "chain/blocks/"
_DAMAGE: Final = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)


class Packing:
    """`request` is the one to audit with; then `finish`. The chain that `asked` names is asked for headers at the end.

    Raises `InputError` where `asked` keeps a database: what lies in it would not be asked for again.
    """

    def __init__(self, asked: AuditRequest, spool: TarSpool) -> None:
        if asked.database is not None:
            raise InputError("--database", "does not go together with --evidence, for which everything is read anew")
        self._asked, self._spool = asked, spool
        self._recording = recording = Recording()
        logs = [_PackingSource(log, recording, at, spool=spool) for at, log in enumerate(asked.logs)]
        self.request = replace(
            asked,
            chain=RecordingChain(asked.chain, recording),
            logs=tuple(logs),
            second=None if asked.second is None else RecordingChain(asked.second, recording, "second"),
            replayer=None if asked.replayer is None else _RecordingReplayer(asked.replayer, recording),
            gas=None if asked.gas is None else RecordingGas(asked.gas, recording),
        )

    def finish(self, report: AuditReport, out: Path, progress: Progress) -> None:
        """Write the archive. Raises `ChainUnavailable` where the chain does not serve headers and receipts."""
        recording, spool = self._recording, self._spool
        recording.merge_pages()
        spool.add(_ASKED, _line(Asked.of(self._asked).to_json()))
        spool.add(_ANSWERS, _line(recording.to_json()))
        basis = report.subject.basis
        for number, logs in _blocks(recording, basis):
            progress(f"proving the events of block {number} of {basis.final.number}")
            transactions = list(dict.fromkeys(log.transaction for log in logs))
            spool.add(_block_name(number), _line(block_proof(self._asked.chain, number, transactions)))
        for name, data in derived_files(recording, report):
            spool.add(name, data)
        spool.write(out)


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What an archive leads to: blocks `proven` by header and receipts, and those with headers of no known form."""

    report: AuditReport
    proven: int
    unproven: int


def reproduce(path: Path, progress: Progress) -> Reproduced:
    """Audit an archive again. Raises `InputError` where anything in it was altered or does not follow from the rest.

    `UndeterminedError` where another version of the program made it, and this one comes to another report.
    """
    with StrictTar(path) as tar:
        try:
            asked = Asked.from_json(_json(tar, _ASKED))
            recording = Recording.from_json(_json(tar, _ANSWERS))
            report = audit(_offline(asked, recording, tar), progress)
            proven, unproven = _check_blocks(tar, recording, report.subject.basis)
            _check_derived(tar, recording, report, asked.version)
        except (ChainUnavailable, *_DAMAGE) as error:
            why = error.reason if isinstance(error, ChainUnavailable) else str(error)[:200]
            raise _refused(f"it does not hold together ({why})") from error
    return Reproduced(report, proven, unproven)


def _offline(asked: Asked, recording: Recording, tar: StrictTar) -> AuditRequest:
    return AuditRequest(
        chain=RecordedChain(recording),
        ledger=asked.ledger,
        logs=tuple(_PackedSource(tar, recording, at) for at in range(asked.logs)),
        issuers=asked.issuers,
        promises=asked.promises,
        finality=asked.finality,
        from_block=asked.from_block,
        files=asked.files,
        owners=asked.owners,
        credits=asked.credits,
        second=RecordedChain(recording, "second") if asked.providers == 2 else None,
        standards=asked.standards,
        replayer=_RecordedReplayer(recording) if asked.replay else None,
        gas=RecordedGas(recording) if asked.gas else None,
        sample=asked.sample,
    )


def _check_blocks(tar: StrictTar, recording: Recording, basis: Basis) -> tuple[int, int]:
    contracts = [contract for contract, _ in basis.contracts]
    chain = RecordedChain(recording)
    expected, outcomes = set(), []
    for number, logs in _blocks(recording, basis):
        block = basis.final if number == basis.final.number else chain.block(number)
        if block is None:
            raise ValueError(f"block {number} is missing")
        expected.add(_block_name(number))
        try:
            outcomes.append(check_block_proof(_json(tar, _block_name(number)), block, logs, contracts))
        except ValueError as error:
            raise ValueError(f"block {number}: {error}") from error
    if expected != {name for name in tar.names if name.startswith(_BLOCKS)}:
        raise ValueError("there are proofs of blocks that hold nothing")
    return outcomes.count(True), outcomes.count(False)


def _check_derived(tar: StrictTar, recording: Recording, report: AuditReport, version: str) -> None:
    known = {_ASKED, _ANSWERS, SUMS}
    for name, data in derived_files(recording, report):
        known.add(name)
        if tar.read(name) != data:
            if version != tool_version():
                raise UndeterminedError(
                    f"rootseal {version} made this archive, and rootseal {tool_version()} comes to another {name}; "
                    f"install version {version} to reproduce it",
                    "evidence.version",
                )
            raise ValueError(f"{name} is not what the rest leads to")
    foreign = [name for name in tar.names if name not in known and not name.startswith((_LOGS, _BLOCKS))]
    if foreign:
        raise ValueError(f"{foreign[0]} does not belong there")


def _blocks(recording: Recording, basis: Basis) -> Iterator[tuple[int, list[LogEntry]]]:
    """Every block that holds an event, and the last one looked at."""
    last = -1
    for number, logs in groupby(recorded_logs(recording, basis), key=lambda log: log.block_number):
        last = number
        yield number, list(logs)
    if last != basis.final.number:
        yield basis.final.number, []


def _block_name(number: int) -> str:
    return f"{_BLOCKS}{number}.json"


@dataclass(slots=True)
class _PackingSource(RecordingSource):
    """A log whose files go into the archive as they are; what is not there goes into the recording."""

    spool: TarSpool = field(kw_only=True)

    def keep(self, question: str, path: str, found: bytes | None) -> None:
        if found is None:
            self.recording.put(question, None)
        else:
            self.spool.add(f"{_LOGS}{self.position}/{path}", found)


@dataclass(slots=True)
class _PackedSource:
    """A log out of an archive."""

    tar: StrictTar
    recording: Recording
    position: int
    label: str = ""

    def __post_init__(self) -> None:
        self.label = str(self.recording.get(f"log/{self.position}"))

    def get(self, path: str, limit: int) -> bytes | None:
        found = self.tar.read(f"{_LOGS}{self.position}/{path}")
        if found is not None:
            return found
        told = self.recording.get(f"log/{self.position}/{path}")
        if isinstance(told, dict):
            raise UndeterminedError(str(told["undetermined"]), "log.recorded")
        return None

    def close(self) -> None:
        """The archive is closed by whoever opened it."""


@dataclass(slots=True)
class _RecordingReplayer:
    inner: Replayer
    recording: Recording

    def replay(self, told: ChainAudit, basis: Basis, database: AuditDatabase, progress: Progress) -> ReplayOutcome:
        found = self.inner.replay(told, basis, database, progress)
        self.recording.put(
            "replay",
            {
                "engine": found.engine,
                "transactions": found.transactions,
                "findings": [item.to_json() for item in found.findings],
                "unchecked": [item.to_json() for item in found.unchecked],
            },
        )
        return found


@dataclass(slots=True)
class _RecordedReplayer:
    """The outcome as it was: playing again takes a chain, and is not done for an archive."""

    recording: Recording

    def replay(self, told: ChainAudit, basis: Basis, database: AuditDatabase, progress: Progress) -> ReplayOutcome:
        value = self.recording.get("replay")
        return ReplayOutcome(
            str(value["engine"]),
            int(value["transactions"]),
            tuple(_finding(item) for item in value["findings"]),
            tuple(Unchecked(item["what"], item["why"], item["issuer"]) for item in value["unchecked"]),
        )


def _finding(value: Any) -> Finding:
    evidence = value["evidence"]
    transaction = evidence["transaction"]
    return finding(
        value["code"],
        value["issuer"],
        block=evidence["block"],
        transaction=None if transaction is None else bytes.fromhex(transaction[2:]),
        sequence=evidence["sequence"],
        **evidence["details"],
    )


def _json(tar: StrictTar, name: str) -> Any:
    data = tar.read(name)
    if data is None:
        raise ValueError(f"{name} is missing")
    value = json.loads(data)
    if _line(value) != data:
        raise ValueError(f"{name} is not written as this program writes it")
    return value


def _line(value: Json) -> bytes:
    return dumps(value) + b"\n"


def _refused(problem: str) -> InputError:
    return InputError("--from", f"was damaged or altered, and proves nothing: {problem}")
