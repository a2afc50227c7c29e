"""A finding: what does not hold, where to see it, and a sentence that anyone can read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from anchor.audit.catalogue import CATALOGUE, SEVERITIES, Severity
from anchor.audit.events import LedgerEvent
from anchor.audit.state import AnchorEntry
from rootseal.canonical import MAX_INTEGER, Json

__all__ = ["Finding", "Unchecked", "Verdict", "finding", "in_order", "verdict_of"]

Verdict = Literal["clean", "findings", "unchecked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`issuer` is None where it concerns the whole ledger; `details` are the values that the sentence rests on."""

    code: str
    severity: Severity
    issuer: int | None
    sentence: str
    block: int | None = None
    transaction: bytes | None = None
    sequence: int | None = None
    details: tuple[tuple[str, int | str], ...] = ()

    def to_json(self) -> Json:
        """One element of `findings` in `rootseal/audit/1`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "issuer": self.issuer,
            "sentence": self.sentence,
            "evidence": {
                "block": self.block,
                "transaction": None if self.transaction is None else "0x" + self.transaction.hex(),
                "sequence": self.sequence,
                "details": {name: _plain(value) for name, value in self.details},
            },
        }


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something that was asked and could not be checked: what, of which issuer (None: the ledger), and why."""

    what: str
    why: str
    issuer: int | None = None

    def to_json(self) -> Json:
        """One element of `unchecked` in `rootseal/audit/1`."""
        return {"what": self.what, "why": self.why, "issuer": self.issuer}


def finding(
    code: str,
    issuer: int | None = None,
    event: LedgerEvent | None = None,
    *,
    anchor: AnchorEntry | None = None,
    block: int | None = None,
    transaction: bytes | None = None,
    sequence: int | None = None,
    **details: int | str,
) -> Finding:
    """A finding of the catalogue; evidence is where `event` or `anchor` stands, or what is given. KeyError: unknown."""
    severity, template = CATALOGUE[code]
    if event is not None:
        block, transaction = event.block, event.transaction
    if anchor is not None:
        block, transaction, sequence = anchor.block, anchor.transaction, anchor.sequence
    words = {**details, "issuer": issuer, "sequence": sequence, "block": block}
    facts = tuple(sorted(details.items()))
    return Finding(code, severity, issuer, template.format(**words), block, transaction, sequence, facts)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest first, then by issuer, code and place: the same for the same findings."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                SEVERITIES.index(f.severity),
                f.issuer or 0,
                f.code,
                f.block or 0,
                f.sequence or 0,
                f.details,
            ),
        )
    )


def verdict_of(findings: Iterable[Finding], unchecked: Iterable[Unchecked]) -> Verdict:
    """`findings` where one is more than a notice; else `unchecked` where something is; else `clean`."""
    if any(found.severity != "notice" for found in findings):
        return "findings"
    return "unchecked" if any(True for _ in unchecked) else "clean"


def _plain(value: int | str) -> Json:
    return str(value) if isinstance(value, int) and abs(value) > MAX_INTEGER else value
