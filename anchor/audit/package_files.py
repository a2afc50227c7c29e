"""What an evidence archive holds besides answers, logs and proofs: files that follow from these.

They are there for people and other programs; whoever audits the archive again makes them again and compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

from anchor.audit.collecting import Basis, collect, events
from anchor.audit.database import AuditDatabase
from anchor.audit.html_report import report_html
from anchor.audit.recording import RecordedChain, Recording
from anchor.audit.report import AuditReport
from anchor.audit.report_text import report_text
from anchor.chain import ChainUnavailable, LogEntry
from rootseal.canonical import MAX_INTEGER, Json, dumps

__all__ = ["derived_files", "recorded_logs"]

_README: Final = """Evidence of an audit by Rootseal
================================

This archive holds everything that an audit of a credential ledger looked at, and the report that followed from it.
Audit it again, with no network:

    rootseal audit --from THIS-FILE.tar --out report

The same report comes out, byte for byte, or the archive is refused: every byte of it is checked.

report.html           the report for people; report.txt the same as plain text; report.json the same for programs
asked.json            what was asked: ledger, standards, which files and promises, the version of the program
history.jsonl         every event of the ledger and its credits contract, one a line: registrations, keys,
                      accreditations, publications, every change of a status
chain/answers.json    every answer of the chain, by question
chain/blocks/N.json   the header of block N (RLP), and the receipts of the events in it with their trie proofs
logs/N/               the published logs as they were read (C2SP tlog-tiles), in the order in which they were given
artifacts/            the published programs: ABI, bytecode, hash of the code
SHA256SUMS            SHA-256 of all other files: sha256sum -c SHA256SUMS

What it proves, and what not. Each header hashes to the hash of its block, and each event is proven under a header.
That these blocks are the chain's own, you can only learn from somebody who follows the chain: compare the hash of
the last block named in the report with a node or a block explorer that you trust. Nobody signed this archive; who
gives it to you may have made it, but cannot have made it hold together with the true hash of a block and false events.

There is no credential in it and no name of a learner. It does hold what is public already: fingerprints of
credentials, and the accounts of learners who claimed credits. Of credential files that were given to the auditor it
holds the fingerprint, the date and the proofs.
"""


def derived_files(recording: Recording, report: AuditReport) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each."""
    yield "README.txt", _README.encode()
    yield "report.json", report.to_bytes()
    yield "report.txt", report_text(report).encode()
    yield "report.html", report_html(report).encode()
    yield "history.jsonl", b"".join(_history(recording, report.subject.basis))
    for name in ("CredentialLedger", "EctxCredits"):
        yield f"artifacts/{name}.json", resources.files("anchor.artifacts").joinpath(f"{name}.json").read_bytes()


def recorded_logs(recording: Recording, basis: Basis) -> Iterator[LogEntry]:
    """Every event of the recording in chain order; none where the audit ended before it read any."""
    with AuditDatabase() as database:
        if _collected(recording, basis, database):
            contracts = [contract for contract, _ in basis.contracts]
            yield from database.logs(contracts, basis.first, basis.final.number)


def _history(recording: Recording, basis: Basis) -> Iterator[bytes]:
    with AuditDatabase() as database:
        if not _collected(recording, basis, database):
            return
        for event in events(basis, database):
            line: dict[str, Json] = {
                "contract": event.contract,
                "event": event.name,
                "arguments": _arguments(event.arguments),
                "block": event.block,
                "time": event.time,
                "transaction": "0x" + event.transaction.hex(),
                "logIndex": event.log_index,
            }
            yield dumps(line) + b"\n"


def _collected(recording: Recording, basis: Basis, database: AuditDatabase) -> bool:
    if not any(question.startswith("first/logs/") for question in recording.answers):
        return False
    try:
        collect(RecordedChain(recording), basis, database, lambda sentence: None)
    except ChainUnavailable:
        return False
    return True


def _arguments(values: Mapping[str, Any]) -> dict[str, Json]:
    return {name: _plain(value) for name, value in sorted(values.items())}


def _plain(value: Any) -> Json:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        return str(value)
    return value  # type: ignore[no-any-return]
