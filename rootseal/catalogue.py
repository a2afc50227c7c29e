"""Every outcome of every check: its stable code, whether it passes, and its plain sentence. One catalogue.

A code is `check.word`; its sentences stand in `rootseal.languages`, one module a language. Sentences are read by
learners and employers: no jargon, no accusation where something could merely not be shown.
"""

from __future__ import annotations

from typing import Literal

from rootseal.languages import TEXTS, say

__all__ = ["CATALOGUE", "CHECKS", "LIMITS", "STATEMENTS", "UNCHECKED", "Outcome"]

Outcome = Literal["pass", "fail", "unknown"]

CHECKS = ("format", "integrity", "inclusion", "anchor", "issuer", "status", "validity", "holder")
"""The checks of DESIGN §7 in order; check 1 is `format`."""

UNCHECKED = "unchecked"
"""The word of the code of a check that an earlier failure left without a question."""

_PASS: Outcome = "pass"
_FAIL: Outcome = "fail"
_UNKNOWN: Outcome = "unknown"

_OUTCOMES: dict[str, Outcome] = {
    "format.ok": _PASS,
    "format.malformed": _FAIL,
    "integrity.ok": _PASS,
    "integrity.document": _FAIL,
    "integrity.dates": _FAIL,
    "integrity.credits": _FAIL,
    "integrity.unchecked": _UNKNOWN,
    "inclusion.ok": _PASS,
    "inclusion.mismatch": _FAIL,
    "inclusion.index": _FAIL,
    "inclusion.none": _UNKNOWN,
    "inclusion.unchecked": _UNKNOWN,
    "anchor.ok": _PASS,
    "anchor.block_hash": _PASS,
    "anchor.pending": _UNKNOWN,
    "anchor.overdue": _UNKNOWN,
    "anchor.not_final": _UNKNOWN,
    "anchor.none": _UNKNOWN,
    "anchor.introducing": _UNKNOWN,
    "anchor.unreachable": _UNKNOWN,
    "anchor.absent": _FAIL,
    "anchor.moved": _UNKNOWN,
    "anchor.evidence": _FAIL,
    "anchor.promise": _FAIL,
    "anchor.equivocation": _UNKNOWN,
    "anchor.unchecked": _UNKNOWN,
    "issuer.pinned": _PASS,
    "issuer.accredited": _PASS,
    "issuer.no_policy": _UNKNOWN,
    "issuer.untrusted": _UNKNOWN,
    "issuer.unreachable": _UNKNOWN,
    "issuer.unanchored": _UNKNOWN,
    "issuer.document_missing": _UNKNOWN,
    "issuer.document": _UNKNOWN,
    "issuer.lapsed": _UNKNOWN,
    "issuer.compromised": _FAIL,
    "issuer.mismatch": _FAIL,
    "issuer.unchecked": _UNKNOWN,
    "status.ok": _PASS,
    "status.revoked": _FAIL,
    "status.suspended": _FAIL,
    "status.stale": _UNKNOWN,
    "status.unreachable": _UNKNOWN,
    "status.unanchored": _UNKNOWN,
    "status.unchecked": _UNKNOWN,
    "validity.ok": _PASS,
    "validity.expired": _FAIL,
    "validity.not_yet": _FAIL,
    "validity.unchecked": _UNKNOWN,
    "holder.ok": _PASS,
    "holder.absent": _UNKNOWN,
    "holder.unasked": _UNKNOWN,
    "holder.hidden": _UNKNOWN,
    "holder.none": _UNKNOWN,
    "holder.contract": _UNKNOWN,
    "holder.signature": _FAIL,
    "holder.audience": _FAIL,
    "holder.nonce": _FAIL,
    "holder.expired": _FAIL,
    "holder.not_yet": _FAIL,
    "holder.unchecked": _UNKNOWN,
}

CATALOGUE: dict[str, tuple[Outcome, str]] = {code: (outcome, TEXTS["en"][code]) for code, outcome in _OUTCOMES.items()}
"""Code → outcome and English sentence, in the order of the checks."""

STATEMENTS = tuple(key for key in TEXTS["en"] if key.startswith(("note.", "at.")))
"""Codes of what may be said beside the checks; none of them changes an outcome."""

LIMITS = say("report.limits")
"""What no verdict proves, in words."""
