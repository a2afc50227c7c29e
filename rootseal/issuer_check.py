"""Check 5 of DESIGN §7: who issued it, judged by the register as it stood when it was published."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from rootseal.anchoring import Anchor
from rootseal.canonical import dumps
from rootseal.checks import problem_of
from rootseal.facts import AccreditationFact, DocumentFact, Facts, KeyFact, LedgerFacts
from rootseal.instants import format_date
from rootseal.languages import say
from rootseal.opened import OpenedCredential
from rootseal.policy import LedgerPolicy, Policy
from rootseal.verdict import Check, Statement, check, statement

__all__ = ["IssuerJudgement", "document_in_force", "introducing_key", "issuer_check"]


@dataclass(frozen=True, slots=True)
class IssuerJudgement:
    """The check, statements beside it, and the name by which someone trusted knows the issuer."""

    check: Check
    statements: tuple[Statement, ...] = ()
    name: str | None = None


def issuer_check(
    opened: OpenedCredential,
    anchor: Check,
    policy: Policy | None,
    ledger_policy: LedgerPolicy | None,
    facts: Facts,
    now: int,
) -> IssuerJudgement:
    """Pinned, or accredited by someone trusted at the introducing anchor's time; the rest is unknown."""
    document = opened.issuer_document
    if isinstance(document, dict) and document.get("id") != opened.issuer_id:
        return IssuerJudgement(check("issuer.mismatch"))
    ledger = facts.ledgers.get(opened.home.key)
    introducing = opened.proofs.introducing(opened.home)
    compromised = None if ledger is None or introducing is None else _compromised(introducing, ledger)
    if compromised:
        return IssuerJudgement(check("issuer.compromised"))
    if policy is None:
        return IssuerJudgement(check("issuer.no_policy"))
    if ledger_policy is None:
        return IssuerJudgement(check("issuer.untrusted", name=_own_name(opened)))
    if ledger is None:
        return IssuerJudgement(check("issuer.unreachable", problem=problem_of(facts, opened)))
    if introducing is None or anchor.outcome != "pass":
        return IssuerJudgement(check("issuer.unanchored"))
    if compromised is None:
        return IssuerJudgement(check("issuer.unreachable", problem=say("problem.no_key")))
    if document is None:
        return IssuerJudgement(check("issuer.document_missing"))
    in_force = document_in_force(ledger.documents, introducing.block.number)
    if in_force is None or sha256(dumps(document)).digest() != in_force.document_hash:
        return IssuerJudgement(check("issuer.document"))
    return _vouched(opened, policy, ledger_policy, ledger, introducing, in_force, now)


def document_in_force(documents: tuple[DocumentFact, ...], block_number: int) -> DocumentFact | None:
    """The document registered last by the end of block `block_number`, or None."""
    return next((d for d in reversed(documents) if d.block_number <= block_number), None)


def introducing_key(anchor: Anchor, ledger: LedgerFacts) -> KeyFact | None:
    """The key that published `anchor`; None where the facts do not say."""
    fact = ledger.anchors.get(anchor.root)
    if fact is None or not 0 <= fact.key_index < len(ledger.keys):
        return None
    return ledger.keys[fact.key_index]


def _compromised(anchor: Anchor, ledger: LedgerFacts) -> bool | None:
    """Whether the introducing key was compromised when it published; None where the facts do not say."""
    fact, key = ledger.anchors.get(anchor.root), introducing_key(anchor, ledger)
    return None if fact is None or key is None else key.compromised_at(fact.block.timestamp)


def _vouched(
    opened: OpenedCredential,
    policy: Policy,
    ledger_policy: LedgerPolicy,
    ledger: LedgerFacts,
    anchor: Anchor,
    document: DocumentFact,
    now: int,
) -> IssuerJudgement:
    pinned = ledger_policy.issuer_name(opened.home.issuer)
    own = _own_name(opened)
    if pinned is not None:
        return IssuerJudgement(check("issuer.pinned", name=pinned), name=pinned)
    trusted = [
        a
        for a in ledger.accreditations
        if a.document_hash == document.document_hash and ledger_policy.accreditor_name(a.accreditor) is not None
    ]
    then = [a for a in trusted if a.valid_at(anchor.block.timestamp)]
    if not then:
        return IssuerJudgement(check("issuer.untrusted", name=own))
    # A clock behind the chain's must not find that an accreditation has not begun yet.
    today = max(now, anchor.block.timestamp)
    still = {a.accreditor for a in trusted if a.valid_at(today)}
    # Of several, the one that stands to this day speaks: nobody is named who has since turned away.
    first = next((a for a in then if a.accreditor in still), then[0])
    lapse = () if still else (_lapse(first, trusted, today, ledger_policy),)
    if policy.accredited_now and not still:
        return IssuerJudgement(check("issuer.lapsed"), lapse, own)
    accreditor = ledger_policy.accreditor_name(first.accreditor)
    scope = {"scope": _one_line(first.scope)} if first.scope else {}
    return IssuerJudgement(check("issuer.accredited", name=own, accreditor=accreditor, **scope), lapse, own)


def _lapse(first: AccreditationFact, trusted: list[AccreditationFact], today: int, policy: LedgerPolicy) -> Statement:
    """When the accreditor's last accreditation ended; a renewed one ended only with what renewed it."""
    same = [a for a in trusted if a.accreditor == first.accreditor and a.since <= today]
    ended = max(min(end for end in (a.valid_until, a.ended_at) if end) for a in same)
    return statement("note.lapsed", accreditor=policy.accreditor_name(first.accreditor), date=format_date(ended))


def _own_name(opened: OpenedCredential) -> str:
    """What the issuer calls itself, on one harmless line; its id where the file describes nobody."""
    document = opened.issuer_document
    name = document.get("name") if isinstance(document, dict) else None
    return _one_line(name if isinstance(name, str) and name else opened.issuer_id or "")


def _one_line(text: str) -> str:
    """A stranger's words, quoted, without line ends and control characters that a terminal would obey."""
    return "“" + "".join(c for c in text if c.isprintable())[:128] + "”"
