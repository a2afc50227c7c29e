"""Checks 2 to 4 and 6 to 8 of DESIGN §7; check 5 has a room of its own, `issuer_check`."""

from __future__ import annotations

from dataclasses import dataclass

from rootseal.anchoring import Anchor, Promise
from rootseal.ethereum import ZERO_ADDRESS, recover
from rootseal.facts import AnchorFact, Facts, KeyFact, LedgerFacts
from rootseal.instants import format_date
from rootseal.languages import say
from rootseal.merkle import leaf_hash, root_from_inclusion
from rootseal.opened import CREDITS_PATH, OpenedCredential, credits_of, date_of, missing_claim
from rootseal.opening import OpenedFile
from rootseal.policy import DEFAULT_MAX_STATUS_AGE, LedgerPolicy
from rootseal.typed_data import checkpoint_digest
from rootseal.verdict import Check, check

__all__ = [
    "Expected",
    "anchor_check",
    "holder_check",
    "inclusion_check",
    "integrity_check",
    "problem_of",
    "status_check",
    "validity_check",
]

_ANCHOR_ROLE = 1


@dataclass(frozen=True, slots=True)
class Expected:
    """What the verifier asked the holder: both its own, never taken from the file."""

    audience: str
    nonce: str


def problem_of(facts: Facts, opened: OpenedCredential) -> str:
    """Why there are no facts about a home, in a sentence."""
    return facts.problems.get(opened.home.key, say("problem.not_given"))


def integrity_check(opened: OpenedCredential) -> Check:
    """Check 2: document, subject and dates agree. The commitment itself was computed when the file was opened."""
    missing = missing_claim(opened.claims)
    if missing is not None:
        return check("integrity.document", problem=missing)
    for path, committed in ((("validFrom",), opened.valid_from), (("validUntil",), opened.valid_until)):
        claim = opened.claim(path)
        if claim is not None and date_of(claim.value, path[0]) != committed:
            return check("integrity.dates")
    earned = opened.claim(CREDITS_PATH)
    # Zero credits beside creditsEarned are right: of several copies one alone carries them.
    held = 0 if opened.subject is None else opened.subject.credits
    if held != 0 and (earned is None or credits_of(earned.value) != held):
        return check("integrity.credits")
    return check("integrity.ok")


def inclusion_check(opened: OpenedCredential) -> Check:
    """Check 3: the commitment leads to the root of the promise and of every anchor, witnesses included."""
    leaf, index = leaf_hash(opened.commitment), opened.proofs.index
    states: list[Promise | Anchor] = [*opened.proofs.anchors]
    if opened.proofs.promise is not None:
        states.append(opened.proofs.promise)
    if not states:
        return check("inclusion.none")
    for state in states:
        if index >= state.size:
            return check("inclusion.index", index=index, size=state.size)
        if root_from_inclusion(index, state.size, leaf, state.path) != state.root:
            return check("inclusion.mismatch")
    return check("inclusion.ok")


def anchor_check(opened: OpenedCredential, facts: Facts, now: int) -> Check:
    """Check 4: sequence, size, previousSize and root stand on the home ledger, final. Witnesses never matter here."""
    home, proofs = opened.home, opened.proofs
    evidence = {anchor: facts.evidence.get((*home.key, anchor.root)) for anchor in proofs.at(home)}
    for fact in evidence.values():
        if fact is not None and fact.problem is not None:
            return check("anchor.evidence", problem=fact.problem)
    ledger = facts.ledgers.get(home.key)
    introducing = proofs.introducing(home)
    if ledger is not None:
        for anchor in proofs.at(home):
            wrong = _against_ledger(anchor, ledger)
            if wrong is not None:
                return wrong
        wrong = _promise_check(opened, ledger)
        if wrong is not None:
            return wrong
        if introducing is not None:
            return _published("anchor.ok", introducing)
    elif introducing is not None:
        proven = evidence[introducing]
        if proven is not None and proven.trusted_hash:
            return _published("anchor.block_hash", introducing)
        return check("anchor.unreachable", problem=problem_of(facts, opened))
    if proofs.at(home):
        return check("anchor.introducing")
    if ledger is not None and _worthless(opened, ledger):
        return check("anchor.none")
    return _pending(proofs.promise, now)


def _published(code: str, anchor: Anchor) -> Check:
    return check(code, date=format_date(anchor.block.timestamp), sequence=anchor.sequence)


def _pending(promise: Promise | None, now: int) -> Check:
    if promise is None:
        return check("anchor.none")
    word = "pending" if now <= promise.anchor_by else "overdue"
    return check(f"anchor.{word}", date=format_date(promise.anchor_by))


def _against_ledger(anchor: Anchor, ledger: LedgerFacts) -> Check | None:
    """What is wrong with one home anchor, or None. The facts were read at the final head."""
    if anchor.root not in ledger.anchors:
        return check("anchor.unreachable", problem=say("problem.not_asked"))
    fact = ledger.anchors[anchor.root]
    if (anchor if fact is None else fact).block.number > ledger.final.number:
        return check("anchor.not_final")
    if fact is None or not _same_facts(anchor, fact):
        return check("anchor.absent")
    if not _same_block(anchor, fact):
        return check("anchor.moved")
    return None


def _same_block(anchor: Anchor, fact: AnchorFact) -> bool:
    """A snapshot tells number and time of a publication's block, not its hash."""
    known = fact.block.hash or anchor.block.hash
    return (fact.block.number, known, fact.block.timestamp) == (
        anchor.block.number,
        anchor.block.hash,
        anchor.block.timestamp,
    )


