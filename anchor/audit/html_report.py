"""The report as one page for people: no script, nothing from elsewhere, printable; the same report, the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources
from typing import Final

from anchor.audit.catalogue import LIMITS
from anchor.audit.charts import table
from anchor.audit.html_plots import plots
from anchor.audit.report import AuditReport, IssuerReport, tool_version
from anchor.audit.report_text import FILE_OUTCOMES, HEADLINES, PROMISE_OUTCOMES, plain_text, standards_text, time_text
from rootseal.ethereum import address_text

__all__ = ["report_html"]

_ROLES: Final = {1: "publish", 2: "statuses", 3: "publish and statuses"}
_SHAPES: Final = {"clean": "✓", "findings": "✗", "unchecked": "?"}


def report_html(report: AuditReport) -> str:
    """The whole report.html; it names the SHA-256 of the report.json that it retells."""
    style = resources.files("anchor.audit").joinpath("report.css").read_text(encoding="utf-8")
    body = "".join(
        [
            *_head(report),
            *_findings(report),
            *_unchecked(report),
            *_audited(report),
            *plots(report),
            *_extras(report),
            *(part for issuer in report.issuers for part in _issuer(issuer)),
            *_files(report),
            *_foot(report),
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Audit of {address_text(report.subject.basis.ledger)}</title><style>\n{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _head(report: AuditReport) -> Iterator[str]:
    basis = report.subject.basis
    yield "<header><h1>Rootseal audit report</h1>"
    yield (
        f'<p>Ledger <span class="mono">{address_text(basis.ledger)}</span> on eip155:{basis.chain_id}, '
        f"as of {escape(time_text(basis.final.timestamp))}</p>"
    )
    if report.subject.test:
        yield '<p class="test">TEST: this chain is for development only; nothing on it counts.</p>'
    word, _, rest = HEADLINES[report.verdict].partition(". ")
    shape = _SHAPES[report.verdict]
    yield f'<div class="verdict {report.verdict}"><strong>{shape} {word}</strong>{rest}</div></header>'


def _findings(report: AuditReport) -> Iterator[str]:
    if not report.findings:
        return
    yield f'<h2>Findings ({len(report.findings)})</h2><ol class="found">'
    for found in report.findings:
        places = [
            found.code,
            "" if found.block is None else f"block {found.block}",
            "" if found.transaction is None else f"transaction 0x{found.transaction.hex()}",
        ]
        where = escape(", ".join(place for place in places if place))
        yield (
            f'<li class="{found.severity}"><strong>{found.severity.upper()}</strong> '
            f'{_safe(found.sentence)}<small class="mono">{where}</small></li>'
        )
    yield "</ol>"


def _unchecked(report: AuditReport) -> Iterator[str]:
    if not report.unchecked:
        return
    yield "<h2>What was not checked, and why</h2><ul>"
    for item in report.unchecked:
        whose = "" if item.issuer is None else f" of issuer {item.issuer}"
        yield f"<li>{_safe(f'{item.what}{whose}: {item.why}')}</li>"
    yield "</ul>"


def _audited(report: AuditReport) -> Iterator[str]:
    subject, basis = report.subject, report.subject.basis
    same = "the published ledger" if basis.code_hash == subject.expected_code_hash else "NOT the published ledger"
    rows = [
        ("Chain", f"eip155:{basis.chain_id}"),
        ("First block", f"0x{basis.genesis.hex()}"),
        ("Program", f"0x{basis.code_hash.hex()} ({same})"),
        ("Blocks", f"{basis.first} to {basis.final.number}, finality {subject.finality}"),
        ("Last block", f"0x{basis.final.hash.hex()}"),
        ("Issuers", "all" if not subject.issuers else ", ".join(map(str, subject.issuers))),
        ("Events replayed", str(subject.events)),
        ("Credits", "not audited" if basis.credits is None else address_text(basis.credits.address)),
        ("Providers", str(subject.providers)),
        ("Measured against", standards_text(subject.standards)),
    ]
    if report.replay is not None:
        outcome = {True: "the same came out", False: "something else came out, or it could not be played"}
        told = outcome[not report.replay.findings and not report.replay.unchecked]
        what = f"{report.replay.transactions} transactions on {report.replay.engine or 'no chain'}: {told}"
        rows.append(("Played again", what))
    if report.sample is not None:
        sample = report.sample
        rows.append(("Files drawn", f"{sample.count} of {sample.of} credentials, by the public seed {sample.seed}"))
    yield "<h2>What was audited</h2><dl>"
    yield from (f"<dt>{name}</dt><dd>{_safe(value)}</dd>" for name, value in rows)
    yield "</dl>"


def _extras(report: AuditReport) -> Iterator[str]:
    yield "<h3>What cannot be told</h3><p>Credits are shown by issuer: the level of a course (EQF) stands in the "
    yield "credential alone and never on a chain. A delay is known only of promises that were given to the auditor; it "
    yield "ends with the time of the block that holds the publication, which becomes final shortly after.</p>"


def _issuer(issuer: IssuerReport) -> Iterator[str]:
    state = issuer.state
    ended = (
        f" Succeeded by issuer {state.successor} on {escape(time_text(state.succeeded_at))}." if state.successor else ""
    )
    yield f"<h2>Issuer {state.number}: {_safe(state.name)}</h2><p>Registered {escape(time_text(state.registered_at))}."
    yield f"{ended} {state.size} entries published, {state.count(0)} revoked, {state.count(1)} suspended.</p>"
    yield "<h3>Keys</h3>"
    yield table(
        ("key", "may", "since", "retired", "declared stolen since"),
        [
            (
                address_text(key.address),
                _ROLES.get(key.roles, str(key.roles)),
                time_text(key.added_at),
                time_text(key.retired_at) if key.retired_at else "in use",
                time_text(key.compromised_since) if key.compromised_since else "no",
            )
            for key in state.keys
        ],
    )
    given = [(accreditor, item) for accreditor, items in sorted(state.accreditations.items()) for item in items]
    if given:
        yield "<h3>Accreditations</h3>"
        yield table(
            ("by", "scope", "since", "until", "ended"),
            [
                (
                    address_text(accreditor),
                    plain_text(item.scope),
                    time_text(item.since),
                    time_text(item.valid_until) if item.valid_until else "no end",
                    time_text(item.ended_at) if item.ended_at else "no",
                )
                for accreditor, item in given
            ],
        )
    yield "<h3>Descriptions in force</h3>"
    yield table(
        ("SHA-256", "since"),
        [
            (item.document_hash.hex() if any(item.document_hash) else "none", time_text(item.time))
            for item in state.documents
        ],
    )


def _files(report: AuditReport) -> Iterator[str]:
    if report.promises:
        yield "<h2>Promises</h2>"
        yield table(
            ("file", "issuer", "entries", "by", "outcome"),
            [
                (
                    plain_text(judged.promise.file),
                    judged.issuer,
                    judged.promise.promise.size,
                    time_text(judged.promise.promise.anchor_by),
                    PROMISE_OUTCOMES[judged.outcome],
                )
                for judged in report.promises
            ],
            (1, 2),
        )
    if report.files:
        yield "<h2>Credential files</h2>"
        yield table(
            ("file", "issuer", "place", "outcome"),
            [
                (plain_text(judged.given.file), judged.issuer, judged.given.index, FILE_OUTCOMES[judged.outcome])
                for judged in report.files
            ],
            (1, 2),
        )


def _foot(report: AuditReport) -> Iterator[str]:
    yield "<h2>What this report does not prove</h2><ul>"
    yield from (f"<li>{escape(sentence)}</li>" for sentence in LIMITS)
    yield f"</ul><p>Made by rootseal {escape(tool_version())}. The same for programs: report.json, SHA-256 "
    yield f'<span class="mono">{report.digest}</span></p>'


def _safe(text: str) -> str:
    return escape(plain_text(text))
