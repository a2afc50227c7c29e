"""Whom the verifier trusts, and the issuer's documents and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from rootseal.canonical import dumps
from rootseal.facts import DocumentFact, Facts, KeyFact
from rootseal.policy import Policy
from tests.support.world import DAY, START, World, address_of
from tests.vectors.cases.case import ENTRY, Case, W, case_of


def issuer_cases() -> Iterator[tuple[str, Case]]:
    """Pinned, accredited, or neither."""
    file, accredited = W.file(ENTRY), W.accreditor_policy
    time = W.block(2).timestamp
    yield "no policy", case_of(W, file, "issuer.no_policy", "undetermined", policy=None)
    yield (
        "policy for another ledger",
        case_of(W, file, "issuer.untrusted", "undetermined", policy=Policy((W.ledger_policy(address=bytes(20)),))),
    )
    yield (
        "policy for another issuer",
        case_of(
            W, file, "issuer.untrusted", "undetermined", policy=Policy((W.ledger_policy(issuers=((2, "Other"),)),))
        ),
    )
    for name, change in (
        ("accredited by a stranger", {"accreditor": bytes(20)}),
        ("accredited with another document", {"document_hash": bytes(32)}),
        ("accredited only later", {"since": time + 1}),
        ("accredited until then", {"valid_until": time}),
        ("accredited, and withdrawn before", {"ended_at": time}),
    ):
        ledger = W.ledger_facts(accreditations=(W.accreditation(**change),))
        yield name, case_of(W, file, "issuer.untrusted", "undetermined", ledger, policy=accredited)
    lapsed = W.ledger_facts(accreditations=(W.accreditation(ended_at=time + 1),))
    yield "accreditation withdrawn after", case_of(W, file, "issuer.accredited", "verified", lapsed, policy=accredited)
    yield (
        "accreditation withdrawn after, and asked for now",
        case_of(W, file, "issuer.lapsed", "undetermined", lapsed, policy=replace(accredited, accredited_now=True)),
    )
    renewed = W.ledger_facts(
        accreditations=(W.accreditation(ended_at=time + 1, renewed=True), W.accreditation(since=time + 1))
    )
    yield (
        "accreditation renewed",
        case_of(W, file, "issuer.accredited", "verified", renewed, policy=replace(accredited, accredited_now=True)),
    )
    yield "a clock behind the chain's", case_of(
        W, file, "issuer.accredited", "verified", W.ledger_facts(accreditations=(W.accreditation(since=time),)),
        policy=accredited, now=time - 60,
    )  # fmt: skip
    yield "register not reached", case_of(W, file, "issuer.unreachable", "undetermined", facts=Facts())
    yield (
        "unknown who published",
        case_of(W, W.file(ENTRY, promise=False), "issuer.unreachable", "undetermined", W.ledger_facts(keys=())),
    )
    yield "publication not shown", case_of(W, W.file(0, anchors=(3,)), "issuer.unanchored", "undetermined")
    yield (
        "without the issuer's document",
        case_of(W, replace(file, issuer_document=None), "issuer.document_missing", "undetermined"),
    )
    renamed = replace(file, issuer_document={**W.issuer_document, "name": "A Better University"})
    yield "another issuer document", case_of(W, renamed, "issuer.document", "undetermined")
    registered = DocumentFact(sha256(dumps(renamed.issuer_document)).digest(), time, W.block(2).number + 1)
    yield (
        "a document registered only later",
        case_of(
            W,
            renamed,
            "issuer.document",
            "undetermined",
            W.ledger_facts(documents=(*W.ledger_facts().documents, registered)),
        ),
    )
    changed = DocumentFact(registered.document_hash, time, W.block(2).number)
    yield (
        "a document registered in that very block",
        case_of(
            W, renamed, "issuer.pinned", "verified", W.ledger_facts(documents=(*W.ledger_facts().documents, changed))
        ),
    )
    stranger = replace(file, issuer_document={**W.issuer_document, "id": "did:web:stranger.example"})
    yield "the document of another issuer", case_of(W, stranger, "issuer.mismatch", "rejected")
    for name, since, code, overall in (
        ("published with a stolen key", time, "issuer.compromised", "rejected"),
        ("published before the key was stolen", time + 1, "issuer.pinned", "verified"),
    ):
        thief = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, since)
        yield name, case_of(W, file, code, overall, W.ledger_facts(keys=(thief,)))
    retired = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, 0)
    yield "key retired since", case_of(W, file, "issuer.pinned", "verified", W.ledger_facts(keys=(retired,)))
    impostor = World(chain_id=100, ledger=bytes(19) + b"\7", name="impostor")
    yield (
        "the same name on a stranger's ledger",
        case_of(impostor, impostor.file(ENTRY), "issuer.untrusted", "undetermined", policy=W.policy),
    )
