"""Verification: the eight checks of DESIGN §7, each pass, fail or unknown, numbered in the code as there.

Pure: what the chain says comes as `Facts`, the time as `now`. Never raises on a hostile file.
"""

from __future__ import annotations

from rootseal.anchoring import Anchor
from rootseal.catalogue import CHECKS, UNCHECKED
from rootseal.checks import (
    Expected,
    anchor_check,
    holder_check,
    inclusion_check,
    integrity_check,
    status_check,
    validity_check,
)
from rootseal.dated import on_that_day
from rootseal.errors import InputError
from rootseal.facts import Facts
from rootseal.instants import format_date
from rootseal.issuer_check import issuer_check
from rootseal.opened import OpenedCredential
from rootseal.opening import OpenedFile, open_file
from rootseal.policy import Policy, is_test
from rootseal.verdict import Check, CredentialVerdict, Statement, Verdict, check, statement

__all__ = ["Expected", "malformed", "verify", "verify_opened"]

_NOTHING = Facts()


def verify(
    data: bytes,
    policy: Policy | None = None,
    facts: Facts = _NOTHING,
    *,
    now: int,
    at: int | None = None,
    expected: Expected | None = None,
) -> Verdict:
    """The verdict on the bytes of a credential file or presentation.

    `now` is UTC seconds; `at` replaces it in checks 7 and 8 (not in the age of the status, nor in checks 4 to 6,
    which are judged by the newest register and status); what those were at `at` is stated beside the checks.
    `policy` None means that the verifier has said nothing about whom it trusts.
    """
    # Check 1: the format.
    try:
        opened = open_file(data)
    except InputError as error:
        return malformed(error)
    return verify_opened(opened, policy, facts, now=now, at=at, expected=expected)


def malformed(error: InputError) -> Verdict:
    """The verdict on bytes that are no file of ours."""
    first = check("format.malformed", problem=error)
    return Verdict((CredentialVerdict((first, *_unchecked(CHECKS[1:]))),), None, False)


def verify_opened(
    opened: OpenedFile,
    policy: Policy | None = None,
    facts: Facts = _NOTHING,
    *,
    now: int,
    at: int | None = None,
    expected: Expected | None = None,
) -> Verdict:
    """As `verify`, for a file that was opened already: who checks many opens each once."""
    credentials = tuple(
        _verify_one(credential, opened, policy, facts, now, at, expected) for credential in opened.credentials
    )
    return Verdict(credentials, _as_of(opened, facts), any(_is_test(c, policy) for c in opened.credentials))


def _verify_one(
    opened: OpenedCredential,
    file: OpenedFile,
    policy: Policy | None,
    facts: Facts,
    now: int,
    on: int | None,
    expected: Expected | None,
) -> CredentialVerdict:
    at = now if on is None else on
    ledger_policy = None if policy is None else policy.ledger(opened.home)
    integrity = integrity_check(opened)
    inclusion = inclusion_check(opened)
    validity = validity_check(opened, at)
    holder = holder_check(opened, file, facts, expected, at)
    # Who brings an audience and a nonce asks: else a file could lose its answer on the way and still be verified.
    asked = file.holder is not None or expected is not None or (policy is not None and policy.holder_required)
    if "fail" in (integrity.outcome, inclusion.outcome):
        # Checks 4 to 6 are about the entry; this is not the entry, and its place says nothing about it.
        middle = _unchecked(("anchor", "issuer", "status"))
        return CredentialVerdict((check("format.ok"), integrity, inclusion, *middle, validity, holder), asked)
    anchor = anchor_check(opened, facts, now)
    issuer = issuer_check(opened, anchor, policy, ledger_policy, facts, now)
    status = status_check(opened, facts, ledger_policy, now)
    return CredentialVerdict(
        (check("format.ok"), integrity, inclusion, anchor, issuer.check, status, validity, holder),
        asked,
        (
            *issuer.statements,
            *(_lateness(opened) if anchor.code == "anchor.ok" else ()),
            *(() if on is None or anchor.code != "anchor.ok" else on_that_day(opened, facts, ledger_policy, on)),
        ),
        issuer.name,
    )


def _unchecked(names: tuple[str, ...]) -> tuple[Check, ...]:
    return tuple(check(f"{name}.{UNCHECKED}") for name in names)


def _lateness(opened: OpenedCredential) -> tuple[Statement, ...]:
    promise, anchor = opened.proofs.promise, opened.proofs.introducing(opened.home)
    if promise is None or anchor is None or _kept(promise.anchor_by, anchor):
        return ()
    date, promised = format_date(anchor.block.timestamp), format_date(promise.anchor_by)
    return (statement("note.late", date=date, promised=promised),)


def _kept(anchor_by: int, anchor: Anchor) -> bool:
    return anchor.block.timestamp <= anchor_by


def _is_test(opened: OpenedCredential, policy: Policy | None) -> bool:
    return is_test(opened.home, policy)


def _as_of(file: OpenedFile, facts: Facts) -> int | None:
    """The oldest block that a verdict stands on."""
    used = [facts.ledgers[c.home.key] for c in file.credentials if c.home.key in facts.ledgers]
    times = [f.final.timestamp if f.status is None else f.status.block.timestamp for f in used]
    return min(times, default=None)
