"""How an issuer behaved over time: accredited while issuing, and heard of as often as it said. Pure.

None of this breaks a rule of the ledger, which registers anyone and waits for ever; it is measured
against what the auditor brings: whose accreditation counts, and how long a silence may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from anchor.audit.findings import Finding, finding
from anchor.audit.state import AnchorEntry, IssuerState
from rootseal.errors import InputError
from rootseal.facts import AccreditationFact
from rootseal.instants import format_instant

__all__ = ["DAY", "Standards", "judge_conduct"]

DAY: Final = 86_400
_BACKDATING: Final = 90 * DAY


@dataclass(frozen=True, slots=True)
class Standards:
    """What the auditor measures against. Addresses are 20 bytes, times in seconds.

    `silence` is the longest time without a publication, for every issuer; `silence_of` for one. None: not judged.
    `backdating` is how much earlier than its publication a credential may be dated.
    """

    accreditors: tuple[bytes, ...] = ()
    silence: int | None = None
    silence_of: Mapping[int, int] = field(default_factory=dict)
    backdating: int = _BACKDATING

    def silence_for(self, issuer: int) -> int | None:
        """The longest silence of one issuer."""
        return self.silence_of.get(issuer, self.silence)


def judge_conduct(issuer: IssuerState, standards: Standards, now: int) -> Iterator[Finding]:
    """Accreditation and silence of one issuer; `now` is the time of the last block looked at."""
    for accreditor in standards.accreditors:
        given = issuer.accreditations.get(accreditor)
        if given:
            yield from _accreditation(issuer, accreditor, given)
    limit = standards.silence_for(issuer.number)
    if limit is not None:
        yield from _silence(issuer, limit, now)


def _accreditation(issuer: IssuerState, accreditor: bytes, given: Sequence[AccreditationFact]) -> Iterator[Finding]:
    """From the first accreditation on: each publication in its time, and under the description that it is for."""
    lapsed: list[AnchorEntry] = []
    other: list[AnchorEntry] = []
    for anchor in issuer.anchors:
        if anchor.time < given[0].since:
            continue
        running = [entry for entry in given if entry.valid_at(anchor.time)]
        if not running:
            lapsed.append(anchor)
        elif all(entry.document_hash != _document_at(issuer, anchor) for entry in running):
            other.append(anchor)
    for code, anchors in (("accreditation.lapsed", lapsed), ("accreditation.document", other)):
        if anchors:
            yield finding(
                code,
                issuer.number,
                anchor=anchors[0],
                accreditor="0x" + accreditor.hex(),
                count=len(anchors),
                last=anchors[-1].sequence,
            )


def _document_at(issuer: IssuerState, anchor: AnchorEntry) -> bytes:
    """SHA-256 of the description in force at the end of the anchor's block."""
    return next((d.document_hash for d in reversed(issuer.documents) if d.block_number <= anchor.block), bytes(32))


def _silence(issuer: IssuerState, limit: int, now: int) -> Iterator[Finding]:
    """The longest time without a publication, from the first one on, up to the end of the issuer or to now."""
    if not issuer.anchors:
        return
    times = [anchor.time for anchor in issuer.anchors] + [issuer.succeeded_at if issuer.successor else now]
    gaps = [(end - start, at) for at, (start, end) in enumerate(pairwise(times)) if end - start > limit]
    if gaps:
        longest, at = max(gaps, key=lambda gap: (gap[0], -gap[1]))
        before = issuer.anchors[at]
        yield finding(
            "issuer.silent",
            issuer.number,
            anchor=before,
            days=longest // DAY,
            limit=limit // DAY,
            since=_date(before.time),
            count=len(gaps),
        )


def _date(seconds: int) -> str:
    try:
        return format_instant(seconds)[:10]
    except InputError:
        return f"second {seconds}"  # beyond the year 9999