def _same_facts(anchor: Anchor, fact: AnchorFact) -> bool:
    return (anchor.sequence, anchor.size, anchor.previous_size) == (fact.sequence, fact.size, fact.previous_size)


def _promise_check(opened: OpenedCredential, ledger: LedgerFacts) -> Check | None:
    """A promise must come from an anchor key of the issuer, and not contradict what was published."""
    promise = opened.proofs.promise
    if promise is None:
        return None
    if _promise_key(opened, ledger) is None:
        return check("anchor.promise")
    if any(a.size == promise.size and a.root != promise.root for a in opened.proofs.at(opened.home)):
        return check("anchor.equivocation")
    return None


def _promise_key(opened: OpenedCredential, ledger: LedgerFacts) -> KeyFact | None:
    """The issuer's anchor key that signed the file's promise, or None."""
    promise = opened.proofs.promise
    if promise is None:
        return None
    digest = checkpoint_digest(opened.home, promise.size, promise.root, promise.signed_at, promise.anchor_by)
    signer = recover(digest, promise.signature)
    return next((key for key in ledger.keys if key.address == signer and key.roles & _ANCHOR_ROLE), None)


def _worthless(opened: OpenedCredential, ledger: LedgerFacts) -> bool:
    """True iff the promise is by a key that was ever declared compromised: without an anchor it proves nothing (§3)."""
    key = _promise_key(opened, ledger)
    return key is not None and key.compromised_since != 0


def _entered(opened: OpenedCredential, ledger: LedgerFacts) -> bool:
    """True iff the ledger, or a key of the issuer, puts this entry at its index: else it is only the file's word."""
    for anchor in opened.proofs.at(opened.home):
        fact = ledger.anchors.get(anchor.root)
        if fact is not None and fact.size == anchor.size:
            return True
    key = _promise_key(opened, ledger)
    return key is not None and key.compromised_since == 0


def status_check(opened: OpenedCredential, facts: Facts, policy: LedgerPolicy | None, now: int) -> Check:
    """Check 6: neither revoked nor suspended at home, from the whole map at the latest block."""
    ledger = facts.ledgers.get(opened.home.key)
    if ledger is None or ledger.status is None:
        problem = problem_of(facts, opened) if ledger is None else say("problem.no_map")
        return check("status.unreachable", problem=problem)
    status, date = ledger.status, format_date(ledger.status.block.timestamp)
    index = opened.proofs.index
    word, bit = index >> 8, 1 << (index & 255)
    covered = index < ledger.head_size and word < min(len(status.revoked), len(status.suspended))
    if not covered or not _entered(opened, ledger):
        return check("status.unanchored")
    if status.revoked[word] & bit:
        return check("status.revoked", date=date)
    if status.suspended[word] & bit:
        return check("status.suspended", date=date)
    if now - status.block.timestamp > (DEFAULT_MAX_STATUS_AGE if policy is None else policy.max_status_age):
        return check("status.stale", date=date)
    return check("status.ok", date=date)


def validity_check(opened: OpenedCredential, at: int) -> Check:
    """Check 7: validFrom ≤ at < validUntil."""
    if at < opened.valid_from:
        return check("validity.not_yet", date=format_date(opened.valid_from))
    if opened.valid_until and at >= opened.valid_until:
        return check("validity.expired", date=format_date(opened.valid_until))
    until = {"until": format_date(opened.valid_until)} if opened.valid_until else {}
    return check("validity.ok", date=format_date(at), **until)


def holder_check(opened: OpenedCredential, file: OpenedFile, facts: Facts, expected: Expected | None, at: int) -> Check:
    """Check 8: the one it was issued to answered this verifier's own question in time."""
    proof, digest = file.holder, file.signed_digest
    if proof is None or digest is None:
        return check("holder.absent")
    if opened.subject is None:
        return check("holder.hidden")
    if opened.subject.holder == ZERO_ADDRESS:
        return check("holder.none")
    wrong = _signature_check(opened, file, facts, digest)
    if wrong is not None:
        return wrong
    if expected is None:
        return check("holder.unasked")
    if proof.audience != expected.audience:
        return check("holder.audience")
    if proof.nonce != expected.nonce:
        return check("holder.nonce")
    if at < proof.created:
        return check("holder.not_yet", date=format_date(proof.created))
    if at >= proof.expires:
        return check("holder.expired", date=format_date(proof.expires))
    return check("holder.ok")


def _signature_check(opened: OpenedCredential, file: OpenedFile, facts: Facts, digest: bytes) -> Check | None:
    """What is wrong with the signature that is due for this holder, or None."""
    if file.holder is None or opened.subject is None or len(file.holder.signatures) != len(file.holders):
        return check("holder.signature")
    holder = opened.subject.holder
    signature = file.holder.signatures[file.holders.index(holder)]
    if recover(digest, signature) == holder:
        return None
    ledger = facts.ledgers.get(opened.home.key)
    if ledger is None:
        return check("holder.contract", problem=problem_of(facts, opened))
    if holder not in ledger.contract_wallets:
        return check("holder.contract", problem=say("problem.wallet_not_asked"))
    answers = ledger.contract_wallets[holder]
    if answers is None:
        return check("holder.signature")
    if (digest, signature) not in answers:
        return check("holder.contract", problem=say("problem.no_answer"))
    return None if answers[digest, signature] else check("holder.signature")
