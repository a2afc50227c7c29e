"""Credential files that an auditor was given: in the log at their place, and not dated back. Pure.

A file proves by its own hash which entry it is; the anchors prove when that entry was published at the
latest. What it says is not looked at but for `validFrom`, and nothing of it goes into the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from anchor.audit.conduct import DAY, Standards
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.state import IssuerState
from rootseal.commitment import Home
from rootseal.instants import format_instant
from rootseal.merkle import leaf_hash, root_from_inclusion
from rootseal.opened import OpenedCredential
from rootseal.opening import open_file

__all__ = ["FileOutcome", "GivenFile", "JudgedFile", "judge_file", "read_given"]

FileOutcome = Literal["found", "open", "missing", "backdated", "unchecked"]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """One credential of a file; `file` is only its name."""

    file: str
    credential: OpenedCredential

    @property
    def home(self) -> Home:
        """The log that it says it belongs to."""
        return self.credential.home

    @property
    def index(self) -> int:
        """Its place in that log."""
        return self.credential.proofs.index


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """One credential and what became of it; `anchor` is the number of the anchor that introduced it."""

    given: GivenFile
    issuer: int
    outcome: FileOutcome
    anchor: int | None = None
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()


def read_given(file: str, data: bytes) -> tuple[GivenFile, ...]:
    """Every credential of a credential or presentation file. Raises `InputError` where it cannot be read."""
    return tuple(GivenFile(file, credential) for credential in open_file(data).credentials)


def judge_file(given: GivenFile, issuer: IssuerState, entries: Mapping[int, bytes], standards: Standards) -> JudgedFile:
    """`entries` are those of the published log that anchors bear out, as far as they were asked for."""
    anchor = issuer.introducing(given.index)
    if anchor is None:
        return JudgedFile(given, issuer.number, "open")
    bound = _bound(given, issuer, entries)
    if bound is None:
        why = "neither its own proofs nor a published log that was read show whether it is in the log"
        return JudgedFile(
            given, issuer.number, "unchecked", unchecked=(Unchecked(f"the file {given.file}", why, issuer.number),)
        )
    if not bound:
        found = finding("file.missing", issuer.number, anchor=anchor, file=given.file, index=given.index)
        return JudgedFile(given, issuer.number, "missing", findings=(found,))
    dated = given.credential.valid_from
    if dated and anchor.time - dated > standards.backdating:
        found = finding(
            "file.backdated",
            issuer.number,
            anchor=anchor,
            file=given.file,
            dated=format_instant(dated)[:10],
            published=format_instant(anchor.time)[:10],
            days=(anchor.time - dated) // DAY,
            limit=standards.backdating // DAY,
        )
        return JudgedFile(given, issuer.number, "backdated", anchor.sequence, (found,))
    return JudgedFile(given, issuer.number, "found", anchor.sequence)


def _bound(given: GivenFile, issuer: IssuerState, entries: Mapping[int, bytes]) -> bool | None:
    """Is it the entry at its place? By the published log, else by its own proofs, else not known."""
    if given.index in entries:
        return entries[given.index] == given.credential.commitment
    return True if _proven(given, issuer) else None


def _proven(given: GivenFile, issuer: IssuerState) -> bool:
    leaf = leaf_hash(given.credential.commitment)
    anchored: Sequence[tuple[int, bytes]] = [(anchor.size, anchor.root) for anchor in issuer.anchors]
    return any(
        proof.home == given.home
        and (proof.size, proof.root) in anchored
        and root_from_inclusion(given.index, proof.size, leaf, proof.path) == proof.root
        for proof in given.credential.proofs.anchors
    )
