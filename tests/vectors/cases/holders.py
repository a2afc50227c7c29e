"""Who shows a credential, and what a presentation shows and hides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rootseal.facts import Facts
from rootseal.opened import CREDITS_PATH
from rootseal.presentation import Presentation, PresentedCredential
from tests.support.world import DAY, START, World, address_of, disclose, key
from tests.vectors.cases.case import ASKED, ENTRY, Case, W, case_of


def holder_cases() -> Iterator[tuple[str, Case]]:
    """An answer to a verifier's question, and who signed it."""
    shown = W.presented(ENTRY, disclose("name"))
    signer = W.holder(ENTRY)
    answer = W.answer([shown], signer)
    ask: dict[str, Any] = {"expected": ASKED}
    yield "presented and answered", case_of(W, answer, "holder.ok", "verified", **ask)
    yield "presented, nobody asked", case_of(W, Presentation((shown,)), "holder.absent", "verified")
    yield "an answer that nobody asked for", case_of(W, answer, "holder.unasked", "undetermined")
    yield "the answer was taken away", case_of(W, Presentation((shown,)), "holder.absent", "undetermined", **ask)
    required = replace(W.policy, holder_required=True)
    yield "policy asks, no answer", case_of(W, Presentation((shown,)), "holder.absent", "undetermined", policy=required)
    yield "policy asks, complete file", case_of(W, W.file(ENTRY), "holder.absent", "undetermined", policy=required)
    hidden = W.presented(ENTRY, subject=False)
    yield "subject hidden", case_of(W, W.answer([hidden], signer), "holder.hidden", "undetermined", **ask)
    free = World(chain_id=100, holders=False)
    yield (
        "issued to no key",
        case_of(free, free.answer([free.presented(ENTRY)], signer), "holder.none", "undetermined", **ask),
    )
    yield "signed by another", case_of(W, W.answer([shown], key("thief")), "holder.signature", "rejected", **ask)
    assert answer.holder is not None
    twice = replace(answer, holder=replace(answer.holder, signatures=answer.holder.signatures * 2))
    yield "a signature too many", case_of(W, twice, "holder.signature", "rejected", **ask)
    moved = replace(answer, holder=replace(answer.holder, expires=answer.holder.expires + 1))
    yield "the answer's end altered", case_of(W, moved, "holder.signature", "rejected", **ask)
    noted = replace(answer, note="another note")
    yield "the note of a signed answer altered", case_of(W, noted, "holder.signature", "rejected", **ask)
    yield (
        "answered to somebody else",
        case_of(W, W.answer([shown], signer, audience="other.example"), "holder.audience", "rejected", **ask),
    )
    yield (
        "answer to another question",
        case_of(W, W.answer([shown], signer, nonce="n-0"), "holder.nonce", "rejected", **ask),
    )
    yield (
        "answer expired",
        case_of(W, W.answer([shown], signer, created=W.now - 600), "holder.expired", "rejected", **ask),
    )
    yield (
        "answer not yet made",
        case_of(W, W.answer([shown], signer, created=W.now + 1), "holder.not_yet", "rejected", **ask),
    )
    contract = W.answer([shown], key("owner of the wallet"))
    assert contract.holder is not None
    digest, signature = contract.holder.digest(contract.digest), contract.holder.signatures[0]
    wallet = address_of(signer)
    for name, answers, code, overall in (
        ("a contract wallet agrees", {wallet: {(digest, signature): True}}, "holder.ok", "verified"),
        ("a contract wallet refuses", {wallet: {(digest, signature): False}}, "holder.signature", "rejected"),
        ("a contract wallet is silent", {wallet: {}}, "holder.contract", "undetermined"),
        ("perhaps a contract wallet, not asked", {}, "holder.contract", "undetermined"),
        ("no contract wallet", {wallet: None}, "holder.signature", "rejected"),
    ):
        yield name, case_of(W, contract, code, overall, W.ledger_facts(contract_wallets=answers), **ask)
    yield (
        "perhaps a contract wallet, no chain",
        case_of(W, contract, "holder.contract", "undetermined", facts=Facts(), **ask),
    )


def presentation_cases() -> Iterator[tuple[str, Case]]:
    """What is shown, hidden or altered in a presentation."""
    two = [W.presented(ENTRY, disclose("name")), W.presented(2)]
    both = W.answer(two, W.holder(ENTRY), W.holder(2))
    yield "two credentials of two holders", case_of(W, both, "holder.ok", "verified", expected=ASKED)
    mixed = Presentation((W.presented(0), W.presented(ENTRY)))
    yield (
        "two credentials, one revoked",
        case_of(W, mixed, "status.revoked", "rejected", W.ledger_facts(revoked=(ENTRY,)), credential=1),
    )
    yield (
        "everything hidden that may be",
        case_of(W, Presentation((W.presented(subject=False),)), "inclusion.ok", "verified"),
    )
    dated = World(chain_id=100, until=START + 30 * DAY)
    shown = dated.presented(ENTRY, disclose("validUntil", "validFrom"))
    for name, until in (("end taken away", 0), ("end moved", START + 31 * DAY)):
        yield name, case_of(dated, Presentation((replace(shown, valid_until=until),)), "integrity.dates", "rejected")
    bare = dated.presented(ENTRY)
    yield (
        "hidden end taken away",
        case_of(dated, Presentation((replace(bare, valid_until=0),)), "inclusion.mismatch", "rejected"),
    )
    yield "value altered", case_of(W, Presentation((_other_value(two[0]),)), "inclusion.mismatch", "rejected")
    salted = replace(two[0], shown=tuple(replace(s, salt=bytes(16)) for s in two[0].shown))
    yield "salts altered", case_of(W, Presentation((salted,)), "inclusion.mismatch", "rejected")
    turned = replace(two[0], hidden=tuple(reversed(two[0].hidden)))
    yield "hidden roots turned round", case_of(W, Presentation((turned,)), "inclusion.mismatch", "rejected")
    assert isinstance(two[0].subject, tuple)
    subject, salt = two[0].subject
    dearer = replace(two[0], subject=(replace(subject, credits=600), salt))
    yield "credits shown differ from credits held", case_of(W, Presentation((dearer,)), "integrity.credits", "rejected")
    short = replace(two[0], hidden=two[0].hidden[:-1])
    yield "a hidden root too few", case_of(W, Presentation((short,)), "format.malformed", "rejected")
    long = replace(two[0], hidden=(*two[0].hidden, bytes(32)))
    yield "a hidden root too many", case_of(W, Presentation((long,)), "format.malformed", "rejected")
    creditless = replace(two[0], shown=tuple(s for s in two[0].shown if s.claim.path != CREDITS_PATH))
    yield "credits held, not shown", case_of(W, Presentation((creditless,)), "format.malformed", "rejected")


def _other_value(credential: PresentedCredential) -> PresentedCredential:
    shown = tuple(
        replace(s, claim=replace(s.claim, value="Rocket science")) if s.claim.path == ("name",) else s
        for s in credential.shown
    )
    return replace(credential, shown=shown)
