"""Which of two accounts of a publication stands: what the chain confirms, whoever told it.

Pure, but for `complete`, which looks up what the chain has beside an account (transaction, evidence). A
false answer changes nothing; a false account that is in the file already gives way to the confirmed one,
so that no lie, once kept, lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rootseal.anchoring import Anchor, BlockRef, Evidence, Promise, Proofs
from rootseal.commitment import Home
from rootseal.errors import VerificationError
from rootseal.ethereum import recover
from rootseal.facts import AnchorFact, LedgerFacts
from rootseal.files import CredentialFile
from rootseal.merkle import leaf_hash, root_from_inclusion
from rootseal.typed_data import checkpoint_digest
from wallet.merging import in_order, other_place
from wallet.phrases import Phrase

__all__ = ["Complete", "Known", "is_confirmed", "settle"]

_ANCHOR_ROLE = 1

# For each home that was asked, what it says, or a sentence why it says nothing.
Known = Mapping[Home, LedgerFacts | str]
Complete = Callable[[Anchor], Anchor]
_Key = tuple[Home, bytes]


def settle(
    ours: CredentialFile, theirs: CredentialFile, known: Known, complete: Complete
) -> tuple[CredentialFile, tuple[str, ...]]:
    """`ours`, corrected and completed by what the chain confirms of both accounts; and what is to be told.

    Both must be the same credential and prove themselves; `known` must hold the facts of their home, asked
    about every root and promise of both. The issuer document is not looked at. Raises `VerificationError`
    where `theirs` is false, or where nothing can take the place of what is false in `ours`.
    """
    facts = known[ours.home]
    assert isinstance(facts, LedgerFacts)
    notes: list[str] = []
    if ours.proofs.index != theirs.proofs.index:
        ours = _at_their_place(ours, theirs, facts, notes)
    settling = _Settling(ours, theirs, known, complete, notes)
    anchors = settling.anchors()
    promise = settling.promise(anchors)
    return ours.with_proofs(Proofs(ours.proofs.index, promise, anchors), ours.issuer_document), tuple(notes)


def is_confirmed(anchor: Anchor, facts: LedgerFacts) -> bool:
    """True iff the ledger at its final head tells this publication in the same way."""
    fact = facts.anchors.get(anchor.root)
    return fact is not None and _account(anchor) == _told(fact)


@dataclass(frozen=True, slots=True)
class _Settling:
    """One credential's two accounts, and the notes that grow while they are compared."""

    ours: CredentialFile
    theirs: CredentialFile
    known: Known
    complete: Complete
    notes: list[str]

    def anchors(self) -> tuple[Anchor, ...]:
        home, index = self.ours.home, self.ours.proofs.index
        held, told = _by_root(self.ours.proofs), _by_root(self.theirs.proofs)
        standing: list[Anchor] = []
        doubtful: list[Anchor] = []
        for key in {**held, **told}:
            mine, found = held.get(key), self._settled(held.get(key), told.get(key))
            if found is not None:
                standing.append(found)
            elif mine is not None:
                doubtful.append(mine)
        standing += self._kept_promises({**held, **told})
        introducing = [a for a in standing if a.home == home and a.introduces(index)]
        if introducing:  # one is all that a ledger can have: what else claims to stand there is told by the file alone
            self.notes.extend(_dropped(anchor) for anchor in doubtful if anchor.home == home)
            doubtful = [anchor for anchor in doubtful if anchor.home != home]
        return in_order(home, index, [*standing, *doubtful])

    def promise(self, anchors: tuple[Anchor, ...]) -> Promise | None:
        """The first promise stays, as the one that can be broken; unless it is none of the issuer's."""
        ours, theirs = self.ours.proofs.promise, self.theirs.proofs.promise
        if self._is_issuers(ours):
            return ours
        better = theirs if self._is_issuers(theirs) else None
        if ours is None:
            if theirs is not None and better is None:
                raise VerificationError("anchor.promise", Phrase("its promise was not signed by a key of this issuer"))
            return better
        home, index = self.ours.home, self.ours.proofs.index
        published = any(a.home == home and a.introduces(index) and self._confirms(a) for a in anchors)
        if better is None and not published:
            return ours
        self.notes.append(
            Phrase("The promise in the file was not signed by a key of this issuer; it was removed.")
            if better is None
            else Phrase(
                "The promise in the file was not signed by a key of this issuer; it was replaced by the issuer's."
            )
        )
        return better

    def _settled(self, ours: Anchor | None, theirs: Anchor | None) -> Anchor | None:
        """The account that stands; None where the chain confirms none."""
        some = ours or theirs
        assert some is not None
        facts = self.known.get(some.home, Phrase("it was not asked."))
        if isinstance(facts, str):  # a witness: it changes no verdict
            if ours is None:
                said = "A witness on another ledger was not added, for it could not be checked: {reason}"
                self.notes.append(Phrase(said, reason=facts))
            return ours
        fact = facts.anchors.get(some.root)
        if fact is None:
            if ours is None and theirs is not None:
                self._refuse_absent(theirs, facts)
            return None
        if ours is not None and _account(ours) == _told(fact):
            return self._with_evidence(ours, theirs, fact)
        if theirs is not None and _account(theirs) == _told(fact):
            if ours is not None:
                self.notes.append(_replaced(ours))
            return self.complete(theirs)
        if ours is None:
            raise VerificationError(
                "update.anchor",
                Phrase(
                    "it describes the publication in anchor {anchor} otherwise than the chain does",
                    anchor=some.sequence,
                ),
            )
        return self._corrected(ours, theirs, fact)

    def _with_evidence(self, ours: Anchor, theirs: Anchor | None, fact: AnchorFact) -> Anchor:
        if theirs is None:
            return ours
        if _account(theirs) != _told(fact):
            self.notes.append(
                Phrase(
                    "The issuer's node describes anchor {anchor} otherwise than the chain does; the file agrees with "
                    "the chain, and stays.",
                    anchor=fact.sequence,
                )
            )
            return ours
        return replace(ours, evidence=_genuine(theirs)) if ours.evidence is None else ours

    def _corrected(self, ours: Anchor, theirs: Anchor | None, fact: AnchorFact) -> Anchor:
        """The chain's account of what nobody told truly, if one of the paths leads to it."""
        paths = [anchor.path for anchor in (ours, theirs) if anchor is not None]
        path = next((path for path in paths if self._leads(path, fact.size, ours.root)), None)
        if path is None:
            raise VerificationError(
                "update.anchor",
                Phrase(
                    "the chain has the publication that the file calls anchor {anchor}, but of another log: ask the "
                    "issuer's node for its proofs (--from URL)",
                    anchor=ours.sequence,
                ),
            )
        self.notes.append(_replaced(ours))
        return self.complete(_of_chain(ours.home, ours.root, path, fact, ours.transaction))

    def _kept_promises(self, told: Mapping[_Key, Anchor]) -> list[Anchor]:
        """Where the very checkpoint of a promise was published, the promise's path is the anchor's too.

        Any other anchor needs a path that only the issuer's log has.
        """
        home, facts = self.ours.home, self.known[self.ours.home]
        assert isinstance(facts, LedgerFacts)
        promises = {p.root: p for p in (self.ours.proofs.promise, self.theirs.proofs.promise) if p is not None}
        found: list[Anchor] = []
        for root, promise in promises.items():
            fact = None if (home, root) in told else facts.anchors.get(root)
            if fact is None or not fact.previous_size <= self.ours.proofs.index < fact.size:
                continue
            if self._leads(promise.path, fact.size, root):
                found.append(self.complete(_of_chain(home, root, promise.path, fact, bytes(32))))
        return found

    def _refuse_absent(self, theirs: Anchor, facts: LedgerFacts) -> None:
        if theirs.block.number <= facts.final.number:
            raise VerificationError(
                "anchor.absent",
                Phrase("it names a publication (anchor {anchor}) that the chain does not have", anchor=theirs.sequence),
            )
        said = "Anchor {anchor} was not added: the chain does not have it as final yet."
        self.notes.append(Phrase(said, anchor=theirs.sequence))

    def _leads(self, path: tuple[bytes, ...], size: int, root: bytes) -> bool:
        index = self.ours.proofs.index
        return index < size and root_from_inclusion(index, size, leaf_hash(self.ours.commitment), path) == root

    def _confirms(self, anchor: Anchor) -> bool:
        facts = self.known[self.ours.home]
        return isinstance(facts, LedgerFacts) and is_confirmed(anchor, facts)

    def _is_issuers(self, promise: Promise | None) -> bool:
        facts = self.known[self.ours.home]
        return isinstance(facts, LedgerFacts) and _is_issuers(promise, self.ours.home, facts)


