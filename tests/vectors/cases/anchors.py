"""What was published, what was only promised, and what witnesses say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rootseal.anchoring import Anchor, Proofs
from rootseal.facts import AnchorFact, EvidenceFact, Facts, KeyFact
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from rootseal.typed_data import checkpoint_digest
from tests.support.world import DAY, START, World, address_of, key, sign
from tests.vectors.cases.case import ENTRY, Case, W, case_of


def anchored(
    world: World, change: Callable[[Anchor], Anchor], index: int = ENTRY, promise: bool = False
) -> CredentialFile:
    """The entry's file with every anchor changed."""
    file = world.file(index, promise=promise)
    return replace(file, proofs=replace(file.proofs, anchors=tuple(change(a) for a in file.proofs.anchors)))


def with_witness() -> CredentialFile:
    """The entry's file with an anchor on another ledger before its own."""
    file = W.file(ENTRY)
    witness = replace(W.anchor(3, ENTRY), home=replace(W.home, chain_id=1, issuer=9), sequence=77)
    return replace(file, proofs=replace(file.proofs, anchors=(witness, *file.proofs.anchors)))


def anchor_cases() -> Iterator[tuple[str, Case]]:
    """The publication that a file names, and what the ledger says of it."""
    file = W.file(ENTRY, promise=False)
    root = file.proofs.anchors[0].root
    fact = W.anchor_facts()[root]
    assert fact is not None
    yield (
        "a root that the ledger has not",
        case_of(W, file, "anchor.absent", "rejected", W.ledger_facts(anchors={**W.anchor_facts(), root: None})),
    )
    for name, change in (
        ("sequence", lambda a: replace(a, sequence=a.sequence + 1)),
        ("previous size", lambda a: replace(a, previous_size=a.previous_size - 1)),
    ):
        yield f"another {name}", case_of(W, anchored(W, change), "anchor.absent", "rejected")
    size = AnchorFact(fact.sequence, fact.size + 1, fact.previous_size, 0, fact.block)
    yield (
        "another size on the ledger",
        case_of(W, file, "anchor.absent", "rejected", W.ledger_facts(anchors={**W.anchor_facts(), root: size})),
    )
    for name, change in (
        ("block number", lambda a: replace(a, block=replace(a.block, number=a.block.number + 1))),
        ("block hash", lambda a: replace(a, block=replace(a.block, hash=bytes(32)))),
        ("block time", lambda a: replace(a, block=replace(a.block, timestamp=a.block.timestamp - 1))),
    ):
        yield f"another {name}", case_of(W, anchored(W, change), "anchor.moved", "undetermined")
    early = replace(W.final, number=file.proofs.anchors[0].block.number - 1)
    yield (
        "the block is not final",
        case_of(W, file, "anchor.not_final", "undetermined", W.ledger_facts(anchors={root: None}, final=early)),
    )
    yield (
        "found, but above the final head",
        case_of(W, file, "anchor.not_final", "undetermined", W.ledger_facts(final=early)),
    )
    yield "only a later anchor", case_of(W, W.file(0, anchors=(3,)), "anchor.introducing", "undetermined")
    yield (
        "only a witness",
        case_of(
            W,
            replace(file, proofs=replace(file.proofs, anchors=with_witness().proofs.anchors[:1])),
            "anchor.none",
            "undetermined",
        ),
    )
    yield (
        "neither promise nor anchor",
        case_of(W, replace(file, proofs=Proofs(ENTRY, None, ())), "inclusion.none", "undetermined"),
    )
    yield "no chain", case_of(W, file, "anchor.unreachable", "undetermined", facts=Facts())
    wrong = Facts(problems={W.home.key: "its genesis block is not the one in your policy."})
    yield "wrong chain", case_of(W, file, "status.unreachable", "undetermined", facts=wrong)
    yield (
        "a publication that was not asked about",
        case_of(W, file, "anchor.unreachable", "undetermined", W.ledger_facts(anchors={})),
    )
    known = {(*W.home.key, root): EvidenceFact(None, address_of(W.anchor_key), True)}
    proven = W.file(ENTRY, promise=False, evidence=True)
    yield "only a block hash", case_of(W, proven, "anchor.block_hash", "undetermined", facts=Facts(evidence=known))
    unknown = {(*W.home.key, root): EvidenceFact(None, address_of(W.anchor_key), False)}
    yield (
        "evidence under an unknown block hash",
        case_of(W, proven, "anchor.unreachable", "undetermined", facts=Facts(evidence=unknown)),
    )
    bad = {(*W.home.key, root): EvidenceFact("the receipt names another size")}
    yield (
        "evidence of another publication",
        case_of(W, proven, "anchor.evidence", "rejected", facts=Facts(evidence=bad)),
    )
    yield (
        "evidence that contradicts the ledger",
        case_of(
            W,
            proven,
            "anchor.evidence",
            "rejected",
            facts=W.facts(evidence=EvidenceFact("the header has another hash")),
        ),
    )


def promise_cases() -> Iterator[tuple[str, Case]]:
    """Promised, and published late, otherwise or not at all."""
    promised = W.file(ENTRY, anchors=())
    promise = promised.proofs.promise
    assert promise is not None
    none = W.ledger_facts(anchors={}, head_size=3)
    yield "promised", case_of(W, promised, "anchor.pending", "undetermined", none, now=promise.anchor_by)
    yield (
        "promised, and the day is past",
        case_of(W, promised, "anchor.overdue", "undetermined", none, now=promise.anchor_by + 1),
    )
    yield (
        "promised: the status does not reach so far",
        case_of(W, promised, "status.unanchored", "undetermined", none, now=promise.anchor_by),
    )
    stranger = replace(promised, proofs=replace(promised.proofs, promise=W.promise(2, ENTRY, key("stranger"))))
    yield "promised by a stranger", case_of(W, stranger, "anchor.promise", "rejected", none)
    clerk = replace(promised, proofs=replace(promised.proofs, promise=W.promise(2, ENTRY, W.status_key)))
    yield "promised by a key that may not anchor", case_of(W, clerk, "anchor.promise", "rejected", none)
    later = replace(
        promised, proofs=replace(promised.proofs, promise=replace(promise, anchor_by=promise.anchor_by + 1))
    )
    yield "promise altered", case_of(W, later, "anchor.promise", "rejected", none)
    stolen = KeyFact(address_of(W.anchor_key), 1, START - 60 * DAY, W.now, W.now - 1)
    yield (
        "promised by a key declared stolen since",
        case_of(W, promised, "anchor.none", "undetermined", W.ledger_facts(anchors={}, head_size=3, keys=(stolen,))),
    )
    yield "another log of the same size was promised", case_of(W, _forked(), "anchor.equivocation", "undetermined")


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
