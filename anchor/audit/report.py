"""The report of an audit: `rootseal/audit/1`. The same input gives the same bytes: no clock, no address of an RPC.

docs/spec/audit-report.md describes every member.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

from anchor.audit.catalogue import LIMITS
from anchor.audit.collecting import Basis
from anchor.audit.conduct import DAY, Standards
from anchor.audit.costs import GasUse
from anchor.audit.findings import Finding, Unchecked, Verdict, in_order, verdict_of
from anchor.audit.given_files import JudgedFile
from anchor.audit.log_audit import AuditedLog
from anchor.audit.promises import JudgedPromise
from anchor.audit.reexecution import ReplayOutcome
from anchor.audit.sampling import Sample
from anchor.audit.state import REVOKED, SUSPENDED, AnchorEntry, IssuerState, LedgerState, Worth
from rootseal.canonical import Json, dumps
from rootseal.ethereum import address_text
from rootseal.policy import TEST_CHAINS

__all__ = ["REPORT_FORMAT", "AuditReport", "CreditsSummary", "IssuerReport", "Subject", "tool_version"]

REPORT_FORMAT = "rootseal/audit/1"


@dataclass(frozen=True, slots=True)
class Subject:
    """What was audited and by which standards; `issuers` are those asked for, none meaning all."""

    basis: Basis
    expected_code_hash: bytes
    finality: str
    events: int
    issuers: tuple[int, ...]
    standards: Standards = field(default_factory=Standards)
    providers: int = 1

    @property
    def test(self) -> bool:
        """True iff the chain is one for development only (DESIGN §7)."""
        return self.basis.chain_id in TEST_CHAINS

    def to_json(self) -> dict[str, Json]:
        """The member `audited`."""
        basis = self.basis
        return {
            "chain": f"eip155:{basis.chain_id}",
            "genesis": "0x" + basis.genesis.hex(),
            "ledger": address_text(basis.ledger),
            "codeHash": "0x" + basis.code_hash.hex(),
            "expectedCodeHash": "0x" + self.expected_code_hash.hex(),
            "deployedAt": basis.deployed_at,
            "fromBlock": basis.first,
            "toBlock": {
                "number": basis.final.number,
                "hash": "0x" + basis.final.hash.hex(),
                "timestamp": basis.final.timestamp,
            },
            "finality": self.finality,
            "events": self.events,
            "issuers": list(self.issuers) or None,
            "credits": self._credits_json(),
            "providers": self.providers,
            "standards": self._standards_json(),
        }

    def _credits_json(self) -> Json:
        credits = self.basis.credits
        if credits is None:
            return None
        return {"contract": address_text(credits.address), "codeHash": "0x" + credits.code_hash.hex()}

    def _standards_json(self) -> Json:
        standards = self.standards
        return {
            "accreditors": [address_text(accreditor) for accreditor in standards.accreditors],
            "silenceDays": None if standards.silence is None else standards.silence // DAY,
            "silenceDaysOf": {str(n): seconds // DAY for n, seconds in sorted(standards.silence_of.items())},
            "backdatingDays": standards.backdating // DAY,
        }


@dataclass(frozen=True, slots=True)
class CreditsSummary:
    """Credits of one issuer: tokens by what they are worth, credits that count, how many of these were used."""

    tokens: tuple[tuple[Worth, int], ...]
    counted: int
    redeemed: int

    @classmethod
    def of(cls, ledger: LedgerState, issuer: int) -> CreditsSummary:
        """From the rebuilt state."""
        own = [token for token in ledger.credits.tokens.values() if token.issuer == issuer]
        worth = [ledger.worth(token) for token in own]
        counted = [token for token, what in zip(own, worth, strict=True) if what is Worth.COUNTED]
        return cls(
            tuple((what, worth.count(what)) for what in Worth if what is not Worth.NONE),
            sum(token.credits for token in counted),
            sum(token.credits for token in counted if token.redeemed_at),
        )

    def to_json(self) -> dict[str, Json]:
        """The member `credits` of an issuer; in hundredths of an ECTS credit."""
        return {
            "counted": self.counted,
            "redeemed": self.redeemed,
            "tokens": {what.name.lower(): count for what, count in self.tokens},
        }


@dataclass(frozen=True, slots=True)
class IssuerReport:
    """One issuer's rebuilt state and what its published log showed."""

    state: IssuerState
    log: AuditedLog
    credits: CreditsSummary | None = None

    def reproduced(self, anchor: AnchorEntry) -> bool | None:
        """Whether the published entries give this anchor's root; None where that could not be told."""
        if anchor.sequence in self.log.reproduced:
            return True
        codes = ("log.root", "log.inconsistent")
        wrong = [found.sequence or 0 for found in self.log.findings if found.code in codes]
        return False if wrong and anchor.sequence >= min(wrong) else None

    def to_json(self) -> dict[str, Json]:
        """One element of `issuers`."""
        state = self.state
        return {
            "issuer": state.number,
            "name": state.name,
            "admin": address_text(state.admin),
            "registeredAt": state.registered_at,
            "successor": state.successor or None,
            "documents": [
                {"sha256": entry.document_hash.hex(), "time": entry.time, "block": entry.block_number}
                for entry in state.documents
            ],
            "keys": [
                {
                    "address": address_text(key.address),
                    "roles": key.roles,
                    "addedAt": key.added_at,
                    "retiredAt": key.retired_at or None,
                    "compromisedSince": key.compromised_since or None,
                }
                for key in state.keys
            ],
            "accreditations": sum(len(entries) for entries in state.accreditations.values()),
            "revoked": state.count(REVOKED),
            "suspended": state.count(SUSPENDED),
            "anchors": [self._anchor_json(anchor) for anchor in state.anchors],
            "log": self._log_json(),
            "credits": None if self.credits is None else self.credits.to_json(),
        }

    def _anchor_json(self, anchor: AnchorEntry) -> Json:
        return {
            "sequence": anchor.sequence,
            "size": anchor.size,
            "previousSize": anchor.previous_size,
            "root": anchor.root.hex(),
            "key": address_text(anchor.key),
            "block": anchor.block,
            "time": anchor.time,
            "transaction": "0x" + anchor.transaction.hex(),
            "reproduced": self.reproduced(anchor),
        }

    def _log_json(self) -> Json:
        head = self.log.head
        if head is None:
            return None
        return {
            "source": head.source.label,
            "size": head.checkpoint.size,
            "root": head.checkpoint.root.hex(),
            "signature": self.log.signature,
        }


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Everything that an audit says."""

    subject: Subject
    verdict: Verdict
    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    issuers: tuple[IssuerReport, ...]
    promises: tuple[JudgedPromise, ...]
    files: tuple[JudgedFile, ...] = ()
    replay: ReplayOutcome | None = None
    gas: tuple[GasUse, ...] | None = None
    sample: Sample | None = None

    @classmethod
    def of(
        cls,
        subject: Subject,
        findings: Sequence[Finding],
        unchecked: Sequence[Unchecked],
        issuers: Sequence[IssuerReport] = (),
        promises: Sequence[JudgedPromise] = (),
        files: Sequence[JudgedFile] = (),
        replay: ReplayOutcome | None = None,
        gas: tuple[GasUse, ...] | None = None,
        sample: Sample | None = None,
    ) -> AuditReport:
        """From the parts of an audit: findings in order, the verdict drawn."""
        return cls(
            subject,
            verdict_of(findings, unchecked),
            in_order(findings),
            tuple(sorted(unchecked, key=lambda item: (item.issuer or 0, item.what, item.why))),
            tuple(issuers),
            tuple(promises),
            tuple(files),
            replay,
            gas,
            sample,
        )

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 3 something that was asked could not be checked."""
        return {"clean": 0, "findings": 1, "unchecked": 3}[self.verdict]

    def to_json(self) -> dict[str, Json]:
        """The whole report."""
        return {
            "format": REPORT_FORMAT,
            "tool": {"name": "rootseal", "version": tool_version()},
            "test": self.subject.test,
            "verdict": self.verdict,
            "audited": self.subject.to_json(),
            "findings": [found.to_json() for found in self.findings],
            "unchecked": [item.to_json() for item in self.unchecked],
            "issuers": [dict(issuer.to_json()) for issuer in self.issuers],
            "promises": [_promise_json(promise) for promise in self.promises],
            "files": [_file_json(judged) for judged in self.files],
            "sample": None if self.sample is None else self.sample.to_json(),
            "replay": None if self.replay is None else self.replay.to_json(),
            "gas": None if self.gas is None else [use.to_json() for use in self.gas],
            "limits": list(LIMITS),
        }

    def to_bytes(self) -> bytes:
        """RFC 8785 bytes and a line end."""
        return dumps(self.to_json()) + b"\n"

    @property
    def digest(self) -> str:
        """SHA-256 of `to_bytes()`, in hex: what ties the text to the data."""
        return sha256(self.to_bytes()).hexdigest()


def _promise_json(judged: JudgedPromise) -> Json:
    promise = judged.promise.promise
    return {
        "file": judged.promise.file,
        "issuer": judged.issuer,
        "size": promise.size,
        "root": promise.root.hex(),
        "signedAt": promise.signed_at,
        "anchorBy": promise.anchor_by,
        "outcome": judged.outcome,
        "anchor": judged.anchor,
    }


def _file_json(judged: JudgedFile) -> Json:
    return {
        "file": judged.given.file,
        "issuer": judged.issuer,
        "index": judged.given.index,
        "outcome": judged.outcome,
        "anchor": judged.anchor,
    }


def tool_version() -> str:
    """Of the installed program; `unknown` where it runs from sources alone."""
    try:
        return version("rootseal")
    except PackageNotFoundError:
        return "unknown"
