"""Complete files, altered ones, and their dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rootseal.facts import Facts
from tests.support.world import DAY, START, World, address_of, key, rehome
from tests.vectors.cases.anchors import anchored, with_witness
from tests.vectors.cases.case import ENTRY, Case, W, case_of


def plain_cases() -> Iterator[tuple[str, Case]]:
    """Complete files that are right, and what is no file."""
    yield "complete file, issuer pinned", case_of(W, W.file(ENTRY), "issuer.pinned", "verified")
    yield (
        "complete file, issuer accredited",
        case_of(W, W.file(ENTRY), "issuer.accredited", "verified", policy=W.accreditor_policy),
    )
    yield "without a promise", case_of(W, W.file(ENTRY, promise=False), "anchor.ok", "verified")
    yield "every anchor named", case_of(W, W.file(0, anchors=(1, 2, 3)), "inclusion.ok", "verified")
    yield "another note", case_of(W, replace(W.file(ENTRY), note="Trust me\u001b[32m"), "format.ok", "verified")
    yield (
        "another transaction",
        case_of(W, anchored(W, lambda a: replace(a, transaction=bytes(32))), "anchor.ok", "verified"),
    )
    test = World()
    yield "development chain", case_of(test, test.file(ENTRY), "integrity.ok", "verified")
    yield "witness on another ledger", case_of(W, with_witness(), "status.ok", "verified")
    yield "not a file", case_of(W, b"PK\x03\x04", "format.malformed", "rejected")
    yield "a file that is cut short", case_of(W, W.file(ENTRY).to_bytes()[:-1], "integrity.unchecked", "rejected")
    yield "another format", case_of(W, b'{"format":"rootseal/credential/2"}', "inclusion.unchecked", "rejected")
    yield "an unknown member", case_of(W, W.file(0).to_bytes()[:-1] + b',"x":1}', "validity.unchecked", "rejected")
    yield "a thousand brackets", case_of(W, b"[" * 1000, "holder.unchecked", "rejected")


def altered_cases() -> Iterator[tuple[str, Case]]:
    """What stands in a file, altered."""
    file = W.file(ENTRY)
    document = W.entries[ENTRY].document
    subject = document["credentialSubject"]
    grade = {**document, "credentialSubject": {**subject, "result": [{"type": ["Result"], "value": "100"}]}}
    yield "grade altered", case_of(W, replace(file, credential=grade), "inclusion.mismatch", "rejected")
    yield "seed altered", case_of(W, replace(file, seed=bytes(32)), "inclusion.mismatch", "rejected")
    other = replace(file.subject, holder=address_of(key("thief")))
    yield "holder altered", case_of(W, replace(file, subject=other), "inclusion.mismatch", "rejected")
    dearer = replace(file.subject, credits=600)
    yield "credits altered", case_of(W, replace(file, subject=dearer), "integrity.credits", "rejected")
    yield (
        "no credits claimed for credits earned",
        case_of(
            W,
            replace(file, subject=replace(file.subject, credits=0, credit_id=bytes(16))),
            "inclusion.mismatch",
            "rejected",
        ),
    )
    nameless = dict(file.credential)
    del nameless["credentialSubject"]
    yield "no achievement", case_of(W, replace(file, credential=nameless), "integrity.document", "rejected")
    yield "altered: the middle is not judged", case_of(W, replace(file, seed=bytes(32)), "anchor.unchecked", "rejected")
    yield "altered: the issuer is not judged", case_of(W, replace(file, seed=bytes(32)), "issuer.unchecked", "rejected")
    yield "altered: the status is not judged", case_of(W, replace(file, seed=bytes(32)), "status.unchecked", "rejected")
    moved = replace(file, proofs=replace(file.proofs, index=ENTRY + 1))
    yield "another index", case_of(W, moved, "inclusion.mismatch", "rejected")
    beyond = replace(file, proofs=replace(file.proofs, index=200))
    yield "index beyond the log", case_of(W, beyond, "inclusion.index", "rejected")
    for name, home in (
        ("chain", replace(W.home, chain_id=1)),
        ("ledger", replace(W.home, ledger=bytes(19) + b"\1")),
        ("issuer", replace(W.home, issuer=2)),
    ):
        facts = Facts(
            {home.key: replace(W.ledger_facts(), chain_id=home.chain_id, ledger=home.ledger, issuer=home.issuer)}
        )
        yield f"another {name}", case_of(W, rehome(file, home), "inclusion.mismatch", "rejected", facts=facts)


def date_cases() -> Iterator[tuple[str, Case]]:
    """A credential with an end."""
    world = World(chain_id=100, until=START + 30 * DAY)
    file = world.file(ENTRY)
    yield "with an end", case_of(world, file, "validity.ok", "verified")
    yield "expired", case_of(world, file, "validity.expired", "rejected", on=START + 30 * DAY)
    yield "valid to the last second", case_of(world, file, "validity.ok", "verified", on=START + 30 * DAY - 1)
    yield "not valid yet", case_of(world, file, "validity.not_yet", "rejected", on=START - 30 * DAY - 1)
    yield "valid from the first second", case_of(world, file, "validity.ok", "verified", on=START - 30 * DAY)
