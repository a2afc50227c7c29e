"""Verifications with the code that each must show: tests run the table, `scripts/make_vectors.py` writes it down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from rootseal.anchoring import Anchor, Proofs
from rootseal.canonical import dumps
from rootseal.checks import Expected
from rootseal.facts import AnchorFact, DocumentFact, EvidenceFact, Facts, KeyFact, LedgerFacts, StatusEvent
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from rootseal.opened import CREDITS_PATH
from rootseal.policy import Policy
from rootseal.presentation import Presentation, PresentedCredential
from rootseal.typed_data import checkpoint_digest
from tests.support.world import AUDIENCE, DAY, NONCE, START, World, address_of, disclose, key, rehome, sign

__all__ = ["CASES", "Case"]

ASKED = Expected(AUDIENCE, NONCE)


@dataclass(frozen=True, slots=True)
class Case:
    """One call of `rootseal.verify`, its overall answer, and a code among the checks of `credential`."""

    data: bytes
    policy: Policy | None
    facts: Facts
    now: int
    code: str
    overall: str
    expected: Expected | None = None
    on: int | None = None
    credential: int = 0


def _cases() -> Iterator[tuple[str, Case]]:
    yield from _plain()
    yield from _altered()
    yield from _anchors()
    yield from _promises()
    yield from _issuers()
    yield from _status()
    yield from _dates()
    yield from _holders()
    yield from _presentations()
    yield from _in_time()


def _case(
    world: World,
    file: CredentialFile | Presentation | bytes,
    code: str,
    overall: str,
    ledger: LedgerFacts | None = None,
    **changes: Any,
) -> Case:
    data = file if isinstance(file, bytes) else file.to_bytes()
    case = Case(data, world.policy, world.facts(ledger), world.now, code, overall)
    return replace(case, **changes)


W = World(chain_id=100)
"""Thirteen entries in three anchors, on a chain that is not for tests."""
ENTRY = 4
"""The entry that most cases are about: in the second anchor."""


def _plain() -> Iterator[tuple[str, Case]]:
    yield "complete file, issuer pinned", _case(W, W.file(ENTRY), "issuer.pinned", "verified")
    yield (
        "complete file, issuer accredited",
        _case(W, W.file(ENTRY), "issuer.accredited", "verified", policy=W.accreditor_policy),
    )
    yield "without a promise", _case(W, W.file(ENTRY, promise=False), "anchor.ok", "verified")
    yield "every anchor named", _case(W, W.file(0, anchors=(1, 2, 3)), "inclusion.ok", "verified")
    yield "another note", _case(W, replace(W.file(ENTRY), note="Trust me\u001b[32m"), "format.ok", "verified")
    yield (
        "another transaction",
        _case(W, _anchored(W, lambda a: replace(a, transaction=bytes(32))), "anchor.ok", "verified"),
    )
    test = World()
    yield "development chain", _case(test, test.file(ENTRY), "integrity.ok", "verified")
    yield "witness on another ledger", _case(W, _with_witness(), "status.ok", "verified")
    yield "not a file", _case(W, b"PK\x03\x04", "format.malformed", "rejected")
    yield "a file that is cut short", _case(W, W.file(ENTRY).to_bytes()[:-1], "integrity.unchecked", "rejected")
    yield "another format", _case(W, b'{"format":"rootseal/credential/2"}', "inclusion.unchecked", "rejected")
    yield "an unknown member", _case(W, W.file(0).to_bytes()[:-1] + b',"x":1}', "validity.unchecked", "rejected")
    yield "a thousand brackets", _case(W, b"[" * 1000, "holder.unchecked", "rejected")


def _altered() -> Iterator[tuple[str, Case]]:
    file = W.file(ENTRY)
    document = W.entries[ENTRY].document
    subject = document["credentialSubject"]
    grade = {**document, "credentialSubject": {**subject, "result": [{"type": ["Result"], "value": "100"}]}}
    yield "grade altered", _case(W, replace(file, credential=grade), "inclusion.mismatch", "rejected")
    yield "seed altered", _case(W, replace(file, seed=bytes(32)), "inclusion.mismatch", "rejected")
    other = replace(file.subject, holder=address_of(key("thief")))
    yield "holder altered", _case(W, replace(file, subject=other), "inclusion.mismatch", "rejected")
    dearer = replace(file.subject, credits=600)
    yield "credits altered", _case(W, replace(file, subject=dearer), "integrity.credits", "rejected")
    yield (
        "no credits claimed for credits earned",
        _case(
            W,
            replace(file, subject=replace(file.subject, credits=0, credit_id=bytes(16))),
            "inclusion.mismatch",
            "rejected",
        ),
    )
    nameless = dict(file.credential)
    del nameless["credentialSubject"]
    yield "no achievement", _case(W, replace(file, credential=nameless), "integrity.document", "rejected")
    yield "altered: the middle is not judged", _case(W, replace(file, seed=bytes(32)), "anchor.unchecked", "rejected")
    yield "altered: the issuer is not judged", _case(W, replace(file, seed=bytes(32)), "issuer.unchecked", "rejected")
    yield "altered: the status is not judged", _case(W, replace(file, seed=bytes(32)), "status.unchecked", "rejected")
    moved = replace(file, proofs=replace(file.proofs, index=ENTRY + 1))
    yield "another index", _case(W, moved, "inclusion.mismatch", "rejected")
    beyond = replace(file, proofs=replace(file.proofs, index=200))
    yield "index beyond the log", _case(W, beyond, "inclusion.index", "rejected")
    for name, home in (
        ("chain", replace(W.home, chain_id=1)),
        ("ledger", replace(W.home, ledger=bytes(19) + b"\1")),
        ("issuer", replace(W.home, issuer=2)),
    ):
        facts = Facts(
            {home.key: replace(W.ledger_facts(), chain_id=home.chain_id, ledger=home.ledger, issuer=home.issuer)}
        )
        yield f"another {name}", _case(W, rehome(file, home), "inclusion.mismatch", "rejected", facts=facts)


def _anchored(
    world: World, change: Callable[[Anchor], Anchor], index: int = ENTRY, promise: bool = False
) -> CredentialFile:
    file = world.file(index, promise=promise)
    return replace(file, proofs=replace(file.proofs, anchors=tuple(change(a) for a in file.proofs.anchors)))


def _with_witness() -> CredentialFile:
    file = W.file(ENTRY)
    witness = replace(W.anchor(3, ENTRY), home=replace(W.home, chain_id=1, issuer=9), sequence=77)
    return replace(file, proofs=replace(file.proofs, anchors=(witness, *file.proofs.anchors)))


def _anchors() -> Iterator[tuple[str, Case]]:
    file = W.file(ENTRY, promise=False)
    root = file.proofs.anchors[0].root
    fact = W.anchor_facts()[root]
    assert fact is not None
    yield (
        "a root that the ledger has not",
        _case(W, file, "anchor.absent", "rejected", W.ledger_facts(anchors={**W.anchor_facts(), root: None})),
    )
    for name, change in (
        ("sequence", lambda a: replace(a, sequence=a.sequence + 1)),
        ("previous size", lambda a: replace(a, previous_size=a.previous_size - 1)),
    ):
        yield f"another {name}", _case(W, _anchored(W, change), "anchor.absent", "rejected")
    size = AnchorFact(fact.sequence, fact.size + 1, fact.previous_size, 0, fact.block)
    yield (
        "another size on the ledger",
        _case(W, file, "anchor.absent", "rejected", W.ledger_facts(anchors={**W.anchor_facts(), root: size})),
    )
    for name, change in (
        ("block number", lambda a: replace(a, block=replace(a.block, number=a.block.number + 1))),
        ("block hash", lambda a: replace(a, block=replace(a.block, hash=bytes(32)))),
        ("block time", lambda a: replace(a, block=replace(a.block, timestamp=a.block.timestamp - 1))),
    ):
        yield f"another {name}", _case(W, _anchored(W, change), "anchor.moved", "undetermined")
    early = replace(W.final, number=file.proofs.anchors[0].block.number - 1)
    yield (
        "the block is not final",
        _case(W, file, "anchor.not_final", "undetermined", W.ledger_facts(anchors={root: None}, final=early)),
    )
    yield (
        "found, but above the final head",
        _case(W, file, "anchor.not_final", "undetermined", W.ledger_facts(final=early)),
    )
    yield "only a later anchor", _case(W, W.file(0, anchors=(3,)), "anchor.introducing", "undetermined")
    yield (
        "only a witness",
        _case(
            W,
            replace(file, proofs=replace(file.proofs, anchors=_with_witness().proofs.anchors[:1])),
            "anchor.none",
            "undetermined",
        ),
    )
    yield (
        "neither promise nor anchor",
        _case(W, replace(file, proofs=Proofs(ENTRY, None, ())), "inclusion.none", "undetermined"),
    )
    yield "no chain", _case(W, file, "anchor.unreachable", "undetermined", facts=Facts())
    wrong = Facts(problems={W.home.key: "its genesis block is not the one in your policy."})
    yield "wrong chain", _case(W, file, "status.unreachable", "undetermined", facts=wrong)
    yield (
        "a publication that was not asked about",
        _case(W, file, "anchor.unreachable", "undetermined", W.ledger_facts(anchors={})),
    )
    known = {(*W.home.key, root): EvidenceFact(None, address_of(W.anchor_key), True)}
    proven = W.file(ENTRY, promise=False, evidence=True)
    yield "only a block hash", _case(W, proven, "anchor.block_hash", "undetermined", facts=Facts(evidence=known))
    unknown = {(*W.home.key, root): EvidenceFact(None, address_of(W.anchor_key), False)}
    yield (
        "evidence under an unknown block hash",
        _case(W, proven, "anchor.unreachable", "undetermined", facts=Facts(evidence=unknown)),
    )
    bad = {(*W.home.key, root): EvidenceFact("the receipt names another size")}
    yield "evidence of another publication", _case(W, proven, "anchor.evidence", "rejected", facts=Facts(evidence=bad))
    yield (
        "evidence that contradicts the ledger",
        _case(
            W,
            proven,
            "anchor.evidence",
            "rejected",
            facts=W.facts(evidence=EvidenceFact("the header has another hash")),
        ),
    )


def _promises() -> Iterator[tuple[str, Case]]:
    promised = W.file(ENTRY, anchors=())
    promise = promised.proofs.promise
    assert promise is not None
    none = W.ledger_facts(anchors={}, head_size=3)
    yield "promised", _case(W, promised, "anchor.pending", "undetermined", none, now=promise.anchor_by)
    yield (
        "promised, and the day is past",
        _case(W, promised, "anchor.overdue", "undetermined", none, now=promise.anchor_by + 1),
    )
    yield (
        "promised: the status does not reach so far",
        _case(W, promised, "status.unanchored", "undetermined", none, now=promise.anchor_by),
    )
    stranger = replace(promised, proofs=replace(promised.proofs, promise=W.promise(2, ENTRY, key("stranger"))))
    yield "promised by a stranger", _case(W, stranger, "anchor.promise", "rejected", none)
    clerk = replace(promised, proofs=replace(promised.proofs, promise=W.promise(2, ENTRY, W.status_key)))
    yield "promised by a key that may not anchor", _case(W, clerk, "anchor.promise", "rejected", none)
    later = replace(
        promised, proofs=replace(promised.proofs, promise=replace(promise, anchor_by=promise.anchor_by + 1))
    )
    yield "promise altered", _case(W, later, "anchor.promise", "rejected", none)
    stolen = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, W.now - 1)
    yield (
        "promised by a key declared stolen since",
        _case(W, promised, "anchor.none", "undetermined", W.ledger_facts(anchors={}, head_size=3, keys=(stolen,))),
    )
    yield "another log of the same size was promised", _case(W, _forked(), "anchor.equivocation", "undetermined")


def _forked() -> CredentialFile:
    """The entry at its place in the published log, and in another log of the same size that was promised."""
    file = W.file(ENTRY)
    size = W.sizes[1]
    leaves = [W.tree.leaf(i) for i in range(size)]
    leaves[0] = leaf_hash(b"another entry" + bytes(19))
    tree = Tree(leaves)
    promise = file.proofs.promise
    assert promise is not None
    digest = checkpoint_digest(W.home, size, tree.root(), promise.signed_at, promise.anchor_by)
    forked = replace(promise, root=tree.root(), path=tree.inclusion_path(ENTRY), signature=sign(W.anchor_key, digest))
    return replace(file, proofs=replace(file.proofs, promise=forked))


def _issuers() -> Iterator[tuple[str, Case]]:
    file, accredited = W.file(ENTRY), W.accreditor_policy
    time = W.block(2).timestamp
    yield "no policy", _case(W, file, "issuer.no_policy", "undetermined", policy=None)
    yield (
        "policy for another ledger",
        _case(W, file, "issuer.untrusted", "undetermined", policy=Policy((W.ledger_policy(address=bytes(20)),))),
    )
    yield (
        "policy for another issuer",
        _case(W, file, "issuer.untrusted", "undetermined", policy=Policy((W.ledger_policy(issuers=((2, "Other"),)),))),
    )
    for name, change in (
        ("accredited by a stranger", {"accreditor": bytes(20)}),
        ("accredited with another document", {"document_hash": bytes(32)}),
        ("accredited only later", {"since": time + 1}),
        ("accredited until then", {"valid_until": time}),
        ("accredited, and withdrawn before", {"ended_at": time}),
    ):
        ledger = W.ledger_facts(accreditations=(W.accreditation(**change),))
        yield name, _case(W, file, "issuer.untrusted", "undetermined", ledger, policy=accredited)
    lapsed = W.ledger_facts(accreditations=(W.accreditation(ended_at=time + 1),))
    yield "accreditation withdrawn after", _case(W, file, "issuer.accredited", "verified", lapsed, policy=accredited)
    yield (
        "accreditation withdrawn after, and asked for now",
        _case(W, file, "issuer.lapsed", "undetermined", lapsed, policy=replace(accredited, accredited_now=True)),
    )
    renewed = W.ledger_facts(
        accreditations=(W.accreditation(ended_at=time + 1, renewed=True), W.accreditation(since=time + 1))
    )
    yield (
        "accreditation renewed",
        _case(W, file, "issuer.accredited", "verified", renewed, policy=replace(accredited, accredited_now=True)),
    )
    yield "a clock behind the chain's", _case(
        W, file, "issuer.accredited", "verified", W.ledger_facts(accreditations=(W.accreditation(since=time),)),
        policy=accredited, now=time - 60,
    )  # fmt: skip
    yield "register not reached", _case(W, file, "issuer.unreachable", "undetermined", facts=Facts())
    yield (
        "unknown who published",
        _case(W, W.file(ENTRY, promise=False), "issuer.unreachable", "undetermined", W.ledger_facts(keys=())),
    )
    yield "publication not shown", _case(W, W.file(0, anchors=(3,)), "issuer.unanchored", "undetermined")
    yield (
        "without the issuer's document",
        _case(W, replace(file, issuer_document=None), "issuer.document_missing", "undetermined"),
    )
    renamed = replace(file, issuer_document={**W.issuer_document, "name": "A Better University"})
    yield "another issuer document", _case(W, renamed, "issuer.document", "undetermined")
    registered = DocumentFact(sha256(dumps(renamed.issuer_document)).digest(), time, W.block(2).number + 1)
    yield (
        "a document registered only later",
        _case(
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
        _case(
            W, renamed, "issuer.pinned", "verified", W.ledger_facts(documents=(*W.ledger_facts().documents, changed))
        ),
    )
    stranger = replace(file, issuer_document={**W.issuer_document, "id": "did:web:stranger.example"})
    yield "the document of another issuer", _case(W, stranger, "issuer.mismatch", "rejected")
    for name, since, code, overall in (
        ("published with a stolen key", time, "issuer.compromised", "rejected"),
        ("published before the key was stolen", time + 1, "issuer.pinned", "verified"),
    ):
        thief = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, since)
        yield name, _case(W, file, code, overall, W.ledger_facts(keys=(thief,)))
    retired = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, 0)
    yield "key retired since", _case(W, file, "issuer.pinned", "verified", W.ledger_facts(keys=(retired,)))
    impostor = World(chain_id=100, ledger=bytes(19) + b"\7", name="impostor")
    yield (
        "the same name on a stranger's ledger",
        _case(impostor, impostor.file(ENTRY), "issuer.untrusted", "undetermined", policy=W.policy),
    )


def _status() -> Iterator[tuple[str, Case]]:
    file = W.file(ENTRY)
    yield "revoked", _case(W, file, "status.revoked", "rejected", W.ledger_facts(revoked=(ENTRY,)))
    yield "suspended", _case(W, file, "status.suspended", "rejected", W.ledger_facts(suspended=(ENTRY,)))
    others = [i for i in range(13) if i != ENTRY]
    yield (
        "all others revoked",
        _case(W, file, "status.ok", "verified", W.ledger_facts(revoked=others, suspended=others)),
    )
    yield "status too old", _case(W, file, "status.stale", "undetermined", now=W.final.timestamp + 60 + DAY + 1)
    yield (
        "revoked, though the status is old",
        _case(W, file, "status.revoked", "rejected", W.ledger_facts(revoked=(ENTRY,)), now=W.now + 1000 * DAY),
    )
    yield "status just fresh enough", _case(W, file, "status.ok", "verified", now=W.final.timestamp + 60 + DAY)
    yield "no status map", _case(W, file, "status.unreachable", "undetermined", W.ledger_facts(status=None))
    yield (
        "the head does not reach the index",
        _case(W, file, "status.unanchored", "undetermined", W.ledger_facts(head_size=ENTRY)),
    )
    adrift = replace(file, proofs=Proofs(0, None, ()))
    yield (
        "an index that nothing shows",
        _case(W, adrift, "status.unanchored", "undetermined", W.ledger_facts(revoked=range(13))),
    )


def _dates() -> Iterator[tuple[str, Case]]:
    world = World(chain_id=100, until=START + 30 * DAY)
    file = world.file(ENTRY)
    yield "with an end", _case(world, file, "validity.ok", "verified")
    yield "expired", _case(world, file, "validity.expired", "rejected", on=START + 30 * DAY)
    yield "valid to the last second", _case(world, file, "validity.ok", "verified", on=START + 30 * DAY - 1)
    yield "not valid yet", _case(world, file, "validity.not_yet", "rejected", on=START - 30 * DAY - 1)
    yield "valid from the first second", _case(world, file, "validity.ok", "verified", on=START - 30 * DAY)


def _holders() -> Iterator[tuple[str, Case]]:
    shown = W.presented(ENTRY, disclose("name"))
    signer = W.holder(ENTRY)
    answer = W.answer([shown], signer)
    ask: dict[str, Any] = {"expected": ASKED}
    yield "presented and answered", _case(W, answer, "holder.ok", "verified", **ask)
    yield "presented, nobody asked", _case(W, Presentation((shown,)), "holder.absent", "verified")
    yield "an answer that nobody asked for", _case(W, answer, "holder.unasked", "undetermined")
    yield "the answer was taken away", _case(W, Presentation((shown,)), "holder.absent", "undetermined", **ask)
    required = replace(W.policy, holder_required=True)
    yield "policy asks, no answer", _case(W, Presentation((shown,)), "holder.absent", "undetermined", policy=required)
    yield "policy asks, complete file", _case(W, W.file(ENTRY), "holder.absent", "undetermined", policy=required)
    hidden = W.presented(ENTRY, subject=False)
    yield "subject hidden", _case(W, W.answer([hidden], signer), "holder.hidden", "undetermined", **ask)
    free = World(chain_id=100, holders=False)
    yield (
        "issued to no key",
        _case(free, free.answer([free.presented(ENTRY)], signer), "holder.none", "undetermined", **ask),
    )
    yield "signed by another", _case(W, W.answer([shown], key("thief")), "holder.signature", "rejected", **ask)
    assert answer.holder is not None
    twice = replace(answer, holder=replace(answer.holder, signatures=answer.holder.signatures * 2))
    yield "a signature too many", _case(W, twice, "holder.signature", "rejected", **ask)
    moved = replace(answer, holder=replace(answer.holder, expires=answer.holder.expires + 1))
    yield "the answer's end altered", _case(W, moved, "holder.signature", "rejected", **ask)
    noted = replace(answer, note="another note")
    yield "the note of a signed answer altered", _case(W, noted, "holder.signature", "rejected", **ask)
    yield (
        "answered to somebody else",
        _case(W, W.answer([shown], signer, audience="other.example"), "holder.audience", "rejected", **ask),
    )
    yield (
        "answer to another question",
        _case(W, W.answer([shown], signer, nonce="n-0"), "holder.nonce", "rejected", **ask),
    )
    yield (
        "answer expired",
        _case(W, W.answer([shown], signer, created=W.now - 600), "holder.expired", "rejected", **ask),
    )
    yield (
        "answer not yet made",
        _case(W, W.answer([shown], signer, created=W.now + 1), "holder.not_yet", "rejected", **ask),
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
        yield name, _case(W, contract, code, overall, W.ledger_facts(contract_wallets=answers), **ask)
    yield (
        "perhaps a contract wallet, no chain",
        _case(W, contract, "holder.contract", "undetermined", facts=Facts(), **ask),
    )


def _presentations() -> Iterator[tuple[str, Case]]:
    two = [W.presented(ENTRY, disclose("name")), W.presented(2)]
    both = W.answer(two, W.holder(ENTRY), W.holder(2))
    yield "two credentials of two holders", _case(W, both, "holder.ok", "verified", expected=ASKED)
    mixed = Presentation((W.presented(0), W.presented(ENTRY)))
    yield (
        "two credentials, one revoked",
        _case(W, mixed, "status.revoked", "rejected", W.ledger_facts(revoked=(ENTRY,)), credential=1),
    )
    yield (
        "everything hidden that may be",
        _case(W, Presentation((W.presented(subject=False),)), "inclusion.ok", "verified"),
    )
    dated = World(chain_id=100, until=START + 30 * DAY)
    shown = dated.presented(ENTRY, disclose("validUntil", "validFrom"))
    for name, until in (("end taken away", 0), ("end moved", START + 31 * DAY)):
        yield name, _case(dated, Presentation((replace(shown, valid_until=until),)), "integrity.dates", "rejected")
    bare = dated.presented(ENTRY)
    yield (
        "hidden end taken away",
        _case(dated, Presentation((replace(bare, valid_until=0),)), "inclusion.mismatch", "rejected"),
    )
    yield "value altered", _case(W, Presentation((_other_value(two[0]),)), "inclusion.mismatch", "rejected")
    salted = replace(two[0], shown=tuple(replace(s, salt=bytes(16)) for s in two[0].shown))
    yield "salts altered", _case(W, Presentation((salted,)), "inclusion.mismatch", "rejected")
    turned = replace(two[0], hidden=tuple(reversed(two[0].hidden)))
    yield "hidden roots turned round", _case(W, Presentation((turned,)), "inclusion.mismatch", "rejected")
    assert isinstance(two[0].subject, tuple)
    subject, salt = two[0].subject
    dearer = replace(two[0], subject=(replace(subject, credits=600), salt))
    yield "credits shown differ from credits held", _case(W, Presentation((dearer,)), "integrity.credits", "rejected")
    short = replace(two[0], hidden=two[0].hidden[:-1])
    yield "a hidden root too few", _case(W, Presentation((short,)), "format.malformed", "rejected")
    long = replace(two[0], hidden=(*two[0].hidden, bytes(32)))
    yield "a hidden root too many", _case(W, Presentation((long,)), "format.malformed", "rejected")
    creditless = replace(two[0], shown=tuple(s for s in two[0].shown if s.claim.path != CREDITS_PATH))
    yield "credits held, not shown", _case(W, Presentation((creditless,)), "format.malformed", "rejected")


def _other_value(credential: PresentedCredential) -> PresentedCredential:
    shown = tuple(
        replace(s, claim=replace(s.claim, value="Rocket science")) if s.claim.path == ("name",) else s
        for s in credential.shown
    )
    return replace(credential, shown=shown)


def _in_time() -> Iterator[tuple[str, Case]]:
    """Judged by the introducing anchor: what a thief entered stays false, what a closed school issued stays true."""
    stolen = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, W.block(1).timestamp)
    fresh = KeyFact(address_of(key("the new key")), 1, START - 60 * DAY, 0, 0)
    anchors = {
        root: None if fact is None else replace(fact, key_index=0 if fact.sequence == 1 else 1)
        for root, fact in W.anchor_facts().items()
    }
    recovered = W.ledger_facts(keys=(stolen, fresh), anchors=anchors)
    fake = W.file(0, anchors=(1, 2, 3), promise=False)
    yield "a thief's entry under later good anchors", _case(W, fake, "issuer.compromised", "rejected", recovered)
    later = W.file(0, anchors=(2, 3), promise=False)
    yield "a thief's entry, only later anchors named", _case(W, later, "anchor.introducing", "undetermined", recovered)
    yield "an entry after the thief was shut out", _case(
        W, W.file(ENTRY, promise=False), "issuer.pinned", "verified", recovered
    )  # fmt: skip
    yield from _closed_school()
    yield from _asked_of_a_day()


def _closed_school() -> Iterator[tuple[str, Case]]:
    end, now = W.now + DAY, W.now + 4000 * DAY
    retired = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, end, 0)
    gone = DocumentFact(bytes(32), end, W.final.number + 100)
    head = replace(W.final, number=W.final.number + 9000, timestamp=now - 60)
    status = W.ledger_facts().status
    assert status is not None
    closed = W.ledger_facts(
        keys=(retired,),
        documents=(*W.ledger_facts().documents, gone),
        accreditations=(W.accreditation(ended_at=end),),
        final=head,
        status=replace(status, block=head),
    )
    trusting = W.accreditor_policy
    file = W.file(ENTRY)
    yield "a school that closed years ago", _case(
        W, file, "issuer.accredited", "verified", closed, policy=trusting, now=now
    )  # fmt: skip
    yield "a school that closed years ago, and accredited now is asked", _case(
        W, file, "issuer.lapsed", "undetermined", closed, policy=replace(trusting, accredited_now=True), now=now
    )  # fmt: skip
    yield "a school that closed years ago, on a day when it ran", _case(
        W, file, "issuer.accredited", "verified", closed, policy=trusting, now=now, on=W.now
    )  # fmt: skip


def _asked_of_a_day() -> Iterator[tuple[str, Case]]:
    bit, time = 1 << ENTRY, W.block(3).timestamp
    events = (StatusEvent(time, 1, 0, bit), StatusEvent(time + 100, 1, 0, 0), StatusEvent(time + 200, 0, 0, bit))
    revoked = W.ledger_facts(revoked=(ENTRY,), status_events=events)
    file = W.file(ENTRY)
    for name, at in (
        ("before", time - 1),
        ("while suspended", time),
        ("after", time + 150),
        ("when revoked", time + 300),
    ):
        yield f"revoked, asked of a time {name}", _case(W, file, "status.revoked", "rejected", revoked, on=at)
    yield "asked of a day before it was published", _case(
        W, file, "status.ok", "verified", W.ledger_facts(status_events=()), on=W.block(2).timestamp - 1
    )  # fmt: skip
    yield "asked of a day, without events", _case(W, file, "status.ok", "verified", on=W.block(3).timestamp)
    withheld = W.ledger_facts(revoked=(ENTRY,), status_events=events[:2])
    yield "asked of a day, events withheld", _case(W, file, "status.revoked", "rejected", withheld, on=time)
    yield "asked of a day to come", _case(
        W, file, "status.ok", "verified", W.ledger_facts(status_events=()), on=W.now + DAY
    )  # fmt: skip


CASES: dict[str, Case] = {}
for _name, _made in _cases():
    assert _name not in CASES, _name
    CASES[_name] = _made
