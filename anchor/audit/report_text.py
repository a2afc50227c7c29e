"""The report in plain words, for people who do not read JSON. Lines of at most 100 characters where words allow."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from anchor.audit.catalogue import LIMITS
from anchor.audit.conduct import DAY, Standards
from anchor.audit.report import AuditReport, IssuerReport
from rootseal.errors import InputError
from rootseal.ethereum import address_text
from rootseal.instants import format_instant
from rootseal.microcredential import display_text

__all__ = [
    "FILE_OUTCOMES",
    "HEADLINES",
    "PROMISE_OUTCOMES",
    "plain_text",
    "report_text",
    "standards_text",
    "summary_text",
    "time_text",
]

_WIDTH: Final = 100
HEADLINES: Final = {
    "clean": "CLEAN. Everything that was asked was checked, and everything holds.",
    "findings": "FINDINGS. Something does not hold; see below.",
    "unchecked": "COULD NOT CHECK. What was checked holds, but not everything that was asked could be checked.",
}
PROMISE_OUTCOMES: Final = {
    "kept": "kept",
    "broken": "NOT KEPT",
    "open": "not due yet",
    "contradicted": "CONTRADICTED",
    "void": "proves nothing",
    "unchecked": "could not be checked",
}


FILE_OUTCOMES: Final = {
    "found": "in the log, dated in time",
    "open": "not published yet",
    "missing": "NOT IN THE LOG",
    "backdated": "DATED BACK",
    "unchecked": "could not be checked",
}


def report_text(report: AuditReport) -> str:
    """The whole report.txt; it names the SHA-256 of the report.json that it retells."""
    parts = [
        ["Rootseal audit report", "====================="],
        list(_headline(report)),
        list(_audited(report)),
        list(_findings(report)),
        list(_unchecked(report)),
        *(list(_issuer(issuer)) for issuer in report.issuers),
        list(_promises(report)),
        list(_files(report)),
        ["What this report does not prove", "-------------------------------", *_bullets(LIMITS)],
        ["The same in JSON: report.json,", f"SHA-256 {report.digest}"],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def summary_text(report: AuditReport) -> str:
    """Verdict, findings and what was not checked: what the command prints."""
    parts = [list(_headline(report)), list(_findings(report)), list(_unchecked(report))]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _headline(report: AuditReport) -> Iterator[str]:
    if report.subject.test:
        yield "TEST: this chain is for development only; nothing on it counts."
    yield HEADLINES[report.verdict]


def _audited(report: AuditReport) -> Iterator[str]:
    subject, basis = report.subject, report.subject.basis
    whose = "all" if not subject.issuers else ", ".join(map(str, subject.issuers))
    deployed = "not known" if basis.deployed_at is None else f"block {basis.deployed_at}"
    yield from _title("What was audited")
    yield f"Chain      eip155:{basis.chain_id}"
    yield f"Genesis    0x{basis.genesis.hex()}"
    yield f"Ledger     {address_text(basis.ledger)}, deployed: {deployed}"
    same = "the published ledger" if basis.code_hash == subject.expected_code_hash else "NOT the published ledger"
    yield f"Program    0x{basis.code_hash.hex()}"
    yield f"           ({same})"
    yield f"Blocks     {basis.first} to {basis.final.number}, finality {subject.finality}"
    yield f"Last block 0x{basis.final.hash.hex()}"
    yield f"As of      {time_text(basis.final.timestamp)} (the last block's time)"
    yield f"Issuers    {whose}; {subject.events} events replayed"
    if basis.credits is not None:
        yield f"Credits    {address_text(basis.credits.address)}"
    if subject.providers > 1:
        yield f"Providers  {subject.providers}, compared with each other"
    yield from _wrapped(f"Measured against: {standards_text(subject.standards)}", "")
    if report.sample is not None:
        drawn = f"{report.sample.count} of {report.sample.of}"
        yield from _wrapped(f"Credential files: {drawn} drawn by the public seed {plain_text(report.sample.seed)}.", "")
    if report.replay is not None:
        played = not report.replay.findings and not report.replay.unchecked
        engine = plain_text(report.replay.engine) if report.replay.engine else "no chain"
        came = "the same came out" if played else "something else came out, or it could not be played"
        yield from _wrapped(f"Played again: {report.replay.transactions} transactions on {engine}: {came}.", "")
    if report.gas is not None:
        yield f"Gas spent  {sum(use.gas for use in report.gas)}"


def standards_text(standards: Standards) -> str:
    """What was measured against, in one sentence."""
    limits = [f"issuer {number}: {seconds // DAY} days" for number, seconds in sorted(standards.silence_of.items())]
    if standards.silence is not None:
        limits.append(f"{standards.silence // DAY} days")
    silence = f"silence up to {', '.join(limits)}" if limits else "any silence"
    accreditors = ", ".join(address_text(accreditor) for accreditor in standards.accreditors) or "nobody"
    return (
        f"accreditation by {accreditors}; {silence}; files dated up to {standards.backdating // DAY} days before "
        "they were published."
    )


def _findings(report: AuditReport) -> Iterator[str]:
    if not report.findings:
        return
    yield from _title(f"Findings ({len(report.findings)})")
    for found in report.findings:
        yield from _wrapped(f"{found.severity.upper()}: {plain_text(found.sentence)}", "- ")
        places = [
            None if found.block is None else f"block {found.block}",
            None if found.transaction is None else f"transaction 0x{found.transaction.hex()}",
        ]
        yield from _wrapped(", ".join([found.code, *(place for place in places if place)]), "  ")


def _unchecked(report: AuditReport) -> Iterator[str]:
    if not report.unchecked:
        return
    yield from _title("What was not checked, and why")
    for item in report.unchecked:
        whose = "" if item.issuer is None else f" of issuer {item.issuer}"
        yield from _wrapped(plain_text(f"{item.what}{whose}: {item.why}"), "- ")


def _issuer(issuer: IssuerReport) -> Iterator[str]:
    state, head = issuer.state, issuer.log.head
    yield from _title(f"Issuer {state.number}: {plain_text(state.name)}")
    succeeded = f"; succeeded by issuer {state.successor}" if state.successor else ""
    yield f"Registered {time_text(state.registered_at)}{succeeded}"
    yield f"{state.size} entries anchored, {state.count(0)} revoked, {state.count(1)} suspended, {len(state.keys)} keys"
    if issuer.credits is not None:
        counted, redeemed = issuer.credits.counted / 100, issuer.credits.redeemed / 100
        yield f"Credits claimed that count: {counted:g}, of these recognised elsewhere: {redeemed:g}"
    if head is not None:
        yield from _wrapped(
            f"Published log: {plain_text(head.source.label)}, {head.checkpoint.size} entries, "
            f"signature {issuer.log.signature}",
            "",
        )
    if state.anchors:
        yield ""
        yield f"{'anchor':>8}  {'date (UTC)':20}  {'new entries':>11}  {'entries':>10}  log reproduces it"
    for anchor in state.anchors:
        answer = {True: "yes", False: "NO", None: "not checked"}[issuer.reproduced(anchor)]
        added = anchor.size - anchor.previous_size
        yield f"{anchor.sequence:>8}  {time_text(anchor.time):20}  {added:>11}  {anchor.size:>10}  {answer}"


def _promises(report: AuditReport) -> Iterator[str]:
    if not report.promises:
        return
    yield from _title("Promises")
    for judged in report.promises:
        promise = judged.promise.promise
        until = time_text(promise.anchor_by)
        yield from _wrapped(
            f"{plain_text(judged.promise.file)}: issuer {judged.issuer}, {promise.size} entries by {until}: "
            f"{PROMISE_OUTCOMES[judged.outcome]}",
            "- ",
        )


def _files(report: AuditReport) -> Iterator[str]:
    if not report.files:
        return
    yield from _title("Credential files")
    for judged in report.files:
        told = f"{plain_text(judged.given.file)}: issuer {judged.issuer}, place {judged.given.index}"
        yield from _wrapped(f"{told}: {FILE_OUTCOMES[judged.outcome]}", "- ")


def _title(text: str) -> Iterator[str]:
    yield text
    yield "-" * len(text)


def _bullets(sentences: tuple[str, ...]) -> Iterator[str]:
    for sentence in sentences:
        yield from _wrapped(sentence, "- ")


def _wrapped(text: str, first: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    )


def plain_text(text: str) -> str:
    """Names and file names are anybody's text: what could steer a terminal is taken out."""
    return display_text(" ".join(text.split()), 1000) or "(nothing that can be shown)"


def time_text(seconds: int) -> str:
    """RFC 3339, or the number of seconds beyond the year 9999."""
    try:
        return format_instant(seconds)
    except InputError:
        return f"second {seconds}"  # beyond the year 9999
