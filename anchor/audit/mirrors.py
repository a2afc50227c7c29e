"""Further copies of one issuer's log: whoever is shown another log than the rest can prove it by its signed summary.

A copy is not read through: its summary must be signed by the issuer and name the root that the log which was read
has at that length. Two signed roots at one length are equivocation (DESIGN §3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.log_head import LogHead, check_signature

__all__ = ["judge_mirrors"]


def judge_mirrors(
    issuer: int, head: LogHead, mirrors: Sequence[LogHead], registered: frozenset[bytes], seen: Mapping[int, bytes]
) -> Iterator[Finding | Unchecked]:
    """`head` is the log that was read, the longest; `seen` its roots at the lengths of the `mirrors`."""
    for mirror in mirrors:
        what, label = mirror.checkpoint, mirror.source.label
        if not what.size:
            continue  # an empty log agrees with every other
        signature = check_signature(mirror, registered)
        if signature.code is not None:
            yield _unchecked(issuer, label, "its summary is not signed with the key that the issuer registered")
        elif signature.unchecked is not None:
            yield _unchecked(issuer, label, signature.unchecked)
        elif what.size not in seen:
            yield _unchecked(issuer, label, "the other log could not be read up to its length")
        elif seen[what.size] != what.root:
            yield finding(
                "log.equivocation",
                issuer,
                size=what.size,
                place=label,
                other=head.source.label,
                root=what.root.hex(),
                otherRoot=seen[what.size].hex(),
            )


def _unchecked(issuer: int, label: str, why: str) -> Unchecked:
    return Unchecked(f"the copy of the log at {label}", why, issuer)
