"""What `node fsck` tells: counts, findings, and what could not be checked."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Finding", "FsckReport"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a stable code and a sentence; `repaired` where it was put right."""

    code: str
    sentence: str
    repaired: bool = False


@dataclass(slots=True)
class FsckReport:
    """What was checked, found, and could not be checked.

    `erased` and `recovered` of the `entries` have nothing but their commitment; `witness_anchors` stand on other
    ledgers than the home. `acts_since_seal` lines of the audit log came after the last seal: nothing else holds them.
    """

    entries: int = 0
    erased: int = 0
    recovered: int = 0
    checkpoints: int = 0
    anchors: int = 0
    witness_anchors: int = 0
    acts_since_seal: int = 0
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True iff everything that is wrong was repaired."""
        return all(finding.repaired for finding in self.findings)

    def find(self, code: str, sentence: str, repaired: bool = False) -> None:
        """Write one down."""
        self.findings.append(Finding(code, sentence, repaired))