def _at_their_place(
    ours: CredentialFile, theirs: CredentialFile, facts: LedgerFacts, notes: list[str]
) -> CredentialFile:
    """Without the proofs for another place of the log, if neither chain nor issuer bears them out."""
    introducing = theirs.proofs.introducing(theirs.home)
    stands = _is_issuers(ours.proofs.promise, ours.home, facts) or any(
        facts.anchors.get(anchor.root) is not None for anchor in ours.proofs.at(ours.home)
    )
    if stands or introducing is None or not is_confirmed(introducing, facts):
        raise other_place(ours, theirs)
    notes.append(
        Phrase(
            "The file claimed place {ours} of the log, of which the chain knows nothing; it is at place {theirs}.",
            ours=ours.proofs.index,
            theirs=theirs.proofs.index,
        )
    )
    return ours.with_proofs(Proofs(theirs.proofs.index, None, ()), ours.issuer_document)


def _is_issuers(promise: Promise | None, home: Home, facts: LedgerFacts) -> bool:
    if promise is None:
        return False
    signer = recover(
        checkpoint_digest(home, promise.size, promise.root, promise.signed_at, promise.anchor_by), promise.signature
    )
    return any(key.address == signer and key.roles & _ANCHOR_ROLE for key in facts.keys)


def _by_root(proofs: Proofs) -> dict[_Key, Anchor]:
    return {(anchor.home, anchor.root): anchor for anchor in proofs.anchors}


def _account(anchor: Anchor) -> tuple[int, int, int, BlockRef]:
    return anchor.sequence, anchor.size, anchor.previous_size, anchor.block


def _told(fact: AnchorFact) -> tuple[int, int, int, BlockRef]:
    block = BlockRef(fact.block.number, fact.block.hash, fact.block.timestamp)
    return fact.sequence, fact.size, fact.previous_size, block


def _of_chain(home: Home, root: bytes, path: tuple[bytes, ...], fact: AnchorFact, transaction: bytes) -> Anchor:
    sequence, size, previous, block = _told(fact)
    return Anchor(home, sequence, size, previous, root, path, transaction, block, None)


def _genuine(anchor: Anchor) -> Evidence | None:
    from anchor.evidence import check  # half a second of imports

    return None if anchor.evidence is None or check(anchor, anchor.evidence).problem else anchor.evidence


def _replaced(anchor: Anchor) -> str:
    return Phrase(
        "What the file said about its publication in anchor {anchor} is not what the chain says; it was replaced by "
        "what the chain confirms.",
        anchor=anchor.sequence,
    )


def _dropped(anchor: Anchor) -> str:
    return Phrase(
        "The file named a publication (anchor {anchor}) that the chain does not confirm; it was replaced by what the "
        "chain confirms.",
        anchor=anchor.sequence,
    )
