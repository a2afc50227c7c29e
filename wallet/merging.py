"""The better of two sets of proofs for one credential: nothing that is there is ever lost to something worse.

No chain is asked here: this is for files as their issuer handed them out. What a node says is settled with
the chain (`wallet.settling`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rootseal.anchoring import MAX_ANCHORS, Anchor, Proofs
from rootseal.commitment import Home
from rootseal.errors import VerificationError
from rootseal.files import CredentialFile
from wallet.phrases import Phrase

__all__ = ["in_order", "is_anchored", "merge", "other_place"]


def merge(ours: CredentialFile, theirs: CredentialFile) -> CredentialFile:
    """`ours` with the anchors, evidence, promise and issuer document that only `theirs` has.

    Both must be the same credential (one commitment) and prove themselves. The first promise stays: it is
    the one that can be broken. Raises `VerificationError` where the two contradict each other.
    """
    if ours.proofs.index != theirs.proofs.index:
        raise other_place(ours, theirs)
    anchors = _anchors(ours.home, ours.proofs, theirs.proofs.anchors)
    proofs = Proofs(ours.proofs.index, ours.proofs.promise or theirs.proofs.promise, anchors)
    document = theirs.issuer_document if ours.issuer_document is None else ours.issuer_document
    return ours.with_proofs(proofs, document)


def other_place(ours: CredentialFile, theirs: CredentialFile) -> VerificationError:
    """The refusal of proofs for another place of the log."""
    return VerificationError(
        "merge.index",
        Phrase(
            "it claims place {theirs} of the log, but what is here proves place {ours}",
            theirs=theirs.proofs.index,
            ours=ours.proofs.index,
        ),
    )


def is_anchored(file: CredentialFile) -> bool:
    """True iff the file holds its introducing anchor: more than a promise."""
    return file.proofs.introducing(file.home) is not None


def in_order(home: Home, index: int, anchors: Iterable[Anchor]) -> tuple[Anchor, ...]:
    """Home first, in the order of the log, and no more than a file may hold: the introducing anchor never falls.

    Raises `VerificationError` where two claim to be the first publication of the entry at `index`.
    """
    ordered = sorted(anchors, key=lambda a: (a.home != home, a.home.key, a.sequence))
    introducing = [a for a in ordered if a.home == home and a.introduces(index)]
    if len(introducing) > 1:
        raise VerificationError("merge.anchor", Phrase("it names another first publication than the one that is here"))
    return tuple(_limited(ordered, introducing))


def _anchors(home: Home, ours: Proofs, theirs: Iterable[Anchor]) -> tuple[Anchor, ...]:
    kept = {(anchor.home, anchor.root): anchor for anchor in ours.anchors}
    added = dict(kept)
    for anchor in theirs:
        key = (anchor.home, anchor.root)
        added[key] = _better(kept[key], anchor) if key in kept else anchor
    return in_order(home, ours.index, added.values())


def _limited(ordered: list[Anchor], introducing: list[Anchor]) -> list[Anchor]:
    if len(ordered) <= MAX_ANCHORS:
        return ordered
    rest = [anchor for anchor in ordered if anchor not in introducing]
    return [*introducing, *rest[: MAX_ANCHORS - len(introducing)]]


def _better(ours: Anchor, theirs: Anchor) -> Anchor:
    """Ours, with their evidence where we have none. `transaction` is only a locator: it may differ."""
    if replace(theirs, evidence=None, transaction=ours.transaction) != replace(ours, evidence=None):
        raise VerificationError("merge.anchor", Phrase("it describes a publication otherwise than what is here"))
    return theirs if ours.evidence is None else ours
