"""Were the promises kept? Signed checkpoints against the anchors and the published log (DESIGN §3). Pure.

A promise is kept iff an anchor in time is consistent with it. Two roots at one size, signed by one
issuer, are equivocation; an anchored log that has another root at the promised size is the second one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.promise_files import PromiseFile
from anchor.audit.state import ROLE_ANCHOR, AnchorEntry, IssuerState
from rootseal.commitment import Home
from rootseal.ethereum import recover
from rootseal.facts import KeyFact
from rootseal.instants import format_instant
from rootseal.typed_data import checkpoint_digest

__all__ = ["JudgedPromise", "PromiseOutcome", "judge", "signer_of"]

PromiseOutcome = Literal["kept", "broken", "open", "contradicted", "void", "unchecked"]


@dataclass(frozen=True, slots=True)
class JudgedPromise:
    """One promise and what became of it; `anchor` is the number of the anchor that kept it."""

    promise: PromiseFile
    issuer: int
    outcome: PromiseOutcome
    anchor: int | None = None
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()


def judge(
    home: Home, issuer: IssuerState, promises: Sequence[PromiseFile], roots: Mapping[int, bytes], now: int
) -> tuple[JudgedPromise, ...]:
    """Judge promises of one issuer; `roots` are the published log's, as far as anchors bear them out.

    `now` is the time of the last block looked at: an anchor after it is not known. UTC seconds.
    """
    judged: list[JudgedPromise] = []
    signed: dict[int, tuple[str, bytes]] = {}
    for file in promises:
        result = _judge(home, issuer, file, roots, now, signed)
        judged.append(result)
        if result.outcome not in ("contradicted", "void"):
            signed.setdefault(file.promise.size, (file.file, file.promise.root))
    return tuple(judged)


def signer_of(home: Home, file: PromiseFile) -> bytes | None:
    """The address that signed a promise for `home`, or None."""
    promise = file.promise
    digest = checkpoint_digest(home, promise.size, promise.root, promise.signed_at, promise.anchor_by)
    return recover(digest, promise.signature)


def _judge(
    home: Home,
    issuer: IssuerState,
    file: PromiseFile,
    roots: Mapping[int, bytes],
    now: int,
    signed: Mapping[int, tuple[str, bytes]],
) -> JudgedPromise:
    index = issuer.key_index(signer_of(home, file) or b"")
    key = issuer.keys[index] if index >= 0 else None
    if key is None or not key.roles & ROLE_ANCHOR:
        return _found(file, issuer, "void", finding("promise.signature", issuer.number, file=file.file))
    # The clock of the promise is the issuer's own: a key that was added minutes later is none to complain of.
    if key.retired_at and file.promise.signed_at >= key.retired_at:
        return _found(file, issuer, "void", finding("promise.key", issuer.number, file=file.file))
    if key.compromised_since and not _borne_out(file, issuer, key, roots):
        return _found(file, issuer, "void", finding("promise.compromised", issuer.number, file=file.file))
    return _against(file, issuer, roots, signed) or _timely(file, issuer, roots, now)


def _borne_out(file: PromiseFile, issuer: IssuerState, key: KeyFact, roots: Mapping[int, bytes]) -> bool:
    """Is the promise consistent with an anchor from before the key's compromise?"""
    earlier = [a for a in issuer.anchors if a.size >= file.promise.size and a.time < key.compromised_since]
    return bool(earlier) and _root_at(file.promise.size, issuer, roots) == file.promise.root


def _against(
    file: PromiseFile, issuer: IssuerState, roots: Mapping[int, bytes], signed: Mapping[int, tuple[str, bytes]]
) -> JudgedPromise | None:
    """The equivocation, if there is one: with the anchored log, else with a promise read before."""
    size, root = file.promise.size, file.promise.root
    known = _root_at(size, issuer, roots)
    other = None
    if known is not None and known != root:
        other = "the one in its anchored log"
    elif known is None and size in signed and signed[size][1] != root:
        other = f"the one in {signed[size][0]}"
    if other is None:
        return None
    found = finding("promise.equivocation", issuer.number, file=file.file, size=size, other=other, root=root.hex())
    return _found(file, issuer, "contradicted", found)


def _timely(file: PromiseFile, issuer: IssuerState, roots: Mapping[int, bytes], now: int) -> JudgedPromise:
    promise = file.promise
    covering = next((a for a in issuer.anchors if a.size >= promise.size), None)
    if covering is not None and covering.time <= promise.anchor_by:
        if _root_at(promise.size, issuer, roots) == promise.root:
            return JudgedPromise(file, issuer.number, "kept", covering.sequence)
        why = "the log up to it was not read, so whether the publication agrees with it is not known"
        return JudgedPromise(
            file, issuer.number, "unchecked", unchecked=(Unchecked(f"the promise in {file.file}", why, issuer.number),)
        )
    if now <= promise.anchor_by:
        return JudgedPromise(file, issuer.number, "open")
    return _found(file, issuer, "broken", _unkept(file, issuer, covering))


def _unkept(file: PromiseFile, issuer: IssuerState, late: AnchorEntry | None) -> Finding:
    problem = "it has not to this day" if late is None else f"it did on {format_instant(late.time)}"
    return finding(
        "promise.unkept",
        issuer.number,
        block=None if late is None else late.block,
        transaction=None if late is None else late.transaction,
        sequence=None if late is None else late.sequence,
        file=file.file,
        size=file.promise.size,
        date=format_instant(file.promise.anchor_by),
        problem=problem,
    )


def _root_at(size: int, issuer: IssuerState, roots: Mapping[int, bytes]) -> bytes | None:
    """The root that the anchored log had at `size`, as far as it is known."""
    exact = next((anchor.root for anchor in issuer.anchors if anchor.size == size), None)
    return exact if exact is not None else roots.get(size)


def _found(file: PromiseFile, issuer: IssuerState, outcome: PromiseOutcome, found: Finding) -> JudgedPromise:
    return JudgedPromise(file, issuer.number, outcome, findings=(found,))
